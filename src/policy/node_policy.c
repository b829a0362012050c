#include "policy/node_policy.h"

#include <inttypes.h>

#include "policy/documents/field.h"
#include "policy/documents/metadata.h"
#include "policy/judge/engine.h"
#include "policy/policy.h"
#include "policy/rules/rules.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

static const char *const modes[] = {
    [POLICY_ENFORCE] = "enforce", [POLICY_WARN] = "warn", [POLICY_SHADOW] = "shadow"};
static const char *const permissions[] = {"refuse", "allow"};

static int read_metadata(const struct field_file *file, const struct yaml_node *document,
                         struct node_policy *policy, struct gb_err *err)
{
    struct metadata metadata;
    int r = metadata_read(file, document, true, &metadata, err);
    if (r < 0)
        return r;
    policy->name = metadata.name;
    policy->version = metadata.version;
    policy->deleted = metadata.deleted;
    policy->title =
        gb_arena_printf(file->arena, "%s version %" PRIu64, policy->name, policy->version);
    return policy->title ? GB_OK : gb_err_nomem(err);
}

static int read_sets(const struct field_file *file, const struct yaml_node *spec,
                     struct node_policy *policy, const struct yaml_node **ret_names,
                     struct gb_err *err)
{
    const struct yaml_node *list;
    int r = field_get(file, spec, "referenceSets", YAML_SEQUENCE, false, &list, err);
    if (r < 0)
        return r;
    *ret_names = list;
    if (!list)
        return GB_OK;
    const char **names = gb_arena_new_array(file->arena, const char *, list->count + 1);
    if (!names)
        return gb_err_nomem(err);
    size_t count = 0;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = field_name(file, node, &names[count++], err);
        if (r < 0)
            return r;
    }
    policy->set_names = names;
    policy->set_count = count;
    return GB_OK;
}

static int read_require(const struct field_file *file, const struct yaml_node *spec,
                        struct node_policy *policy, struct gb_err *err)
{
    const struct yaml_node *list;
    const char *names[GB_LINK_COUNT];
    size_t index = 0;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        names[i - 1] = gb_link_name((enum gb_link)i);
    int r = field_get(file, spec, "require", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = field_choice(file, node, "link", (struct field_names){names, GB_LINK_COUNT - 1}, &index,
                         err);
        if (r < 0)
            return r;
        policy->require[index + 1] = true;
    }
    return GB_OK;
}

static int read_mode(const struct field_file *file, const struct yaml_node *spec,
                     struct node_policy *policy, struct gb_err *err)
{
    const struct yaml_node *node;
    size_t index = POLICY_ENFORCE;
    int r = field_get(file, spec, "mode", YAML_SCALAR, false, &node, err);
    if (r == GB_OK && node)
        r = field_choice(file, node, "mode", FIELD_NAMES(modes), &index, err);
    policy->mode = (enum policy_mode)index;
    return r;
}

/* Which nodes it is for, and how it stands beside others that are for them, too. */
static int read_place(const struct field_file *file, const struct yaml_node *spec,
                      struct node_policy *policy, struct gb_err *err)
{
    const struct yaml_node *priority = NULL, *nodes = NULL;
    uint64_t number = 0;
    int r = field_get(file, spec, "priority", YAML_SCALAR, false, &priority, err);
    if (r == GB_OK && priority)
        r = field_number(file, priority, 0, 1000000, &number, err);
    policy->priority = (uint32_t)number;
    if (r == GB_OK)
        r = field_get(file, spec, "nodes", YAML_MAPPING, false, &nodes, err);
    return r != GB_OK || !nodes ? r : node_selector_read(file, nodes, &policy->nodes, err);
}

/* Reads `section: {key: refuse|allow}`. */
static int read_permission(const struct field_file *file, const struct yaml_node *spec,
                           const char *section, const char *key, bool *ret_allow,
                           struct gb_err *err)
{
    const struct yaml_node *mapping, *node;
    size_t index = 0;
    int r = field_get(file, spec, section, YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    r = field_mapping(file, mapping, section, (struct field_names){&key, 1}, err);
    if (r < 0)
        return r;
    r = field_get(file, mapping, key, YAML_SCALAR, false, &node, err);
    if (r < 0 || !node)
        return r;
    r = field_choice(file, node, "permission", FIELD_NAMES(permissions), &index, err);
    if (r < 0)
        return r;
    *ret_allow = index == 1;
    return GB_OK;
}

static int read_spec(const struct field_file *file, const struct yaml_node *document,
                     struct node_policy *policy, const struct yaml_node **ret_names,
                     struct gb_err *err)
{
    static const char *const known[] = {"mode",    "priority", "nodes",    "referenceSets",
                                        "require", "engine",   "identity", RULES_FIELDS};
    const struct yaml_node *spec;
    int r = field_get(file, document, "spec", YAML_MAPPING, true, &spec, err);
    if (r < 0)
        return r;
    r = field_mapping(file, spec, "spec", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_mode(file, spec, policy, err);
    if (r < 0)
        return r;
    r = read_place(file, spec, policy, err);
    if (r < 0)
        return r;
    r = engine_read(file, spec, policy, err);
    if (r < 0)
        return r;
    r = read_sets(file, spec, policy, ret_names, err);
    if (r < 0)
        return r;
    r = read_require(file, spec, policy, err);
    if (r < 0)
        return r;
    r = read_permission(file, spec, "identity", "expired", &policy->allow_expired_ek, err);
    if (r < 0)
        return r;
    return node_rules_read(file, spec, &policy->rules, err);
}

int node_policy_read(const struct field_file *file, const struct yaml_node *document,
                     struct node_policy *ret_policy, const struct yaml_node **ret_names,
                     struct gb_err *err)
{
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec"};
    struct node_policy policy = {0};
    int r = field_mapping(file, document, "a document", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_metadata(file, document, &policy, err);
    if (r < 0)
        return r;
    *ret_names = NULL;
    r = policy.deleted ? GB_OK : read_spec(file, document, &policy, ret_names, err);
    if (r < 0)
        return r;
    *ret_policy = policy;
    return GB_OK;
}

static void write_names(struct gb_buf *out, const struct node_policy *policy)
{
    if (!policy->set_names)
        return;
    gb_buf_printf(out, "  referenceSets:%s\n", policy->set_count == 0 ? " []" : "");
    for (size_t i = 0; i < policy->set_count; i++) {
        gb_buf_puts(out, "    - ");
        yaml_write_scalar(out, gb_bytes_str(policy->set_names[i]));
        gb_buf_puts(out, "\n");
    }
}

static void write_require(struct gb_buf *out, const struct node_policy *policy)
{
    bool any = false;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        if (!policy->require[i])
            continue;
        gb_buf_printf(out, "%s    - %s\n", any ? "" : "  require:\n",
                      gb_link_name((enum gb_link)i));
        any = true;
    }
}

static void write_place(struct gb_buf *out, const struct node_policy *policy)
{
    if (policy->mode != POLICY_ENFORCE)
        gb_buf_printf(out, "  mode: %s\n", modes[policy->mode]);
    if (policy->priority > 0)
        gb_buf_printf(out, "  priority: %" PRIu32 "\n", policy->priority);
    node_selector_write(out, &policy->nodes);
}

const char *policy_mode_name(enum policy_mode mode)
{
    return modes[mode];
}

void node_policy_write(struct gb_buf *out, const struct node_policy *policy)
{
    gb_buf_puts(out,
                "---\napiVersion: " REFVAL_API_VERSION "\nkind: NodePolicy\nmetadata:\n  name: ");
    yaml_write_scalar(out, gb_bytes_str(policy->name));
    gb_buf_printf(out, "\n  version: %" PRIu64 "\nspec:\n",
                  policy->version > 0 ? policy->version : 1);
    write_place(out, policy);
    write_names(out, policy);
    write_require(out, policy);
    engine_write(out, policy);
    gb_buf_printf(out, "  identity:\n    expired: %s\n", permissions[policy->allow_expired_ek]);
    node_rules_write(out, &policy->rules);
}
