#include "policy/node_policy.h"

#include <inttypes.h>

#include "policy/field.h"
#include "policy/metadata.h"
#include "policy/policy.h"
#include "policy/refval.h"
#include "wire/yaml.h"

static const char *const wants[] = {[POLICY_ANY] = "any", [POLICY_ON] = "on", [POLICY_OFF] = "off"};
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
    return GB_OK;
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
    policy->sets = names;
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

static int read_secure_boot(const struct field_file *file, const struct yaml_node *spec,
                            struct node_policy *policy, struct gb_err *err)
{
    const struct yaml_node *node;
    size_t index = POLICY_ANY;
    int r = field_get(file, spec, "secureBoot", YAML_SCALAR, false, &node, err);
    if (r < 0 || !node)
        return r;
    r = field_choice(file, node, "Secure Boot state", FIELD_NAMES(wants), &index, err);
    if (r < 0)
        return r;
    policy->secure_boot = (enum policy_want)index;
    return GB_OK;
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
    static const char *const known[] = {"referenceSets", "require", "secureBoot", "identity",
                                        "ima"};
    const struct yaml_node *spec;
    int r = field_get(file, document, "spec", YAML_MAPPING, true, &spec, err);
    if (r < 0)
        return r;
    r = field_mapping(file, spec, "spec", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_sets(file, spec, policy, ret_names, err);
    if (r < 0)
        return r;
    r = read_require(file, spec, policy, err);
    if (r < 0)
        return r;
    r = read_secure_boot(file, spec, policy, err);
    if (r < 0)
        return r;
    r = read_permission(file, spec, "identity", "expired", &policy->allow_expired_ek, err);
    if (r < 0)
        return r;
    return read_permission(file, spec, "ima", "violations", &policy->ima_allow_violations, err);
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
    r = read_spec(file, document, &policy, ret_names, err);
    if (r < 0)
        return r;
    *ret_policy = policy;
    return GB_OK;
}

static void write_names(struct gb_buf *out, const struct node_policy *policy)
{
    if (!policy->sets)
        return;
    gb_buf_printf(out, "  referenceSets:%s\n", policy->set_count == 0 ? " []" : "");
    for (size_t i = 0; i < policy->set_count; i++) {
        gb_buf_puts(out, "    - ");
        yaml_write_scalar(out, gb_bytes_str(policy->sets[i]));
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

void node_policy_write(struct gb_buf *out, const struct node_policy *policy)
{
    gb_buf_puts(out,
                "---\napiVersion: " REFVAL_API_VERSION "\nkind: NodePolicy\nmetadata:\n  name: ");
    yaml_write_scalar(out, gb_bytes_str(policy->name));
    gb_buf_printf(out, "\n  version: %" PRIu64 "\nspec:\n",
                  policy->version > 0 ? policy->version : 1);
    write_names(out, policy);
    write_require(out, policy);
    /* Quoted: YAML 1.1 readers take a bare on for true. */
    gb_buf_printf(out, "  secureBoot: \"%s\"\n", wants[policy->secure_boot]);
    gb_buf_printf(out, "  identity:\n    expired: %s\n", permissions[policy->allow_expired_ek]);
    gb_buf_printf(out, "  ima:\n    violations: %s\n", permissions[policy->ima_allow_violations]);
}
