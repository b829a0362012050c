#include "policy/rules/rules.h"

#include <inttypes.h>

#include "base/encode.h"
#include "base/limits.h"
#include "policy/documents/field.h"
#include "policy/rules/rules_read.h"
#include "wire/yaml.h"

static const char *const option_roms[] = {
    [OPTION_ROMS_ANY] = "any", [OPTION_ROMS_KNOWN] = "known", [OPTION_ROMS_NONE] = "none"};

/* ---- what the groups share ---- */

int rule_list(const struct field_file *file, const struct yaml_node *mapping, const char *key,
              const struct yaml_node **ret_list, struct gb_err *err)
{
    int r = field_get(file, mapping, key, YAML_SEQUENCE, false, ret_list, err);
    if (r < 0 || !*ret_list)
        return r;
    if ((*ret_list)->count > GB_LIMIT_RULES)
        return field_wrong(file, (*ret_list)->key_line, err, "%s has more than %d items", key,
                           GB_LIMIT_RULES);
    return GB_OK;
}

int rule_text(const struct field_file *file, const struct yaml_node *mapping, const char *key,
              bool required, const char **ret_text, struct gb_err *err)
{
    const struct yaml_node *node;
    *ret_text = NULL;
    int r = field_get(file, mapping, key, YAML_SCALAR, required, &node, err);
    if (r < 0 || !node)
        return r;
    if (node->text.len == 0)
        return field_wrong(file, node->line, err, "%s is empty", key);
    return field_printable(file, node, ret_text, err);
}

int rule_choice(const struct field_file *file, const struct yaml_node *mapping, const char *key,
                const char *what, struct field_names names, size_t *index, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, mapping, key, YAML_SCALAR, false, &node, err);
    return r < 0 || !node ? r : field_choice(file, node, what, names, index, err);
}

int rule_words(const struct field_file *file, const struct yaml_node *mapping, const char *key,
               struct rule_words *ret_words, bool *ret_given, struct gb_err *err)
{
    const struct yaml_node *list;
    size_t count = 0;
    int r = rule_list(file, mapping, key, &list, err);
    *ret_given = r == GB_OK && list;
    if (r < 0 || !list)
        return r;
    const char **items = gb_arena_new_array(file->arena, const char *, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        if (node->kind != YAML_SCALAR || node->text.len == 0)
            return field_wrong(file, node->line, err, "an item of %s must be a text", key);
        r = field_printable(file, node, &items[count++], err);
        if (r < 0)
            return r;
    }
    *ret_words = (struct rule_words){.items = items, .count = count};
    return GB_OK;
}

int rule_digest(const struct field_file *file, const struct yaml_node *node, struct gb_bytes hex,
                size_t size, struct gb_bytes *ret_digest, struct gb_err *err)
{
    uint8_t *bytes = gb_arena_alloc_raw(file->arena, size, 1);
    if (!bytes)
        return gb_err_nomem(err);
    if (!gb_hex_decode(hex, bytes, size))
        return field_wrong(file, node->line, err, "a digest of %zu hex digits is wanted", 2 * size);
    *ret_digest = gb_bytes(bytes, size);
    return GB_OK;
}

void rule_write_text(struct gb_buf *out, const char *before, const char *text)
{
    if (!text)
        return;
    gb_buf_puts(out, before);
    yaml_write_scalar(out, gb_bytes_str(text));
    gb_buf_puts(out, "\n");
}

void rule_write_words(struct gb_buf *out, const char *indent, const char *key,
                      const struct rule_words *words)
{
    gb_buf_printf(out, "%s%s:%s\n", indent, key, words->count == 0 ? " []" : "");
    for (size_t i = 0; i < words->count; i++) {
        gb_buf_puts(out, indent);
        rule_write_text(out, "  - ", words->items[i]);
    }
}

void rule_write_digest(struct gb_buf *out, const char *before, struct gb_bytes digest)
{
    char hex[2 * GB_LIMIT_DIGEST + 1];
    gb_hex_encode(digest, hex);
    gb_buf_printf(out, "%s\"%s\"\n", before, hex);
}

/* ---- all of them ---- */

static int read_freshness(const struct field_file *file, const struct yaml_node *spec,
                          int64_t *ret_seconds, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, spec, "freshness", YAML_SCALAR, false, &node, err);
    if (r < 0 || !node)
        return r;
    if (!rule_span(node->text, ret_seconds))
        return field_wrong(file, node->line, err, "freshness must be a span like 90s, 5m or 2h");
    return GB_OK;
}

int node_rules_read(const struct field_file *file, const struct yaml_node *spec,
                    struct node_rules *ret_rules, struct gb_err *err)
{
    struct node_rules rules = {0};
    size_t roms = OPTION_ROMS_ANY;
    int r = secure_boot_rule_read(file, spec, &rules.secure_boot, err);
    if (r == GB_OK)
        r = deny_rules_read(file, spec, &rules.deny, err);
    if (r == GB_OK)
        r = cmdline_rule_read(file, spec, &rules.cmdline, err);
    if (r == GB_OK)
        r = rule_choice(file, spec, "optionRoms", "word for option ROMs", FIELD_NAMES(option_roms),
                        &roms, err);
    if (r == GB_OK)
        r = tpm_rule_read(file, spec, &rules.tpm, err);
    if (r == GB_OK)
        r = ima_rule_read(file, spec, &rules.ima, err);
    if (r == GB_OK)
        r = read_freshness(file, spec, &rules.freshness_s, err);
    if (r < 0)
        return r;
    rules.option_roms = (enum option_roms_rule)roms;
    *ret_rules = rules;
    return GB_OK;
}

void node_rules_write(struct gb_buf *out, const struct node_rules *rules)
{
    secure_boot_rule_write(out, &rules->secure_boot);
    deny_rules_write(out, &rules->deny);
    cmdline_rule_write(out, &rules->cmdline);
    if (rules->option_roms != OPTION_ROMS_ANY)
        gb_buf_printf(out, "  optionRoms: %s\n", option_roms[rules->option_roms]);
    tpm_rule_write(out, &rules->tpm);
    ima_rule_write(out, &rules->ima);
    if (rules->freshness_s > 0)
        gb_buf_printf(out, "  freshness: %" PRId64 "s\n", rules->freshness_s);
}
