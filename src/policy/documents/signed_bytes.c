/* The canonical form of a document (RFC 8949, 4.2.1). */
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/documents/signed.h"
#include "wire/cbor.h"
#include "wire/yaml.h"

static const char domain[] = "garboard.dev/document/v1"; /* with its NUL */

/* Where the tree ends differently than in the document: one member is left out. */
struct writer {
    struct gb_arena *arena;
    struct gb_buf *out;
    const struct yaml_node *metadata; /* of the document; its signatures are not written */
};

static bool is_left_out(const struct writer *w, const struct yaml_node *parent,
                        const struct yaml_node *child)
{
    return parent == w->metadata && gb_bytes_is(child->key, "signatures");
}

/* The order of encoded keys: a text's head holds its length, so the shorter comes first. */
static int by_encoded_key(const void *a, const void *b)
{
    const struct yaml_node *x = *(const struct yaml_node *const *)a;
    const struct yaml_node *y = *(const struct yaml_node *const *)b;
    if (x->key.len != y->key.len)
        return x->key.len < y->key.len ? -1 : 1;
    return memcmp(x->key.data, y->key.data, x->key.len);
}

static int write_node(struct writer *w, const struct yaml_node *node);

static int write_mapping(struct writer *w, const struct yaml_node *node)
{
    const struct yaml_node **sorted =
        gb_arena_new_array(w->arena, const struct yaml_node *, node->count + 1);
    size_t count = 0;
    if (!sorted)
        return GB_ERR_NOMEM;
    for (const struct yaml_node *child = node->first; child; child = child->next)
        if (!is_left_out(w, node, child))
            sorted[count++] = child;
    qsort(sorted, count, sizeof(struct yaml_node *), by_encoded_key);
    cbor_map(w->out, count);
    for (size_t i = 0; i < count; i++) {
        cbor_text(w->out, sorted[i]->key);
        int r = write_node(w, sorted[i]);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

/* The text that a plain scalar of the same words has. */
static void write_literal(struct gb_buf *out, const struct yaml_node *node)
{
    size_t left = node->literal->len;
    struct yaml_lines lines;
    struct gb_bytes line;
    cbor_text_head(out, left);
    yaml_lines_init(&lines, node);
    while (yaml_lines_next(&lines, &line)) {
        gb_buf_add(out, line.data, line.len);
        left -= line.len;
        if (left > 0) {
            gb_buf_u8(out, '\n');
            left--;
        }
    }
}

/* Not deeper than GB_LIMIT_YAML_DEPTH: the tree was read by yaml_read. */
static int write_node(struct writer *w, const struct yaml_node *node)
{
    switch (node->kind) {
    case YAML_SCALAR:
        cbor_text(w->out, node->text);
        break;
    case YAML_LITERAL:
        write_literal(w->out, node);
        break;
    case YAML_SEQUENCE:
        cbor_array(w->out, node->count);
        for (const struct yaml_node *child = node->first; child; child = child->next) {
            int r = write_node(w, child);
            if (r < 0)
                return r;
        }
        break;
    case YAML_MAPPING:
        return write_mapping(w, node);
    }
    return GB_OK;
}

int signed_bytes(struct gb_arena *arena, const struct yaml_node *document, struct gb_buf *out,
                 struct gb_err *err)
{
    struct writer w = {arena, out, yaml_get(document, "metadata")};
    gb_buf_add(out, domain, sizeof domain);
    if (write_node(&w, document) < 0)
        return gb_err_nomem(err);
    if (gb_buf_ok(out))
        return GB_OK;
    return gb_err_set(err, GB_ERR_LIMIT, "the document is too long to be signed");
}

int signed_digest(struct gb_arena *arena, const struct yaml_node *document, uint8_t out[32],
                  struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf bytes;
    gb_buf_init(&bytes, GB_LIMIT_CANONICAL);
    int r = signed_bytes(arena, document, &bytes, err);
    if (r == GB_OK)
        r = digester_new(&digester, err);
    if (r == GB_OK && digest_of(digester, DIGEST_SHA256, gb_buf_bytes(&bytes), out) < 0)
        r = gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    return r;
}
