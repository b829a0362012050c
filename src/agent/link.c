#include "agent/link.h"

#include <string.h>

#include "agent/config.h"
#include "agent/machine.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/text.h"
#include "net/http_client.h"
#include "wire/json.h"

enum {
    CONNECT_MS = 15000,
    TOTAL_MS = 300000,     /* an IMA list of a long-running node over a slow line */
    MAX_ANSWER = 256 << 10 /* certificates, a token: some kilobytes */
};

static int sign(void *ctx, const uint8_t digest[32], uint8_t ret_r[32], uint8_t ret_s[32])
{
    struct gb_err err;
    int r = machine_sign(ctx, digest, ret_r, ret_s, &err);
    if (r < 0)
        gb_log_err(GB_LOG_ERROR, "tls-key-failed", &err);
    return r;
}

static char *url_of(struct gb_arena *arena, const char *server, int64_t port)
{
    bool bare_v6 = strchr(server, ':') && server[0] != '[';
    return gb_arena_printf(arena, bare_v6 ? "https://[%s]:%d" : "https://%s:%d", server, (int)port);
}

static int open_client(struct link *link, const struct config *config, int64_t port,
                       struct http_client_conf *conf, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    conf->url = arena ? url_of(arena, config->server, port) : NULL;
    if (!conf->url)
        return gb_err_nomem(err);
    conf->ignore_validity = true; /* this machine's clock may be years off; the CA is pinned */
    conf->connect_ms = CONNECT_MS;
    conf->total_ms = TOTAL_MS;
    conf->max_answer = MAX_ANSWER;
    return http_client_new(conf, &link->client, err);
}

int link_open_enroll(struct link *link, const struct config *config, const uint8_t *pin,
                     struct gb_bytes ca, struct gb_err *err)
{
    struct http_client_conf conf = {.ca_pem = ca, .has_ca_pin = pin};
    if (!pin && ca.len == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "by what is the server known? Give a join token, ca_pin or ca_file");
    *link = (struct link){0};
    if (pin)
        memcpy(conf.ca_pin, pin, sizeof conf.ca_pin);
    return open_client(link, config, config->enroll_port, &conf, err);
}

int link_open(struct link *link, const struct config *config, struct machine *machine,
              struct gb_bytes certificate, struct gb_bytes ca, struct gb_err *err)
{
    *link = (struct link){.machine = machine, .key = {.sign = sign, .ctx = machine}};
    memcpy(link->key.x, machine->x, sizeof link->key.x);
    memcpy(link->key.y, machine->y, sizeof link->key.y);
    struct http_client_conf conf = {
        .ca_pem = ca, .cert_pem = certificate, .external_key = &link->key};
    return open_client(link, config, config->api_port, &conf, err);
}

void link_close(struct link *link)
{
    http_client_free(link->client);
    link->client = NULL;
}

void link_answer_done(struct link_answer *answer)
{
    json_free(answer->body);
    *answer = (struct link_answer){0};
}

static const char *printable(struct gb_arena *arena, const struct json *object, const char *key)
{
    struct gb_bytes text;
    const char *shown = json_get_text(object, key, &text) ? gb_text_escape(arena, text, 160) : NULL;
    return shown ? shown : "";
}

static enum gb_err_code code_of(int status)
{
    if (status == 409 || status == 429)
        return GB_ERR_AGAIN;
    return status >= 400 && status < 500 ? GB_ERR_DENIED : GB_ERR_IO;
}

static int refused(struct gb_arena *arena, const char *path, struct link_answer *answer,
                   struct gb_err *err)
{
    const struct json *error = answer->body ? json_get(answer->body, "error") : NULL;
    answer->code = printable(arena, error, "code");
    const char *message = printable(arena, error, "message");
    const char *remedy = printable(arena, error, "remedy");
    if (*answer->code == '\0')
        return gb_err_set(err, code_of(answer->status), "%s: the server answers %d", path,
                          answer->status);
    return gb_err_set(err, code_of(answer->status), "the server refuses (%s): %s%s%s", answer->code,
                      message, *remedy ? "; " : "", remedy);
}

int link_call(struct link *link, struct gb_arena *arena, const char *method, const char *path,
              const char *type, struct gb_bytes body, struct link_answer *ret_answer,
              struct gb_err *err)
{
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    *ret_answer = (struct link_answer){.code = ""};
    int r = http_client_send(link->client, method, path, type, body, &reply, err);
    if (r < 0)
        return r;
    ret_answer->status = reply.status;
    ret_answer->retry_after_s = reply.retry_after_s;
    if (reply.body.len > 0 && json_read(gb_buf_bytes(&reply.body), &ret_answer->body, NULL) < 0)
        ret_answer->body = NULL;
    if (reply.status < 200 || reply.status > 299)
        return refused(arena, path, ret_answer, err);
    return GB_OK;
}

int link_post_json(struct link *link, struct gb_arena *arena, const char *path, struct json *body,
                   struct link_answer *ret_answer, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *owned = body;
    char *text = NULL;
    *ret_answer = (struct link_answer){.code = ""};
    int r = json_print(owned, &text, err);
    if (r == GB_OK)
        r = link_call(link, arena, "POST", path, "application/json", gb_bytes_str(text), ret_answer,
                      err);
    gb_free(text);
    return r;
}

static int missing(const char *key, struct gb_err *err)
{
    return gb_err_set(err, GB_ERR_INPUT,
                      "the server's answer lacks \"%s\", or it is not as it must be", key);
}

int link_get_text(struct gb_arena *arena, const struct json *body, const char *key,
                  const char **ret_text, struct gb_err *err)
{
    struct gb_bytes text;
    if (!body || !json_get_text(body, key, &text) || text.len == 0)
        return missing(key, err);
    *ret_text = (const char *)gb_arena_copy(arena, text).data;
    return *ret_text ? GB_OK : gb_err_nomem(err);
}

int link_get_base64(struct gb_arena *arena, const struct json *body, const char *key,
                    struct gb_bytes *ret_bytes, struct gb_err *err)
{
    struct gb_bytes text;
    if (!body || !json_get_text(body, key, &text) || !gb_base64_decode(arena, text, ret_bytes))
        return missing(key, err);
    return GB_OK;
}

void link_set_base64(struct json *object, struct gb_arena *arena, const char *key,
                     struct gb_bytes bytes)
{
    json_set(object, key, json_text(gb_base64(arena, bytes)));
}
