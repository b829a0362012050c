#include "policy/rules/pattern.h"

#include <stddef.h>

/* On a mismatch the last star takes one byte more: no recursion, no doubling. */
bool pattern_matches(struct gb_bytes pattern, struct gb_bytes text)
{
    size_t p = 0, t = 0, star = 0, resume = 0;
    bool has_star = false;
    while (t < text.len) {
        if (p < pattern.len && pattern.data[p] == '*') {
            has_star = true;
            star = ++p;
            resume = t;
        } else if (p < pattern.len && pattern.data[p] == text.data[t]) {
            p++;
            t++;
        } else if (has_star) {
            p = star;
            t = ++resume;
        } else {
            return false;
        }
    }
    while (p < pattern.len && pattern.data[p] == '*')
        p++;
    return p == pattern.len;
}
