#include "policy/sets/said.h"

#include <stddef.h>

#include "base/check.h"
#include "crypto/digest.h"
#include "verify/claims.h"
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

/* Not said and said to be empty are two things; a length before each word keeps them apart. */
static int add_word(struct digester *digester, struct gb_bytes word)
{
    const uint8_t head[] = {word.data != NULL, (uint8_t)(word.len >> 8), (uint8_t)word.len};
    int r = digest_add(digester, DIGEST_SHA256, gb_bytes(head, sizeof head));
    return r < 0 ? r : digest_add(digester, DIGEST_SHA256, word);
}

int said_digest(struct digester *digester, const struct claims *claims, uint8_t out[SAID_DIGEST],
                struct gb_err *err)
{
    struct said said;
    said_read(claims, &said);
    const struct gb_bytes words[] = {said.vendor, said.model, said.firmware, said.distribution,
                                     said.kernel};
    int r = digest_begin(digester, DIGEST_SHA256);
    for (size_t i = 0; r == GB_OK && i < GB_ARRAY_LEN(words); i++)
        r = add_word(digester, words[i]);
    if (r == GB_OK)
        r = digest_end(digester, DIGEST_SHA256, out);
    return r < 0 ? gb_err_set(err, GB_ERR_BUG, "sha256 failed") : GB_OK;
}
