#include "policy/policy.h"

#include <stdint.h>
#include <string.h>

#include "policy/access/access.h"
#include "policy/documents/field.h"
#include "policy/node_policy.h"
#include "policy/policy_load.h"
#include "policy/sets/file_index.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

enum document_kind { KIND_NODE_POLICY, KIND_REFERENCE_SET, KIND_ACCESS_POLICY };
static const char *const kinds[] = {"NodePolicy", "ReferenceSet", "AccessPolicy"};

static int read_kind(const struct field_file *file, const struct yaml_node *document,
                     enum document_kind *ret_kind, struct gb_err *err)
{
    static const char *const versions[] = {REFVAL_API_VERSION};
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec"};
    const struct yaml_node *version, *kind;
    size_t index = 0;
    int r = field_mapping(file, document, "a document", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = field_get(file, document, "apiVersion", YAML_SCALAR, true, &version, err);
    if (r < 0)
        return r;
    r = field_choice(file, version, "apiVersion", FIELD_NAMES(versions), &index, err);
    if (r < 0)
        return r;
    r = field_get(file, document, "kind", YAML_SCALAR, true, &kind, err);
    if (r < 0)
        return r;
    r = field_choice(file, kind, "kind", FIELD_NAMES(kinds), &index, err);
    if (r < 0)
        return r;
    *ret_kind = (enum document_kind)index;
    return GB_OK;
}

static int load_node_policy(struct loader *loader, const struct field_file *file,
                            const struct yaml_node *document, struct gb_err *err)
{
    struct loaded_policy *loaded = gb_arena_new_one(loader->arena, struct loaded_policy);
    if (!loaded)
        return gb_err_nomem(err);
    int r = node_policy_read(file, document, &loaded->node, &loaded->set_names, err);
    if (r < 0)
        return r;
    for (const struct loaded_policy *other = loader->policies; other; other = other->next)
        if (strcmp(other->node.name, loaded->node.name) == 0)
            return field_wrong(file, document->line, err, "a second NodePolicy \"%s\"",
                               loaded->node.name);
    if (loader->policy_count++ == GB_LIMIT_POLICIES)
        return field_wrong(file, document->line, err, "more than %d NodePolicies",
                           GB_LIMIT_POLICIES);
    loaded->file = *file;
    *loader->policy_tail = loaded;
    loader->policy_tail = &loaded->next;
    return GB_OK;
}

static int load_access(struct loader *loader, const struct field_file *file,
                       const struct yaml_node *document, struct gb_err *err)
{
    if (loader->access)
        return field_wrong(file, document->line, err,
                           "a second AccessPolicy; one is enough, and \"%s\" came first",
                           loader->access->name);
    struct access_policy *access = gb_arena_new_one(loader->arena, struct access_policy);
    if (!access)
        return gb_err_nomem(err);
    int r = access_read(file, document, access, err);
    if (r < 0)
        return r;
    loader->access = access;
    return GB_OK;
}

static int load_set(struct loader *loader, const struct field_file *file,
                    const struct yaml_node *document, struct gb_err *err)
{
    struct ref_set *set = NULL;
    int r = ref_set_read(loader->arena, document, file->name, &set, err);
    if (r < 0)
        return r;
    if (loader->set_count == GB_LIMIT_SETS)
        return field_wrong(file, document->line, err, "more than %d reference sets", GB_LIMIT_SETS);
    if (policy_find_set(loader, gb_bytes_str(set->name)))
        return field_wrong(file, document->line, err, "a second ReferenceSet \"%s\"", set->name);
    *loader->tail = set;
    loader->tail = &set->next;
    loader->set_count++;
    return GB_OK;
}

static int load_document(struct loader *loader, const struct field_file *file,
                         const struct yaml_node *document, struct gb_err *err)
{
    enum document_kind kind = KIND_NODE_POLICY;
    int r = read_kind(file, document, &kind, err);
    if (r < 0)
        return r;
    switch (kind) {
    case KIND_NODE_POLICY:
        return load_node_policy(loader, file, document, err);
    case KIND_REFERENCE_SET:
        return load_set(loader, file, document, err);
    case KIND_ACCESS_POLICY:
        break;
    }
    return load_access(loader, file, document, err);
}

int policy_check(const struct field_file *file, struct yaml_node *document, struct gb_err *err)
{
    struct loader loader = {.arena = file->arena};
    struct yaml_node first = {.kind = YAML_SCALAR,
                              .plain = true,
                              .line = document->line,
                              .key = gb_bytes_str("version"),
                              .text = gb_bytes_str("1")};
    struct yaml_node *metadata = document->kind == YAML_MAPPING
                                     ? (struct yaml_node *)(uintptr_t)yaml_get(document, "metadata")
                                     : NULL;
    bool put = metadata && metadata->kind == YAML_MAPPING && !yaml_get(metadata, "version");
    loader.tail = &loader.sets;
    loader.policy_tail = &loader.policies;
    if (put) {
        first.next = metadata->first;
        metadata->first = &first;
    }
    int r = load_document(&loader, file, document, err);
    if (put)
        metadata->first = first.next;
    if (r != GB_ERR_CONFIG)
        return r;
    if (err) /* what apply gets for it */
        err->code = GB_ERR_DENIED;
    return GB_ERR_DENIED;
}

static int load_file(struct loader *loader, const struct policy_file *in, struct gb_err *err)
{
    const struct field_file file = {.arena = loader->arena, .name = in->name};
    struct yaml_node *documents = NULL;
    int r = yaml_read(loader->arena, in->bytes, in->name, &documents, err);
    if (r < 0)
        return r;
    if (documents->count == 0)
        return field_wrong(&file, 1, err, "no document in this file");
    for (const struct yaml_node *document = documents->first; document; document = document->next) {
        r = load_document(loader, &file, document, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

int policy_read(struct gb_arena *arena, const struct policy_file *files, size_t count,
                uint64_t seed, struct policy *ret_policy, struct gb_err *err)
{
    static const struct node_policy implied = {.name = "default", .title = "default version 0"};
    struct loader loader = {.arena = arena};
    const struct file_index *index = NULL;
    struct node_policy *policies;
    loader.tail = &loader.sets;
    loader.policy_tail = &loader.policies;
    for (size_t i = 0; i < count; i++) {
        int r = load_file(&loader, &files[i], err);
        if (r < 0)
            return r;
    }
    int r = policy_join(&loader, &policies, err);
    if (r < 0)
        return r;
    policy_drop_deleted(&loader);
    r = file_index_build(arena, loader.sets, seed, &index, err);
    if (r < 0)
        return r;
    *ret_policy = (struct policy){
        .policies = policies, .sets = loader.sets, .files = index, .access = loader.access};
    if (!policies && loader.policy_count == 0 && loader.sets)
        ret_policy->policies = &implied;
    return GB_OK;
}
