/* spec.ima: what the runtime list may hold that no set knows. */
#include <string.h>

#include "base/limits.h"
#include "crypto/sig_key.h"
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "policy/rules/rules_read.h"
#include "policy/sets/ima_signers.h"
#include "wire/yaml.h"

enum { DAY_S = 24 * 3600 };
static const char *const permissions[] = {"refuse", "allow"};
static const char *const criticals[] = {
    [CRITICAL_KNOWN] = "known", [CRITICAL_ALLOW] = "allow", [CRITICAL_REFUSE] = "refuse"};

/* The last day that an exception holds. */
static int read_until(const struct field_file *file, const struct yaml_node *node,
                      struct ima_exception *exception, struct gb_err *err)
{
    const struct yaml_node *field;
    exception->until_s = INT64_MAX;
    int r = field_get(file, node, "until", YAML_SCALAR, false, &field, err);
    if (r < 0 || !field)
        return r;
    r = field_printable(file, field, &exception->until, err);
    if (r < 0)
        return r;
    if (!rule_day(field->text, &exception->until_s))
        return field_wrong(file, field->line, err, "until must be a day like 2027-01-31");
    exception->until_s += DAY_S; /* that day still holds */
    return GB_OK;
}

static int read_exception(const struct field_file *file, const struct yaml_node *node,
                          struct ima_exception *exception, struct gb_err *err)
{
    static const char *const known[] = {"path", "reason", "until"};
    int r = field_mapping(file, node, "an exception", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_text(file, node, "path", true, &exception->path, err);
    if (r == GB_OK)
        r = rule_text(file, node, "reason", true, &exception->reason, err);
    if (r == GB_OK)
        r = read_until(file, node, exception, err);
    if (r == GB_OK && exception->path[0] != '/')
        r = field_wrong(file, node->line, err, "the path of an exception begins with a slash");
    return r;
}

static int read_exceptions(const struct field_file *file, const struct yaml_node *mapping,
                           struct ima_rule *rule, struct gb_err *err)
{
    const struct yaml_node *list;
    int r = rule_list(file, mapping, "exceptions", &list, err);
    if (r < 0 || !list)
        return r;
    struct ima_exception *items =
        gb_arena_new_array(file->arena, struct ima_exception, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = read_exception(file, node, &items[rule->exception_count++], err);
        if (r < 0)
            return r;
    }
    rule->exceptions = items;
    return GB_OK;
}

static int read_certificate(const struct field_file *file, const struct yaml_node *node,
                            struct ima_signer *signer, struct gb_err *err)
{
    const struct yaml_node *certificate;
    struct gb_err why = {0};
    int r = field_get(file, node, "certificate", YAML_SCALAR, true, &certificate, err);
    if (r < 0)
        return r;
    signer->certificate = certificate->text;
    r = sig_key_from_pem(file->arena, certificate->text, &signer->key, &why);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT)
        return field_wrong(file, certificate->line, err, "field \"certificate\": %s", why.text);
    return r < 0 ? gb_err_set(err, (enum gb_err_code)r, "%s", why.text) : GB_OK;
}

static int read_signer(const struct field_file *file, const struct yaml_node *node,
                       struct ima_signer *signer, struct gb_err *err)
{
    static const char *const known[] = {"name", "certificate", "paths"};
    const struct yaml_node *name;
    struct rule_words paths = {0};
    bool given = false;
    int r = field_mapping(file, node, "a signer", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, node, "name", YAML_SCALAR, true, &name, err);
    if (r == GB_OK)
        r = field_name(file, name, &signer->name, err);
    if (r == GB_OK)
        r = rule_words(file, node, "paths", &paths, &given, err);
    if (r < 0)
        return r;
    const struct yaml_node *list = yaml_get(node, "paths"), *item = list ? list->first : NULL;
    if (list && paths.count == 0) /* it would be every path, and looks like none */
        return field_wrong(file, list->key_line, err,
                           "paths is empty; leave it out for every path");
    for (size_t i = 0; i < paths.count && item; i++, item = item->next)
        if (paths.items[i][0] != '/')
            return field_wrong(file, item->line, err, "a signer's path begins with a slash");
    signer->paths = paths.items;
    signer->path_count = paths.count;
    return GB_OK;
}

static int read_signers(const struct field_file *file, const struct yaml_node *mapping,
                        struct ima_signers *ret_signers, struct gb_err *err)
{
    const struct yaml_node *list;
    size_t count = 0;
    int r = rule_list(file, mapping, "signers", &list, err);
    if (r < 0 || !list)
        return r;
    if (list->count > GB_LIMIT_IMA_SIGNERS)
        return field_wrong(file, list->line, err, "more than %d signers", GB_LIMIT_IMA_SIGNERS);
    struct ima_signer *items = gb_arena_new_array(file->arena, struct ima_signer, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next, count++) {
        r = read_signer(file, node, &items[count], err);
        for (size_t i = 0; r == GB_OK && i < count; i++)
            if (strcmp(items[i].name, items[count].name) == 0)
                r = field_wrong(file, node->line, err, "a second signer \"%s\"", items[i].name);
        if (r < 0)
            return r;
    }
    count = 0;
    for (const struct yaml_node *node = list->first; node; node = node->next, count++) {
        r = read_certificate(file, node, &items[count], err);
        if (r < 0)
            return r;
    }
    *ret_signers = (struct ima_signers){.items = items, .count = count};
    return GB_OK;
}

int ima_rule_read(const struct field_file *file, const struct yaml_node *spec,
                  struct ima_rule *ret_rule, struct gb_err *err)
{
    static const char *const known[] = {"violations", "signers", "exceptions", "criticalData"};
    const struct yaml_node *mapping;
    struct ima_rule rule = {0};
    size_t violations = 0, critical = CRITICAL_KNOWN;
    *ret_rule = rule;
    int r = field_get(file, spec, "ima", YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    r = field_mapping(file, mapping, "ima", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_choice(file, mapping, "violations", "permission", FIELD_NAMES(permissions),
                        &violations, err);
    if (r == GB_OK)
        r = rule_choice(file, mapping, "criticalData", "word for critical data",
                        FIELD_NAMES(criticals), &critical, err);
    if (r == GB_OK)
        r = read_exceptions(file, mapping, &rule, err);
    if (r == GB_OK)
        r = read_signers(file, mapping, &rule.signers, err);
    if (r < 0)
        return r;
    rule.allow_violations = violations == 1;
    rule.critical = (enum critical_rule)critical;
    *ret_rule = rule;
    return GB_OK;
}

static void write_exceptions(struct gb_buf *out, const struct ima_rule *rule)
{
    if (rule->exception_count > 0)
        gb_buf_puts(out, "    exceptions:\n");
    for (size_t i = 0; i < rule->exception_count; i++) {
        rule_write_text(out, "      - path: ", rule->exceptions[i].path);
        rule_write_text(out, "        reason: ", rule->exceptions[i].reason);
        rule_write_text(out, "        until: ", rule->exceptions[i].until);
    }
}

static void write_signers(struct gb_buf *out, const struct ima_signers *signers)
{
    if (signers->count > 0)
        gb_buf_puts(out, "    signers:\n");
    for (size_t i = 0; i < signers->count; i++) {
        const struct ima_signer *signer = &signers->items[i];
        const struct rule_words paths = {.items = signer->paths, .count = signer->path_count};
        rule_write_text(out, "      - name: ", signer->name);
        gb_buf_puts(out, "        certificate: ");
        yaml_write_scalar(out, signer->certificate);
        gb_buf_puts(out, "\n");
        if (paths.count > 0)
            rule_write_words(out, "        ", "paths", &paths);
    }
}

void ima_rule_write(struct gb_buf *out, const struct ima_rule *rule)
{
    gb_buf_printf(out, "  ima:\n    violations: %s\n", permissions[rule->allow_violations]);
    if (rule->critical != CRITICAL_KNOWN)
        gb_buf_printf(out, "    criticalData: %s\n", criticals[rule->critical]);
    write_exceptions(out, rule);
    write_signers(out, &rule->signers);
}
