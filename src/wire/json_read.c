#include <jansson.h>

#include "wire/json.h"
#include "wire/json_node.h"

/*
 * jansson nests 2048 deep on the C stack; our records do not. And it makes a node per value, which
 * may be two bytes ("0,"): so these are counted before it begins. Strings are skipped; anything
 * else that is wrong is jansson's to find.
 */
static int check_shape(struct gb_bytes in, size_t max_values, struct gb_err *err)
{
    size_t depth = 0;
    size_t values = 1; /* each but the first follows a comma or an opening bracket */
    bool quoted = false;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        if (c == '"')
            quoted = !quoted;
        else if (quoted)
            i += c == '\\';
        else if (c == '{' || c == '[')
            depth++;
        else if ((c == '}' || c == ']') && depth > 0)
            depth--;
        values += !quoted && (c == '{' || c == '[' || c == ',');
        if (depth > GB_LIMIT_JSON_DEPTH)
            return gb_err_at(err, GB_ERR_INPUT, i, "JSON is nested more than %d deep",
                             GB_LIMIT_JSON_DEPTH);
        if (values > max_values)
            return gb_err_at(err, GB_ERR_INPUT, i, "JSON holds more than %zu values", max_values);
    }
    return GB_OK;
}

static struct json *convert(json_t *from);

static struct json *convert_array(json_t *from)
{
    gb_cleanup(json_freep) struct json *array = json_new_array();
    for (size_t i = 0; i < json_array_size(from); i++)
        if (!array || !json_node_add(array, NULL, convert(json_array_get(from, i))))
            return NULL;
    return gb_take(array);
}

static struct json *convert_object(json_t *from)
{
    gb_cleanup(json_freep) struct json *object = json_new_object();
    for (void *i = json_object_iter(from); i; i = json_object_iter_next(from, i))
        if (!object ||
            !json_node_add(object, json_object_iter_key(i), convert(json_object_iter_value(i))))
            return NULL;
    return gb_take(object);
}

/* NULL when out of memory. Depth is bounded by check_depth. */
static struct json *convert(json_t *from)
{
    switch (json_typeof(from)) {
    case JSON_OBJECT:
        return convert_object(from);
    case JSON_ARRAY:
        return convert_array(from);
    case JSON_STRING:
        return json_node_text(gb_bytes(json_string_value(from), json_string_length(from)));
    case JSON_INTEGER:
        if (json_integer_value(from) >= 0)
            return json_number((uint64_t)json_integer_value(from));
        return json_node_new(JSON_NODE_OTHER);
    case JSON_REAL:
        return json_node_new(JSON_NODE_OTHER);
    case JSON_TRUE:
    case JSON_FALSE:
        return json_bool(json_is_true(from));
    case JSON_NULL:
        return json_node_new(JSON_NODE_NULL);
    }
    return NULL;
}

/* jansson's own words quote the input, which is not safe to print. */
static int parse_error(const json_error_t *e, struct gb_err *err)
{
    const char *why = "not JSON";
    enum json_error_code code = json_error_code(e);
    if (code == json_error_out_of_memory)
        return gb_err_nomem(err);
    if (code == json_error_duplicate_key)
        why = "JSON object has a key twice";
    else if (code == json_error_end_of_input_expected)
        why = "bytes follow the JSON value";
    else if (code == json_error_premature_end_of_input)
        why = "JSON ends early";
    else if (code == json_error_null_character || code == json_error_null_byte_in_key)
        why = "JSON string holds a NUL";
    else if (code == json_error_invalid_utf8)
        why = "JSON is not UTF-8";
    else if (code == json_error_numeric_overflow)
        why = "JSON number is too large";
    return gb_err_at(err, GB_ERR_INPUT, e->position < 0 ? 0 : (size_t)e->position, "%s", why);
}

int json_read(struct gb_bytes in, struct json **ret_value, struct gb_err *err)
{
    return json_read_at_most(in, GB_LIMIT_JSON_VALUES, ret_value, err);
}

int json_read_at_most(struct gb_bytes in, size_t max_values, struct json **ret_value,
                      struct gb_err *err)
{
    int r = check_shape(in, max_values, err);
    if (r < 0)
        return r;
    json_error_t e;
    const char *text = in.len > 0 ? (const char *)in.data : "";
    json_t *parsed = json_loadb(text, in.len, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &e);
    if (!parsed)
        return parse_error(&e, err);
    struct json *value = convert(parsed);
    json_decref(parsed);
    if (!value)
        return gb_err_nomem(err);
    *ret_value = value;
    return GB_OK;
}
