#include "policy/said.h"

#include <stddef.h>

#include "base/check.h"
#include "wire/cbor.h"

enum { MAX_ITEMS = 32, MAX_KEY = 32, MAX_WORD = 256 };

void said_read(const struct claims *claims, struct said *ret_said)
{
    struct said said = {0};
    const struct {
        const char *key;
        struct gb_bytes *value;
    } words[] = {{"vendor", &said.vendor},
                 {"model", &said.model},
                 {"firmware", &said.firmware},
                 {"os", &said.distribution},
                 {"kernel", &said.kernel}};
    struct cbor_reader reader;
    *ret_said = (struct said){0};
    if (claims->extras.len == 0)
        return;
    cbor_reader_init(&reader, claims->extras);
    size_t count = cbor_read_map(&reader, MAX_ITEMS);
    for (size_t i = 0; i < count && cbor_ok(&reader); i++) {
        struct gb_bytes key = cbor_read_text(&reader, MAX_KEY);
        struct gb_bytes value = cbor_read_text(&reader, MAX_WORD);
        for (size_t k = 0; k < GB_ARRAY_LEN(words); k++)
            if (gb_bytes_is(key, words[k].key))
                *words[k].value = value;
    }
    if (cbor_ok(&reader))
        *ret_said = said;
}
