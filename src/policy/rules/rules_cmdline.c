/* spec.cmdline: words that must, may and must not stand on the kernel's command line. */
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "policy/rules/rules_read.h"
#include "wire/yaml.h"

int cmdline_rule_read(const struct field_file *file, const struct yaml_node *spec,
                      struct cmdline_rule *ret_rule, struct gb_err *err)
{
    static const char *const known[] = {"require", "allow", "deny"};
    const struct yaml_node *mapping;
    struct cmdline_rule rule = {0};
    bool unused;
    *ret_rule = rule;
    int r = field_get(file, spec, "cmdline", YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    r = field_mapping(file, mapping, "cmdline", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_words(file, mapping, "require", &rule.require, &unused, err);
    if (r == GB_OK)
        r = rule_words(file, mapping, "allow", &rule.allow, &rule.has_allow, err);
    if (r == GB_OK)
        r = rule_words(file, mapping, "deny", &rule.deny, &unused, err);
    rule.given = true;
    if (r == GB_OK)
        *ret_rule = rule;
    return r;
}

void cmdline_rule_write(struct gb_buf *out, const struct cmdline_rule *rule)
{
    bool empty = !rule->has_allow && rule->require.count + rule->deny.count == 0;
    if (!rule->given)
        return;
    gb_buf_printf(out, "  cmdline:%s\n", empty ? " {}" : "");
    if (rule->require.count > 0)
        rule_write_words(out, "    ", "require", &rule->require);
    if (rule->has_allow)
        rule_write_words(out, "    ", "allow", &rule->allow);
    if (rule->deny.count > 0)
        rule_write_words(out, "    ", "deny", &rule->deny);
}
