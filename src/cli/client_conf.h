/* Where the server is and who we are to it: options first, then the environment, then client.conf
 * (garboard(1), FILES). */
#ifndef GB_CLI_CLIENT_CONF_H
#define GB_CLI_CLIENT_CONF_H

#include "base/arena.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "cli/cmd.h"

/* The rows of every command that asks the server. */
#define CLIENT_CONF_OPTIONS                                                                        \
    {"server", "URL", "the server, as https://HOST:8440", false, 0},                               \
        {"ca", "FILE", "certificate of the server's CA", false, 0},                                \
        {"cert", "FILE", "your certificate", false, 0},                                            \
        {"key", "FILE", "its private key", false, 0}

struct client_conf {
    const char *server; /* "https://host:8440" */
    const char *ca;     /* paths */
    const char *cert;   /* with key NULL when there is a token */
    const char *key;
    const char *bearer_token_file;       /* NULL: the certificate says who we are */
    const char *officer_key;             /* NULL: documents are not signed by apply */
    const char *officer_passphrase_file; /* NULL: that key is not sealed */
};

/* The rows of every command that signs by itself. */
#define CLIENT_OFFICER_OPTIONS                                                                     \
    {"officer-key", "FILE", "your officer's key, which signs what is not signed by it", false, 0}, \
        {"officer-passphrase-file", "FILE", "its first line opens that key", false, 0}

/* Keys of client.conf, for tests that compare it with the manual. */
extern const struct conf_key client_conf_table[];

/* Looks in GARBOARD_CONFIG (a folder) when it is set; else in garboard/ of XDG_CONFIG_HOME or
 * ~/.config, then in /etc/garboard/client. Paths of the file are relative to its folder.
 * GB_ERR_CONFIG says what is missing and how to give it. Strings live in the arena or are borrowed.
 */
GB_MUST_USE int client_conf_find(struct gb_arena *arena, const struct cmd_line *line,
                                 struct client_conf *ret_conf, struct gb_err *err);
/* Fills officer_key and officer_passphrase_file only, by the same order; no file and no key are
 * fine. */
GB_MUST_USE int client_conf_officer(struct gb_arena *arena, const struct cmd_line *line,
                                    struct client_conf *conf, struct gb_err *err);

#endif
