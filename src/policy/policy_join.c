#include "policy/documents/field.h"
#include "policy/policy.h"
#include "policy/policy_load.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

const struct ref_set *policy_find_set(const struct loader *loader, struct gb_bytes name)
{
    for (const struct ref_set *set = loader->sets; set; set = set->next)
        if (gb_bytes_is(name, set->name))
            return set;
    return NULL;
}

/* The error for a set that a policy names and no file has. */
static int missing_set(const struct loader *loader, const struct loaded_policy *loaded,
                       const struct yaml_node *name, struct gb_err *err)
{
    const char **names = gb_arena_new_array(loader->arena, const char *, loader->set_count + 1);
    size_t count = 0;
    if (!names)
        return gb_err_nomem(err);
    for (const struct ref_set *set = loader->sets; set; set = set->next)
        if (!set->deleted)
            names[count++] = set->name;
    return field_unknown(&loaded->file, name->line, "reference set", name->text,
                         (struct field_names){names, count}, err);
}

/* From names to sets. */
static int choose_sets(const struct loader *loader, struct loaded_policy *loaded,
                       struct gb_err *err)
{
    size_t count = 0;
    if (!loaded->set_names)
        return GB_OK;
    const struct ref_set **sets =
        gb_arena_new_array(loader->arena, const struct ref_set *, loaded->set_names->count + 1);
    if (!sets)
        return gb_err_nomem(err);
    for (const struct yaml_node *name = loaded->set_names->first; name; name = name->next) {
        const struct ref_set *set = policy_find_set(loader, name->text);
        if (!set)
            return missing_set(loader, loaded, name, err);
        if (set->deleted)
            return field_wrong(&loaded->file, name->line, err,
                               "reference set \"%s\" was deleted; take it off this list",
                               set->name);
        sets[count++] = set;
    }
    loaded->node.sets = sets;
    return GB_OK;
}

/* Behind those of higher or the same priority: names decide nothing, the order of loading breaks no
 * tie (select.h tells of one). */
static void insert(struct node_policy **list, struct node_policy *node)
{
    while (*list && (*list)->priority >= node->priority)
        list = &(*list)->next;
    node->next = *list;
    *list = node;
}

int policy_join(const struct loader *loader, struct node_policy **ret_list, struct gb_err *err)
{
    *ret_list = NULL;
    for (struct loaded_policy *loaded = loader->policies; loaded; loaded = loaded->next) {
        if (loaded->node.deleted)
            continue;
        int r = choose_sets(loader, loaded, err);
        if (r < 0)
            return r;
        insert(ret_list, &loaded->node);
    }
    return GB_OK;
}

void policy_drop_deleted(struct loader *loader)
{
    struct ref_set **link = &loader->sets;
    while (*link) {
        if ((*link)->deleted)
            *link = (*link)->next;
        else
            link = &(*link)->next;
    }
}
