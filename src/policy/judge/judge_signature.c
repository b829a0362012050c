#include "policy/judge/judge_signature.h"

#include <string.h>

#include "crypto/digest.h"
#include "crypto/sig_cache.h"
#include "evidence/ima.h"
#include "evidence/ima_sig.h"
#include "policy/judge/judge.h"
#include "policy/sets/ima_signers.h"

/*
 * What a signature of version 3 is over (struct ima_file_id of the kernel): its type and the
 * algorithm's number before the fs-verity digest, so that nobody can take one kind for the other.
 */
static int hash_file_id(const struct ima_entry *entry, const struct ima_sig *sig, uint8_t *out,
                        struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    uint8_t id[2 + GB_LIMIT_DIGEST] = {0x06, sig->algorithm};
    size_t size = entry->file_digest.len;
    memcpy(id + 2, entry->file_digest.data, size);
    int r = digester_new(&digester, err);
    if (r == GB_OK && digest_of(digester, sig->alg, gb_bytes(id, 2 + size), out) < 0)
        r = gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    return r;
}

/* NULL when it may be verified. */
static const char *fault(const struct ima_entry *entry, const struct ima_sig *sig)
{
    if (sig->is_verity != entry->is_verity)
        return entry->is_verity ? "it is over the file's contents, the digest is of fs-verity"
                                : "it is over a fs-verity digest, the digest is of the contents";
    if (sig->alg != entry->file_alg || entry->file_digest.len != digest_size(sig->alg))
        return "it is over a digest of another algorithm";
    return NULL;
}

static const struct ima_signer *find_signer(const struct ima_signers *signers,
                                            const struct ima_sig *sig, size_t *at)
{
    while (*at < signers->count) {
        const struct ima_signer *signer = &signers->items[(*at)++];
        if (memcmp(signer->key.key_id, sig->key_id, sizeof sig->key_id) == 0)
            return signer;
    }
    return NULL;
}

/* `/usr/bin` is that file, or a folder and what is in it; `/usr/` is the folder. */
static bool is_under(struct gb_bytes path, struct gb_bytes folder)
{
    if (folder.len == 0 || !gb_bytes_starts(path, folder))
        return false;
    return folder.data[folder.len - 1] == '/' || path.len == folder.len ||
           path.data[folder.len] == '/';
}

static bool speaks_for(const struct ima_signer *signer, struct gb_bytes path)
{
    for (size_t i = 0; i < signer->path_count; i++)
        if (is_under(path, gb_bytes_str(signer->paths[i])))
            return true;
    return signer->path_count == 0;
}

/* By every signer with that key id: four bytes name a key, they do not prove one. */
static int try_signers(const struct judge *judge, const struct ima_entry *entry,
                       const struct ima_sig *sig, const uint8_t *digest, struct signed_file *file,
                       struct gb_err *err)
{
    const struct ima_signer *signer;
    for (size_t at = 0; (signer = find_signer(&judge->node->rules.ima.signers, sig, &at));) {
        bool valid = false;
        if (!speaks_for(signer, entry->path)) {
            file->why_not =
                gb_arena_printf(judge->arena, "%s does not sign for this path", signer->name);
            continue;
        }
        int r = sig_cache_verify(judge->policy->signatures, &signer->key, sig->alg, digest,
                                 sig->value, &valid, err);
        if (r < 0)
            return r;
        if (valid) {
            *file = (struct signed_file){.signer = signer};
            return GB_OK;
        }
        file->why_not = gb_arena_printf(
            judge->arena, "it names the key of %s, which did not make it over this file",
            signer->name);
    }
    if (!file->why_not)
        file->why_not =
            gb_arena_printf(judge->arena, "the policy has no signer with key %02x%02x%02x%02x",
                            sig->key_id[0], sig->key_id[1], sig->key_id[2], sig->key_id[3]);
    return file->why_not ? GB_OK : gb_err_nomem(err);
}

int judge_signature(const struct judge *judge, const struct ima_entry *entry,
                    struct signed_file *ret_signed, struct gb_err *err)
{
    struct signed_file file = {0};
    struct ima_sig sig;
    uint8_t of_verity[GB_LIMIT_DIGEST];
    const uint8_t *digest = entry->file_digest.data;
    int r = GB_OK;
    *ret_signed = file;
    if (judge->node->rules.ima.signers.count == 0 || entry->signature.len == 0 ||
        entry->buffer.data)
        return GB_OK;
    if (ima_sig_read(entry->signature, &sig, &file.why_not))
        file.why_not = fault(entry, &sig);
    if (!file.why_not && sig.is_verity) {
        r = hash_file_id(entry, &sig, of_verity, err);
        digest = of_verity;
    }
    if (!file.why_not && r == GB_OK)
        r = try_signers(judge, entry, &sig, digest, &file, err);
    if (r == GB_OK)
        *ret_signed = file;
    return r;
}
