/* garboardd.conf(5): read once at start and again at SIGHUP, immutable between. */
#ifndef GB_SERVER_CONFIG_H
#define GB_SERVER_CONFIG_H

#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "base/log.h"

struct config {
    const char *listen;
    int64_t api_port;
    int64_t enroll_port;
    int64_t people_port; /* 0: no such listener */
    const char *oidc_ca; /* NULL: the system's */
    int64_t threads;
    int64_t workers;
    const char *state;
    const char *keyd_socket;
    const char *tls_cert;
    const char *tls_key;
    const char *ca;
    const char *trust_domain;
    const char *founder; /* NULL: nobody */
    struct conf_list tpm_root;
    struct conf_list officer_key;
    int64_t interval_s;
    int64_t nonce_life_s;
    int64_t freshness_s;
    int64_t unreachable_s;
    int64_t approval_wait_s;
    int64_t ledger_interval_s;
    int64_t ledger_lag_s;
    struct conf_list witness;
    int64_t witness_quorum;
    int64_t rounds_keep_s;
    int64_t quotes_keep_s;
    int64_t evidence_keep_s;
    int64_t evidence_max; /* bytes */
    int64_t max_connections;
    int64_t max_body;
    int64_t body_memory;
    int64_t body_time_s;
    int64_t shutdown_grace_s;
    int log_format; /* enum gb_log_form */
    int log_level;  /* enum gb_log_level */
    bool sandbox;
};

/* Strings are in the arena. GB_ERR_CONFIG names file, line and what is known. */
GB_MUST_USE int config_read(struct gb_arena *arena, const char *path, struct config *ret_config,
                            struct gb_err *err);
void config_print(const struct config *config, struct gb_buf *out);
void config_help(struct gb_buf *out);
/* For tests that compare the table with the manual. */
const struct conf_key *config_table(void);

#endif
