/* Aims at x509_from_der, x509_store_add, x509_verify_ek and what a certificate says of its TPM. The
 * input is a 16-bit big-endian length, a certificate of that length, and a file of others. Without
 * a root nothing is ever trusted. */
#include <stdlib.h>

#include "base/reader.h"
#include "crypto/x509.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { NOW = 1893456000 }; /* 2030: the seeds were made in 2026 */

static enum x509_answer judge(struct gb_arena *arena, const struct x509_cert *cert,
                              const struct x509_store *roots, const struct x509_store *helpers)
{
    struct x509_result result = {X509_TRUSTED, NULL, NULL};
    if (x509_verify_ek(arena, cert, roots, helpers, NOW, &result, NULL) < 0)
        return X509_REFUSED;
    if (!result.reason || (result.answer == X509_REFUSED) == (result.root != NULL))
        abort();
    return result.answer;
}

static void look(struct gb_arena *arena, const struct x509_cert *cert, struct gb_bytes others)
{
    gb_cleanup(x509_store_freep) struct x509_store *none = NULL;
    gb_cleanup(x509_store_freep) struct x509_store *some = NULL;
    gb_cleanup(key_freep) struct key *key = NULL;
    struct x509_tpm tpm;
    if (x509_store_new(&none, NULL) < 0 || x509_store_new(&some, NULL) < 0)
        abort();
    if (x509_store_add(some, others, NULL) < 0 && x509_store_count(some) != 0)
        abort();
    if (judge(arena, cert, none, some) != X509_REFUSED)
        abort();
    (void)judge(arena, cert, some, none);
    (void)x509_ek_fault(cert);
    if (x509_tpm(arena, cert, &tpm, NULL) < 0)
        tpm.model = NULL;
    if (x509_key(cert, &key, NULL) == 0 && !key_weakness(key) && key_bits(key) < 256)
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct gb_reader r;
    struct x509_cert *cert = NULL;
    gb_reader_init(&r, gb_bytes(data, size));
    struct gb_bytes der = gb_read_tpm2b(&r, UINT16_MAX);
    struct gb_bytes others = gb_read_bytes(&r, gb_reader_left(&r));
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        abort();
    if (gb_reader_ok(&r) && x509_from_der(der, &cert, NULL) == 0)
        look(arena, cert, others);
    x509_free(cert);
    gb_arena_free(arena);
    return 0;
}
