/* witness.conf: see garboard-witness.conf(5). */
#ifndef GB_WITNESS_CONFIG_H
#define GB_WITNESS_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"

#define WITNESS_CONF_PATH "/etc/garboard-witness/witness.conf"

struct witness_config {
    const char *name;      /* of the key, in every cosignature */
    const char *key;       /* file: Ed25519, PEM */
    const char *state;     /* folder: what was co-signed, forks */
    struct conf_list logs; /* verifier keys; several of one name are one log's */
    const char *listen;
    int64_t port;
    const char *tls_cert;
    const char *tls_key;
    int64_t workers;
    int64_t max_connections;
    int log_format; /* enum gb_log_form */
    int log_level;  /* enum gb_log_level */
    bool sandbox;
};

extern const struct conf_key witness_config_table[];

/* Reads `path`; everything is in the arena. GB_ERR_CONFIG, NOTFOUND, IO, NOMEM. */
GB_MUST_USE int witness_config_read(struct gb_arena *arena, const char *path,
                                    struct witness_config *ret_config, struct gb_err *err);

#endif
