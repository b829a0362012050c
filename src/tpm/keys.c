#include "tpm/keys.h"

#include <stdbool.h>
#include <string.h>
#include <tss2/tss2_esys.h>

#include "base/encode.h"
#include "evidence/tpm_wire.h"
#include "tpm/esys.h"
#include "tpm/failure.h"
#include "tpm/template.h"

struct wanted {
    const char *what; /* "attestation key" */
    const char *conf; /* the configuration's name of its handle */
    const TPM2B_PUBLIC *template;
    uint32_t handle;
    struct gb_bytes expected;
};

static int fill(struct tpm *tpm, struct gb_arena *arena, uint32_t handle, const TPM2B_PUBLIC *area,
                struct tpm_key *ret_key, struct gb_err *err)
{
    struct tpm_key key = {.handle = handle};
    uint8_t name[2 + GB_LIMIT_DIGEST];
    size_t len = 0;
    int r = tpm_public_bytes(arena, area, &key.public_area, err);
    if (r == GB_OK)
        r = tpm_public_read(key.public_area, &key.area, err);
    if (r == GB_OK)
        r = tpm_public_name(tpm->digester, &key.area, name, &len, err);
    if (r < 0)
        return r;
    key.name = gb_arena_copy(arena, gb_bytes(name, len));
    if (!key.name.data)
        return gb_err_nomem(err);
    *ret_key = key;
    return GB_OK;
}

/* What stands at the handle now. Keys of a kind that we do not read count as somebody else's. */
static int read_present(struct tpm *tpm, struct gb_arena *arena, uint32_t handle,
                        struct tpm_key *ret_key, struct gb_err *err)
{
    ESYS_TR object = ESYS_TR_NONE;
    tpm_object_forget(tpm, handle);
    int r = tpm_object(tpm, handle, &object, err);
    if (r < 0)
        return r;
    gb_cleanup(tpm_esys_freep) TPM2B_PUBLIC *area = NULL;
    TSS2_RC rc = Esys_ReadPublic(tpm->esys, object, TPM_AUTH_0, &area, NULL, NULL);
    if (rc)
        return tpm_failed(err, rc, "TPM2_ReadPublic");
    if (fill(tpm, arena, handle, area, ret_key, NULL) < 0)
        *ret_key = (struct tpm_key){.handle = handle};
    return GB_OK;
}

static const char *kind_of(const struct tpm_key *key)
{
    uint32_t attributes = key->area.attributes;
    if (!key->name.data)
        return "a key of a kind that Garboard does not use";
    if (attributes & TPMA_RESTRICTED)
        return attributes & TPMA_DECRYPT ? "a storage or endorsement key"
                                         : "another program's attestation key";
    return attributes & TPMA_SIGN ? "another program's signing key"
                                  : "another program's decryption key";
}

static int occupied(struct gb_arena *arena, const struct wanted *wanted,
                    const struct tpm_key *present, struct gb_err *err)
{
    const char *name = gb_hex(arena, gb_bytes(present->name.data, present->name.len > 10 ? 10 : 0));
    return gb_err_set(err, GB_ERR_CONFIG,
                      "TPM: handle 0x%08x, meant for the %s, holds %s (Name %s...): choose another "
                      "%s, or free it with tpm2_evictcontrol -c 0x%08x",
                      wanted->handle, wanted->what, kind_of(present), name ? name : "",
                      wanted->conf, wanted->handle);
}

static int changed(const struct wanted *wanted, struct gb_err *err)
{
    return gb_err_set(
        err, GB_ERR_DENIED,
        "the TPM was cleared or changed: its %s is not the one that was enrolled. Remove "
        "the node on the server (garboard node remove), delete the agent's state and "
        "enrol again",
        wanted->what);
}

static int persist(struct tpm *tpm, const struct wanted *wanted, ESYS_TR key, struct gb_err *err)
{
    ESYS_TR kept = ESYS_TR_NONE;
    TSS2_RC rc =
        Esys_EvictControl(tpm->esys, ESYS_TR_RH_OWNER, key, TPM_AUTH_1, wanted->handle, &kept);
    if (rc)
        return tpm_failed_auth(err, rc, "TPM2_EvictControl", "owner");
    (void)Esys_TR_Close(tpm->esys, &kept);
    return GB_OK;
}

static int make(struct tpm *tpm, struct gb_arena *arena, const struct wanted *wanted,
                const struct tpm_key *present, struct tpm_key *ret_key, struct gb_err *err)
{
    gb_cleanup(tpm_transient_done) struct tpm_transient primary = {.handle = ESYS_TR_NONE};
    gb_cleanup(tpm_esys_freep) TPM2B_PUBLIC *area = NULL;
    struct tpm_key key = {0};
    int r = tpm_primary(tpm, wanted->template, &primary, &area, err);
    if (r == GB_OK)
        r = fill(tpm, arena, wanted->handle, area, &key, err);
    if (r < 0)
        return r;
    if (wanted->expected.len > 0 && !gb_bytes_equal(wanted->expected, key.name))
        return changed(wanted, err);
    if (!present)
        r = persist(tpm, wanted, primary.handle, err);
    else if (!gb_bytes_equal(present->name, key.name))
        r = occupied(arena, wanted, present, err);
    if (r == GB_OK)
        *ret_key = key;
    return r;
}

static int ensure(struct tpm *tpm, struct gb_arena *arena, const struct wanted *wanted,
                  struct tpm_key *ret_key, struct gb_err *err)
{
    bool exists = false;
    struct tpm_key present = {0};
    int r = tpm_handle_exists(tpm, wanted->handle, &exists, err);
    if (r < 0)
        return r;
    if (!exists) {
        tpm_object_forget(tpm, wanted->handle);
        return make(tpm, arena, wanted, NULL, ret_key, err);
    }
    r = read_present(tpm, arena, wanted->handle, &present, err);
    if (r < 0)
        return r;
    if (wanted->expected.len > 0 && gb_bytes_equal(present.name, wanted->expected)) {
        *ret_key = present; /* known: no need to derive it again, which takes a TPM a second */
        return GB_OK;
    }
    return make(tpm, arena, wanted, &present, ret_key, err);
}

int tpm_ak(struct tpm *tpm, struct gb_arena *arena, enum tpm_key_form form, uint32_t handle,
           struct gb_bytes expected, struct tpm_key *ret_key, struct gb_err *err)
{
    const struct wanted wanted = {
        .what = "attestation key",
        .conf = "ak_handle",
        .template = form == TPM_KEY_RSA2048 ? &template_ak_rsa2048 : &template_ak_p256,
        .handle = handle,
        .expected = expected,
    };
    return ensure(tpm, arena, &wanted, ret_key, err);
}

int tpm_transport(struct tpm *tpm, struct gb_arena *arena, uint32_t handle,
                  struct gb_bytes expected, struct tpm_key *ret_key, struct gb_err *err)
{
    const struct wanted wanted = {
        .what = "transport key",
        .conf = "transport_handle",
        .template = &template_transport,
        .handle = handle,
        .expected = expected,
    };
    return ensure(tpm, arena, &wanted, ret_key, err);
}
