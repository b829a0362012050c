#include "reference/packages/control.h"

#include <string.h>
#include <strings.h>

void control_init(struct control *control, struct gb_bytes text)
{
    *control = (struct control){.rest = text, .line = 1};
}

static bool cut_line(struct control *control, struct gb_bytes *ret_line)
{
    if (control->rest.len == 0)
        return false;
    struct gb_bytes line = gb_text_until(&control->rest, '\n');
    control->line++;
    if (line.len > 0 && line.data[line.len - 1] == '\r')
        line.len--;
    *ret_line = line;
    return true;
}

static bool is_blank(struct gb_bytes line)
{
    return gb_text_trim(line).len == 0;
}

static int wrong(const struct control *control, struct gb_err *err, const char *what)
{
    return gb_err_set(err, GB_ERR_INPUT, "line %zu: %s", control->line - 1, what);
}

static bool named(struct gb_bytes name, const char *wanted)
{
    return name.len == strlen(wanted) &&
           strncasecmp((const char *)name.data, wanted, name.len) == 0;
}

/* From the value's begin to the end of its last further line. */
static struct gb_bytes whole_value(struct control *control, struct gb_bytes first)
{
    struct gb_bytes line;
    const uint8_t *end = first.data + first.len;
    while (control->rest.len > 0 && (*control->rest.data == ' ' || *control->rest.data == '\t') &&
           cut_line(control, &line))
        end = line.data + line.len;
    return gb_text_trim(gb_bytes(first.data, (size_t)(end - first.data)));
}

static int read_field(struct control *control, struct gb_bytes line, const char *const *names,
                      size_t count, struct gb_bytes *values, struct gb_err *err)
{
    struct gb_bytes value = line;
    if (memchr(line.data, 0, line.len))
        return wrong(control, err, "holds a NUL");
    struct gb_bytes name = gb_text_until(&value, ':');
    if (name.len == line.len || name.len == 0 || *name.data == ' ' || *name.data == '\t')
        return wrong(control, err, "neither \"Name: value\" nor the further line of a value");
    size_t at = 0;
    while (at < count && !named(name, names[at]))
        at++;
    if (at < count && values[at].data)
        return wrong(control, err, "a field for the second time");
    struct gb_bytes whole = whole_value(control, value);
    if (at < count) /* even of no length it is there */
        values[at] = whole.data ? whole : gb_bytes("", 0);
    return GB_OK;
}

int control_next(struct control *control, const char *const *names, size_t count,
                 struct gb_bytes *values, struct gb_err *err)
{
    struct gb_bytes line;
    bool any = false;
    for (size_t i = 0; i < count; i++)
        values[i] = gb_bytes(NULL, 0);
    while (cut_line(control, &line)) {
        if (is_blank(line)) {
            if (any)
                break;
            continue;
        }
        any = true;
        int r = read_field(control, line, names, count, values, err);
        if (r < 0)
            return r;
    }
    return any;
}

bool control_word(struct gb_bytes text)
{
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool alnum = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
        if (!alnum && (c == 0 || !strchr("+-.:~_", c)))
            return false;
    }
    return text.len > 0;
}
