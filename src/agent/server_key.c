#include "agent/server_key.h"

#include <string.h>

#include "agent/config.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "os/file.h"

enum { MAX_TOKEN = 256, ID_SIZE = 8, SECRET_SIZE = 32, PIN_SIZE = 32 };

static bool part(struct gb_arena *arena, struct gb_bytes *rest, size_t size,
                 struct gb_bytes *ret_part)
{
    return gb_base64url_decode(arena, gb_text_until(rest, '.'), ret_part) && ret_part->len == size;
}

int server_key_of_token(struct gb_arena *arena, struct gb_bytes token, uint8_t ret_pin[PIN_SIZE],
                        struct gb_err *err)
{
    struct gb_bytes rest = token;
    struct gb_bytes piece;
    if (!gb_bytes_is(gb_text_until(&rest, '.'), "gbj1") || !part(arena, &rest, ID_SIZE, &piece) ||
        !part(arena, &rest, SECRET_SIZE, &piece) || !part(arena, &rest, PIN_SIZE, &piece) ||
        rest.len > 0)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "this is not a join token (gbj1....): make one with garboard token create");
    memcpy(ret_pin, piece.data, PIN_SIZE);
    return GB_OK;
}

static int read_token(const struct config *config, struct gb_arena *arena, struct server_key *key,
                      struct gb_err *err)
{
    struct gb_bytes text = config->token ? gb_bytes_str(config->token) : gb_bytes(NULL, 0);
    if (config->token && config->token_file)
        return gb_err_set(err, GB_ERR_CONFIG, "both token and token_file are given");
    int r =
        config->token_file ? file_read(arena, config->token_file, MAX_TOKEN, &text, err) : GB_OK;
    if (r < 0)
        return r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT ? GB_ERR_CONFIG : r;
    text = gb_text_trim(text);
    if (text.len == 0)
        return GB_OK;
    key->token = (const char *)gb_arena_copy(arena, text).data;
    if (!key->token)
        return gb_err_nomem(err);
    key->has_pin = true;
    return server_key_of_token(arena, text, key->pin, err);
}

static int read_pin(const char *text, struct server_key *key, struct gb_err *err)
{
    static const char prefix[] = "sha256:";
    struct gb_bytes hex = gb_bytes_str(text);
    if (!gb_bytes_starts(hex, gb_bytes_str(prefix)) ||
        !gb_hex_decode(gb_bytes_from(hex, sizeof prefix - 1), key->pin, PIN_SIZE))
        return gb_err_set(err, GB_ERR_CONFIG, "ca_pin: not of the form sha256:HEX (64 digits)");
    key->has_pin = true;
    return GB_OK;
}

int server_key_read(const struct config *config, struct gb_arena *arena, struct server_key *ret_key,
                    struct gb_err *err)
{
    struct server_key key = {0};
    int r = read_token(config, arena, &key, err);
    if (r == GB_OK && config->ca_pin && !key.has_pin)
        r = read_pin(config->ca_pin, &key, err);
    if (r == GB_OK && config->ca_file)
        r = file_read(arena, config->ca_file, GB_LIMIT_CERT, &key.ca, err);
    if (r == GB_OK)
        *ret_key = key;
    return r;
}
