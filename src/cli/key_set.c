#include "cli/key_set.h"

#include <string.h>

#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/server_client.h"
#include "net/http_client.h"
#include "os/file.h"
#include "wire/jwt.h"

enum { CONNECT_MS = 10000, TOTAL_MS = 30000 };

static const char scheme[] = "https://";

static bool is_url(const char *text)
{
    return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

/* The CA by whom the server behind a URL is known. */
static int find_ca(struct gb_arena *arena, const struct cmd_line *line, const char **ret_ca,
                   struct gb_err *err)
{
    struct client_conf conf = {0};
    const char *ca = cmd_value(line, "ca");
    int r = ca ? GB_OK : client_conf_find(arena, line, &conf, err);
    if (r < 0)
        gb_err_prefix(err, "give --ca, or: ");
    else
        *ret_ca = ca ? ca : conf.ca;
    return r;
}

/* From the server of client.conf, as any other call: its API has them, too. */
static int ask_server(struct gb_arena *arena, const struct cmd_line *line, struct jwks **ret_keys,
                      struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct gb_bytes text;
    int r = server_client_new(arena, line, &client, err);
    if (r < 0)
        gb_err_prefix(err, "give --jwks, or: ");
    if (r == GB_OK)
        r = server_fetch(client, arena, "/v1/jwks", &text, err);
    if (r > 0) /* it has been told */
        return gb_err_set(err, GB_ERR_IO, "the server does not give its keys; give --jwks");
    return r < 0 ? r : jwks_read(text, ret_keys, err);
}

static int fetch(struct gb_arena *arena, const char *url, struct gb_bytes ca_pem,
                 struct jwks **ret_keys, struct gb_err *err)
{
    const char *path = strchr(url + sizeof scheme - 1, '/');
    gb_cleanup(http_client_freep) struct http_client *client = NULL;
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    if (!path)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: a URL ends in a path, like /v1/jwks", url);
    const struct http_client_conf conf = {
        .url = gb_arena_printf(arena, "%.*s", (int)(path - url), url),
        .ca_pem = ca_pem,
        .connect_ms = CONNECT_MS,
        .total_ms = TOTAL_MS,
        .max_answer = GB_LIMIT_JWKS};
    int r = conf.url ? http_client_new(&conf, &client, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = http_client_send(client, "GET", path, NULL, gb_bytes(NULL, 0), &reply, err);
    if (r < 0)
        return r;
    if (reply.status != 200)
        return gb_err_set(err, GB_ERR_IO, "%s: the server answers %d", url, reply.status);
    r = jwks_read(gb_buf_bytes(&reply.body), ret_keys, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", url);
    return r;
}

static int read_file(struct gb_arena *arena, const char *path, struct jwks **ret_keys,
                     struct gb_err *err)
{
    struct gb_bytes text;
    int r = file_read(arena, path, GB_LIMIT_JWKS, &text, err);
    if (r < 0)
        return r;
    r = jwks_read(text, ret_keys, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    return r;
}

int key_set_read(struct gb_arena *arena, const struct cmd_line *line, struct jwks **ret_keys,
                 struct gb_err *err)
{
    const char *from = cmd_value(line, "jwks");
    const char *ca = NULL;
    struct gb_bytes ca_pem;
    if (!from)
        return ask_server(arena, line, ret_keys, err);
    if (!is_url(from))
        return read_file(arena, from, ret_keys, err);
    int r = find_ca(arena, line, &ca, err);
    if (r == GB_OK)
        r = file_read(arena, ca, GB_LIMIT_CERT, &ca_pem, err);
    return r < 0 ? r : fetch(arena, from, ca_pem, ret_keys, err);
}
