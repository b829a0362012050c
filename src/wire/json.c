#include "wire/json.h"

#include <string.h>

#include "base/encode.h"
#include "base/mem.h"
#include "wire/json_node.h"

struct json *json_node_new(enum json_kind kind)
{
    struct json *node = gb_calloc(1, sizeof *node);
    if (node)
        node->kind = kind;
    return node;
}

/* The caller fills `len` bytes of ->text. */
static struct json *text_of_len(size_t len)
{
    gb_cleanup(json_freep) struct json *node = json_node_new(JSON_NODE_TEXT);
    if (!node || len == SIZE_MAX)
        return NULL;
    node->text = gb_calloc(len + 1, 1);
    node->text_len = len;
    return node->text ? gb_take(node) : NULL;
}

struct json *json_node_text(struct gb_bytes text)
{
    struct json *node = text_of_len(text.len);
    if (node && text.len > 0)
        memcpy(node->text, text.data, text.len);
    return node;
}

struct json *json_new_object(void)
{
    return json_node_new(JSON_NODE_OBJECT);
}

struct json *json_new_array(void)
{
    return json_node_new(JSON_NODE_ARRAY);
}

struct json *json_text(const char *utf8)
{
    return utf8 ? json_node_text(gb_bytes_str(utf8)) : json_node_new(JSON_NODE_NULL);
}

struct json *json_hex(struct gb_bytes in)
{
    struct json *node = in.len > SIZE_MAX / 4 ? NULL : text_of_len(2 * in.len);
    if (node)
        gb_hex_encode(in, node->text);
    return node;
}

static struct json *number_of(enum json_kind kind, uint64_t value)
{
    struct json *node = json_node_new(kind);
    if (node)
        node->number = value;
    return node;
}

struct json *json_number(uint64_t value)
{
    return value > INT64_MAX ? NULL : number_of(JSON_NODE_NUMBER, value);
}

struct json *json_bool(bool value)
{
    return number_of(JSON_NODE_BOOL, value);
}

static bool reserve(struct json *parent)
{
    if (parent->count < parent->cap)
        return true;
    size_t cap = parent->cap ? parent->cap * 2 : 4;
    struct json **items = gb_realloc(parent->items, cap, sizeof(struct json *));
    if (!items)
        return false;
    parent->items = items;
    parent->cap = cap;
    return true;
}

bool json_node_add(struct json *parent, const char *key, struct json *value)
{
    gb_cleanup(json_freep) struct json *owned = value;
    if (!owned || !reserve(parent))
        return false;
    if (key) {
        size_t len = strlen(key);
        owned->key = gb_calloc(len + 1, 1);
        if (!owned->key)
            return false;
        memcpy(owned->key, key, len);
    }
    parent->items[parent->count++] = gb_take(owned);
    return true;
}

/* A key that is there already is our own mistake: it fails like the rest, for no reader would see
 * both. */
void json_set(struct json *object, const char *key, struct json *value)
{
    bool fits = object && object->kind == JSON_NODE_OBJECT && !json_get(object, key);
    if (!fits)
        json_free(value);
    if (object && (!fits || !json_node_add(object, key, value)))
        object->failed = true;
}

void json_push(struct json *array, struct json *value)
{
    bool fits = array && array->kind == JSON_NODE_ARRAY;
    if (!fits)
        json_free(value);
    if (array && (!fits || !json_node_add(array, NULL, value)))
        array->failed = true;
}

static struct json *take(struct json *parent, size_t at)
{
    struct json *value = parent->items[at];
    parent->count--;
    memmove(parent->items + at, parent->items + at + 1,
            (parent->count - at) * sizeof(parent->items[0]));
    gb_free(value->key);
    value->key = NULL;
    return value;
}

struct json *json_take(struct json *object, const char *key)
{
    for (size_t i = 0; object && object->kind == JSON_NODE_OBJECT && i < object->count; i++)
        if (strcmp(object->items[i]->key, key) == 0)
            return take(object, i);
    return NULL;
}

struct json *json_take_at(struct json *array, size_t index)
{
    bool there = array && array->kind == JSON_NODE_ARRAY && index < array->count;
    return there ? take(array, index) : NULL;
}

/* Depth is what the builder nested, or the reader's ceiling: recursion is bounded. */
void json_free(struct json *value)
{
    if (!value)
        return;
    for (size_t i = 0; i < value->count; i++)
        json_free(value->items[i]);
    gb_free(value->items);
    gb_free(value->text);
    gb_free(value->key);
    gb_free(value);
}

void json_freep(struct json **value)
{
    json_free(*value);
}

size_t json_members(const struct json *object)
{
    return object && object->kind == JSON_NODE_OBJECT ? object->count : 0;
}

const struct json *json_member(const struct json *object, size_t index, struct gb_bytes *ret_key)
{
    if (index >= json_members(object))
        return NULL;
    *ret_key = gb_bytes_str(object->items[index]->key);
    return object->items[index];
}

const struct json *json_get(const struct json *object, const char *key)
{
    if (!object || object->kind != JSON_NODE_OBJECT)
        return NULL;
    for (size_t i = 0; i < object->count; i++)
        if (strcmp(object->items[i]->key, key) == 0)
            return object->items[i];
    return NULL;
}

bool json_has_members(const struct json *value)
{
    return value && value->kind == JSON_NODE_OBJECT;
}

bool json_is_list(const struct json *value)
{
    return value && value->kind == JSON_NODE_ARRAY;
}

size_t json_count(const struct json *array)
{
    return array && array->kind == JSON_NODE_ARRAY ? array->count : 0;
}

const struct json *json_at(const struct json *array, size_t index)
{
    return index < json_count(array) ? array->items[index] : NULL;
}

bool json_as_text(const struct json *value, struct gb_bytes *ret_text)
{
    if (!value || value->kind != JSON_NODE_TEXT)
        return false;
    *ret_text = gb_bytes(value->text, value->text_len);
    return true;
}

bool json_absent(const struct json *value)
{
    return !value || value->kind == JSON_NODE_NULL;
}

bool json_get_text(const struct json *object, const char *key, struct gb_bytes *ret_text)
{
    const struct json *value = json_get(object, key);
    if (!value || value->kind != JSON_NODE_TEXT)
        return false;
    *ret_text = gb_bytes(value->text, value->text_len);
    return true;
}

bool json_get_number(const struct json *object, const char *key, uint64_t *ret_value)
{
    const struct json *value = json_get(object, key);
    if (!value || value->kind != JSON_NODE_NUMBER)
        return false;
    *ret_value = value->number;
    return true;
}

bool json_get_bool(const struct json *object, const char *key, bool *ret_value)
{
    const struct json *value = json_get(object, key);
    if (!value || value->kind != JSON_NODE_BOOL)
        return false;
    *ret_value = value->number != 0;
    return true;
}
