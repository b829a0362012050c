#include "server/nodes/labels.h"

#include <stdio.h>

#include "base/buf.h"
#include "base/limits.h"
#include "base/text.h"
#include "server/nodes/ask.h"
#include "wire/json.h"

/* A name, its prefix, a value, and what parts them. */
enum { MAX_LABEL = 512, MAX_CHANGES = 2 * GB_LIMIT_LABELS };

struct json *labels_json(const char *text)
{
    struct json *list = json_new_array();
    for (struct gb_bytes rest = gb_bytes_str(text ? text : ""); rest.len > 0;) {
        char label[MAX_LABEL];
        struct gb_bytes piece = gb_text_until(&rest, ',');
        snprintf(label, sizeof label, "%.*s", (int)piece.len, (const char *)piece.data);
        json_push(list, json_text(label));
    }
    return list;
}

const char *labels_ask(struct ask *ask, const char *key)
{
    struct gb_labels labels = {0};
    struct gb_err err = {0};
    size_t count = 0;
    const char **texts = ask_texts(ask, key, GB_LIMIT_LABELS, MAX_LABEL, &count);
    for (size_t i = 0; texts && i < count; i++) {
        struct gb_labels one;
        int r = gb_labels_read(ask->arena, gb_bytes_str(texts[i]), &one, &err);
        if (r == GB_OK && one.count != 1)
            r = gb_err_set(&err, GB_ERR_INPUT, "one label each");
        if (r == GB_OK && gb_labels_get(&labels, one.items[0].key))
            r = gb_err_set(&err, GB_ERR_INPUT, "%s stands twice", one.items[0].key);
        if (r == GB_OK)
            r = gb_labels_change(ask->arena, &labels, gb_bytes_str(texts[i]), &labels, &err);
        if (r < 0) {
            ask_fail(ask, "%s: %s", key, err.text);
            return NULL;
        }
    }
    if (labels.count == 0)
        return NULL;
    const char *text = gb_labels_text(ask->arena, &labels);
    if (!text)
        ask_fail(ask, "out of memory");
    return text;
}

const char **labels_ask_changes(struct ask *ask, const char *key, const char *old,
                                size_t *ret_count)
{
    struct gb_labels labels = {0};
    struct gb_err err = {0};
    const char **changes = ask_texts(ask, key, MAX_CHANGES, MAX_LABEL, ret_count);
    if (!changes || *ret_count == 0) {
        ask_fail(ask, "%s: must be a list of \"key=value\" and \"key-\"", key);
        return NULL;
    }
    int r = gb_labels_read(ask->arena, gb_bytes_str(old), &labels, &err);
    for (size_t i = 0; r == GB_OK && i < *ret_count; i++)
        r = gb_labels_change(ask->arena, &labels, gb_bytes_str(changes[i]), &labels, &err);
    if (r < 0) {
        ask_fail(ask, "%s: %s", key, err.text);
        return NULL;
    }
    return changes;
}
