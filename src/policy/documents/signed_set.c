#include "policy/documents/signed_set.h"

#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "policy/access/access.h"
#include "policy/documents/field.h"
#include "policy/documents/metadata.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"
#include "wire/yaml.h"

struct reader {
    struct gb_arena *arena;   /* of the result */
    struct gb_arena *scratch; /* of one file's tree */
    const struct officers *officers;
    struct signed_set set;
    size_t room;
};

/* Items live where the trees do; those are thrown away. */
static int keep_signatures(struct reader *reader, struct signature_list *list, struct gb_err *err)
{
    struct signature *items = gb_arena_new_array(reader->arena, struct signature, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < list->count; i++) {
        items[i] = list->items[i];
        items[i].node = NULL;
    }
    list->items = items;
    return GB_OK;
}

static int read_rule(const struct field_file *file, const struct yaml_node *node,
                     struct signed_set *set, struct gb_err *err)
{
    struct access_policy access;
    int r = access_read(file, node, &access, err);
    if (r == GB_OK && access_needs_two(&access, ACCESS_DO_POLICY))
        set->needed = 2;
    return r;
}

static struct signed_document *add_document(struct reader *reader)
{
    struct signed_set *set = &reader->set;
    if (set->count == reader->room) {
        size_t room = reader->room ? 2 * reader->room : 16;
        struct signed_document *grown =
            gb_arena_new_array(reader->arena, struct signed_document, room);
        if (!grown)
            return NULL;
        if (set->count > 0)
            memcpy(grown, set->documents, set->count * sizeof *grown);
        set->documents = grown;
        reader->room = room;
    }
    return &set->documents[set->count];
}

static int read_document(struct reader *reader, const struct field_file *file,
                         const struct yaml_node *node, struct gb_err *err)
{
    const struct yaml_node *kind = NULL;
    struct metadata metadata = {0};
    struct signed_document *document = add_document(reader);
    const struct field_file keeping = {.arena = reader->arena, .name = file->name};
    if (!document)
        return gb_err_nomem(err);
    if (node->kind != YAML_MAPPING)
        return field_wrong(file, node->line, err, "a document must be a mapping");
    int r = field_get(file, node, "kind", YAML_SCALAR, true, &kind, err);
    if (r == GB_OK)
        r = field_printable(&keeping, kind, &document->kind, err);
    if (r == GB_OK)
        r = metadata_read(&keeping, node, false, &metadata, err);
    if (r == GB_OK)
        r = signed_check(file, node, reader->officers, &document->signatures, err);
    if (r == GB_OK)
        r = keep_signatures(reader, &document->signatures, err);
    if (r == GB_OK && gb_bytes_is(kind->text, "AccessPolicy"))
        r = read_rule(file, node, &reader->set, err);
    if (r < 0)
        return r;
    document->name = metadata.name;
    document->deleted = metadata.deleted;
    document->version = metadata.version > 0 ? metadata.version : 1;
    memcpy(document->digest, document->signatures.digest, sizeof document->digest);
    reader->set.count++;
    return GB_OK;
}

static int read_file(struct reader *reader, const struct policy_file *in, struct gb_err *err)
{
    const struct field_file file = {.arena = reader->scratch, .name = in->name};
    struct yaml_node *documents = NULL;
    gb_arena_reset(reader->scratch);
    int r = yaml_read(reader->scratch, in->bytes, in->name, &documents, err);
    if (r < 0)
        return r;
    for (const struct yaml_node *node = documents->first; r == GB_OK && node; node = node->next)
        r = read_document(reader, &file, node, err);
    return r;
}

int signed_set_read(struct gb_arena *arena, const struct policy_file *files, size_t count,
                    const struct officers *officers, struct signed_set *ret_set, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct reader reader = {
        .arena = arena, .scratch = scratch, .officers = officers, .set = {.needed = 1}};
    if (!scratch)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        int r = read_file(&reader, &files[i], err);
        if (r < 0)
            return r;
    }
    *ret_set = reader.set;
    return GB_OK;
}

static const char *short_id(struct gb_arena *arena, const uint8_t *key)
{
    const char *hex = gb_hex(arena, gb_bytes(key, SIGNATURE_KEY_LEN));
    return hex ? gb_arena_printf(arena, "sha256:%.16s...", hex) : NULL;
}

/* The first signature of this kind, for a sentence. */
static const struct signature *first_in(const struct signed_document *document,
                                        enum signature_state state)
{
    for (size_t i = 0; i < document->signatures.count; i++)
        if (document->signatures.items[i].state == state)
            return &document->signatures.items[i];
    return NULL;
}

static const char *describe(struct gb_arena *arena, const struct signed_document *document,
                            size_t needed)
{
    const struct signature *bad = first_in(document, SIGNATURE_BAD);
    const struct signature *unknown = first_in(document, SIGNATURE_UNKNOWN_KEY);
    const char *kind = document->kind, *name = document->name;
    if (document->signatures.count == 0)
        return gb_arena_printf(arena, "%s %s: nobody has signed it", kind, name);
    if (bad || (document->signatures.good == 0 && unknown)) {
        const char *id = short_id(arena, bad ? bad->key : unknown->key);
        if (!id)
            return NULL;
        return bad ? gb_arena_printf(arena, "%s %s: the signature of %s is not over this document",
                                     kind, name, id)
                   : gb_arena_printf(arena, "%s %s: signed by %s, who is no officer here", kind,
                                     name, id);
    }
    return gb_arena_printf(arena, "%s %s: signed by %zu of %zu different officers", kind, name,
                           document->signatures.good, needed);
}

int signed_set_fault(struct gb_arena *arena, const struct signed_set *set, size_t at_least,
                     const char **ret_why, struct gb_err *err)
{
    size_t needed = set->needed > at_least ? set->needed : at_least;
    *ret_why = NULL;
    for (size_t i = 0; i < set->count; i++) {
        if (set->documents[i].signatures.good >= needed)
            continue;
        *ret_why = describe(arena, &set->documents[i], needed);
        return *ret_why ? GB_OK : gb_err_nomem(err);
    }
    return GB_OK;
}

const struct signed_document *signed_set_find(const struct signed_set *set, const char *kind,
                                              const char *name)
{
    for (size_t i = 0; i < set->count; i++)
        if (strcmp(set->documents[i].kind, kind) == 0 && strcmp(set->documents[i].name, name) == 0)
            return &set->documents[i];
    return NULL;
}

static const char *why_not(struct gb_arena *arena, const struct signed_document *old,
                           const struct signed_document *next, bool *ret_follows)
{
    *ret_follows = false;
    if (!next)
        return gb_arena_printf(arena, "%s %s, version %" PRIu64 ", has vanished", old->kind,
                               old->name, old->version);
    if (next->version < old->version)
        return gb_arena_printf(arena, "%s %s: version %" PRIu64 " is older than %" PRIu64,
                               old->kind, old->name, next->version, old->version);
    if (next->version == old->version &&
        memcmp(next->digest, old->digest, sizeof next->digest) != 0)
        return gb_arena_printf(arena, "%s %s: version %" PRIu64 " said something else before",
                               old->kind, old->name, next->version);
    *ret_follows = true;
    return NULL;
}

int signed_set_follows(struct gb_arena *arena, const struct signed_set *old,
                       const struct signed_set *next, const char **ret_why, struct gb_err *err)
{
    *ret_why = NULL;
    for (size_t i = 0; i < old->count; i++) {
        const struct signed_document *was = &old->documents[i];
        bool follows;
        *ret_why = why_not(arena, was, signed_set_find(next, was->kind, was->name), &follows);
        if (!follows)
            return *ret_why ? GB_OK : gb_err_nomem(err);
    }
    return GB_OK;
}

const char *signed_by(struct gb_arena *arena, const struct signed_document *document)
{
    const char *text = "";
    for (size_t i = 0; text && i < document->signatures.count; i++) {
        const struct signature *signature = &document->signatures.items[i];
        if (signature->state != SIGNATURE_GOOD)
            continue;
        const char *hex = gb_hex(arena, gb_bytes(signature->key, SIGNATURE_KEY_LEN));
        text = hex ? gb_arena_printf(arena, "%s%ssha256:%s", text, *text ? ", " : "", hex) : NULL;
    }
    return text && !*text ? "nobody" : text;
}
