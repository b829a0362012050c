#include "policy/documents/sign.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/signer.h"
#include "policy/documents/field.h"
#include "policy/documents/sign_edit.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"
#include "wire/yaml.h"

static int read_version(const struct field_file *file, const struct yaml_node *metadata,
                        uint64_t *ret_version, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, metadata, "version", YAML_SCALAR, false, &node, err);
    return r < 0 || !node ? r : field_number(file, node, 1, INT64_MAX, ret_version, err);
}

static int read_document(const struct field_file *file, struct yaml_node *node,
                         const struct officers *self, struct sign_document *document,
                         struct gb_err *err)
{
    const struct yaml_node *kind, *metadata, *name;
    struct signature_list signatures = {0};
    if (node->kind != YAML_MAPPING)
        return field_wrong(file, node->line, err, "a document must be a mapping");
    document->node = node;
    int r = field_get(file, node, "kind", YAML_SCALAR, true, &kind, err);
    if (r == GB_OK)
        r = field_printable(file, kind, &document->kind, err);
    if (r == GB_OK)
        r = field_get(file, node, "metadata", YAML_MAPPING, true, &metadata, err);
    if (r == GB_OK)
        r = field_get(file, metadata, "name", YAML_SCALAR, true, &name, err);
    if (r == GB_OK)
        r = field_name(file, name, &document->name, err);
    if (r == GB_OK)
        r = read_version(file, metadata, &document->version, err);
    if (r == GB_OK)
        r = signed_check(file, node, self, &signatures, err);
    document->is_signed = r == GB_OK && signatures.good > 0;
    return r;
}

/* A "---" at the end, or before comments alone, begins nothing. */
static bool is_empty(const struct yaml_node *document)
{
    return document->kind == YAML_SCALAR && document->text.len == 0;
}

int sign_read(struct gb_arena *arena, const char *name, struct gb_bytes text,
              const struct signer *signer, struct sign_text *ret_text, struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *self = NULL;
    struct sign_text read = {.file = {.arena = arena, .name = name}, .text = text};
    struct yaml_node *documents = NULL;
    int r = yaml_read(arena, text, name, &documents, err);
    if (r == GB_OK)
        r = officers_of_signer(signer, &self, err);
    if (r < 0)
        return r;
    read.documents = gb_arena_new_array(arena, struct sign_document, documents->count + 1);
    read.inserted = gb_arena_new_array(arena, struct sign_inserted, 2 * documents->count + 1);
    if (!read.documents || !read.inserted)
        return gb_err_nomem(err);
    for (struct yaml_node *node = documents->first; node; node = node->next) {
        if (is_empty(node))
            continue;
        r = read_document(&read.file, node, self, &read.documents[read.count], err);
        if (r < 0)
            return r;
        read.count++;
    }
    if (read.count == 0)
        return field_wrong(&read.file, 1, err, "no document in this file");
    *ret_text = read;
    return GB_OK;
}

/* The tree as it will be read with the version in it. */
static int put_version(struct sign_text *text, struct sign_document *document, uint64_t version,
                       struct gb_err *err)
{
    struct yaml_node *metadata =
        (struct yaml_node *)(uintptr_t)yaml_get(document->node, "metadata");
    struct yaml_node *node = gb_arena_new_one(text->file.arena, struct yaml_node);
    char *number = gb_arena_printf(text->file.arena, "%" PRIu64, version);
    if (!node || !number)
        return gb_err_nomem(err);
    *node = (struct yaml_node){.kind = YAML_SCALAR,
                               .plain = true,
                               .key = gb_bytes_str("version"),
                               .text = gb_bytes_str(number),
                               .next = metadata->first};
    metadata->first = node;
    metadata->count++;
    return GB_OK;
}

static void take_version(struct sign_document *document)
{
    struct yaml_node *metadata =
        (struct yaml_node *)(uintptr_t)yaml_get(document->node, "metadata");
    metadata->first = metadata->first->next;
    metadata->count--;
}

int sign_check(struct sign_text *text, struct gb_err *err)
{
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < text->count; i++)
        r = policy_check(&text->file, text->documents[i].node, err);
    return r;
}

int sign_digest(struct sign_text *text, size_t i, uint64_t version, uint8_t out[32],
                struct gb_err *err)
{
    struct sign_document *document = &text->documents[i];
    bool put = version > 0 && document->version == 0;
    int r = put ? put_version(text, document, version, err) : GB_OK;
    if (r < 0)
        return r;
    r = signed_digest(text->file.arena, document->node, out, err);
    if (put)
        take_version(document);
    return r;
}

static int sign_one(struct sign_text *text, struct sign_document *document,
                    const struct signer *signer, struct sign_edits *edits, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf bytes;
    struct signature signature = {0};
    uint8_t x[32], y[32];
    bool put = document->version == 0 && document->add_version > 0;
    gb_buf_init(&bytes, GB_LIMIT_CANONICAL);
    int r = put ? put_version(text, document, document->add_version, err) : GB_OK;
    if (r == GB_OK)
        r = signed_bytes(text->file.arena, document->node, &bytes, err);
    if (r == GB_OK && put)
        take_version(document); /* places are those of the text */
    if (r == GB_OK)
        r = signer_public(signer, x, y, signature.key, err);
    if (r == GB_OK)
        r = signer_sign(signer, gb_buf_bytes(&bytes), signature.value, err);
    if (r == GB_OK && put)
        r = sign_edit_version(edits, document->node, document->add_version, err);
    return r < 0 ? r : sign_edit_signature(edits, document->node, &signature, err);
}

/* What was written must be what was meant, by the same reader that judges it later. */
static int prove(const struct sign_text *text, const struct signer *signer, struct gb_bytes out,
                 struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct sign_text again;
    if (!scratch)
        return gb_err_nomem(err);
    int r = sign_read(scratch, text->file.name, out, signer, &again, err);
    if (r < 0 && r != GB_ERR_CONFIG)
        return r;
    bool good = r == GB_OK && again.count == text->count;
    for (size_t i = 0; good && i < again.count; i++)
        good = again.documents[i].is_signed &&
               strcmp(again.documents[i].name, text->documents[i].name) == 0;
    return good ? GB_OK
                : gb_err_set(err, GB_ERR_CONFIG,
                             "%s: no signature can be put into this layout: write each field of "
                             "metadata on a line of its own",
                             text->file.name);
}

int sign_write(struct sign_text *text, const struct signer *signer, struct gb_buf *out,
               struct gb_err *err)
{
    struct sign_edits edits;
    int r = sign_edits_new(text, &edits, err);
    for (size_t i = 0; r == GB_OK && i < text->count; i++)
        if (!text->documents[i].is_signed)
            r = sign_one(text, &text->documents[i], signer, &edits, err);
    if (r < 0)
        return r;
    sign_edits_write(&edits, out);
    if (!gb_buf_ok(out))
        return gb_err_set(err, GB_ERR_LIMIT, "%s: out of memory, or too long with its signatures",
                          text->file.name);
    return prove(text, signer, gb_buf_bytes(out), err);
}
