/* Aims at corim_read (CBOR, COSE, CoMID), signed and unsigned: the key is that of the corpus, whose
 * signed seed verifies. What is signed otherwise is never mapped. */
#include <stdlib.h>

#include "base/arena.h"
#include "crypto/key.h"
#include "import_check.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char public_key[] =
    "-----BEGIN PUBLIC KEY-----\n"
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPrG4/7dWEbkjzUr+vDkKqDIHqBfU\n"
    "G2ggt8ielkIoRmeoVuzJC9ZRFc5w9oFw95l/dl6vDF/6yZCt0a21Hc0Otw==\n"
    "-----END PUBLIC KEY-----\n";

static struct digester *digester;
static struct key *key;

static void make_ready(void)
{
    if (!digester && digester_new(&digester, NULL) < 0)
        abort();
    if (!key && key_from_pem(gb_bytes_str(public_key), &key, NULL) < 0)
        abort();
}

static void read_as(struct gb_bytes in, bool allow_unsigned)
{
    struct gb_arena *arena = gb_arena_new();
    struct corim_trust trust = {key, allow_unsigned, 1800000000};
    struct corim_said said;
    struct import import;
    struct gb_err err;
    if (!arena)
        abort();
    import_init(&import, arena, "x", REF_NONE);
    int r = corim_read(&import, digester, in, &trust, &said, &err);
    if (r == GB_OK && !said.is_signed && !allow_unsigned)
        abort();
    if (r == GB_OK)
        import_check(&import);
    import_done(&import);
    gb_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    make_ready();
    read_as(gb_bytes(data, size), false);
    read_as(gb_bytes(data, size), true);
    return 0;
}
