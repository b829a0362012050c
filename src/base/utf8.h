/* UTF-8, one code point at a time: what encode, JSON and YAML share. */
#ifndef GB_BASE_UTF8_H
#define GB_BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

/* Length of the valid UTF-8 sequence at in.data[at] (`at` below in.len), with its code point; 0
 * when there is none: overlong forms, surrogates and cut sequences are none. */
GB_MUST_USE size_t gb_utf8_at(struct gb_bytes in, size_t at, uint32_t *ret_code);

/* Writes at most 4 bytes and returns how many. `code` must be a Unicode scalar value. */
size_t gb_utf8_put(uint32_t code, uint8_t *out);

/* False for what could rewrite a terminal or hide in a line: control characters of ASCII and
 * Latin-1, marks that turn the direction of text, invisible separators. */
GB_MUST_USE bool gb_utf8_printable(uint32_t code);

#endif
