#include "cli/server_client.h"

#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/node/node_hint.h"
#include "cli/output.h"
#include "net/http_client.h"
#include "os/file.h"
#include "wire/json.h"

enum { CONNECT_MS = 10000, TOTAL_MS = 120000, SHOWN = 400, WHY_MAX = 512 };

struct server_client {
    struct gb_arena *arena; /* borrowed */
    const struct cmd_line *line;
    struct http_client *http;
};

static int read_pem(struct gb_arena *arena, const char *path, struct gb_bytes *ret_pem,
                    struct gb_err *err)
{
    return file_read(arena, path, GB_LIMIT_CERT, ret_pem, err);
}

/* What a header may bear: letters, digits and "-._~+/=" (RFC 6750, 2.1). */
static bool is_token(struct gb_bytes text)
{
    for (size_t i = 0; i < text.len; i++)
        if (text.data[i] <= 0x20 || text.data[i] >= 0x7f)
            return false;
    return text.len > 0;
}

/* Its first line: whoever wrote the file may have ended it. */
static int read_token(struct gb_arena *arena, const char *path, const char **ret_token,
                      struct gb_err *err)
{
    struct gb_bytes text;
    int r = file_read(arena, path, GB_LIMIT_BEARER, &text, err);
    if (r < 0)
        return r;
    struct gb_bytes token = gb_text_until(&text, '\n');
    if (token.len > 0 && token.data[token.len - 1] == '\r')
        token.len--;
    *ret_token = (const char *)gb_arena_copy(arena, token).data;
    if (!is_token(token) || text.len > 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: one token is wanted, and nothing else", path);
    return *ret_token ? GB_OK : gb_err_nomem(err);
}

int server_client_new(struct gb_arena *arena, const struct cmd_line *line,
                      struct server_client **ret_client, struct gb_err *err)
{
    struct client_conf files = {0};
    struct http_client_conf conf = {
        .connect_ms = CONNECT_MS, .total_ms = TOTAL_MS, .max_answer = GB_LIMIT_REPLY};
    const char *why = cmd_value(line, "why");
    if (why && strlen(why) > WHY_MAX)
        return output_usage(line, "--why takes at most %d bytes", WHY_MAX);
    conf.header = why ? server_path(arena, "Garboard-Why: ", why, "") : NULL;
    if (why && !conf.header)
        return gb_err_nomem(err);
    int r = client_conf_find(arena, line, &files, err);
    if (r == GB_OK)
        r = read_pem(arena, files.ca, &conf.ca_pem, err);
    if (r == GB_OK && files.bearer_token_file)
        r = read_token(arena, files.bearer_token_file, &conf.bearer, err);
    if (r == GB_OK && !files.bearer_token_file)
        r = read_pem(arena, files.cert, &conf.cert_pem, err);
    if (r == GB_OK && !files.bearer_token_file)
        r = read_pem(arena, files.key, &conf.key_pem, err);
    if (r < 0)
        return r;
    conf.url = files.server;
    struct server_client *client = gb_calloc(1, sizeof *client);
    if (!client)
        return gb_err_nomem(err);
    client->arena = arena;
    client->line = line;
    r = http_client_new(&conf, &client->http, err);
    /* It has been read: our copy, in our arena, is of no more use. */
    secret_wipe((void *)(uintptr_t)conf.key_pem.data, conf.key_pem.len);
    if (r < 0)
        gb_free(client);
    else
        *ret_client = client;
    return r;
}

void server_client_freep(struct server_client **client)
{
    if (!*client)
        return;
    http_client_free((*client)->http);
    gb_free(*client);
    *client = NULL;
}

void server_print_refusal(const struct server_refusal *refusal)
{
    fprintf(stderr, "garboard: %s (%s)\n", refusal->message, refusal->code);
    if (*refusal->remedy)
        fprintf(stderr, "  -> %s\n", refusal->remedy);
}

static const char *shown(struct gb_arena *arena, const struct json *error, const char *key,
                         const char *otherwise)
{
    struct gb_bytes text;
    const char *escaped =
        json_get_text(error, key, &text) ? gb_text_escape(arena, text, SHOWN) : NULL;
    return escaped ? escaped : otherwise;
}

/* "there is no such node (did you mean "worker-1"?)": a name is easily mistyped. */
static void add_hint(struct server_client *client, const char *path, struct server_refusal *refusal)
{
    if (strcmp(refusal->code, "node-not-found") != 0)
        return;
    const char *hint = node_hint(client->arena, client, path);
    const char *message = gb_arena_printf(client->arena, "%s%s", refusal->message, hint);
    if (message)
        refusal->message = message;
}

/* What the answer says of a refusal; something between us and the server may answer otherwise. */
static int refuse(struct server_client *client, const char *path, const struct http_reply *reply,
                  server_refused *refused, void *ctx)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    const struct json *error = NULL;
    if (json_read(gb_buf_bytes(&reply->body), &body, NULL) == GB_OK)
        error = json_get(body, "error");
    const char *plain = gb_arena_printf(client->arena, "the server answered %d", reply->status);
    struct server_refusal refusal = {
        .status = reply->status,
        .code = shown(client->arena, error, "code", "no code"),
        .message = shown(client->arena, error, "message", plain ? plain : "refused"),
        .remedy = shown(client->arena, error, "remedy", ""),
    };
    add_hint(client, path, &refusal);
    if (refused)
        refused(ctx, &refusal);
    else
        server_print_refusal(&refusal);
    return reply->status >= 500 && reply->status != 503 ? CMD_SYSTEM : CMD_REFUSED;
}

/* "garboard node remove worker-1", as it was typed but for its options. */
static void print_line(const struct cmd_line *line)
{
    fprintf(stderr, "garboard %s", line->cmd->name);
    for (size_t i = 0; i < line->arg_count; i++)
        fprintf(stderr, " %s", line->args[i]);
}

/* The server keeps the call until another person makes it (garboard-two-person(1)). */
static int tell_waiting(struct server_client *client, const struct json *waiting)
{
    fputs("garboard: waiting for a second person: ", stderr);
    print_line(client->line);
    fprintf(stderr, ", by %s, until %s\n", shown(client->arena, waiting, "by", "somebody"),
            shown(client->arena, waiting, "expires_at", "an hour is over"));
    fputs("  -> have another person who may do this give the same command\n", stderr);
    return CMD_WAITING;
}

int server_send(struct server_client *client, const char *method, const char *path,
                const char *type, struct gb_bytes body, server_refused *refused, void *ctx,
                struct json **ret_reply, struct gb_err *err)
{
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    int r = http_client_send(client->http, method, path, type, body, &reply, err);
    if (r < 0)
        return r;
    if (reply.status < 200 || reply.status > 299)
        return refuse(client, path, &reply, refused, ctx);
    struct json *answer = NULL;
    if (reply.body.len > 0 && json_read(gb_buf_bytes(&reply.body), &answer, err) < 0) {
        gb_err_prefix(err, "the server's answer: ");
        return err->code;
    }
    const struct json *waiting = reply.status == 202 ? json_get(answer, "waiting") : NULL;
    if (json_get(waiting, "call")) {
        r = tell_waiting(client, waiting);
        json_free(answer);
        return r;
    }
    if (ret_reply)
        *ret_reply = answer;
    else
        json_free(answer);
    return GB_OK;
}

int server_fetch(struct server_client *client, struct gb_arena *arena, const char *path,
                 struct gb_bytes *ret_bytes, struct gb_err *err)
{
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    int r = http_client_send(client->http, "GET", path, NULL, gb_bytes(NULL, 0), &reply, err);
    if (r < 0)
        return r;
    if (reply.status == 404)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: the server has no such file", path);
    if (reply.status < 200 || reply.status > 299)
        return refuse(client, path, &reply, NULL, NULL);
    *ret_bytes = gb_arena_copy(arena, gb_buf_bytes(&reply.body));
    return ret_bytes->data ? GB_OK : gb_err_nomem(err);
}

int server_get(struct server_client *client, const char *path, struct json **ret_reply,
               struct gb_err *err)
{
    return server_send(client, "GET", path, NULL, gb_bytes(NULL, 0), NULL, NULL, ret_reply, err);
}

int server_post(struct server_client *client, const char *path, struct json *body,
                struct json **ret_reply, struct gb_err *err)
{
    char *text = NULL;
    int r = json_print(body, &text, err);
    json_free(body);
    if (r == GB_OK)
        r = server_send(client, "POST", path, "application/json", gb_bytes_str(text), NULL, NULL,
                        ret_reply, err);
    gb_free(text);
    return r;
}

int server_delete(struct server_client *client, const char *path, struct gb_err *err)
{
    return server_send(client, "DELETE", path, NULL, gb_bytes(NULL, 0), NULL, NULL, NULL, err);
}

const char *server_path(struct gb_arena *arena, const char *before, const char *part,
                        const char *after)
{
    char *quoted = gb_arena_new_array(arena, char, 3 * strlen(part) + 1);
    if (!quoted)
        return NULL;
    size_t at = 0;
    for (const char *c = part; *c; c++) {
        bool plain = (*c >= 'a' && *c <= 'z') || (*c >= 'A' && *c <= 'Z') ||
                     (*c >= '0' && *c <= '9') || strchr("-._:", *c);
        if (plain) {
            quoted[at++] = *c;
        } else {
            quoted[at++] = '%';
            gb_hex_encode(gb_bytes(c, 1), quoted + at);
            at += 2;
        }
    }
    quoted[at] = 0;
    return gb_arena_printf(arena, "%s%s%s", before, quoted, after);
}
