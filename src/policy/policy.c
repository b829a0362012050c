#include "policy/policy.h"

#include "policy/access.h"
#include "policy/field.h"
#include "policy/node_policy.h"
#include "policy/refval.h"
#include "wire/yaml.h"

enum document_kind { KIND_NODE_POLICY, KIND_REFERENCE_SET, KIND_ACCESS_POLICY };
static const char *const kinds[] = {"NodePolicy", "ReferenceSet", "AccessPolicy"};

/* All files on their way to one snapshot. */
struct loader {
    struct gb_arena *arena;
    uint64_t seed;
    struct node_policy *node;
    struct field_file node_file;       /* where the NodePolicy stands */
    const struct yaml_node *node_sets; /* its list of names, for their lines */
    struct access_policy *access;
    struct ref_set *sets;
    struct ref_set **tail;
    size_t set_count;
};

static const struct ref_set *find_set(const struct loader *loader, struct gb_bytes name)
{
    for (const struct ref_set *set = loader->sets; set; set = set->next)
        if (gb_bytes_is(name, set->name))
            return set;
    return NULL;
}

static int read_kind(const struct field_file *file, const struct yaml_node *document,
                     enum document_kind *ret_kind, struct gb_err *err)
{
    static const char *const versions[] = {REFVAL_API_VERSION};
    const struct yaml_node *version, *kind;
    size_t index = 0;
    if (document->kind != YAML_MAPPING)
        return field_wrong(file, document->line, err, "a document must be a mapping");
    int r = field_get(file, document, "apiVersion", YAML_SCALAR, true, &version, err);
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
    if (loader->node)
        return field_wrong(file, document->line, err,
                           "a second NodePolicy; one is enough, and \"%s\" came first",
                           loader->node->name);
    struct node_policy *node = gb_arena_new_one(loader->arena, struct node_policy);
    if (!node)
        return gb_err_nomem(err);
    int r = node_policy_read(file, document, node, &loader->node_sets, err);
    if (r < 0)
        return r;
    loader->node = node;
    loader->node_file = *file;
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
    int r = ref_set_read(loader->arena, document, file->name, loader->seed, &set, err);
    if (r < 0)
        return r;
    if (loader->set_count == GB_LIMIT_SETS)
        return field_wrong(file, document->line, err, "more than %d reference sets", GB_LIMIT_SETS);
    if (find_set(loader, gb_bytes_str(set->name)))
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

/* The error for a set that the policy names and no file has. */
static int missing_set(const struct loader *loader, const struct yaml_node *name,
                       struct gb_err *err)
{
    const char **names = gb_arena_new_array(loader->arena, const char *, loader->set_count + 1);
    if (!names)
        return gb_err_nomem(err);
    size_t count = 0;
    for (const struct ref_set *set = loader->sets; set; set = set->next)
        names[count++] = set->name;
    return field_unknown(&loader->node_file, name->line, "reference set", name->text,
                         (struct field_names){names, count}, err);
}

static bool names_set(const struct yaml_node *names, const char *name)
{
    for (const struct yaml_node *node = names->first; node; node = node->next)
        if (gb_bytes_is(node->text, name))
            return true;
    return false;
}

/* Keeps the sets that the policy names, in the order of loading. */
static int choose_sets(struct loader *loader, struct gb_err *err)
{
    if (!loader->node_sets)
        return GB_OK;
    for (const struct yaml_node *name = loader->node_sets->first; name; name = name->next)
        if (!find_set(loader, name->text))
            return missing_set(loader, name, err);
    struct ref_set **link = &loader->sets;
    while (*link) {
        if (names_set(loader->node_sets, (*link)->name))
            link = &(*link)->next;
        else
            *link = (*link)->next;
    }
    return GB_OK;
}

int policy_read(struct gb_arena *arena, const struct policy_file *files, size_t count,
                uint64_t seed, struct policy *ret_policy, struct gb_err *err)
{
    static const struct node_policy implied = {.name = "default"};
    struct loader loader = {.arena = arena, .seed = seed};
    loader.tail = &loader.sets;
    for (size_t i = 0; i < count; i++) {
        int r = load_file(&loader, &files[i], err);
        if (r < 0)
            return r;
    }
    int r = choose_sets(&loader, err);
    if (r < 0)
        return r;
    *ret_policy = (struct policy){.node = loader.node ? loader.node
                                                      : (loader.set_count > 0 ? &implied : NULL),
                                  .sets = loader.sets,
                                  .access = loader.access};
    return GB_OK;
}
