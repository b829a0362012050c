#include "cli/documents/doc_json.h"

#include "base/text.h"
#include "wire/json.h"
#include "wire/yaml.h"

enum { SAFE_DIGITS = 15 }; /* of a number that JavaScript, too, keeps */

static struct json *scalar(struct gb_arena *arena, const struct yaml_node *node)
{
    uint64_t number = 0;
    struct gb_bytes text = node->text;
    bool zero_first = text.len > 1 && text.data[0] == '0';
    if (node->plain && !zero_first && text.len <= SAFE_DIGITS &&
        gb_text_u64(text, INT64_MAX, &number))
        return json_number(number);
    if (node->plain && (gb_bytes_is(text, "true") || gb_bytes_is(text, "false")))
        return json_bool(gb_bytes_is(text, "true"));
    struct gb_bytes copy = gb_arena_copy(arena, text);
    return copy.data ? json_text((const char *)copy.data) : NULL;
}

struct json *doc_json(struct gb_arena *arena, const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        return scalar(arena, node);
    struct json *json = node->kind == YAML_MAPPING ? json_new_object() : json_new_array();
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        struct json *value = doc_json(arena, child);
        struct gb_bytes key = gb_arena_copy(arena, child->key);
        if (node->kind == YAML_SEQUENCE)
            json_push(json, value);
        else if (key.data)
            json_set(json, (const char *)key.data, value);
    }
    return json;
}
