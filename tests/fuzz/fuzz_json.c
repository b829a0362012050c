/* Aims at json_read, its ceiling of values, and json_print: what was read and printed reads and
 * prints the same. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/json.h"
#include "wire/json_node.h"

enum { FEW = 16 };

static size_t count(const struct json *value)
{
    size_t all = 1;
    for (size_t i = 0; i < value->count; i++)
        all += count(value->items[i]);
    return all;
}

/* The ceiling counts commas and brackets; what it let through is counted one by one. */
static void must_be_few(const struct json *value)
{
    if (count(value) > FEW)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *value = NULL;
    struct gb_err err;
    if (json_read_at_most(gb_bytes(data, size), FEW, &value, &err) == 0)
        must_be_few(value);
    json_free(value);
    value = NULL;
    if (json_read(gb_bytes(data, size), &value, &err) < 0) {
        if (err.offset > size)
            abort();
        return 0;
    }
    char *text = NULL;
    if (json_print(value, &text, NULL) == 0) { /* fractions and negative numbers have no print */
        struct json *back = NULL;
        char *again = NULL;
        if (json_read(gb_bytes_str(text), &back, NULL) != 0 ||
            json_print(back, &again, NULL) != 0 || strcmp(text, again) != 0)
            abort();
        json_free(back);
        gb_free(again);
    }
    gb_free(text);
    json_free(value);
    return 0;
}
