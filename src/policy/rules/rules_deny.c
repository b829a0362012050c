/* spec.deny: digests that are never accepted, each with its reason. */
#include <stdlib.h>
#include <string.h>

#include "crypto/digest.h"
#include "policy/documents/field.h"
#include "policy/rules/rules.h"
#include "policy/rules/rules_read.h"
#include "wire/yaml.h"

/* By length, then by bytes. */
static int compare(const void *a, const void *b)
{
    const struct gb_bytes x = ((const struct deny_key *)a)->digest;
    const struct gb_bytes y = ((const struct deny_key *)b)->digest;
    if (x.len != y.len)
        return x.len < y.len ? -1 : 1;
    return memcmp(x.data, y.data, x.len);
}

const struct deny_rule *deny_rules_find(const struct deny_rules *rules, struct gb_bytes digest)
{
    const struct deny_key wanted = {.digest = digest};
    if (digest.len == 0 || rules->key_count == 0)
        return NULL;
    const struct deny_key *key =
        bsearch(&wanted, rules->keys, rules->key_count, sizeof *rules->keys, compare);
    return key ? key->rule : NULL;
}

static int read_item(const struct field_file *file, const struct yaml_node *node,
                     struct deny_rule *item, struct gb_err *err)
{
    static const char *const known[] = {"sha256", "sha384", "sha512", "reason"};
    size_t found = 0;
    int r = field_mapping(file, node, "an item of deny", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = rule_text(file, node, "reason", true, &item->reason, err);
    for (size_t i = 0; r == GB_OK && i < DIGEST_ALGS; i++) {
        const struct yaml_node *field;
        if (!digest_strong(digest_algs[i]))
            continue;
        r = field_get(file, node, digest_name(digest_algs[i]), YAML_SCALAR, false, &field, err);
        if (r < 0 || !field)
            continue;
        found++;
        r = rule_digest(file, field, field->text, digest_size(digest_algs[i]), &item->digest[i],
                        err);
    }
    if (r == GB_OK && found == 0)
        r = field_wrong(file, node->line, err, "an item of deny needs sha256, sha384 or sha512");
    return r;
}

/* All digests in one array that can be searched. */
static int add_keys(struct gb_arena *arena, struct deny_rules *rules, struct gb_err *err)
{
    struct deny_key *keys =
        gb_arena_new_array(arena, struct deny_key, rules->count * DIGEST_ALGS + 1);
    if (!keys)
        return gb_err_nomem(err);
    for (size_t i = 0; i < rules->count; i++)
        for (size_t k = 0; k < DIGEST_ALGS; k++)
            if (rules->items[i].digest[k].len > 0)
                keys[rules->key_count++] = (struct deny_key){.digest = rules->items[i].digest[k],
                                                             .rule = &rules->items[i]};
    qsort(keys, rules->key_count, sizeof *keys, compare);
    rules->keys = keys;
    return GB_OK;
}

int deny_rules_read(const struct field_file *file, const struct yaml_node *spec,
                    struct deny_rules *ret_rules, struct gb_err *err)
{
    const struct yaml_node *list;
    struct deny_rules rules = {0};
    *ret_rules = rules;
    int r = rule_list(file, spec, "deny", &list, err);
    if (r < 0 || !list)
        return r;
    struct deny_rule *items = gb_arena_new_array(file->arena, struct deny_rule, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = read_item(file, node, &items[rules.count++], err);
        if (r < 0)
            return r;
    }
    rules.items = items;
    r = add_keys(file->arena, &rules, err);
    if (r == GB_OK)
        *ret_rules = rules;
    return r;
}

void deny_rules_write(struct gb_buf *out, const struct deny_rules *rules)
{
    if (rules->count > 0)
        gb_buf_puts(out, "  deny:\n");
    for (size_t i = 0; i < rules->count; i++) {
        const struct deny_rule *item = &rules->items[i];
        rule_write_text(out, "    - reason: ", item->reason);
        for (size_t k = 0; k < DIGEST_ALGS; k++) {
            if (item->digest[k].len == 0)
                continue;
            gb_buf_printf(out, "      %s:", digest_name(digest_algs[k]));
            rule_write_digest(out, " ", item->digest[k]);
        }
    }
}
