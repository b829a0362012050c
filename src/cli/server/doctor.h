/* Looks at one machine and says, line by line, what is well, what is not, and what to do. Nothing
 * is changed. */
#ifndef GB_CLI_DOCTOR_H
#define GB_CLI_DOCTOR_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "cli/cmd.h"
#include "wire/json.h"

enum doctor_state { DOCTOR_OK, DOCTOR_WARNING, DOCTOR_FAILED };

struct doctor {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct json *checks; /* with --format json; owned by the command */
    int64_t now_s;
    size_t counts[3];
};

/* One line. `remedy` (NULL with ok) is what to do; `what` is a sentence, its foreign words escaped
 * by the caller. */
void doctor_say(struct doctor *doctor, enum doctor_state state, const char *remedy,
                const char *what, ...) GB_PRINTF(4, 5);
/* A path as it may be printed. */
const char *doctor_path(struct doctor *doctor, const char *path);

/* The nth value (from 0) of `key` in a "key = value" text, or NULL; defaults and bounds are the
 * program's business (its --check-config). */
const char *doctor_conf(struct doctor *doctor, struct gb_bytes text, const char *key, size_t nth);

/* Whether a private file is closed to others: `most` are the permissions that it may have. */
void doctor_private(struct doctor *doctor, const char *path, mode_t most);
/* When a certificate ends; signed by `ca_pem`. `soon_s`: a warning when less is left. */
void doctor_cert(struct doctor *doctor, const char *name, struct gb_bytes pem,
                 struct gb_bytes ca_pem, int64_t soon_s, const char *remedy);
/* Sane, and kept so by somebody. */
void doctor_clock(struct doctor *doctor);
/* Whether something listens there. */
void doctor_reach(struct doctor *doctor, const char *host, const char *port, const char *what,
                  const char *remedy);

struct keyd_client;
/* Whether the keys that sign the ledger stand in the file `vkey_path`. */
void doctor_ledger(struct doctor *doctor, struct keyd_client *keyd, const char *vkey_path);
void doctor_server(struct doctor *doctor, const char *dir);
void doctor_agent(struct doctor *doctor, const char *conf_path);

#endif
