#include "base/conf.h"

#include <string.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"

/* What is read so far: a scratch copy of the program's struct, handed over at the end. */
struct reading {
    struct gb_arena *arena;
    const struct conf_key *table;
    size_t count; /* of keys */
    uint8_t *scratch;
    bool *given; /* one a key: seen in the file */
};

static size_t size_of(enum conf_type type)
{
    switch (type) {
    case CONF_TEXT:
        return sizeof(const char *);
    case CONF_NUMBER:
    case CONF_SPAN:
        return sizeof(int64_t);
    case CONF_BOOL:
        return sizeof(bool);
    case CONF_LIST:
        return sizeof(struct conf_list);
    case CONF_CHOICE:
        return sizeof(int);
    }
    return 0;
}

static int start(struct reading *r, struct gb_err *err)
{
    size_t size = 0;
    for (; r->table[r->count].name; r->count++) {
        const struct conf_key *key = &r->table[r->count];
        size_t end = key->offset + size_of(key->type);
        size = end > size ? end : size;
    }
    r->scratch = gb_arena_alloc(r->arena, size + 1, 1);
    r->given = gb_arena_new_array(r->arena, bool, r->count + 1);
    return r->scratch && r->given ? GB_OK : gb_err_nomem(err);
}

static const char *spell(struct gb_arena *arena, struct gb_bytes text)
{
    const char *shown = gb_text_escape(arena, text, 80);
    return shown ? shown : "?";
}

static int read_number(struct reading *r, const struct conf_key *key, struct gb_bytes text,
                       int64_t *ret, struct gb_err *err)
{
    int64_t value = 0;
    uint64_t plain = 0;
    bool span = key->type == CONF_SPAN;
    if (span ? !gb_clock_span(text, &value) : !gb_text_u64(text, INT64_MAX, &plain))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: \"%s\" is not %s", key->name,
                          spell(r->arena, text),
                          span ? "a span like 90s, 15m, 2h or 7d" : "a number");
    if (!span)
        value = (int64_t)plain;
    bool bounded = key->min != 0 || key->max != 0;
    if (bounded && (value < key->min || value > key->max))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: %s is not between %lld and %lld%s", key->name,
                          spell(r->arena, text), (long long)key->min, (long long)key->max,
                          span ? " seconds" : "");
    *ret = value;
    return GB_OK;
}

static int read_choice(struct reading *r, const struct conf_key *key, struct gb_bytes text,
                       int *ret, struct gb_err *err)
{
    size_t count = 0;
    for (; key->choices[count]; count++)
        if (gb_bytes_is(text, key->choices[count])) {
            *ret = (int)count;
            return GB_OK;
        }
    const char *near = gb_text_nearest(text, key->choices, count);
    return gb_err_set(err, GB_ERR_CONFIG, "%s: \"%s\" is none of its choices%s%s", key->name,
                      spell(r->arena, text), near ? "; meant is perhaps " : "", near ? near : "");
}

/* Grows by doubling: an arena gives nothing back, so the sum stays below twice the end. */
static int add_item(struct reading *r, const struct conf_key *key, struct conf_list *list,
                    const char *text, struct gb_err *err)
{
    if (list->count >= GB_LIMIT_CONF_ITEMS)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: more than %d of them", key->name,
                          GB_LIMIT_CONF_ITEMS);
    if ((list->count & (list->count - 1)) == 0) {
        size_t room = list->count == 0 ? 1 : list->count * 2;
        const char **items = gb_arena_new_array(r->arena, const char *, room);
        if (!items)
            return gb_err_nomem(err);
        if (list->count > 0)
            memcpy(items, list->items, list->count * sizeof *items);
        list->items = items;
    }
    list->items[list->count++] = text;
    return GB_OK;
}

static int set_value(struct reading *r, const struct conf_key *key, struct gb_bytes text,
                     struct gb_err *err)
{
    void *at = r->scratch + key->offset;
    const char *copy = (const char *)gb_arena_copy(r->arena, text).data;
    if (!copy)
        return gb_err_nomem(err);
    int64_t number = 0;
    int choice = 0;
    int rc = GB_OK;
    switch (key->type) {
    case CONF_TEXT:
        memcpy(at, &copy, sizeof copy);
        return GB_OK;
    case CONF_NUMBER:
    case CONF_SPAN:
        rc = read_number(r, key, text, &number, err);
        memcpy(at, &number, sizeof number);
        return rc;
    case CONF_BOOL:
        *(bool *)at = gb_bytes_is(text, "yes");
        if (!gb_bytes_is(text, "yes") && !gb_bytes_is(text, "no"))
            return gb_err_set(err, GB_ERR_CONFIG, "%s: \"%s\" is neither yes nor no", key->name,
                              spell(r->arena, text));
        return GB_OK;
    case CONF_LIST: {
        struct conf_list list;
        memcpy(&list, at, sizeof list);
        rc = add_item(r, key, &list, copy, err);
        memcpy(at, &list, sizeof list);
        return rc;
    }
    case CONF_CHOICE:
        rc = read_choice(r, key, text, &choice, err);
        memcpy(at, &choice, sizeof choice);
        return rc;
    }
    return gb_err_set(err, GB_ERR_BUG, "%s: no such type", key->name);
}

static int set_defaults(struct reading *r, struct gb_err *err)
{
    for (const struct conf_key *key = r->table; key->name; key++) {
        int rc = key->value ? set_value(r, key, gb_bytes_str(key->value), err) : GB_OK;
        if (rc < 0) {
            gb_err_prefix(err, "default of ");
            return rc == GB_ERR_CONFIG ? GB_ERR_BUG : rc;
        }
    }
    return GB_OK;
}

static int unknown(struct reading *r, struct gb_bytes name, struct gb_err *err)
{
    const char **names = gb_arena_new_array(r->arena, const char *, r->count + 1);
    if (!names)
        return gb_err_nomem(err);
    for (size_t i = 0; i < r->count; i++)
        names[i] = r->table[i].name;
    const char *near = gb_text_nearest(name, names, r->count);
    return gb_err_set(err, GB_ERR_CONFIG, "unknown key \"%s\"%s%s", spell(r->arena, name),
                      near ? "; meant is perhaps " : "", near ? near : "");
}

static bool printable(struct gb_bytes text)
{
    uint32_t code = 0;
    for (size_t i = 0, n = 0; i < text.len; i += n) {
        n = gb_utf8_at(text, i, &code);
        if (n == 0 || !gb_utf8_printable(code))
            return false;
    }
    return true;
}

static int read_line(struct reading *r, struct gb_bytes line, struct gb_err *err)
{
    struct gb_bytes value = gb_text_trim(line);
    if (value.len == 0 || *value.data == '#')
        return GB_OK;
    if (!printable(value))
        return gb_err_set(err, GB_ERR_CONFIG, "not printable UTF-8");
    if (!memchr(value.data, '=', value.len))
        return gb_err_set(err, GB_ERR_CONFIG, "not \"key = value\"");
    struct gb_bytes name = gb_text_trim(gb_text_until(&value, '='));
    value = gb_text_trim(value);
    size_t i = 0;
    while (i < r->count && !gb_bytes_is(name, r->table[i].name))
        i++;
    if (i == r->count)
        return unknown(r, name, err);
    const struct conf_key *key = &r->table[i];
    if (value.len == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s has no value", key->name);
    if (r->given[i] && key->type != CONF_LIST)
        return gb_err_set(err, GB_ERR_CONFIG, "%s is here for the second time", key->name);
    if (!r->given[i]) /* the first of a list takes the default's place */
        memset(r->scratch + key->offset, 0, size_of(key->type));
    r->given[i] = true;
    return set_value(r, key, value, err);
}

static int read_lines(struct reading *r, const char *name, struct gb_bytes text, struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, text);
    while (gb_lines_next(&lines, &line)) {
        int rc = read_line(r, line, err);
        if (rc < 0) {
            gb_err_prefix(err, "%s:%zu: ", name, lines.line);
            return rc;
        }
    }
    for (size_t i = 0; i < r->count; i++)
        if (r->table[i].required && !r->given[i] && !r->table[i].value)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: %s is missing: %s", name, r->table[i].name,
                              r->table[i].help);
    return GB_OK;
}

int conf_read(struct gb_arena *arena, const struct conf_key *table, const char *name,
              struct gb_bytes text, void *ret, struct gb_err *err)
{
    struct reading r = {.arena = arena, .table = table};
    int rc = start(&r, err);
    if (rc == GB_OK && text.len > GB_LIMIT_CONF)
        rc = gb_err_set(err, GB_ERR_LIMIT, "%s: above %d bytes", name, GB_LIMIT_CONF);
    if (rc == GB_OK)
        rc = set_defaults(&r, err);
    if (rc == GB_OK)
        rc = read_lines(&r, name, text, err);
    if (rc < 0)
        return rc;
    for (const struct conf_key *key = table; key->name; key++)
        memcpy((uint8_t *)ret + key->offset, r.scratch + key->offset, size_of(key->type));
    return GB_OK;
}
