/* The tree behind wire/json.h. Private to json.c, json_print.c and json_read.c. */
#ifndef GB_WIRE_JSON_NODE_H
#define GB_WIRE_JSON_NODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

enum json_kind {
    JSON_NODE_NULL,
    JSON_NODE_BOOL,
    JSON_NODE_NUMBER,
    JSON_NODE_TEXT,
    JSON_NODE_OTHER,
    JSON_NODE_ARRAY,
    JSON_NODE_OBJECT
};

struct json {
    enum json_kind kind;
    bool failed;     /* something of this container got lost: it must not be printed */
    uint64_t number; /* also a bool's 0 or 1 */
    char *text;      /* owned, text_len bytes and a NUL */
    size_t text_len;
    char *key;           /* owned; in an object, the key before this value */
    struct json **items; /* owned, in order of insertion */
    size_t count;
    size_t cap;
};

/* NULL when out of memory. */
GB_MUST_USE struct json *json_node_new(enum json_kind kind);
/* A text node that holds a copy of `text`, NUL behind it. */
GB_MUST_USE struct json *json_node_text(struct gb_bytes text);

/* Takes over `value` as the last of `parent`, under a copy of `key` (NULL in an array; not compared
 * with those that are there). False when out of memory. */
GB_MUST_USE bool json_node_add(struct json *parent, const char *key, struct json *value);

#endif
