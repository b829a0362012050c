/* Reads text from strangers: lines and words that carry a ceiling, with line numbers for errors. */
#ifndef GB_BASE_TEXT_H
#define GB_BASE_TEXT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

struct gb_lines {
    struct gb_bytes rest;
    size_t offset; /* of `rest` in the input */
    size_t line;   /* number of the line last returned, from 1 */
};

/* Borrows `in`. */
void gb_lines_init(struct gb_lines *lines, struct gb_bytes in);
/* The next line without its newline (a CR before it goes too); false at the end. */
GB_MUST_USE bool gb_lines_next(struct gb_lines *lines, struct gb_bytes *ret_line);

/* Cuts the next run of non-blanks off `rest`; empty at the end of the line. */
struct gb_bytes gb_text_word(struct gb_bytes *rest);
/* Cuts everything up to the first `sep` (dropped) off `rest`; the whole rest when there is none. */
struct gb_bytes gb_text_until(struct gb_bytes *rest, char sep);
/* Without blanks at both ends. */
struct gb_bytes gb_text_trim(struct gb_bytes in);
/* Decimal, no sign, no more than `max`, the whole of `in`. */
GB_MUST_USE bool gb_text_u64(struct gb_bytes in, uint64_t max, uint64_t *ret_value);

/* The candidate nearest to `word` when it is near enough to have been meant (an edit or three, of
 * at most half its letters), or the only one that begins with it; else NULL. `count` names. */
const char *gb_text_nearest(struct gb_bytes word, const char *const *names, size_t count);

#endif
