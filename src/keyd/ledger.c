#include "keyd/ledger.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <pthread.h>
#include <string.h>
#include <sys/file.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "keyd/config.h"
#include "keyd/vault.h"
#include "ledger/checkpoint.h"
#include "ledger/last_signed.h"
#include "ledger/merkle.h"
#include "os/file.h"
#include "rpc/keyd.h"

struct ledger {
    struct gb_arena *arena; /* owned: the path */
    const char *path;
    const char *folder;  /* borrowed, of the configuration */
    struct vault *vault; /* borrowed */
    int held_fd;         /* the folder, locked; -1 */
    pthread_mutex_t lock;
    struct last_signed last; /* guarded: never ahead of the file */
};

void ledger_free(struct ledger *ledger)
{
    if (!ledger)
        return;
    if (ledger->held_fd >= 0)
        close(ledger->held_fd);
    pthread_mutex_destroy(&ledger->lock);
    gb_arena_free(ledger->arena);
    gb_free(ledger);
}

static void ledger_freep(struct ledger **ledger)
{
    ledger_free(*ledger);
}

/* ---- start ---- */

/* Where an operator is told what to do: there is no way to make the file but these two. */
#define REMEDY                                                                                     \
    "restore the newest ledger.state; an older one, or a new one, would sign a fork. When it is "  \
    "lost for good, begin a new ledger: garboard-keyd(8), LEDGER"

static int read_state(struct ledger *ledger, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes in = {0};
    if (!arena)
        return gb_err_nomem(err);
    int r = file_read(arena, ledger->path, LAST_SIGNED_MAX, &in, err);
    if (r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT)
        return gb_err_set(err, GB_ERR_CONFIG, "ledger.state is %s: " REMEDY,
                          r == GB_ERR_LIMIT ? "damaged" : "missing beside ledger.key");
    if (r == 0)
        r = digester_new(&digester, err);
    if (r < 0)
        return r;
    r = last_signed_read(digester, in, &ledger->last, err);
    return r == GB_ERR_CONFIG ? gb_err_set(err, GB_ERR_CONFIG, "ledger.state is damaged: " REMEDY)
                              : r;
}

/* A ledger is one trust domain's: under another name it would be another log with our key. */
static int check_origin(const struct ledger *ledger, const struct keyd_config *config,
                        struct gb_err *err)
{
    size_t len = strlen(config->trust_domain);
    const char *origin = ledger->last.origin;
    if (strncmp(origin, config->trust_domain, len) == 0 && strcmp(origin + len, "/ledger") == 0)
        return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG,
                      "ledger.state is of the log %s, not of trust_domain %s: correct trust_domain",
                      origin, config->trust_domain);
}

int ledger_open(const struct keyd_config *config, struct vault *vault, struct ledger **ret_ledger,
                struct gb_err *err)
{
    gb_cleanup(ledger_freep) struct ledger *ledger = gb_calloc(1, sizeof *ledger);
    if (!ledger)
        return gb_err_nomem(err);
    pthread_mutex_init(&ledger->lock, NULL);
    ledger->held_fd = -1;
    ledger->vault = vault;
    ledger->folder = config->state;
    ledger->arena = gb_arena_new();
    if (ledger->arena)
        ledger->path = gb_arena_printf(ledger->arena, "%s/ledger.state", config->state);
    int r = ledger->path ? read_state(ledger, err) : gb_err_nomem(err);
    if (r == 0)
        r = check_origin(ledger, config, err);
    if (r < 0)
        return r;
    *ret_ledger = gb_take(ledger);
    return GB_OK;
}

int ledger_hold(struct ledger *ledger, struct gb_err *err)
{
    int fd = open(ledger->folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return gb_err_sys(err, errno, "cannot open the folder of state");
    if (flock(fd, LOCK_EX | LOCK_NB) != 0) {
        bool other = errno == EWOULDBLOCK;
        int sys = errno;
        close(fd);
        return other
                   ? gb_err_set(err, GB_ERR_CONFIG,
                                "another garboard-keyd holds this folder of state: two would sign "
                                "a fork; stop it first")
                   : gb_err_sys(err, sys, "cannot lock the folder of state");
    }
    ledger->held_fd = fd;
    return read_state(ledger, err); /* whoever held it may have signed since */
}

int ledger_last(struct ledger *ledger, struct gb_arena *arena, struct keyd_ledger *ret_last,
                struct gb_err *err)
{
    struct keyd_ledger last = {.vkeys = vault_vkeys(ledger->vault, arena)};
    if (!last.vkeys)
        return gb_err_nomem(err);
    pthread_mutex_lock(&ledger->lock);
    last.size = ledger->last.size;
    memcpy(last.root, ledger->last.root, sizeof last.root);
    pthread_mutex_unlock(&ledger->lock);
    *ret_last = last;
    return GB_OK;
}

/* ---- signing ---- */

/* Whoever asks for this holds a history other than the one that was signed. Loud: it is either an
 * old copy brought back, or an attack. */
static int refuse(const struct last_signed *last, const struct keyd_ledger_ask *ask,
                  const char *why, struct gb_err *err)
{
    char signed_root[2 * MERKLE_HASH + 1];
    char asked_root[2 * MERKLE_HASH + 1];
    gb_hex_encode(gb_bytes(last->root, sizeof last->root), signed_root);
    gb_hex_encode(gb_bytes(ask->root, sizeof ask->root), asked_root);
    gb_log_event(GB_LOG_ERROR, "ledger-fork-refused", GB_LOG_TEXT("why", why),
                 GB_LOG_NUMBER("signed_size", last->size), GB_LOG_TEXT("signed_root", signed_root),
                 GB_LOG_NUMBER("asked_size", ask->size), GB_LOG_TEXT("asked_root", asked_root),
                 GB_LOG_TEXT("remedy", "find out whether garboardd's database or ledger was "
                                       "restored from an older copy, or is not garboardd's"));
    return gb_err_set(err, GB_ERR_DENIED, "%s (signed: size %" PRIu64 ", root %.16s...)", why,
                      last->size, signed_root);
}

/* More than any service writes in its life: one step to the last size would end the log. */
static const uint64_t MAX_GROWTH = UINT64_C(1) << 32;

static int judge(struct digester *digester, const struct last_signed *last,
                 const struct keyd_ledger_ask *ask, struct gb_err *err)
{
    bool valid = false;
    if (ask->size < last->size)
        return refuse(last, ask, "a smaller ledger than the one signed", err);
    if (ask->size == last->size)
        return memcmp(ask->root, last->root, sizeof last->root) == 0
                   ? GB_OK
                   : refuse(last, ask, "another ledger of the size signed", err);
    if (ask->old_size != last->size)
        return gb_err_set(err, GB_ERR_AGAIN, "signed last was size %" PRIu64 ", not %" PRIu64,
                          last->size, ask->old_size);
    if (ask->size - last->size > MAX_GROWTH)
        return refuse(last, ask, "more new entries than there can be", err);
    int r = merkle_verify_growth(digester, last->size, ask->size, last->root, ask->root, ask->proof,
                                 ask->proof_count, &valid);
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "the proof cannot be judged");
    return valid ? GB_OK : refuse(last, ask, "what was signed does not stand in this ledger", err);
}

/* On the disk before anybody can see the signature. */
static int keep(struct ledger *ledger, struct digester *digester, const struct last_signed *next,
                struct gb_err *err)
{
    static const struct file_as own = {.mode = 0600, .owner = (uid_t)-1, .group = (gid_t)-1};
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_buf_init(&text, LAST_SIGNED_MAX);
    int r = last_signed_write(digester, next, &text, err);
    if (r == 0 && !gb_buf_ok(&text))
        r = gb_err_nomem(err);
    if (r == 0)
        r = file_replace(ledger->path, gb_buf_bytes(&text), &own, err);
    if (r < 0) {
        gb_err_prefix(err, "nothing is signed: ");
        return GB_ERR_IO;
    }
    ledger->last = *next;
    return GB_OK;
}

static int sign_locked(struct ledger *ledger, struct gb_arena *arena, struct digester *digester,
                       const struct keyd_ledger_ask *ask, const char **ret_note, struct gb_err *err)
{
    struct last_signed next = ledger->last;
    next.size = ask->size;
    memcpy(next.root, ask->root, sizeof next.root);
    int r = judge(digester, &ledger->last, ask, err);
    if (r == 0 && next.size != ledger->last.size)
        r = keep(ledger, digester, &next, err);
    if (r < 0)
        return r;
    struct checkpoint head = {.origin = gb_bytes_str(next.origin), .size = next.size};
    memcpy(head.root, next.root, sizeof head.root);
    return vault_checkpoint(ledger->vault, arena, &head, ret_note, err);
}

int ledger_sign(struct ledger *ledger, struct gb_arena *arena, struct digester *digester,
                const struct keyd_ledger_ask *ask, const char **ret_note, struct gb_err *err)
{
    pthread_mutex_lock(&ledger->lock);
    int r = sign_locked(ledger, arena, digester, ask, ret_note, err);
    pthread_mutex_unlock(&ledger->lock);
    return r;
}
