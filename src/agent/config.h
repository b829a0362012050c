/* agent.conf: one table that feeds parser, --help, --print-config and garboard-agent.conf(5). */
#ifndef GB_AGENT_CONFIG_H
#define GB_AGENT_CONFIG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "evidence/pcr.h"

struct config {
    /* As the file says. */
    const char *server;
    int64_t enroll_port;
    int64_t api_port;
    const char *name;
    const char *token;
    const char *token_file;
    const char *ca_pin;
    const char *ca_file;
    const char *state;
    const char *tcti;
    int ak;
    const char *ak_handle;
    const char *transport_handle;
    const char *endorsement_auth_file;
    const char *owner_auth_file;
    const char *eventlog;
    const char *ima;
    const char *systemd_log;
    const char *cmdline;
    const char *pcrs;
    int64_t interval_s;
    const char *result_file; /* NULL: none */
    const char *result_mode;
    const char *svid_file; /* NULL: none */
    int log_format;
    int log_level;
    bool sandbox;
    /* Made of it. */
    uint32_t ak_handle_number;
    uint32_t transport_handle_number;
    unsigned result_mode_bits;
    struct pcr_selection selection;
};

extern const struct conf_key config_keys[];

#define CONFIG_PATH "/etc/garboard/agent.conf"

/* Everything lives in the arena. The host's name stands in where `name` is not given. */
GB_MUST_USE int config_load(struct gb_arena *arena, const char *path, struct config *ret_config,
                            struct gb_err *err);
/* What of it needs no file: for tests. */
GB_MUST_USE int config_read(struct gb_arena *arena, const char *name, struct gb_bytes text,
                            struct config *ret_config, struct gb_err *err);

#endif
