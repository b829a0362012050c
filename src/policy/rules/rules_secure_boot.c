/* spec.secureBoot: a state, or a mapping of state, dbx and sbat. */
#include <inttypes.h>

#include "base/limits.h"
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "policy/rules/rules_read.h"
#include "wire/yaml.h"

enum { DBX_DIGEST = 32 };
static const char *const wants[] = {[POLICY_ANY] = "any", [POLICY_ON] = "on", [POLICY_OFF] = "off"};

static int read_dbx(const struct field_file *file, const struct yaml_node *mapping,
                    struct secure_boot_rule *rule, struct gb_err *err)
{
    static const char *const known[] = {"contains"};
    const struct gb_bytes prefix = gb_bytes_str("sha256:");
    const struct yaml_node *dbx, *list;
    int r = field_get(file, mapping, "dbx", YAML_MAPPING, false, &dbx, err);
    if (r < 0 || !dbx)
        return r;
    r = field_mapping(file, dbx, "dbx", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_list(file, dbx, "contains", &list, err);
    if (r != GB_OK || !list)
        return r;
    struct gb_bytes *digests = gb_arena_new_array(file->arena, struct gb_bytes, list->count + 1);
    if (!digests)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        bool has_prefix = gb_bytes_starts(node->text, prefix);
        struct gb_bytes hex = has_prefix ? gb_bytes_from(node->text, prefix.len) : node->text;
        r = rule_digest(file, node, hex, DBX_DIGEST, &digests[rule->dbx_count++], err);
        if (r < 0)
            return r;
    }
    rule->dbx = digests;
    return GB_OK;
}

static int read_sbat(const struct field_file *file, const struct yaml_node *mapping,
                     struct secure_boot_rule *rule, struct gb_err *err)
{
    const struct yaml_node *sbat;
    int r = field_get(file, mapping, "sbat", YAML_MAPPING, false, &sbat, err);
    if (r < 0 || !sbat)
        return r;
    if (sbat->count > GB_LIMIT_RULES)
        return field_wrong(file, sbat->key_line, err, "sbat has more than %d items",
                           GB_LIMIT_RULES);
    struct sbat_rule *rules = gb_arena_new_array(file->arena, struct sbat_rule, sbat->count + 1);
    if (!rules)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = sbat->first; node; node = node->next) {
        struct sbat_rule *one = &rules[rule->sbat_count++];
        /* The key is a word of the document: shown in messages, so it must print. */
        const struct yaml_node key = {
            .kind = YAML_SCALAR, .line = node->key_line, .text = node->key};
        r = field_printable(file, &key, &one->component, err);
        if (r == GB_OK && node->kind != YAML_SCALAR)
            r = field_wrong(file, node->line, err, "a generation must be a number");
        if (r == GB_OK)
            r = field_number(file, node, 1, UINT32_MAX, &one->generation, err);
        if (r < 0)
            return r;
    }
    rule->sbat = rules;
    return GB_OK;
}

static int read_state(const struct field_file *file, const struct yaml_node *node,
                      struct secure_boot_rule *rule, struct gb_err *err)
{
    size_t index = POLICY_ANY;
    int r = field_choice(file, node, "Secure Boot state", FIELD_NAMES(wants), &index, err);
    rule->want = (enum policy_want)index;
    return r;
}

static int read_mapping(const struct field_file *file, const struct yaml_node *mapping,
                        struct secure_boot_rule *rule, struct gb_err *err)
{
    static const char *const known[] = {"state", "dbx", "sbat"};
    const struct yaml_node *state;
    int r = field_mapping(file, mapping, "secureBoot", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, mapping, "state", YAML_SCALAR, false, &state, err);
    if (r == GB_OK && state)
        r = read_state(file, state, rule, err);
    if (r == GB_OK)
        r = read_dbx(file, mapping, rule, err);
    if (r == GB_OK)
        r = read_sbat(file, mapping, rule, err);
    return r;
}

int secure_boot_rule_read(const struct field_file *file, const struct yaml_node *spec,
                          struct secure_boot_rule *ret_rule, struct gb_err *err)
{
    const struct yaml_node *node = yaml_get(spec, "secureBoot");
    *ret_rule = (struct secure_boot_rule){0};
    if (!node)
        return GB_OK;
    if (node->kind == YAML_SCALAR)
        return read_state(file, node, ret_rule, err);
    return read_mapping(file, node, ret_rule, err);
}

/* The state is quoted: YAML 1.1 readers take a bare on for true. */
void secure_boot_rule_write(struct gb_buf *out, const struct secure_boot_rule *rule)
{
    if (rule->dbx_count + rule->sbat_count == 0) {
        gb_buf_printf(out, "  secureBoot: \"%s\"\n", wants[rule->want]);
        return;
    }
    gb_buf_printf(out, "  secureBoot:\n    state: \"%s\"\n", wants[rule->want]);
    if (rule->dbx_count > 0)
        gb_buf_puts(out, "    dbx:\n      contains:\n");
    for (size_t i = 0; i < rule->dbx_count; i++)
        rule_write_digest(out, "        - ", rule->dbx[i]);
    if (rule->sbat_count > 0)
        gb_buf_puts(out, "    sbat:\n");
    for (size_t i = 0; i < rule->sbat_count; i++) {
        gb_buf_puts(out, "      ");
        yaml_write_scalar(out, gb_bytes_str(rule->sbat[i].component));
        gb_buf_printf(out, ": %" PRIu64 "\n", rule->sbat[i].generation);
    }
}
