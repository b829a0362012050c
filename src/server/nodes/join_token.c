#include "server/nodes/join_token.h"

#include <string.h>

#include "base/encode.h"
#include "base/secret.h"
#include "base/text.h"

static bool read_part(struct gb_arena *arena, struct gb_bytes *rest, uint8_t *out, size_t len)
{
    struct gb_bytes bytes;
    struct gb_bytes part = gb_text_until(rest, '.');
    if (!gb_base64url_decode(arena, part, &bytes) || bytes.len != len)
        return false;
    memcpy(out, bytes.data, len);
    return true;
}

bool join_token_parse(struct gb_arena *arena, const char *text, struct join_token *ret_token)
{
    struct gb_bytes rest = gb_bytes_str(text);
    struct gb_bytes form = gb_text_until(&rest, '.');
    struct join_token token = {0};
    bool good = gb_bytes_is(form, "gbj1") && read_part(arena, &rest, token.id, sizeof token.id) &&
                read_part(arena, &rest, token.secret, sizeof token.secret) &&
                read_part(arena, &rest, token.pin, sizeof token.pin) && rest.len == 0;
    if (!good)
        secret_wipe(token.secret, sizeof token.secret);
    *ret_token = token;
    secret_wipe(token.secret, sizeof token.secret);
    return good;
}

char *join_token_text(struct gb_arena *arena, const struct join_token *token)
{
    const char *id = gb_base64url(arena, gb_bytes(token->id, sizeof token->id));
    const char *secret = gb_base64url(arena, gb_bytes(token->secret, sizeof token->secret));
    const char *pin = gb_base64url(arena, gb_bytes(token->pin, sizeof token->pin));
    return id && secret && pin ? gb_arena_printf(arena, "gbj1.%s.%s.%s", id, secret, pin) : NULL;
}
