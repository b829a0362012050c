/*
 * Aims at what the handlers read of a request's body beside evidence: JSON members with their types
 * and ceilings (server/ask), join tokens, a person's bearer token, policy documents taken apart.
 * The first byte chooses. What was accepted is within its ceiling, and a token that was read prints
 * the same.
 */
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "server/api/bearer.h"
#include "server/documents.h"
#include "server/nodes/admit.h"
#include "server/nodes/ask.h"
#include "server/nodes/ek_certs.h"
#include "server/nodes/join_token.h"
#include "wire/jwt.h"

enum { MAX = 64 };

static void must(int ok)
{
    if (!ok)
        abort();
}

static void read_members(struct gb_arena *arena, struct gb_bytes in)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    struct gb_err err = {0};
    uint8_t exact[16], digest[32];
    size_t count;
    if (ask_body(in, &body, &err) < 0)
        return;
    struct ask ask = {.arena = arena, .body = body, .err = &err};
    struct gb_bytes bytes = ask_base64(&ask, "a", MAX);
    must(ask.failed || bytes.len <= MAX);
    struct gb_bytes *list = ask_base64_list(&ask, "b", 3, MAX, &count);
    must(count <= 3 && (list || count == 0));
    for (size_t i = 0; !ask.failed && i < count; i++)
        must(list[i].len <= MAX);
    ask_base64_exact(&ask, "c", exact, sizeof exact);
    const char *name = ask_name(&ask, "d");
    must(ask.failed || (name && strlen(name) <= 253));
    const char *pool = ask_text_optional(&ask, "e", MAX);
    must(!pool || strlen(pool) <= MAX);
    if (name && pool)
        (void)admit_name(NULL, pool, name);
    ask_digest(&ask, "f", digest);
    int64_t number = ask_number(&ask, "g", 1, 100);
    must(number >= 1 && number <= 100);
    must(ask.failed == (err.code != GB_OK));
}

static void read_token(struct gb_arena *arena, struct gb_bytes in)
{
    struct join_token token;
    struct gb_bytes text = gb_arena_copy(arena, in);
    if (!text.data || strlen((const char *)text.data) != text.len ||
        !join_token_parse(arena, (const char *)text.data, &token))
        return;
    const char *again = join_token_text(arena, &token);
    must(!again || strcmp(again, (const char *)text.data) == 0);
}

static void split(struct gb_arena *arena, struct gb_bytes in)
{
    struct store_document *documents, *all;
    size_t count, total;
    struct gb_err err = {0};
    int r = documents_split(arena, in, &documents, &count, &err);
    must(r == 0 || r == GB_ERR_CONFIG || r == GB_ERR_LIMIT || r == GB_ERR_NOMEM);
    if (r < 0)
        return;
    for (size_t i = 0; i < count; i++)
        must(documents[i].kind && documents[i].name && documents[i].text.len > 0 &&
             documents_find(documents, count, documents[i].kind, documents[i].name) ==
                 &documents[i]);
    r = documents_merge(arena, documents, count, documents, count, &all, &total, &err);
    must(r == GB_ERR_NOMEM || (r == 0 && total == count));
}

static void read_certs(struct gb_arena *arena, struct gb_bytes in)
{
    struct bundle *bundle = gb_arena_new_one(arena, struct bundle);
    if (!bundle || ek_certs_read(in, bundle, NULL) < 0)
        return;
    struct gb_buf out;
    gb_buf_init(&out, in.len + 1);
    for (size_t i = 0; i < bundle->ekcert_count; i++)
        ek_certs_write(&out, bundle->ekcerts[i].bytes, false);
    for (size_t i = 0; i < bundle->intermediate_count; i++)
        ek_certs_write(&out, bundle->intermediates[i].bytes, true);
    must(!gb_buf_ok(&out) || out.len == in.len);
    gb_buf_done(&out);
}

/* What stands in a header Authorization, and what the token in it says before it is proven. */
static void read_bearer(struct gb_arena *arena, struct gb_bytes in)
{
    struct gb_bytes token = bearer_token(in);
    const char *key_id = NULL, *issuer = NULL;
    must(token.len == 0 || (token.data >= in.data && token.data + token.len == in.data + in.len));
    if (token.len > 0 && jwt_peek(arena, token, &key_id, &issuer, NULL) == GB_OK)
        must((!key_id || strlen(key_id) <= token.len) && (!issuer || strlen(issuer) <= token.len));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!arena || size == 0)
        return 0;
    struct gb_bytes rest = gb_bytes(data + 1, size - 1);
    switch (data[0]) {
    case 'j':
        read_members(arena, rest);
        break;
    case 't':
        read_token(arena, rest);
        break;
    case 'd':
        split(arena, rest);
        break;
    case 'b':
        read_bearer(arena, rest);
        break;
    case 'c':
        read_certs(arena, rest);
        break;
    default:
        break;
    }
    return 0;
}
