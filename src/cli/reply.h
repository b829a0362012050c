/* Members of the server's answers as they may be printed: escaped, short. In the arena; never NULL:
 * "-" for what is absent (or no memory). */
#ifndef GB_CLI_REPLY_H
#define GB_CLI_REPLY_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/finding.h"
#include "wire/json.h"

const char *reply_text(struct gb_arena *arena, const struct json *object, const char *key);
const char *reply_number(struct gb_arena *arena, const struct json *object, const char *key);
/* A text that stands in an array. */
const char *reply_item(struct gb_arena *arena, const struct json *item);
/* "a, b" of an array of texts. */
const char *reply_list(struct gb_arena *arena, const struct json *object, const char *key);
/* A time as "12s ago" or "in 3h", seen from `now_s`. */
const char *reply_when(struct gb_arena *arena, const struct json *object, const char *key,
                       int64_t now_s);
bool reply_time(const struct json *object, const char *key, int64_t *ret_time_s);
bool reply_is(const struct json *object, const char *key, const char *text);
/* "trusted", "affirming": good; "untrusted": bad; none for other words. */
enum gb_tier reply_tier(const struct json *object, const char *key);

#endif
