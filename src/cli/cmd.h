/* The subcommands, one row each. The table feeds dispatch, --help, completion and the test that
 * compares man pages. */
#ifndef GB_CLI_CMD_H
#define GB_CLI_CMD_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/err.h"

/* Exit codes, documented in garboard(1). */
enum cmd_exit {
    CMD_OK = 0, /* affirming or warning */
    CMD_CONTRAINDICATED = 1,
    CMD_USAGE = 2,     /* usage or configuration */
    CMD_MALFORMED = 3, /* malformed input: offset and event on standard error */
    CMD_SYSTEM = 4,    /* the system failed */
    CMD_REFUSED = 5,   /* the server understood and refused, or asks to come again */
    CMD_WAITING = 6,   /* the server waits for a second person to give the same command */
};

struct cmd_option {
    const char *name; /* "nonce" for --nonce */
    const char *arg;  /* "HEX", or NULL for a switch */
    const char *help;
    bool repeatable;
    char letter; /* 'o' when -o means the same; 0: none */
};

enum { CMD_MAX_OPTIONS = 16, CMD_MAX_VALUES = 64, CMD_MAX_ARGS = 4096 };

struct cmd;

/* A parsed command line. */
struct cmd_line {
    const struct cmd *cmd;
    const char *args[CMD_MAX_ARGS];
    size_t arg_count;
    struct {
        const struct cmd_option *option;
        const char *value; /* NULL for a switch */
    } values[CMD_MAX_VALUES];
    size_t value_count;
    bool json;   /* --format json */
    bool colour; /* a terminal, and NO_COLOR is not set */
};

struct cmd {
    const char *name; /* "eventlog", or "reference predict" */
    const char *args; /* "FILE" */
    size_t min_args;
    size_t max_args;
    bool dashed; /* an argument may begin with a dash: what is no option is one */
    const char *summary;
    const char *examples;             /* lines for --help */
    const struct cmd_option *options; /* ends with a NULL name; --format and --help belong to all */
    /* An exit code, or a negative gb_err_code with `err` filled: cmd_run prints it. */
    int (*run)(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err);
};

extern const struct cmd cmd_apply;
extern const struct cmd cmd_delete;
extern const struct cmd cmd_diff;
extern const struct cmd cmd_doctor;
extern const struct cmd cmd_ek_add;
extern const struct cmd cmd_ek_list;
extern const struct cmd cmd_ek_remove;
extern const struct cmd cmd_eventlog;
extern const struct cmd cmd_get;
extern const struct cmd cmd_get_policy;
extern const struct cmd cmd_ima;
extern const struct cmd cmd_ledger_export;
extern const struct cmd cmd_ledger_forget;
extern const struct cmd cmd_ledger_prove;
extern const struct cmd cmd_ledger_tail;
extern const struct cmd cmd_ledger_verify;
extern const struct cmd cmd_node_approve;
extern const struct cmd cmd_node_attest;
extern const struct cmd cmd_node_history;
extern const struct cmd cmd_node_label;
extern const struct cmd cmd_node_list;
extern const struct cmd cmd_node_remove;
extern const struct cmd cmd_node_show;
extern const struct cmd cmd_node_why;
extern const struct cmd cmd_officer_create;
extern const struct cmd cmd_operator_create;
extern const struct cmd cmd_reference_accept;
extern const struct cmd cmd_reference_list;
extern const struct cmd cmd_reference_retire;
extern const struct cmd cmd_reference_shadow;
extern const struct cmd cmd_reference_show;
extern const struct cmd cmd_rollout_status;
extern const struct cmd cmd_predict_apt;
extern const struct cmd cmd_predict_deb;
extern const struct cmd cmd_predict_oci;
extern const struct cmd cmd_predict_rpm;
extern const struct cmd cmd_predict_tree;
extern const struct cmd cmd_reference_capture;
extern const struct cmd cmd_reference_export;
extern const struct cmd cmd_reference_import;
extern const struct cmd cmd_reference_predict;
extern const struct cmd cmd_reference_suggest;
extern const struct cmd cmd_schema;
extern const struct cmd cmd_server_init;
extern const struct cmd cmd_server_rotate;
extern const struct cmd cmd_sign;
extern const struct cmd cmd_simulate;
extern const struct cmd cmd_token_create;
extern const struct cmd cmd_token_list;
extern const struct cmd cmd_token_revoke;
extern const struct cmd cmd_token_verify;
extern const struct cmd cmd_two_person_list;
extern const struct cmd cmd_two_person_withdraw;
extern const struct cmd cmd_verify;
extern const struct cmd cmd_whoami;

/* NULL-terminated, in the order of --help. */
extern const struct cmd *const cmd_table[];

/* Runs the line's command with an arena of its own, prints its error, returns the exit code. */
int cmd_run(const struct cmd_line *line);

/* The value of an option (the last given), or NULL. */
const char *cmd_value(const struct cmd_line *line, const char *name);
/* Iterates over a repeatable option: start with *at = 0. */
const char *cmd_next(const struct cmd_line *line, const char *name, size_t *at);
bool cmd_has(const struct cmd_line *line, const char *name);

#endif
