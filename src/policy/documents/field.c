#include "policy/documents/field.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "wire/yaml.h"

enum { SHOWN_MAX = 60, NAME_MAX_LEN = 253 };

static const char *const kind_names[] = {[YAML_SCALAR] = "a single value",
                                         [YAML_SEQUENCE] = "a list",
                                         [YAML_MAPPING] = "a mapping",
                                         [YAML_LITERAL] = "a block"};

int field_wrong(const struct field_file *file, unsigned line, struct gb_err *err, const char *fmt,
                ...)
{
    char text[GB_LIMIT_ERR_TEXT];
    va_list args;
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    return gb_err_set(err, GB_ERR_CONFIG, "%s:%u: %s", file->name, line, text);
}

const char *field_shown(const struct field_file *file, struct gb_bytes text)
{
    const char *shown = gb_text_escape(file->arena, text, SHOWN_MAX);
    return shown ? shown : "?";
}

/* " (there are: a, b, c)"; nothing for more than fit into a line. */
static const char *list_of(struct gb_arena *arena, struct field_names known)
{
    enum { MOST_LISTED = 8 };
    const char *list = "";
    if (known.count == 0 || known.count > MOST_LISTED)
        return list;
    for (size_t i = 0; list && i < known.count; i++)
        list =
            gb_arena_printf(arena, "%s%s%s", list, i > 0 ? ", " : " (there are: ", known.names[i]);
    return list ? gb_arena_printf(arena, "%s)", list) : NULL;
}

int field_unknown(const struct field_file *file, unsigned line, const char *what,
                  struct gb_bytes word, struct field_names known, struct gb_err *err)
{
    const char *nearest = gb_text_nearest(word, known.names, known.count);
    const char *shown = field_shown(file, word);
    if (nearest)
        return field_wrong(file, line, err, "unknown %s \"%s\" (did you mean \"%s\"?)", what, shown,
                           nearest);
    const char *list = list_of(file->arena, known);
    return field_wrong(file, line, err, "unknown %s \"%s\"%s", what, shown, list ? list : "");
}

static bool is_known(struct field_names known, struct gb_bytes key)
{
    for (size_t i = 0; i < known.count; i++)
        if (gb_bytes_is(key, known.names[i]))
            return true;
    return false;
}

int field_mapping(const struct field_file *file, const struct yaml_node *node, const char *what,
                  struct field_names known, struct gb_err *err)
{
    if (node->kind != YAML_MAPPING)
        return field_wrong(file, node->line, err, "%s must be a mapping", what);
    for (const struct yaml_node *child = node->first; child; child = child->next)
        if (!is_known(known, child->key))
            return field_unknown(file, child->key_line, "field", child->key, known, err);
    return GB_OK;
}

int field_get(const struct field_file *file, const struct yaml_node *mapping, const char *key,
              enum yaml_kind kind, bool required, const struct yaml_node **ret_node,
              struct gb_err *err)
{
    const struct yaml_node *node = yaml_get(mapping, key);
    if (!node && required)
        return field_wrong(file, mapping->line, err, "missing field \"%s\"", key);
    if (node && node->kind == YAML_LITERAL && kind == YAML_SCALAR)
        return gb_err_set(err, GB_ERR_LIMIT,
                          "%.120s:%u: field \"%s\" is longer than the ceiling allows", file->name,
                          node->key_line, key);
    if (node && node->kind != kind)
        return field_wrong(file, node->key_line, err, "field \"%s\" must be %s", key,
                           kind_names[kind]);
    *ret_node = node;
    return GB_OK;
}

int field_number(const struct field_file *file, const struct yaml_node *node, uint64_t min,
                 uint64_t max, uint64_t *ret_value, struct gb_err *err)
{
    uint64_t value;
    if (!node->plain || !gb_text_u64(node->text, max, &value) || value < min)
        return field_wrong(file, node->line, err,
                           "field \"%s\" must be a number from %" PRIu64 " to %" PRIu64
                           ", not \"%s\"",
                           field_shown(file, node->key), min, max, field_shown(file, node->text));
    *ret_value = value;
    return GB_OK;
}

int field_choice(const struct field_file *file, const struct yaml_node *node, const char *what,
                 struct field_names known, size_t *ret_index, struct gb_err *err)
{
    if (node->kind != YAML_SCALAR)
        return field_wrong(file, node->line, err, "%s %s must be a single value",
                           strchr("aeiou", what[0]) ? "an" : "a", what);
    for (size_t i = 0; i < known.count; i++) {
        if (gb_bytes_is(node->text, known.names[i])) {
            *ret_index = i;
            return GB_OK;
        }
    }
    return field_unknown(file, node->line, what, node->text, known, err);
}

/* No NUL can be in it: yaml_read refuses them. */
int field_text(const struct field_file *file, const struct yaml_node *node, const char **ret_text,
               struct gb_err *err)
{
    struct gb_bytes copy = gb_arena_copy(file->arena, node->text);
    if (!copy.data)
        return gb_err_nomem(err);
    *ret_text = (const char *)copy.data;
    return GB_OK;
}

/* Escaping lengthens whatever cannot be shown; a backslash, which it doubles, can. */
static int is_printable(struct gb_arena *arena, struct gb_bytes text, bool *ret_yes,
                        struct gb_err *err)
{
    const char *escaped = gb_text_escape(arena, text, text.len);
    if (!escaped)
        return gb_err_nomem(err);
    size_t expected = text.len;
    for (size_t i = 0; i < text.len; i++)
        expected += text.data[i] == '\\';
    *ret_yes = strlen(escaped) == expected;
    return GB_OK;
}

int field_printable(const struct field_file *file, const struct yaml_node *node,
                    const char **ret_text, struct gb_err *err)
{
    bool yes = false;
    int r = is_printable(file->arena, node->text, &yes, err);
    if (r < 0)
        return r;
    if (!yes)
        return field_wrong(file, node->line, err, "field \"%s\" holds characters that do not print",
                           field_shown(file, node->key));
    return field_text(file, node, ret_text, err);
}

static bool is_alnum(uint8_t c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

bool field_name_ok(struct gb_bytes name)
{
    if (name.len == 0 || name.len > NAME_MAX_LEN)
        return false;
    for (size_t i = 0; i < name.len; i++)
        if (!is_alnum(name.data[i]) && name.data[i] != '-' && name.data[i] != '.')
            return false;
    return is_alnum(name.data[0]) && is_alnum(name.data[name.len - 1]);
}

int field_name(const struct field_file *file, const struct yaml_node *node, const char **ret_name,
               struct gb_err *err)
{
    if (node->kind != YAML_SCALAR || !field_name_ok(node->text))
        return field_wrong(file, node->line, err,
                           "\"%s\" is no name: lower case letters, digits, '-' and '.' make one",
                           field_shown(file, node->text));
    return field_text(file, node, ret_name, err);
}
