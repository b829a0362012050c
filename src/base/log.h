/*
 * The programs' own log: one line an event, on standard error, key=value or JSON. Core and tools do
 * not log; an error is logged once, where it stops. Values are escaped: foreign text cannot forge a
 * line.
 */
#ifndef GB_BASE_LOG_H
#define GB_BASE_LOG_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/err.h"

enum gb_log_level { GB_LOG_ERROR, GB_LOG_WARNING, GB_LOG_INFO, GB_LOG_DEBUG };
enum gb_log_form { GB_LOG_FORM_TEXT, GB_LOG_FORM_JSON };

/* Once, at start and at reload. `program` is borrowed for ever. */
void gb_log_setup(const char *program, enum gb_log_form form, enum gb_log_level level);
bool gb_log_level_from_name(struct gb_bytes name, enum gb_log_level *ret_level);

struct gb_log_field {
    const char *key;  /* NULL ends the list */
    const char *text; /* NULL: `number` counts */
    int64_t number;
};
/* A text of NULL is shown as a dash. */
static inline const char *gb_log_shown(const char *text)
{
    return text ? text : "-";
}

#define GB_LOG_TEXT(k, v)   ((struct gb_log_field){.key = (k), .text = gb_log_shown(v)})
#define GB_LOG_NUMBER(k, n) ((struct gb_log_field){.key = (k), .number = (int64_t)(n)})

/* `event` is a stable word ("node-enrolled"). One write(2) a line, so that threads do not mix. Any
 * thread. */
void gb_log_fields(enum gb_log_level level, const char *event, const struct gb_log_field *fields);
#ifdef __cppcheck__ /* does not know __VA_OPT__ */
#define gb_log_event(level, event, ...)                                                            \
    gb_log_fields((level), (event), (const struct gb_log_field[]){__VA_ARGS__})
#else
#define gb_log_event(level, event, ...)                                                            \
    gb_log_fields((level), (event),                                                                \
                  (const struct gb_log_field[]){__VA_ARGS__ __VA_OPT__(, ){.key = NULL}})
#endif
/* An error that stops here: event, text, code, errno, offset. */
void gb_log_err(enum gb_log_level level, const char *event, const struct gb_err *err);

#endif
