/* Bytes as text and back. */
#ifndef GB_BASE_ENCODE_H
#define GB_BASE_ENCODE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

/* Lower case hex with a NUL: `out` holds 2 * in.len + 1. */
void gb_hex_encode(struct gb_bytes in, char *out);
/* In the arena; NULL when out of memory. */
GB_MUST_USE char *gb_hex(struct gb_arena *arena, struct gb_bytes in);
/* Exactly 2 * len hex digits of either case into out[len]; false on anything else (then `out` is
 * undefined). */
GB_MUST_USE bool gb_hex_decode(struct gb_bytes text, uint8_t *out, size_t len);

/* RFC 4648: the standard alphabet with padding, or the URL-safe one without. Decoding is strict: no
 * blanks, no missing or superfluous padding, no bits left over. In the arena; NULL, or false, when
 * out of memory or not base64. */
GB_MUST_USE char *gb_base64(struct gb_arena *arena, struct gb_bytes in);
GB_MUST_USE bool gb_base64_decode(struct gb_arena *arena, struct gb_bytes text,
                                  struct gb_bytes *ret_out);
/* Bytes that this base64 holds when it is right; 0 when its length or padding is wrong already. */
size_t gb_base64_len(struct gb_bytes text);
/* Exactly `len` bytes into out[len], without memory of its own: false means that it is no such
 * base64, and nothing else (then `out` is undefined). */
GB_MUST_USE bool gb_base64_decode_exact(struct gb_bytes text, uint8_t *out, size_t len);
GB_MUST_USE char *gb_base64url(struct gb_arena *arena, struct gb_bytes in);
GB_MUST_USE bool gb_base64url_decode(struct gb_arena *arena, struct gb_bytes text,
                                     struct gb_bytes *ret_out);

/*
 * Makes foreign bytes safe to print: valid UTF-8 that is printable stays, everything else becomes
 * \xNN, a backslash doubles. In the arena; NULL when out of memory. At most `max` input bytes are
 * shown, then "...".
 */
GB_MUST_USE char *gb_text_escape(struct gb_arena *arena, struct gb_bytes in, size_t max);

/* UTF-16LE to UTF-8, stopping at a NUL; lone surrogates become U+FFFD. In the arena; data is NULL
 * when out of memory. */
GB_MUST_USE struct gb_bytes gb_utf16_decode(struct gb_arena *arena, struct gb_bytes in);
/* UTF-8 to UTF-16LE with a closing NUL code unit. false when `text` is not UTF-8 or memory is
 * short. */
GB_MUST_USE bool gb_utf16_encode(struct gb_arena *arena, struct gb_bytes text,
                                 struct gb_bytes *ret_out);

#endif
