#include "server/documents.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "policy/documents/field.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "store/store.h"
#include "wire/yaml.h"

/* Documents kept; a NodePolicy and the sets that one policy may name. */
enum { MAX_DOCUMENTS = GB_LIMIT_SETS + 16 };

const struct store_document *documents_find(const struct store_document *documents, size_t count,
                                            const char *kind, const char *name)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(documents[i].kind, kind) == 0 && strcmp(documents[i].name, name) == 0)
            return &documents[i];
    return NULL;
}

/* A line that begins with "---" and a blank or its end starts a document, wherever it stands. */
static bool is_start(struct gb_bytes line)
{
    return line.len >= 3 && memcmp(line.data, "---", 3) == 0 &&
           (line.len == 3 || line.data[3] == ' ' || line.data[3] == '\t');
}

/* Cuts the first document off `rest`. */
static struct gb_bytes cut(struct gb_bytes *rest)
{
    struct gb_lines lines;
    struct gb_bytes line;
    struct gb_bytes whole = *rest;
    gb_lines_init(&lines, whole);
    while (gb_lines_next(&lines, &line)) {
        size_t at = (size_t)(line.data - whole.data);
        if (at > 0 && is_start(line)) {
            *rest = gb_bytes_from(whole, at);
            return gb_bytes(whole.data, at);
        }
    }
    *rest = gb_bytes(NULL, 0);
    return whole;
}

/* Without one of its own a document is the first of its name; the readers judge the rest. */
static uint64_t version_of(const struct yaml_node *metadata)
{
    uint64_t version = 1;
    const struct yaml_node *given = yaml_get(metadata, "version");
    return given && gb_text_u64(given->text, INT64_MAX, &version) ? version : 1;
}

/* Kind and name are copies in the arena; both must be names, or they could not be keys. */
static int read_head(struct gb_arena *arena, const struct yaml_node *yaml,
                     const struct yaml_node **ret_metadata, struct store_document *document,
                     struct gb_err *err)
{
    const struct field_file file = {.arena = arena, .name = "document"};
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec"};
    const struct yaml_node *kind, *metadata, *name;
    int r = field_mapping(&file, yaml, "a document", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(&file, yaml, "kind", YAML_SCALAR, true, &kind, err);
    if (r == GB_OK)
        r = field_get(&file, yaml, "metadata", YAML_MAPPING, true, &metadata, err);
    if (r == GB_OK)
        r = field_get(&file, metadata, "name", YAML_SCALAR, true, &name, err);
    if (r == GB_OK)
        r = field_name(&file, name, &document->name, err);
    if (r == GB_OK)
        r = field_printable(&file, kind, &document->kind, err);
    if (r == GB_OK)
        *ret_metadata = metadata;
    return r;
}

/* *ret_found is false for a piece without content. */
static int read_piece(struct gb_arena *arena, struct gb_bytes piece,
                      struct store_document *document, bool *ret_found, struct gb_err *err)
{
    struct yaml_node *docs;
    const struct yaml_node *metadata = NULL;
    *ret_found = false;
    int r = yaml_read(arena, piece, "document", &docs, err);
    if (r < 0 || docs->count == 0)
        return r;
    if (docs->count > 1)
        return gb_err_set(err, GB_ERR_CONFIG, "separate documents by a line ---");
    if (docs->first->kind == YAML_SCALAR && docs->first->text.len == 0)
        return GB_OK;
    if (docs->first->kind != YAML_MAPPING)
        return gb_err_set(err, GB_ERR_CONFIG, "document:%u: a document is a mapping",
                          docs->first->line);
    r = read_head(arena, docs->first, &metadata, document, err);
    if (r < 0)
        return r;
    document->text = piece;
    document->version = version_of(metadata);
    document->versioned = yaml_get(metadata, "version") != NULL;
    document->deleted = yaml_get(metadata, "deleted") != NULL; /* the readers judge its value */
    *ret_found = true;
    return GB_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct policy_file *left = a;
    const struct policy_file *right = b;
    return strcmp(left->name, right->name);
}

int documents_name(struct gb_arena *arena, const struct store_document *documents, size_t count,
                   const struct policy_file **ret_files, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(arena, struct policy_file, count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        files[i].bytes = documents[i].text;
        files[i].name = gb_arena_printf(arena, "%s/%s", documents[i].kind, documents[i].name);
        if (!files[i].name)
            return gb_err_nomem(err);
    }
    qsort(files, count, sizeof *files, by_name);
    *ret_files = files;
    return GB_OK;
}

int documents_split(struct gb_arena *arena, struct gb_bytes text,
                    struct store_document **ret_documents, size_t *ret_count, struct gb_err *err)
{
    struct store_document *documents =
        gb_arena_new_array(arena, struct store_document, MAX_DOCUMENTS);
    size_t count = 0;
    if (!documents)
        return gb_err_nomem(err);
    for (struct gb_bytes rest = text; rest.len > 0;) {
        bool found;
        if (count == MAX_DOCUMENTS)
            return gb_err_set(err, GB_ERR_LIMIT, "more than %d documents", MAX_DOCUMENTS);
        int r = read_piece(arena, cut(&rest), &documents[count], &found, err);
        if (r < 0) {
            gb_err_prefix(err, "document %zu: ", count + 1);
            return r;
        }
        if (found && documents_find(documents, count, documents[count].kind, documents[count].name))
            return gb_err_set(err, GB_ERR_CONFIG, "document %zu: document:1: %s %s stands twice",
                              count + 1, documents[count].kind, documents[count].name);
        count += found;
    }
    if (count == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "no document");
    *ret_documents = documents;
    *ret_count = count;
    return GB_OK;
}

int documents_merge(struct gb_arena *arena, const struct store_document *stored,
                    size_t stored_count, const struct store_document *fresh, size_t fresh_count,
                    struct store_document **ret_documents, size_t *ret_count, struct gb_err *err)
{
    struct store_document *all =
        gb_arena_new_array(arena, struct store_document, stored_count + fresh_count + 1);
    size_t count = 0;
    if (!all)
        return gb_err_nomem(err);
    for (size_t i = 0; i < stored_count; i++)
        if (!documents_find(fresh, fresh_count, stored[i].kind, stored[i].name))
            all[count++] = stored[i];
    for (size_t i = 0; i < fresh_count; i++)
        all[count++] = fresh[i];
    *ret_documents = all;
    *ret_count = count;
    return GB_OK;
}

/* Officers who have signed `fresh` rightly, and not `old`. */
static bool adds_officer(const struct signed_document *old, const struct signed_document *fresh)
{
    for (size_t i = 0; i < fresh->signatures.count; i++) {
        const struct signature *signature = &fresh->signatures.items[i];
        bool known = signature->state != SIGNATURE_GOOD;
        for (size_t k = 0; !known && k < old->signatures.count; k++)
            known = old->signatures.items[k].state == SIGNATURE_GOOD &&
                    memcmp(old->signatures.items[k].key, signature->key, SIGNATURE_KEY_LEN) == 0;
        if (!known)
            return true;
    }
    return false;
}

static int settle_one(const struct signed_document *old, const struct signed_document *now,
                      const struct store_document *stored, struct store_document *fresh,
                      struct gb_err *err)
{
    if (!old || !stored || now->version > old->version)
        return GB_OK;
    if (now->version < old->version && fresh->versioned)
        return gb_err_set(err, GB_ERR_DENIED,
                          "%s %s: version %" PRIu64 " is older than the applied %" PRIu64,
                          now->kind, now->name, now->version, old->version);
    if (memcmp(now->digest, old->digest, sizeof now->digest) != 0 && !fresh->versioned)
        return gb_err_set(err, GB_ERR_DENIED,
                          "%s %s: yours has no version; in force is %" PRIu64
                          ": write version: %" PRIu64 " and have it signed",
                          now->kind, now->name, old->version, old->version + 1);
    if (memcmp(now->digest, old->digest, sizeof now->digest) != 0)
        return gb_err_set(err, GB_ERR_DENIED,
                          "%s %s: version %" PRIu64 " is applied already, and says something else"
                          ": write version: %" PRIu64 " and have it signed",
                          now->kind, now->name, now->version, now->version + 1);
    fresh->version = stored->version;
    fresh->resigned = adds_officer(old, now);
    if (!fresh->resigned)
        fresh->text = stored->text;
    return GB_OK;
}

int documents_settle(const struct signed_set *in_force, const struct signed_set *now,
                     const struct store_document *stored, size_t stored_count,
                     struct store_document *fresh, size_t count, struct gb_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const char *kind = fresh[i].kind, *name = fresh[i].name;
        const struct signed_document *document = signed_set_find(now, kind, name);
        if (!document) /* one text, read twice */
            return gb_err_set(err, GB_ERR_BUG, "%s %s was lost", kind, name);
        int r = settle_one(signed_set_find(in_force, kind, name), document,
                           documents_find(stored, stored_count, kind, name), &fresh[i], err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}
