/* Aims at json_read, and at json_print: what was read and printed reads and prints the same. */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "wire/json.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct json *value = NULL;
    struct gb_err err;
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
