#include "agent/results.h"

#include <errno.h>
#include <unistd.h>

#include "agent/config.h"
#include "base/arena.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/text.h"
#include "os/file.h"
#include "wire/json.h"

enum { LEAST_MS = 1000, RETRY_MS = 30000, MAX_LIFE_S = 86400 };

bool results_due(const struct results *results, int64_t now_ms)
{
    return (!results->there || now_ms >= results->due_ms) && now_ms >= results->retry_ms;
}

void results_failed(struct results *results, int64_t now_ms)
{
    results->retry_ms = now_ms + RETRY_MS;
}

int64_t results_wait_ms(const struct results *results, int64_t now_ms, int64_t ms)
{
    if (!results->there)
        return ms;
    int64_t next_ms = now_ms < results->due_ms ? results->due_ms : results->end_ms;
    int64_t most = next_ms - now_ms < LEAST_MS ? LEAST_MS : next_ms - now_ms;
    return ms < most ? ms : most;
}

/* Not verified: it comes from our own server, and only its life is asked here. */
static int life_of(struct gb_arena *arena, const char *jwt, int64_t *ret_life_s, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *claims = NULL;
    struct gb_bytes rest = gb_bytes_str(jwt);
    struct gb_bytes payload = {0};
    uint64_t from = 0;
    uint64_t to = 0;
    (void)gb_text_until(&rest, '.');
    if (!gb_base64url_decode(arena, gb_text_until(&rest, '.'), &payload) ||
        json_read_at_most(payload, GB_LIMIT_JWT_VALUES, &claims, NULL) < 0 ||
        !json_get_number(claims, "iat", &from) || !json_get_number(claims, "exp", &to) ||
        to <= from || to - from > MAX_LIFE_S)
        return gb_err_set(err, GB_ERR_INPUT,
                          "the server's result does not say how long it lives (iat, exp)");
    *ret_life_s = (int64_t)(to - from);
    return GB_OK;
}

int results_token(const struct config *config, struct results *results, const char *jwt,
                  int64_t now_ms, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *line = arena ? gb_arena_printf(arena, "%s\n", jwt) : NULL;
    int64_t life_s = 0;
    if (!line)
        return gb_err_nomem(err);
    int r = life_of(arena, jwt, &life_s, err);
    if (r == GB_OK)
        r = file_write_as(config->result_file, gb_bytes_str(line), config->result_mode_bits, err);
    if (r < 0)
        return r;
    *results = (struct results){
        .there = true, .due_ms = now_ms + life_s * 500, .end_ms = now_ms + life_s * 1000};
    return GB_OK;
}

void results_remove(const struct config *config, struct results *results)
{
    struct gb_err err;
    *results = (struct results){0};
    if (!config->result_file || unlink(config->result_file) == 0 || errno == ENOENT)
        return;
    (void)gb_err_sys(&err, errno, "%s", config->result_file);
    gb_log_err(GB_LOG_ERROR, "result-not-removed", &err);
}

void results_end(const struct config *config, struct results *results, int64_t now_ms)
{
    if (results->there && now_ms >= results->end_ms)
        results_remove(config, results);
}

int results_certificate(const struct config *config, struct gb_bytes pem, struct gb_err *err)
{
    return file_write_as(config->svid_file, pem, 0644, err);
}
