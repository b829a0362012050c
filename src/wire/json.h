/*
 * JSON as a small tree. Writing: values are built, then printed, by us. Reading: a thin, strict
 * door to jansson; duplicate keys, depth above GB_LIMIT_JSON_DEPTH, trailing bytes, bad UTF-8 and
 * NUL in strings are errors. One tree has one user at a time.
 */
#ifndef GB_WIRE_JSON_H
#define GB_WIRE_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

struct json; /* a value, with all that stands in it */

/* Building. NULL in, NULL out, so one check at json_print suffices. json_set and json_push take
 * over `value`. (Not json_object and json_array: those names are jansson's.) */
struct json *json_new_object(void);
struct json *json_new_array(void);
struct json *json_text(const char *utf8);  /* NULL becomes null; prints broken UTF-8 as U+FFFD */
struct json *json_hex(struct gb_bytes in); /* lower case hex */
struct json *json_number(uint64_t value);  /* up to INT64_MAX */
struct json *json_bool(bool value);
/* A failure (out of memory, NULL value, a key twice) is remembered in `object`/`array`: json_print
 * then fails. */
void json_set(struct json *object, const char *key, struct json *value);
void json_push(struct json *array, struct json *value);
/* Takes a member out of `object`, for a tree of the caller's: it owns it. NULL when absent. */
struct json *json_take(struct json *object, const char *key);
/* The same of an array's item; NULL when there is none. */
struct json *json_take_at(struct json *array, size_t index);
void json_free(struct json *value);
void json_freep(struct json **value);

/* Indented by two, keys in order of insertion, what could rewrite a terminal as \uXXXX, a newline
 * at the end. GB_ERR_NOMEM. Caller frees with gb_free. */
GB_MUST_USE int json_print(const struct json *value, char **ret_text, struct gb_err *err);

/* Appends the same on one line, without blanks and without a newline: one form for records that are
 * hashed. A failure sticks in `out`. */
void json_line(const struct json *value, struct gb_buf *out);
/* Appends one string with its quotes, likewise. */
void json_line_text(struct gb_bytes text, struct gb_buf *out);

/* Reading: any one value, with at most GB_LIMIT_JSON_VALUES in it. The text at fault is named by
 * its offset. GB_ERR_INPUT, NOMEM. Fractions are kept as neither number nor text. The caller caps
 * in.len. */
GB_MUST_USE int json_read(struct gb_bytes in, struct json **ret_value, struct gb_err *err);
/* The same with a ceiling of the caller's: what holds more is refused before anything is built. */
GB_MUST_USE int json_read_at_most(struct gb_bytes in, size_t max_values, struct json **ret_value,
                                  struct gb_err *err);
/* Borrowed members; NULL or false when absent or of another type. */
const struct json *json_get(const struct json *object, const char *key);
/* An object, even an empty one. */
bool json_has_members(const struct json *value);
/* Members of an object, in the order of the text, and the name of one with what it is; NULL past
 * the end. */
size_t json_members(const struct json *object);
const struct json *json_member(const struct json *object, size_t index, struct gb_bytes *ret_key);
bool json_is_list(const struct json *value);
size_t json_count(const struct json *array);
const struct json *json_at(const struct json *array, size_t index);
bool json_as_text(const struct json *value, struct gb_bytes *ret_text);
/* Absent, or null. */
bool json_absent(const struct json *value);
bool json_get_text(const struct json *object, const char *key, struct gb_bytes *ret_text);
bool json_get_number(const struct json *object, const char *key, uint64_t *ret_value);
bool json_get_bool(const struct json *object, const char *key, bool *ret_value);

#endif
