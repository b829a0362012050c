/* The attestation server as the commands see it: one request after another, answers as JSON. */
#ifndef GB_CLI_SERVER_CLIENT_H
#define GB_CLI_SERVER_CLIENT_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "wire/json.h"

struct server_client;

/* Of every command that changes something: goes with each request of the client. */
#define SERVER_WHY_OPTION {"why", "TEXT", "why you do it, for the ledger", false, 0}

/* Reads client.conf and the files it names; connects at the first request. `line` is borrowed.
 * CMD_USAGE when its --why is too long. */
GB_MUST_USE int server_client_new(struct gb_arena *arena, const struct cmd_line *line,
                                  struct server_client **ret_client, struct gb_err *err);
void server_client_freep(struct server_client **client);

/*
 * 0 with the answer (NULL when it has no body; the caller frees it); an exit code when the server
 * refused, then reason and remedy are on standard error; a negative code when there was no answer,
 * or none that can be read.
 */
GB_MUST_USE int server_get(struct server_client *client, const char *path, struct json **ret_reply,
                           struct gb_err *err);
/* The answer's bytes as they are, in the arena (which may be another than the client's).
 * GB_ERR_NOTFOUND is the server's 404, told to nobody; otherwise as server_get. */
GB_MUST_USE int server_fetch(struct server_client *client, struct gb_arena *arena, const char *path,
                             struct gb_bytes *ret_bytes, struct gb_err *err);
/* Prints and frees `body` as the request. */
GB_MUST_USE int server_post(struct server_client *client, const char *path, struct json *body,
                            struct json **ret_reply, struct gb_err *err);
GB_MUST_USE int server_delete(struct server_client *client, const char *path, struct gb_err *err);

/* A refusal, as its command may want to say it in its own words. Borrowed for the call. */
struct server_refusal {
    int status;
    const char *code; /* "policy-invalid"; escaped, as the others */
    const char *message;
    const char *remedy; /* "" when there is none */
};
typedef void server_refused(void *ctx, const struct server_refusal *refusal);
/* Any body and type; `refused` (NULL: printed as above) is told of a refusal. */
GB_MUST_USE int server_send(struct server_client *client, const char *method, const char *path,
                            const char *type, struct gb_bytes body, server_refused *refused,
                            void *ctx, struct json **ret_reply, struct gb_err *err);
/* "garboard: MESSAGE (CODE)" and, beneath, what to do. */
void server_print_refusal(const struct server_refusal *refusal);

/* One part of a path: letters, digits, '-', '.', '_', ':' stay, others become %NN. In the arena;
 * NULL when out of memory. */
const char *server_path(struct gb_arena *arena, const char *before, const char *part,
                        const char *after);

#endif
