/* What `server init` makes: one CA, the keys of three parties, and the files in which they find
 * each other. */
#ifndef GB_CLI_SERVER_INIT_H
#define GB_CLI_SERVER_INIT_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "cli/reference/file_set.h"

enum {
    INIT_NAMES = 16,
    INIT_ROOTS = 64,
    INIT_PEM = 8 << 10, /* of one key or certificate */
};

struct init_owner {
    uid_t user;
    gid_t group;
};

struct init_plan {
    const char *dir;        /* absolute, as all paths */
    const char *state;      /* garboardd's */
    const char *keyd_state; /* garboard-keyd's own: nobody else may reach its keys */
    const char *socket;
    const char *trust_domain;
    const char *names[INIT_NAMES + 1]; /* NULL-terminated */
    const char *passphrase_file;       /* NULL: keys are not sealed */
    struct gb_bytes passphrase;
    const char *officer_passphrase_file; /* NULL: none */
    struct gb_bytes officer_passphrase;  /* empty: the officer's key is not sealed */
    struct gb_bytes roots[INIT_ROOTS];
    size_t root_count;
    uint64_t api_port;
    uint64_t enroll_port;
    struct init_owner server; /* user garboard; -1: who runs us */
    struct init_owner keyd;   /* user garboard-keyd */
    bool users_missing;       /* root runs us, but there are no such users */
    int64_t now_s;
};

/* PEM of all keys and certificates; spans live in the arena. Wiped by init_keys_wipe. */
struct init_keys {
    struct gb_bytes ca_key, ca_pem;
    struct gb_bytes token_key;
    struct gb_bytes ledger_key, ledger_vkey, ledger_state;
    struct gb_bytes server_key, server_pem; /* the leaf, then the CA */
    struct gb_bytes operator_key, operator_pem;
    struct gb_bytes officer_key, officer_pem; /* the pair of the first security officer */
    char officer_id[72];                      /* "sha256:...": its name in signatures */
    char ca_fingerprint[72];                  /* "sha256:..." over the CA's SubjectPublicKeyInfo */
};

/* Reads options and files; CMD_OK, CMD_USAGE (printed) or a negative code. */
GB_MUST_USE int init_plan_read(struct gb_arena *arena, const struct cmd_line *line,
                               struct init_plan *ret_plan, struct gb_err *err);
GB_MUST_USE int init_keys_make(struct gb_arena *arena, const struct init_plan *plan,
                               struct init_keys *ret_keys, struct gb_err *err);
void init_keys_wipe(struct init_keys *keys);
/* Those of the ledger; called by init_keys_make. */
GB_MUST_USE int init_ledger_make(struct gb_arena *arena, const struct init_plan *plan,
                                 struct init_keys *keys, struct gb_err *err);
/* Every file and folder, with mode and owner. `keys` is borrowed until file_set_make. */
void init_files_add(struct file_set *set, const struct init_plan *plan,
                    const struct init_keys *keys);

#endif
