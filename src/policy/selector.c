#include "policy/selector.h"

#include <string.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "policy/documents/field.h"
#include "policy/rules/pattern.h"
#include "policy/sets/said.h"
#include "verify/facts.h"
#include "wire/yaml.h"

/* ---- matching ---- */

static bool labels_match(const struct gb_label *labels, size_t count,
                         const struct node_facts *facts)
{
    for (size_t i = 0; i < count; i++) {
        const char *value = facts ? gb_labels_get(&facts->labels, labels[i].key) : NULL;
        if (!value || !pattern_matches(gb_bytes_str(labels[i].value), gb_bytes_str(value)))
            return false;
    }
    return true;
}

static bool name_matches(const struct node_selector *selector, const struct node_facts *facts)
{
    for (size_t i = 0; facts && facts->name && i < selector->name_count; i++)
        if (pattern_matches(gb_bytes_str(selector->names[i]), gb_bytes_str(facts->name)))
            return true;
    return false;
}

bool node_selector_matches(const struct node_selector *selector, const struct node_facts *facts)
{
    return labels_match(selector->labels, selector->label_count, facts) &&
           (selector->name_count == 0 || name_matches(selector, facts));
}

static bool word_matches(const char *pattern, struct gb_bytes word)
{
    return !pattern || (word.data && pattern_matches(gb_bytes_str(pattern), word));
}

bool set_selector_labels_match(const struct set_selector *selector, const struct node_facts *facts)
{
    return labels_match(selector->labels, selector->label_count, facts);
}

bool set_selector_matches(const struct set_selector *selector, const struct node_facts *facts,
                          const struct said *said)
{
    return word_matches(selector->vendor, said->vendor) &&
           word_matches(selector->model, said->model) &&
           word_matches(selector->firmware, said->firmware) &&
           word_matches(selector->distribution, said->distribution) &&
           word_matches(selector->kernel, said->kernel) &&
           labels_match(selector->labels, selector->label_count, facts);
}

/* ---- reading ---- */

static int read_labels(const struct field_file *file, const struct yaml_node *parent,
                       const struct gb_label **ret_labels, size_t *ret_count, struct gb_err *err)
{
    const struct yaml_node *mapping;
    size_t count = 0;
    int r = field_get(file, parent, "labels", YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    struct gb_label *labels = gb_arena_new_array(file->arena, struct gb_label, mapping->count + 1);
    if (!labels)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = mapping->first; node; node = node->next) {
        struct gb_label *label = &labels[count++];
        label->key = (const char *)gb_arena_copy(file->arena, node->key).data;
        if (!label->key)
            return gb_err_nomem(err);
        if (node->kind != YAML_SCALAR)
            return field_wrong(file, node->line, err, "the value of label %s must be a text",
                               field_shown(file, node->key));
        r = field_printable(file, node, &label->value, err);
        if (r < 0)
            return r;
    }
    *ret_labels = labels;
    *ret_count = count;
    return GB_OK;
}

static int read_names(const struct field_file *file, const struct yaml_node *parent,
                      struct node_selector *selector, struct gb_err *err)
{
    const struct yaml_node *list;
    size_t count = 0;
    int r = field_get(file, parent, "names", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    if (list->count == 0) /* it would be every node, and looks like none */
        return field_wrong(file, list->key_line, err,
                           "names is empty; leave it out for every node");
    const char **names = gb_arena_new_array(file->arena, const char *, list->count + 1);
    if (!names)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        if (node->kind != YAML_SCALAR)
            return field_wrong(file, node->line, err, "a name must be a text");
        if (node->text.len == 0)
            return field_wrong(file, node->line, err, "a name is empty");
        r = field_printable(file, node, &names[count++], err);
        if (r < 0)
            return r;
    }
    selector->names = names;
    selector->name_count = count;
    return GB_OK;
}

int node_selector_read(const struct field_file *file, const struct yaml_node *node,
                       struct node_selector *ret_selector, struct gb_err *err)
{
    static const char *const known[] = {"labels", "names"};
    struct node_selector selector = {0};
    int r = field_mapping(file, node, "nodes", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = read_labels(file, node, &selector.labels, &selector.label_count, err);
    if (r == GB_OK)
        r = read_names(file, node, &selector, err);
    if (r == GB_OK)
        *ret_selector = selector;
    return r;
}

int set_selector_read(const struct field_file *file, const struct yaml_node *node,
                      struct set_selector *ret_selector, struct gb_err *err)
{
    static const char *const known[] = {"vendor",       "model",  "firmware",
                                        "distribution", "kernel", "labels"};
    struct set_selector selector = {0};
    const char **const words[] = {&selector.vendor, &selector.model, &selector.firmware,
                                  &selector.distribution, &selector.kernel};
    int r = field_mapping(file, node, "appliesTo", FIELD_NAMES(known), err);
    for (size_t i = 0; r == GB_OK && i < GB_ARRAY_LEN(words); i++) {
        const struct yaml_node *word;
        r = field_get(file, node, known[i], YAML_SCALAR, false, &word, err);
        if (r == GB_OK && word)
            r = field_printable(file, word, words[i], err);
    }
    if (r == GB_OK)
        r = read_labels(file, node, &selector.labels, &selector.label_count, err);
    if (r == GB_OK)
        *ret_selector = selector;
    return r;
}

/* ---- writing ---- */

static void write_word(struct gb_buf *out, const char *key, const char *text)
{
    if (!text)
        return;
    gb_buf_printf(out, "    %s: ", key);
    yaml_write_scalar(out, gb_bytes_str(text));
    gb_buf_puts(out, "\n");
}

static void write_labels(struct gb_buf *out, const struct gb_label *labels, size_t count)
{
    if (count > 0)
        gb_buf_puts(out, "    labels:\n");
    for (size_t i = 0; i < count; i++) {
        gb_buf_puts(out, "      ");
        yaml_write_scalar(out, gb_bytes_str(labels[i].key));
        gb_buf_puts(out, ": ");
        yaml_write_scalar(out, gb_bytes_str(labels[i].value));
        gb_buf_puts(out, "\n");
    }
}

void node_selector_write(struct gb_buf *out, const struct node_selector *selector)
{
    if (selector->label_count == 0 && selector->name_count == 0)
        return;
    gb_buf_puts(out, "  nodes:\n");
    write_labels(out, selector->labels, selector->label_count);
    if (selector->name_count > 0)
        gb_buf_puts(out, "    names:\n");
    for (size_t i = 0; i < selector->name_count; i++) {
        gb_buf_puts(out, "      - ");
        yaml_write_scalar(out, gb_bytes_str(selector->names[i]));
        gb_buf_puts(out, "\n");
    }
}

void set_selector_write(struct gb_buf *out, const struct set_selector *selector)
{
    static const struct set_selector none;
    if (memcmp(selector, &none, sizeof none) == 0)
        return;
    gb_buf_puts(out, "  appliesTo:\n");
    write_word(out, "vendor", selector->vendor);
    write_word(out, "model", selector->model);
    write_word(out, "firmware", selector->firmware);
    write_word(out, "distribution", selector->distribution);
    write_word(out, "kernel", selector->kernel);
    write_labels(out, selector->labels, selector->label_count);
}
