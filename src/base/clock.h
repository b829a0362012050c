/* The only clocks. The core reads none: times come to it as arguments. */
#ifndef GB_BASE_CLOCK_H
#define GB_BASE_CLOCK_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

enum { GB_CLOCK_TEXT = 21 }; /* "2026-11-20T21:30:00Z" and a NUL */

/* Seconds since 1970, UTC. May jump when somebody sets the clock. Any thread. */
int64_t gb_clock_s(void);
/* The same in milliseconds, for records that strangers compare. Any thread. */
int64_t gb_clock_wall_ms(void);
/* The same clock in milliseconds. */
int64_t gb_clock_utc_ms(void);
/* Milliseconds of a clock that only goes forward; its zero means nothing. Any thread. */
int64_t gb_clock_ms(void);
/* RFC 3339 in UTC; times outside the years 1970-9999 become the nearest of those. */
void gb_clock_text(int64_t time_s, char out[GB_CLOCK_TEXT]);
/* "2026-11-20T21:30:00Z" or with an offset; false for anything else. */
GB_MUST_USE bool gb_clock_parse(struct gb_bytes text, int64_t *ret_time_s);
/* "90s", "15m", "2h", "7d" to seconds; false for anything else or more than ten years. */
GB_MUST_USE bool gb_clock_span(struct gb_bytes text, int64_t *ret_s);

#endif
