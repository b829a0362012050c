/* What a JSON body asks: members with their types and ceilings. */
#ifndef GB_SERVER_ASK_H
#define GB_SERVER_ASK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "wire/json.h"

struct ask {
    struct gb_arena *arena;
    const struct json *body;
    struct gb_err *err; /* the first failure stands */
    bool failed;
};

/* A request's body: few values, so that a stranger's 64 KB cost no more than reading them.
 * GB_ERR_INPUT, NOMEM; the caller frees. */
GB_MUST_USE int ask_body(struct gb_bytes in, struct json **ret_body, struct gb_err *err);

/* Bodies are objects. All below: a member that is absent or of another type fails the ask, and
 * gives something empty. Results are in the arena. */
struct gb_bytes ask_base64(struct ask *ask, const char *key, size_t max);
/* Exactly `len` bytes into `out`. */
void ask_base64_exact(struct ask *ask, const char *key, uint8_t *out, size_t len);
/* An array of base64; *ret_count of them. */
struct gb_bytes *ask_base64_list(struct ask *ask, const char *key, size_t max_items, size_t max,
                                 size_t *ret_count);
/* A name as Kubernetes takes it. */
const char *ask_name(struct ask *ask, const char *key);
/* NULL when absent. */
const char *ask_text_optional(struct ask *ask, const char *key, size_t max);
/* An array of texts, none longer than `max`, as copies; absent: none. */
const char **ask_texts(struct ask *ask, const char *key, size_t max_items, size_t max,
                       size_t *ret_count);
/* "sha256:" and 64 hex digits. */
void ask_digest(struct ask *ask, const char *key, uint8_t out[32]);
bool ask_parse_digest(struct gb_bytes text, uint8_t out[32]);
int64_t ask_number(struct ask *ask, const char *key, int64_t min, int64_t max);
void ask_fail(struct ask *ask, const char *fmt, ...) GB_PRINTF(2, 3);

#endif
