#include "cli/key_set.h"

#include <string.h>

#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "net/http_client.h"
#include "os/file.h"
#include "wire/jwt.h"

enum { CONNECT_MS = 10000, TOTAL_MS = 30000 };

static const char scheme[] = "https://";

static bool is_url(const char *text)
{
    return strncmp(text, scheme, sizeof scheme - 1) == 0;
}

/* "https://host:8440" to "https://host:8441/v1/jwks": the enrolment listener's usual port. */
static const char *usual_url(struct gb_arena *arena, const char *server)
{
    const char *host = is_url(server) ? server + sizeof scheme - 1 : server;
    const char *close = *host == '[' ? strchr(host, ']') : NULL; /* an IPv6 address */
    size_t len = close ? (size_t)(close - host) + 1 : strcspn(host, ":/");
    return gb_arena_printf(arena, "%s%.*s:8441/v1/jwks", scheme, (int)len, host);
}

/* The CA by whom the server is known, and the URL when none is given. */
static int find_server(struct gb_arena *arena, const struct cmd_line *line, const char **url,
                       const char **ret_ca, struct gb_err *err)
{
    struct client_conf conf = {0};
    const char *ca = cmd_value(line, "ca");
    if (!ca || !*url) {
        int r = client_conf_find(arena, line, &conf, err);
        if (r < 0) {
            gb_err_prefix(err, "give --jwks and --ca, or: ");
            return r;
        }
    }
    if (!*url)
        *url = usual_url(arena, conf.server);
    *ret_ca = ca ? ca : conf.ca;
    return *url ? GB_OK : gb_err_nomem(err);
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
    if (from && !is_url(from))
        return read_file(arena, from, ret_keys, err);
    int r = find_server(arena, line, &from, &ca, err);
    if (r == GB_OK)
        r = file_read(arena, ca, GB_LIMIT_CERT, &ca_pem, err);
    return r < 0 ? r : fetch(arena, from, ca_pem, ret_keys, err);
}
