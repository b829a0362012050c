#include "attest/trust.h"

#include "attest/attest.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "policy/policy.h"

static int read_roots(const struct trust_parts *parts, struct x509_store **ret_roots,
                      struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    int r = x509_store_new(&roots, err);
    for (size_t i = 0; r == GB_OK && i < parts->root_count; i++) {
        r = x509_store_add(roots, parts->roots[i].bytes, err);
        if (r == GB_OK)
            continue;
        gb_err_prefix(err, "%s: ", parts->roots[i].name);
        /* The operator's own file, not evidence: a matter of configuration. */
        if (r == GB_ERR_INPUT && err)
            err->code = GB_ERR_CONFIG;
        if (r == GB_ERR_INPUT)
            r = GB_ERR_CONFIG;
    }
    if (r == GB_OK)
        *ret_roots = gb_take(roots);
    return r;
}

/* Lengths before contents, so that bytes cannot move from one file to the next. */
static int add_files(struct digester *digester, const struct policy_file *files, size_t count)
{
    uint8_t len[8];
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i <= count; i++) {
        uint64_t value = i < count ? files[i].bytes.len : UINT64_MAX; /* the list's end */
        for (size_t k = 0; k < sizeof len; k++)
            len[k] = (uint8_t)(value >> 8 * (7 - k));
        r = digest_add(digester, DIGEST_SHA256, gb_bytes(len, sizeof len));
        if (r == GB_OK && i < count)
            r = digest_add(digester, DIGEST_SHA256, files[i].bytes);
    }
    return r;
}

static int make_id(struct digester *digester, const struct trust_parts *parts, uint64_t *ret_id,
                   struct gb_err *err)
{
    uint8_t digest[32] = {0};
    uint64_t id = 0;
    int r = digest_begin(digester, DIGEST_SHA256);
    if (r == GB_OK)
        r = add_files(digester, parts->policies, parts->policy_count);
    if (r == GB_OK)
        r = add_files(digester, parts->roots, parts->root_count);
    if (r == GB_OK)
        r = digest_end(digester, DIGEST_SHA256, digest);
    if (r < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    for (size_t i = 0; i < sizeof id; i++)
        id = id << 8 | digest[i];
    *ret_id = id ? id : 1;
    return GB_OK;
}

int trust_read(struct gb_arena *arena, struct digester *digester, const struct trust_parts *parts,
               struct trust *ret_trust, struct x509_store **ret_roots, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct trust trust = {0};
    int r =
        policy_read(arena, parts->policies, parts->policy_count, parts->seed, &trust.policy, err);
    if (r == GB_OK && parts->root_count > 0)
        r = read_roots(parts, &roots, err);
    if (r == GB_OK)
        r = make_id(digester, parts, &trust.id, err);
    if (r < 0)
        return r;
    trust.anchors.ek_roots = roots;
    *ret_roots = gb_take(roots);
    *ret_trust = trust;
    return GB_OK;
}
