#include <string.h>

#include "base/conf.h"

static void put_span(struct gb_buf *out, int64_t s)
{
    static const struct {
        int64_t s;
        char unit;
    } units[] = {{24 * 3600, 'd'}, {3600, 'h'}, {60, 'm'}, {1, 's'}};
    size_t i = 0;
    while (i + 1 < GB_ARRAY_LEN(units) && (s == 0 || s % units[i].s != 0))
        i++;
    gb_buf_printf(out, "%lld%c", (long long)(s / units[i].s), units[i].unit);
}

static const char *type_name(const struct conf_key *key)
{
    switch (key->type) {
    case CONF_TEXT:
        return "TEXT";
    case CONF_NUMBER:
        return "NUMBER";
    case CONF_SPAN:
        return "SPAN";
    case CONF_BOOL:
        return "yes|no";
    case CONF_LIST:
        return "TEXT, may be repeated";
    case CONF_CHOICE:
        return "CHOICE";
    }
    return "?";
}

static void put_type(const struct conf_key *key, struct gb_buf *out)
{
    if (key->type != CONF_CHOICE) {
        gb_buf_puts(out, type_name(key));
    } else {
        for (const char *const *choice = key->choices; *choice; choice++)
            gb_buf_printf(out, "%s%s", choice == key->choices ? "" : "|", *choice);
    }
    if ((key->min != 0 || key->max != 0) && key->type == CONF_SPAN) {
        gb_buf_puts(out, ", ");
        put_span(out, key->min);
        gb_buf_puts(out, " to ");
        put_span(out, key->max);
    } else if (key->min != 0 || key->max != 0) {
        gb_buf_printf(out, ", %lld to %lld", (long long)key->min, (long long)key->max);
    }
    if (key->value)
        gb_buf_printf(out, ", default %s", key->value);
    else if (key->required)
        gb_buf_puts(out, ", required");
}

static void put_line(const char *name, const char *value, struct gb_buf *out)
{
    if (value)
        gb_buf_printf(out, "%s = %s\n", name, value);
    else
        gb_buf_printf(out, "#%s =\n", name);
}

static void put_value(const struct conf_key *key, const void *at, struct gb_buf *out)
{
    const char *text = NULL;
    int64_t number = 0;
    int choice = 0;
    struct conf_list list = {0};
    switch (key->type) {
    case CONF_TEXT:
        memcpy(&text, at, sizeof text);
        put_line(key->name, text, out);
        break;
    case CONF_NUMBER:
        memcpy(&number, at, sizeof number);
        gb_buf_printf(out, "%s = %lld\n", key->name, (long long)number);
        break;
    case CONF_SPAN:
        memcpy(&number, at, sizeof number);
        gb_buf_printf(out, "%s = ", key->name);
        put_span(out, number);
        gb_buf_puts(out, "\n");
        break;
    case CONF_BOOL:
        put_line(key->name, *(const bool *)at ? "yes" : "no", out);
        break;
    case CONF_LIST:
        memcpy(&list, at, sizeof list);
        for (size_t i = 0; i < list.count; i++)
            put_line(key->name, list.items[i], out);
        if (list.count == 0)
            put_line(key->name, NULL, out);
        break;
    case CONF_CHOICE:
        memcpy(&choice, at, sizeof choice);
        put_line(key->name, key->choices[choice], out);
        break;
    }
}

void conf_print(const struct conf_key *table, const void *values, struct gb_buf *out)
{
    for (const struct conf_key *key = table; key->name; key++) {
        gb_buf_printf(out, "%s# %s\n# (", key == table ? "" : "\n", key->help);
        put_type(key, out);
        gb_buf_puts(out, ")\n");
        put_value(key, (const uint8_t *)values + key->offset, out);
    }
}

void conf_help(const struct conf_key *table, struct gb_buf *out)
{
    for (const struct conf_key *key = table; key->name; key++) {
        gb_buf_printf(out, "  %s (", key->name);
        put_type(key, out);
        gb_buf_printf(out, ")\n      %s\n", key->help);
    }
}
