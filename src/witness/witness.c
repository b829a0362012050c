#include "witness/witness.h"

#include <errno.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "os/file.h"
#include "witness/config.h"
#include "witness/forks.h"
#include "witness/ward.h"

static int make_folder(const char *state, const char *name, struct gb_err *err)
{
    char path[4096];
    int len = snprintf(path, sizeof path, "%s/%s", state, name);
    if (len < 0 || (size_t)len >= sizeof path)
        return gb_err_set(err, GB_ERR_CONFIG, "state: the path is too long");
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return gb_err_sys(err, errno, "cannot make the folder %s", path);
    return GB_OK;
}

int witness_make_folders(const struct witness_config *config, struct gb_err *err)
{
    int r = make_folder(config->state, "logs", err);
    return r < 0 ? r : make_folder(config->state, "forks", err);
}

static int read_key(struct witness *witness, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct gb_bytes pem = {0};
    uint8_t public[ED25519_PUBLIC];
    int r = arena ? file_read(arena, witness->config->key, GB_LIMIT_CERT, &pem, err)
                  : gb_err_nomem(err);
    if (r == GB_OK) {
        r = ed25519_from_pem(pem, gb_bytes(NULL, 0), &witness->pen.key, err);
        secret_wipe((void *)(uintptr_t)pem.data, pem.len);
    }
    if (r == GB_OK)
        r = ed25519_public(witness->pen.key, public, err);
    if (r == GB_OK)
        r = digester_new(&digester, err);
    if (r == GB_OK)
        r = note_key_make(digester, witness->config->name, NOTE_COSIGNATURE, public,
                          &witness->pen.self, err);
    if (r < 0)
        gb_err_prefix(err, "the witness' key: ");
    return r;
}

static int set_up(struct witness *witness, struct gb_err *err)
{
    const struct witness_config *config = witness->config;
    int r = read_key(witness, err);
    if (r == GB_OK)
        r = forks_open(config->state, &witness->pen.forks, err);
    return r < 0 ? r : witness_set_logs(witness, &config->logs, err);
}

int witness_new(const struct witness_config *config, struct witness **ret_witness,
                struct gb_err *err)
{
    struct witness *witness = gb_calloc(1, sizeof *witness);
    if (!witness)
        return gb_err_nomem(err);
    witness->config = config;
    if (pthread_mutex_init(&witness->lock, NULL) != 0 ||
        pthread_mutex_init(&witness->pen.lock, NULL) != 0) {
        gb_free(witness);
        return gb_err_nomem(err);
    }
    int r = set_up(witness, err);
    if (r < 0)
        witness_free(witness);
    else
        *ret_witness = witness;
    return r;
}

void witness_free(struct witness *witness)
{
    if (!witness)
        return;
    for (size_t i = 0; i < witness->count; i++)
        ward_free(witness->wards[i]);
    forks_free(witness->pen.forks);
    ed25519_free(witness->pen.key);
    pthread_mutex_destroy(&witness->pen.lock);
    pthread_mutex_destroy(&witness->lock);
    gb_free(witness);
}

/* ---- add-checkpoint ---- */

static void refuse(struct witness_answer *answer, int status, const char *code, const char *message,
                   const char *remedy)
{
    *answer = (struct witness_answer){
        .status = status, .code = code, .message = message, .remedy = remedy};
}

static void refuse_malformed(struct witness_answer *answer, struct gb_arena *arena, int code,
                             const struct gb_err *err)
{
    if (code == GB_ERR_INPUT || code == GB_ERR_LIMIT) {
        const char *why = gb_arena_printf(arena, "%s", err->text);
        refuse(answer, 400, "malformed", why ? why : "the request cannot be read",
               "see https://c2sp.org/tlog-witness");
        return;
    }
    gb_log_err(GB_LOG_ERROR, "request-not-read", err);
    refuse(answer, 503, "overloaded", "the request could not be read", "try again in a moment");
}

/* The lines of the ward's keys that are right. GB_ERR_DENIED: none is, or one of them is wrong,
 * which makes the whole note one that nobody signed so (signed-note). */
static int verify(const struct ward_keys *keys, const struct note *note,
                  const struct note_line **ret_lines, size_t *ret_count, struct gb_err *err)
{
    *ret_count = 0;
    for (size_t i = 0; i < keys->count; i++) {
        const struct note_key *key = &keys->keys[i];
        enum note_standing standing = NOTE_UNSIGNED;
        int r = note_verify(note, key, &standing, NULL, err);
        if (r < 0)
            return r;
        if (standing == NOTE_WRONG)
            return gb_err_set(err, GB_ERR_DENIED, "a signature of a known key is wrong");
        for (size_t j = 0; standing == NOTE_SIGNED && j < note->count; j++)
            if (note->lines[j].id == key->id && gb_bytes_is(note->lines[j].name, key->name) &&
                *ret_count < GB_LIMIT_WARD_KEYS) {
                ret_lines[(*ret_count)++] = &note->lines[j];
                break;
            }
    }
    return *ret_count > 0 ? GB_OK
                          : gb_err_set(err, GB_ERR_DENIED, "no key that is known here signed it");
}

/* What a request says, before anything of it is believed. */
struct asked {
    struct add_checkpoint ask;
    struct note note;
    struct checkpoint head;
};

static int read_asked(struct gb_arena *arena, struct gb_bytes body, struct asked *asked,
                      struct gb_err *err)
{
    int r = add_checkpoint_read(arena, body, &asked->ask, err);
    if (r == GB_OK)
        r = note_read(arena, asked->ask.note, &asked->note, err);
    return r < 0 ? r : checkpoint_read(asked->note.text, &asked->head, err);
}

/* The ward's lock is held: its keys, and from here on its record. */
static void judge(struct witness *witness, struct ward *ward, struct gb_arena *arena,
                  const struct asked *asked, struct gb_bytes body, int64_t now_s,
                  struct witness_answer *answer)
{
    const struct note_line *lines[GB_LIMIT_WARD_KEYS];
    struct candidate candidate = {.ask = &asked->ask,
                                  .note = &asked->note,
                                  .head = &asked->head,
                                  .lines = lines,
                                  .body = body,
                                  .now_s = now_s};
    struct gb_err err = {0};
    if (ward->keys.count == 0)
        refuse(answer, 404, "log-unknown", "this log is not witnessed any more",
               "have the witness' operator add its key: garboard-witness add-log");
    else if (verify(&ward->keys, &asked->note, lines, &candidate.line_count, &err) < 0)
        refuse(answer, 403, "not-signed",
               "no key that is known here signed it, or a signature is wrong",
               "have the witness' operator add the log's new key: garboard-witness add-log");
    else
        cosign(&witness->pen, ward, arena, &candidate, answer);
}

/* Whoever set it up wrongly finds it here; strangers do not fill the disk with it. */
static void tell_unknown(struct witness *witness, const struct asked *asked, int64_t now_s,
                         const struct witness_answer *answer)
{
    enum { QUIET_S = 10 };
    long long told_s = atomic_load(&witness->unknown_told_s);
    if (!answer->code ||
        (strcmp(answer->code, "log-unknown") != 0 && strcmp(answer->code, "not-signed") != 0) ||
        (told_s != 0 && now_s - told_s < QUIET_S) ||
        !atomic_compare_exchange_strong(&witness->unknown_told_s, &told_s, now_s))
        return;
    char origin[256];
    const struct gb_bytes name = asked->head.origin;
    (void)snprintf(origin, sizeof origin, "%.*s", (int)(name.len < 255 ? name.len : 255),
                   (const char *)name.data);
    gb_log_event(GB_LOG_WARNING, "refused", GB_LOG_TEXT("log", origin),
                 GB_LOG_TEXT("code", answer->code), GB_LOG_TEXT("reason", answer->message),
                 GB_LOG_TEXT("remedy", "garboard-witness add-log, if this log is to be witnessed"));
}

void witness_add(struct witness *witness, struct gb_arena *arena, struct gb_bytes body,
                 int64_t now_s, struct witness_answer *ret_answer)
{
    struct asked *asked = gb_arena_new_one(arena, struct asked);
    struct gb_err err = {0};
    int r = asked ? read_asked(arena, body, asked, &err) : gb_err_nomem(&err);
    if (r < 0) {
        refuse_malformed(ret_answer, arena, r, &err);
        return;
    }
    struct ward *ward = ward_find(witness, asked->head.origin);
    if (!ward) { /* before any curve */
        refuse(ret_answer, 404, "log-unknown", "this log is not witnessed here",
               "have the witness' operator add its key: garboard-witness add-log");
        tell_unknown(witness, asked, now_s, ret_answer);
        return;
    }
    pthread_mutex_lock(&ward->lock);
    judge(witness, ward, arena, asked, body, now_s, ret_answer);
    pthread_mutex_unlock(&ward->lock);
    tell_unknown(witness, asked, now_s, ret_answer);
}

/* ---- what else is asked ---- */

static struct ward *find_hash(struct witness *witness, struct gb_bytes hash)
{
    struct ward *found = NULL;
    pthread_mutex_lock(&witness->lock);
    for (size_t i = 0; !found && i < witness->count; i++)
        if (gb_bytes_is(hash, witness->wards[i]->hash))
            found = witness->wards[i];
    pthread_mutex_unlock(&witness->lock);
    return found;
}

void witness_latest(struct witness *witness, struct gb_arena *arena, struct gb_bytes origin_hash,
                    struct witness_answer *ret_answer)
{
    struct ward *ward = find_hash(witness, origin_hash);
    struct gb_bytes note = {0};
    if (ward) {
        pthread_mutex_lock(&ward->lock);
        if (ward->record.note.len > 0)
            note = gb_arena_copy(arena, gb_buf_bytes(&ward->record.note));
        pthread_mutex_unlock(&ward->lock);
    }
    if (note.data)
        *ret_answer = (struct witness_answer){
            .status = 200, .type = "text/plain; charset=utf-8", .body = note};
    else
        refuse(ret_answer, 404, "log-unknown", "nothing of such a log was co-signed here",
               "the path is the SHA-256 of its origin, in hex");
}

void witness_counts(struct witness *witness, struct witness_counts *ret_counts)
{
    *ret_counts = (struct witness_counts){0};
    pthread_mutex_lock(&witness->lock);
    for (size_t i = 0; i < witness->count; i++)
        ret_counts->logs += witness->wards[i]->keys.count > 0;
    pthread_mutex_unlock(&witness->lock);
    forks_count(witness->pen.forks, &ret_counts->forks, &ret_counts->suspects);
}
