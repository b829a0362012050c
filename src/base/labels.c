#include "base/labels.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"

enum { MAX_PREFIX = 253, MAX_NAME = 63, SHOWN = 80 };

static bool is_lower(uint8_t c)
{
    return c >= 'a' && c <= 'z';
}

static bool is_digit(uint8_t c)
{
    return c >= '0' && c <= '9';
}

static bool is_letter(uint8_t c)
{
    return is_lower(c) || (c >= 'A' && c <= 'Z');
}

static bool is_edge(uint8_t c)
{
    return is_letter(c) || is_digit(c);
}

/* Kubernetes' "qualified name" without its prefix. */
static bool name_ok(struct gb_bytes name)
{
    if (name.len == 0 || name.len > MAX_NAME || !is_edge(name.data[0]) ||
        !is_edge(name.data[name.len - 1]))
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_edge(name.data[i]) && !strchr("-_.", name.data[i]))
            return false;
    return true;
}

/* RFC 1123: words of lower case letters, digits and inner dashes, parted by dots. */
static bool prefix_ok(struct gb_bytes prefix)
{
    if (prefix.len == 0 || prefix.len > MAX_PREFIX)
        return false;
    for (size_t i = 0; i < prefix.len; i++) {
        uint8_t c = prefix.data[i];
        bool first = i == 0 || prefix.data[i - 1] == '.';
        bool last = i + 1 == prefix.len || prefix.data[i + 1] == '.';
        if (!is_lower(c) && !is_digit(c) && (first || last || (c != '-' && c != '.')))
            return false;
    }
    return true;
}

bool gb_label_key_ok(struct gb_bytes key)
{
    bool prefixed = key.len > 0 && memchr(key.data, '/', key.len) != NULL;
    if (!prefixed)
        return name_ok(key);
    struct gb_bytes prefix = gb_text_until(&key, '/');
    return prefix_ok(prefix) && name_ok(key);
}

bool gb_label_value_ok(struct gb_bytes value)
{
    return value.len == 0 || name_ok(value);
}

static int wrong(struct gb_arena *arena, struct gb_bytes text, const char *why, struct gb_err *err)
{
    const char *shown = gb_text_escape(arena, text, SHOWN);
    return gb_err_set(err, GB_ERR_INPUT, "label \"%s\": %s", shown ? shown : "", why);
}

/* "key=value" as copies. */
static int read_one(struct gb_arena *arena, struct gb_bytes text, struct gb_label *ret_label,
                    struct gb_err *err)
{
    struct gb_bytes value = text;
    bool has_value = text.len > 0 && memchr(text.data, '=', text.len) != NULL;
    struct gb_bytes key = gb_text_until(&value, '=');
    if (!has_value)
        return wrong(arena, text, "is written key=value", err);
    if (!gb_label_key_ok(key))
        return wrong(arena, text,
                     "a key is [prefix/]name: letters, digits, -, _ and ., at most 63, a letter or "
                     "digit at both ends",
                     err);
    if (!gb_label_value_ok(value))
        return wrong(arena, text,
                     "a value has letters, digits, -, _ and ., at most 63, a letter or digit at "
                     "both ends",
                     err);
    const struct gb_label label = {.key = (const char *)gb_arena_copy(arena, key).data,
                                   .value = (const char *)gb_arena_copy(arena, value).data};
    if (!label.key || !label.value)
        return gb_err_nomem(err);
    *ret_label = label;
    return GB_OK;
}

static size_t text_len(const struct gb_labels *labels)
{
    size_t len = 0;
    for (size_t i = 0; i < labels->count; i++)
        len += strlen(labels->items[i].key) + strlen(labels->items[i].value) + 2;
    return len;
}

/* A copy of `old` with `label` in its place; its value NULL takes the key away. */
static int put(struct gb_arena *arena, const struct gb_labels *old, const struct gb_label *label,
               struct gb_labels *ret_labels, struct gb_err *err)
{
    struct gb_label *items = gb_arena_new_array(arena, struct gb_label, old->count + 1);
    size_t count = 0, i = 0;
    if (!items)
        return gb_err_nomem(err);
    while (i < old->count && strcmp(old->items[i].key, label->key) < 0)
        items[count++] = old->items[i++];
    if (i < old->count && strcmp(old->items[i].key, label->key) == 0)
        i++;
    if (label->value)
        items[count++] = *label;
    while (i < old->count)
        items[count++] = old->items[i++];
    const struct gb_labels labels = {items, count};
    if (count > GB_LIMIT_LABELS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d labels", GB_LIMIT_LABELS);
    if (text_len(&labels) > GB_LIMIT_LABELS_TEXT)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes of labels", GB_LIMIT_LABELS_TEXT);
    *ret_labels = labels;
    return GB_OK;
}

int gb_labels_read(struct gb_arena *arena, struct gb_bytes text, struct gb_labels *ret_labels,
                   struct gb_err *err)
{
    struct gb_labels labels = {0};
    if (text.len > GB_LIMIT_LABELS_TEXT)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes of labels", GB_LIMIT_LABELS_TEXT);
    for (struct gb_bytes rest = text; rest.len > 0;) {
        struct gb_bytes piece = gb_text_until(&rest, ',');
        struct gb_label label = {.key = "", .value = ""};
        int r = read_one(arena, piece, &label, err);
        if (r == GB_OK && gb_labels_get(&labels, label.key))
            return wrong(arena, piece, "its key stands twice", err);
        if (r == GB_OK)
            r = put(arena, &labels, &label, &labels, err);
        if (r < 0)
            return r;
    }
    *ret_labels = labels;
    return GB_OK;
}

int gb_labels_change(struct gb_arena *arena, const struct gb_labels *old, struct gb_bytes change,
                     struct gb_labels *ret_labels, struct gb_err *err)
{
    struct gb_label label = {.key = ""};
    bool sets = change.len > 0 && memchr(change.data, '=', change.len) != NULL;
    if (sets) {
        int r = read_one(arena, change, &label, err);
        return r < 0 ? r : put(arena, old, &label, ret_labels, err);
    }
    if (change.len < 2 || change.data[change.len - 1] != '-')
        return wrong(arena, change, "key=value sets a label, key- takes it away", err);
    struct gb_bytes key = gb_bytes(change.data, change.len - 1);
    if (!gb_label_key_ok(key))
        return wrong(arena, change, "no label can have this key", err);
    label.key = (const char *)gb_arena_copy(arena, key).data;
    return label.key ? put(arena, old, &label, ret_labels, err) : gb_err_nomem(err);
}

char *gb_labels_text(struct gb_arena *arena, const struct gb_labels *labels)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_LABELS_TEXT + 1);
    for (size_t i = 0; i < labels->count; i++)
        gb_buf_printf(&out, "%s%s=%s", i > 0 ? "," : "", labels->items[i].key,
                      labels->items[i].value);
    if (!gb_buf_ok(&out))
        return NULL;
    return (char *)(uintptr_t)gb_arena_copy(arena, gb_buf_bytes(&out)).data;
}

const char *gb_labels_get(const struct gb_labels *labels, const char *key)
{
    for (size_t i = 0; i < labels->count; i++)
        if (strcmp(labels->items[i].key, key) == 0)
            return labels->items[i].value;
    return NULL;
}

bool gb_labels_match(const struct gb_labels *labels, const struct gb_labels *selector)
{
    for (size_t i = 0; i < selector->count; i++) {
        const char *value = gb_labels_get(labels, selector->items[i].key);
        if (!value || strcmp(value, selector->items[i].value) != 0)
            return false;
    }
    return true;
}
