/* spec.tpm: kinds of TPMs that count, and kinds that do not. */
#include "policy/documents/field.h"
#include "policy/judge/tpm_kind.h"
#include "policy/rules/rules.h"
#include "policy/rules/rules_read.h"
#include "wire/yaml.h"

static const char *const hardwares[] = {"any", "required"};

static int read_kind(const struct field_file *file, const struct yaml_node *node,
                     struct tpm_kind *kind, struct gb_err *err)
{
    static const char *const known[] = {"manufacturer", "model", "firmware"};
    int r = field_mapping(file, node, "a kind of TPM", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_text(file, node, "manufacturer", false, &kind->manufacturer, err);
    if (r == GB_OK)
        r = rule_text(file, node, "model", false, &kind->model, err);
    if (r == GB_OK)
        r = rule_text(file, node, "firmware", false, &kind->firmware, err);
    if (r == GB_OK && !kind->manufacturer && !kind->model && !kind->firmware)
        r = field_wrong(file, node->line, err,
                        "a kind of TPM needs manufacturer, model or firmware");
    if (r == GB_OK && kind->firmware && !tpm_firmware_ok(kind->firmware))
        r = field_wrong(file, yaml_get(node, "firmware")->line, err,
                        "firmware must be a pattern like 7.85.* or a comparison like >=7.85");
    return r;
}

static int read_kinds(const struct field_file *file, const struct yaml_node *mapping,
                      const char *key, const struct tpm_kind **ret_kinds, size_t *ret_count,
                      bool *ret_given, struct gb_err *err)
{
    const struct yaml_node *list;
    size_t count = 0;
    int r = rule_list(file, mapping, key, &list, err);
    *ret_given = r == GB_OK && list;
    if (r < 0 || !list)
        return r;
    struct tpm_kind *kinds = gb_arena_new_array(file->arena, struct tpm_kind, list->count + 1);
    if (!kinds)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = read_kind(file, node, &kinds[count++], err);
        if (r < 0)
            return r;
    }
    *ret_kinds = kinds;
    *ret_count = count;
    return GB_OK;
}

int tpm_rule_read(const struct field_file *file, const struct yaml_node *spec,
                  struct tpm_rule *ret_rule, struct gb_err *err)
{
    static const char *const known[] = {"hardware", "allow", "deny"};
    const struct yaml_node *mapping;
    struct tpm_rule rule = {0};
    size_t hardware = 0;
    bool unused;
    *ret_rule = rule;
    int r = field_get(file, spec, "tpm", YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    r = field_mapping(file, mapping, "tpm", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_choice(file, mapping, "hardware", "word for tpm.hardware", FIELD_NAMES(hardwares),
                        &hardware, err);
    rule.hardware = hardware == 1;
    if (r == GB_OK)
        r = read_kinds(file, mapping, "allow", &rule.allow, &rule.allow_count, &rule.has_allow,
                       err);
    if (r == GB_OK)
        r = read_kinds(file, mapping, "deny", &rule.deny, &rule.deny_count, &unused, err);
    if (r == GB_OK)
        *ret_rule = rule;
    return r;
}

static void write_kinds(struct gb_buf *out, const char *key, const struct tpm_kind *kinds,
                        size_t count)
{
    gb_buf_printf(out, "    %s:%s\n", key, count == 0 ? " []" : "");
    for (size_t i = 0; i < count; i++) {
        const char *const keys[] = {"manufacturer: ", "model: ", "firmware: "};
        const char *const texts[] = {kinds[i].manufacturer, kinds[i].model, kinds[i].firmware};
        const char *before = "      - ";
        for (size_t k = 0; k < GB_ARRAY_LEN(keys); k++) {
            if (!texts[k])
                continue;
            gb_buf_puts(out, before);
            rule_write_text(out, keys[k], texts[k]);
            before = "        ";
        }
    }
}

void tpm_rule_write(struct gb_buf *out, const struct tpm_rule *rule)
{
    if (!rule->hardware && !rule->has_allow && rule->deny_count == 0)
        return;
    gb_buf_puts(out, "  tpm:\n");
    if (rule->hardware)
        gb_buf_printf(out, "    hardware: %s\n", hardwares[1]);
    if (rule->has_allow)
        write_kinds(out, "allow", rule->allow, rule->allow_count);
    if (rule->deny_count > 0)
        write_kinds(out, "deny", rule->deny, rule->deny_count);
}
