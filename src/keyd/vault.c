#include "keyd/vault.h"

#include <pthread.h>
#include <string.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "keyd/config.h"
#include "keyd/vault_keys.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"
#include "os/file.h"
#include "wire/jws.h"

struct vault {
    const struct keyd_config *config; /* borrowed */
    pthread_mutex_t lock;             /* a signer has one user at a time; guards all below */
    struct vault_keys *keys;          /* owned */
    struct gb_arena *arena;           /* owned: what outlives a reload */
    struct gb_bytes ca_pem;           /* never changes */
};

void vault_free(struct vault *vault)
{
    if (!vault)
        return;
    vault_keys_free(vault->keys);
    gb_arena_free(vault->arena);
    pthread_mutex_destroy(&vault->lock);
    gb_free(vault);
}

void vault_freep(struct vault **vault)
{
    vault_free(*vault);
}

int vault_open(const struct keyd_config *config, int64_t now_ms, struct vault **ret_vault,
               struct gb_err *err)
{
    gb_cleanup(vault_freep) struct vault *vault = gb_calloc(1, sizeof *vault);
    if (!vault)
        return gb_err_nomem(err);
    pthread_mutex_init(&vault->lock, NULL);
    vault->config = config;
    vault->arena = gb_arena_new();
    if (!vault->arena)
        return gb_err_nomem(err);
    int r = vault_keys_read(config, now_ms, &vault->keys, err);
    if (r < 0)
        return r;
    vault->ca_pem = gb_arena_copy(vault->arena, vault->keys->ca_pem);
    if (!vault->ca_pem.data)
        return gb_err_nomem(err);
    *ret_vault = gb_take(vault);
    return GB_OK;
}

int vault_reload(struct vault *vault, int64_t now_ms, struct gb_err *err)
{
    gb_cleanup(vault_keys_freep) struct vault_keys *next = NULL;
    int r = vault_keys_read(vault->config, now_ms, &next, err);
    if (r < 0)
        return r;
    if (!gb_bytes_equal(next->ca_pem, vault->ca_pem))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "ca.pem has changed: another CA is taken at a start only");
    pthread_mutex_lock(&vault->lock);
    struct vault_keys *old = vault->keys;
    vault->keys = gb_take(next);
    pthread_mutex_unlock(&vault->lock);
    vault_keys_free(old);
    return GB_OK;
}

/* Only the file that we read: a rotation may have left the next one there, for the next reload. */
static void remove_before(struct vault *vault, struct gb_bytes ours)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes there;
    struct gb_err err = {0};
    const char *path = arena ? vault_keys_before_path(arena, vault->config) : NULL;
    const char *until = arena ? vault_keys_until_path(arena, vault->config) : NULL;
    if (!path || !until || file_read(arena, path, GB_LIMIT_PUBLIC, &there, NULL) < 0 ||
        !gb_bytes_equal(there, ours))
        return;
    /* In this order: a key without its time would begin anew. */
    if (unlink(path) != 0 || file_sync_folder_of(path, &err) < 0 || unlink(until) != 0)
        gb_log_event(GB_LOG_WARNING, "token-key-before-not-removed", GB_LOG_TEXT("file", path));
}

/* Once: where it cannot be kept, a start or reload begins the time anew, which is told. */
static void keep_until(struct vault *vault, const char *line)
{
    static const struct file_as own = {.mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1};
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_err err = {0};
    const char *path = arena ? vault_keys_until_path(arena, vault->config) : NULL;
    int r = path ? file_replace(path, gb_bytes_str(line), &own, &err) : gb_err_nomem(&err);
    if (r < 0)
        gb_log_err(GB_LOG_WARNING, "token-key-before-not-timed", &err);
}

void vault_tick(struct vault *vault, int64_t now_ms)
{
    pthread_mutex_lock(&vault->lock);
    struct vault_keys *keys = vault->keys;
    struct gb_bytes before = keys->before;
    const char *line = keys->before_line;
    keys->before_line = NULL;
    bool due = before.len > 0 && now_ms >= keys->before_until_ms;
    if (due) {
        keys->before = gb_bytes(NULL, 0); /* its bytes live on: a reload is of our own thread */
        keys->jwks = keys->jwks_later;
    }
    pthread_mutex_unlock(&vault->lock);
    if (line)
        keep_until(vault, line);
    if (!due)
        return;
    gb_log_event(GB_LOG_INFO, "token-key-before-ended");
    remove_before(vault, before);
}

struct gb_bytes vault_ca_pem(const struct vault *vault)
{
    return vault->ca_pem;
}

const char *vault_jwks(struct vault *vault, struct gb_arena *arena)
{
    pthread_mutex_lock(&vault->lock);
    const char *copy = (const char *)gb_arena_copy(arena, gb_bytes_str(vault->keys->jwks)).data;
    pthread_mutex_unlock(&vault->lock);
    return copy;
}

const char *vault_vkeys(struct vault *vault, struct gb_arena *arena)
{
    char vkey[NOTE_VKEY];
    const char *text = "";
    pthread_mutex_lock(&vault->lock);
    for (size_t i = 0; text && i < vault->keys->ledger_count; i++) {
        note_key_write(&vault->keys->ledger_as[i], vkey);
        text = gb_arena_printf(arena, "%s%s\n", text, vkey);
    }
    pthread_mutex_unlock(&vault->lock);
    return text;
}

int vault_issue(struct vault *vault, const struct key *subject, const struct issue *what,
                struct gb_buf *ret_pem, struct gb_err *err)
{
    pthread_mutex_lock(&vault->lock);
    int r = issue_cert(vault->keys->ca, vault->ca_pem, subject, what, ret_pem, err);
    pthread_mutex_unlock(&vault->lock);
    return r;
}

int vault_token(struct vault *vault, struct gb_arena *arena, struct gb_bytes payload,
                const char **ret_jwt, struct gb_err *err)
{
    pthread_mutex_lock(&vault->lock);
    int r = jws_sign(arena, vault->keys->token, vault->keys->token_id, payload, ret_jwt, err);
    pthread_mutex_unlock(&vault->lock);
    return r;
}

static int sign_note(const struct vault_keys *keys, struct gb_bytes text, struct gb_buf *out,
                     struct gb_err *err)
{
    int r = GB_OK;
    note_begin(out, text);
    for (size_t i = 0; r == 0 && i < keys->ledger_count; i++)
        r = note_sign(keys->ledger[i], &keys->ledger_as[i], text, 0, out, err);
    return r;
}

int vault_checkpoint(struct vault *vault, struct gb_arena *arena,
                     const struct checkpoint *checkpoint, const char **ret_note, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_cleanup(gb_buf_done) struct gb_buf note;
    gb_buf_init(&text, GB_LIMIT_NOTE);
    gb_buf_init(&note, GB_LIMIT_NOTE);
    checkpoint_write(checkpoint, &text);
    if (!gb_buf_ok(&text))
        return gb_err_nomem(err);
    pthread_mutex_lock(&vault->lock);
    int r = sign_note(vault->keys, gb_buf_bytes(&text), &note, err);
    pthread_mutex_unlock(&vault->lock);
    if (r < 0)
        return r;
    const char *copy = (const char *)gb_arena_copy(arena, gb_buf_bytes(&note)).data;
    if (!gb_buf_ok(&note) || !copy)
        return gb_err_nomem(err);
    *ret_note = copy;
    return GB_OK;
}
