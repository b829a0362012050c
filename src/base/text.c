#include "base/text.h"

#include <string.h>

void gb_lines_init(struct gb_lines *lines, struct gb_bytes in)
{
    *lines = (struct gb_lines){.rest = in};
}

bool gb_lines_next(struct gb_lines *lines, struct gb_bytes *ret_line)
{
    if (lines->rest.len == 0)
        return false;
    const uint8_t *start = lines->rest.data;
    const uint8_t *end = memchr(start, '\n', lines->rest.len);
    size_t len = end ? (size_t)(end - start) : lines->rest.len;
    size_t step = end ? len + 1 : len;
    lines->rest = gb_bytes_from(lines->rest, step);
    lines->offset += step;
    lines->line++;
    if (end && len > 0 && start[len - 1] == '\r')
        len--;
    *ret_line = gb_bytes(start, len);
    return true;
}

static bool blank(uint8_t c)
{
    return c == ' ' || c == '\t';
}

struct gb_bytes gb_text_word(struct gb_bytes *rest)
{
    size_t from = 0;
    while (from < rest->len && blank(rest->data[from]))
        from++;
    size_t to = from;
    while (to < rest->len && !blank(rest->data[to]))
        to++;
    struct gb_bytes word = gb_bytes(to > from ? rest->data + from : NULL, to - from);
    *rest = gb_bytes_from(*rest, to);
    return word;
}

struct gb_bytes gb_text_until(struct gb_bytes *rest, char sep)
{
    const uint8_t *end = rest->len ? memchr(rest->data, sep, rest->len) : NULL;
    size_t len = end ? (size_t)(end - rest->data) : rest->len;
    struct gb_bytes out = gb_bytes(rest->data, len);
    *rest = gb_bytes_from(*rest, end ? len + 1 : len);
    return out;
}

struct gb_bytes gb_text_trim(struct gb_bytes in)
{
    while (in.len > 0 && (blank(in.data[in.len - 1]) || in.data[in.len - 1] == '\r' ||
                          in.data[in.len - 1] == '\n'))
        in.len--;
    while (in.len > 0 && blank(in.data[0]))
        in = gb_bytes_from(in, 1);
    return in;
}

bool gb_text_u64(struct gb_bytes in, uint64_t max, uint64_t *ret_value)
{
    if (in.len == 0 || in.len > 20)
        return false;
    uint64_t value = 0;
    for (size_t i = 0; i < in.len; i++) {
        uint8_t c = in.data[i];
        if (c < '0' || c > '9')
            return false;
        uint64_t digit = (uint64_t)(c - '0');
        if (value > (max - digit) / 10 || digit > max)
            return false;
        value = value * 10 + digit;
    }
    *ret_value = value;
    return true;
}

enum { NEAREST_MAX_WORD = 48, NEAREST_MAX_EDITS = 3, NEAREST_MIN_BEGINNING = 3 };

static uint8_t lower(uint8_t c)
{
    return c >= 'A' && c <= 'Z' ? (uint8_t)(c + 32) : c;
}

/* Levenshtein distance, case aside; both at most NEAREST_MAX_WORD long. */
static size_t distance(struct gb_bytes a, struct gb_bytes b)
{
    size_t row[NEAREST_MAX_WORD + 1];
    for (size_t j = 0; j <= b.len; j++)
        row[j] = j;
    for (size_t i = 1; i <= a.len; i++) {
        size_t diagonal = row[0];
        row[0] = i;
        for (size_t j = 1; j <= b.len; j++) {
            size_t change = diagonal + (lower(a.data[i - 1]) != lower(b.data[j - 1]));
            diagonal = row[j];
            size_t gap = (row[j] < row[j - 1] ? row[j] : row[j - 1]) + 1;
            row[j] = change < gap ? change : gap;
        }
    }
    return row[b.len];
}

/* The only name that begins with the word: its end was left out. */
static const char *only_longer(struct gb_bytes word, const char *const *names, size_t count)
{
    const char *found = NULL;
    for (size_t i = 0; i < count && word.len >= NEAREST_MIN_BEGINNING; i++) {
        if (!gb_bytes_starts(gb_bytes_str(names[i]), word))
            continue;
        if (found)
            return NULL;
        found = names[i];
    }
    return found;
}

const char *gb_text_nearest(struct gb_bytes word, const char *const *names, size_t count)
{
    const char *best = NULL;
    size_t best_edits = NEAREST_MAX_EDITS + 1;
    for (size_t i = 0; i < count && word.len <= NEAREST_MAX_WORD; i++) {
        struct gb_bytes name = gb_bytes_str(names[i]);
        if (name.len > NEAREST_MAX_WORD)
            continue;
        size_t edits = distance(word, name);
        if (edits < best_edits && 2 * edits <= word.len) {
            best = names[i];
            best_edits = edits;
        }
    }
    return best ? best : only_longer(word, names, count);
}
