#include "base/log.h"

#include <errno.h>
#include <inttypes.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/utf8.h"

enum {
    LINE = 4096,  /* PIPE_BUF: a line to a pipe or the journal is one piece */
    VALUE = 1024, /* of one field; the rest of it is not worth a cut line */
};

static const char *const level_names[] = {"error", "warning", "info", "debug"};

/* Set at start and at reload, read by every thread. */
static _Atomic(const char *) log_program = "garboard";
static atomic_int log_form = GB_LOG_FORM_TEXT;
static atomic_int log_level = GB_LOG_INFO;

/* One line under construction. A field that does not fit whole is left out: half of one would leave
 * JSON's quotes open. */
struct line {
    char text[LINE];
    size_t len;
    bool json;
    bool full; /* the field at hand did not fit */
};

enum { END = 2 }; /* room kept for "}\n" */

void gb_log_setup(const char *program, enum gb_log_form form, enum gb_log_level level)
{
    atomic_store(&log_program, program);
    atomic_store(&log_form, (int)form);
    atomic_store(&log_level, (int)level);
}

bool gb_log_level_from_name(struct gb_bytes name, enum gb_log_level *ret_level)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(level_names); i++)
        if (gb_bytes_is(name, level_names[i])) {
            *ret_level = (enum gb_log_level)i;
            return true;
        }
    return false;
}

static void put(struct line *line, const char *text, size_t len)
{
    if (line->full || len > sizeof line->text - END - line->len) {
        line->full = true;
        return;
    }
    memcpy(line->text + line->len, text, len);
    line->len += len;
}

static void add(struct line *line, const char *text)
{
    put(line, text, strlen(text));
}

/* A value between quotes: no line break, no quote of its own, no byte that rewrites a terminal. A
 * byte that is not printable UTF-8 becomes \xNN, in JSON with the backslash doubled. */
static void put_quoted(struct line *line, struct gb_bytes value)
{
    if (value.len > VALUE)
        value.len = VALUE;
    add(line, "\"");
    for (size_t i = 0; i < value.len;) {
        uint32_t code = 0;
        size_t n = gb_utf8_at(value, i, &code);
        if (n > 0 && gb_utf8_printable(code)) {
            if (code == '"' || code == '\\')
                add(line, "\\");
            put(line, (const char *)value.data + i, n);
            i += n;
            continue;
        }
        char hex[8];
        snprintf(hex, sizeof hex, line->json ? "\\\\x%02x" : "\\x%02x", (unsigned)value.data[i++]);
        add(line, hex);
    }
    add(line, "\"");
}

/* Words need no quotes in the text form. */
static bool is_word(struct gb_bytes value)
{
    static const char also[] = "-_.:/+@,";
    for (size_t i = 0; i < value.len; i++) {
        uint8_t c = value.data[i];
        bool plain = (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                     (c != 0 && strchr(also, c));
        if (!plain)
            return false;
    }
    return value.len > 0 && value.len <= VALUE;
}

static void put_value(struct line *line, const struct gb_log_field *field)
{
    if (!field->text) {
        char number[24];
        snprintf(number, sizeof number, "%" PRId64, field->number);
        add(line, number);
        return;
    }
    struct gb_bytes value = gb_bytes_str(field->text);
    if (!line->json && is_word(value))
        add(line, field->text);
    else
        put_quoted(line, value);
}

static void put_field(struct line *line, const struct gb_log_field *field)
{
    size_t start = line->len;
    add(line, line->json ? ",\"" : " ");
    add(line, field->key);
    add(line, line->json ? "\":" : "=");
    put_value(line, field);
    if (line->full)
        line->len = start;
    line->full = false;
}

static void put_head(struct line *line, enum gb_log_level level, const char *event)
{
    char now[GB_CLOCK_TEXT];
    gb_clock_text(gb_clock_s(), now);
    const char *program = atomic_load(&log_program);
    char head[256];
    int len =
        line->json
            ? snprintf(head, sizeof head,
                       "{\"time\":\"%s\",\"level\":\"%s\",\"program\":\"%s\",\"event\":\"%s\"", now,
                       level_names[level], program, event)
            : snprintf(head, sizeof head, "%s %s %s %s", now, level_names[level], program, event);
    put(line, head, len < 0 ? 0 : (size_t)len < sizeof head ? (size_t)len : sizeof head - 1);
}

static void send_line(const struct line *line)
{
    size_t sent = 0;
    while (sent < line->len) {
        ssize_t n = write(STDERR_FILENO, line->text + sent, line->len - sent);
        if (n < 0 && errno != EINTR)
            return; /* nobody to tell */
        sent += n < 0 ? 0 : (size_t)n;
    }
}

void gb_log_fields(enum gb_log_level level, const char *event, const struct gb_log_field *fields)
{
    if ((int)level > atomic_load(&log_level))
        return;
    int saved = errno; /* a line in the log changes nothing for its caller */
    struct line line = {.json = atomic_load(&log_form) == GB_LOG_FORM_JSON};
    put_head(&line, level, event);
    for (; fields->key; fields++)
        put_field(&line, fields);
    if (line.json)
        line.text[line.len++] = '}';
    line.text[line.len++] = '\n';
    send_line(&line);
    errno = saved;
}

static const char *code_name(enum gb_err_code code)
{
    switch (code) {
    case GB_OK:
        return "ok";
    case GB_ERR_INPUT:
        return "input";
    case GB_ERR_LIMIT:
        return "limit";
    case GB_ERR_CONFIG:
        return "config";
    case GB_ERR_NOTFOUND:
        return "notfound";
    case GB_ERR_IO:
        return "io";
    case GB_ERR_NOMEM:
        return "nomem";
    case GB_ERR_BUG:
        return "bug";
    case GB_ERR_DENIED:
        return "denied";
    case GB_ERR_AGAIN:
        return "again";
    }
    return "unknown";
}

void gb_log_err(enum gb_log_level level, const char *event, const struct gb_err *err)
{
    struct gb_log_field fields[5] = {GB_LOG_TEXT("why", err->text),
                                     GB_LOG_TEXT("code", code_name(err->code))};
    size_t at = 2;
    if (err->sys != 0)
        fields[at++] = GB_LOG_TEXT("errno", strerrordesc_np(err->sys));
    if (err->offset != GB_NO_OFFSET)
        fields[at++] = GB_LOG_NUMBER("offset", err->offset);
    fields[at] = (struct gb_log_field){.key = NULL};
    gb_log_fields(level, event, fields);
}
