/* keyd.conf: see garboard-keyd.conf(5). */
#ifndef GB_KEYD_CONFIG_H
#define GB_KEYD_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"

#define KEYD_CONF_PATH "/etc/garboard/keyd.conf"

struct keyd_config {
    const char *socket;
    const char *state; /* folder: ca.key, ca.pem, token.key */
    const char *trust_domain;
    struct conf_list tpm_roots;
    struct conf_list tpm_intermediates;
    struct conf_list officer_keys;
    struct conf_list server_names;
    int64_t node_cert_life_s;
    int64_t joining_cert_life_s;
    int64_t renew_grace_s;
    int64_t server_cert_life_s;
    const char *passphrase_file;
    const char *peer_user;
    int log_format; /* enum gb_log_form */
    int log_level;  /* enum gb_log_level */
    bool sandbox;
};

extern const struct conf_key keyd_config_table[];

/* Reads `path`; everything is in the arena. GB_ERR_CONFIG, NOTFOUND, IO, NOMEM. */
GB_MUST_USE int keyd_config_read(struct gb_arena *arena, const char *path,
                                 struct keyd_config *ret_config, struct gb_err *err);

#endif
