/*
 * Configuration by one const table a program: key, type, default, bounds, help. The table feeds the
 * parser, --help, --print-config, the man page and completion; a test compares them. Files hold
 * `key = value` lines, `#` comments, no sections; a list key may be repeated. Unknown keys, keys
 * twice and values out of bounds are GB_ERR_CONFIG: file, line, nearest known key. Loading fills a
 * struct whole or not at all.
 */
#ifndef GB_BASE_CONF_H
#define GB_BASE_CONF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum conf_type {
    CONF_TEXT,   /* const char * in the arena; NULL when unset and without default */
    CONF_NUMBER, /* int64_t between min and max */
    CONF_SPAN,   /* int64_t seconds, written "90s" "15m" "2h" "7d" */
    CONF_BOOL,   /* bool: yes or no */
    CONF_LIST,   /* struct conf_list: repeated keys */
    CONF_CHOICE, /* int: index into `choices` */
};

struct conf_list {
    const char **items;
    size_t count;
};

/* NOLINTNEXTLINE(clang-analyzer-optin.performance.Padding): in the order in which tables read */
struct conf_key {
    const char *name; /* NULL ends the table */
    enum conf_type type;
    size_t offset;     /* offsetof(struct ..., member) */
    const char *value; /* the default, as it would be written; NULL: none */
    int64_t min;       /* both 0: no bounds */
    int64_t max;
    const char *const *choices; /* NULL-terminated, for CONF_CHOICE; without default the first */
    const char *help;           /* one sentence */
    bool required;
};

/* Fills `ret` (the program's own struct; other members stay) from defaults, then from `text`.
 * `name` is the file's, for messages. Texts are in the arena. A `#` within a value belongs to it.
 */
GB_MUST_USE int conf_read(struct gb_arena *arena, const struct conf_key *table, const char *name,
                          struct gb_bytes text, void *ret, struct gb_err *err);
/* All keys with their present values and help as comments: reads back the same. */
void conf_print(const struct conf_key *table, const void *values, struct gb_buf *out);
/* For --help: a line or two a key. */
void conf_help(const struct conf_key *table, struct gb_buf *out);

#endif
