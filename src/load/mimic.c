#include "load/mimic.h"

#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "crypto/soft_ek.h"
#include "crypto/wrap.h"
#include "evidence/tpm_wire.h"
#include "load/lists.h"
#include "verify/binding.h"

enum { PCR_MASK = 0xffff, ENDORSEMENT = 0x4000000b };

/* PolicySecret(TPM_RH_ENDORSEMENT), as every default EK template has it. */
static const uint8_t ek_policy[32] = {
    0x83, 0x71, 0x97, 0x67, 0x44, 0x84, 0xb3, 0xf8, 0x1a, 0x90, 0xcc, 0x8d, 0x46, 0xa5, 0xd7, 0x24,
    0xfd, 0x52, 0xd7, 0x6e, 0x06, 0x52, 0x0b, 0x64, 0xf2, 0xa1, 0xda, 0x1b, 0x33, 0x14, 0x69, 0xaa};

enum {
    COMMON = TPMA_FIXED_TPM | TPMA_FIXED_PARENT | TPMA_SENSITIVE_DATA_ORIGIN,
    EK = COMMON | TPMA_ADMIN_WITH_POLICY | TPMA_RESTRICTED | TPMA_DECRYPT,
    AK = COMMON | TPMA_USER_WITH_AUTH | TPMA_RESTRICTED | TPMA_SIGN,
    TLS = COMMON | TPMA_USER_WITH_AUTH | TPMA_SIGN,
};

static int write_public(const struct signer *signer, uint32_t attributes, struct gb_buf *out,
                        struct gb_err *err)
{
    uint8_t x[32], y[32], fingerprint[32];
    int r = signer_public(signer, x, y, fingerprint, err);
    if (r < 0)
        return r;
    bool ek = attributes & TPMA_DECRYPT;
    struct tpm_public area = {.type = TPM_ALG_ECC,
                              .name_alg = DIGEST_SHA256,
                              .attributes = attributes,
                              .auth_policy = ek ? gb_bytes(ek_policy, 32) : gb_bytes(NULL, 0),
                              .symmetric_alg = ek ? TPM_ALG_AES : TPM_ALG_NULL,
                              .symmetric_bits = ek ? 128 : 0,
                              .symmetric_mode = ek ? TPM_ALG_CFB : 0,
                              .scheme = ek ? (uint16_t)TPM_ALG_NULL : (uint16_t)KEY_ECDSA,
                              .scheme_hash = ek ? 0 : DIGEST_SHA256,
                              .ecc_curve = KEY_P256,
                              .ecc_x = gb_bytes(x, 32),
                              .ecc_y = gb_bytes(y, 32)};
    gb_buf_init(out, MIMIC_PUBLIC);
    tpm_public_write(out, &area);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

static int name_of(struct digester *digester, const struct gb_buf *area, uint8_t out[34],
                   struct gb_err *err)
{
    struct gb_bytes encoded = gb_bytes_from(gb_buf_bytes(area), 2);
    out[0] = DIGEST_SHA256 >> 8;
    out[1] = DIGEST_SHA256 & 0xff;
    if (digest_of(digester, DIGEST_SHA256, encoded, out + 2) < 0)
        return gb_err_set(err, GB_ERR_BUG, "no digest");
    return GB_OK;
}

/* A run is a boot; tenths of seconds since 2025 only go up from one to the next, for 13 years. */
static uint32_t boot_number(void)
{
    enum { SINCE_S = 1735689600 };
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)((now.tv_sec - SINCE_S) * 10 + now.tv_nsec / 100000000);
}

int mimic_init(struct mimic *machine, const struct lists *lists, struct digester *digester,
               const struct gb_bytes pem[3], struct gb_err *err)
{
    const struct gb_bytes no_passphrase = {0};
    uint8_t x[32], y[32];
    struct mimic m = {.reset_count = boot_number(), .started_ms = (uint64_t)gb_clock_ms()};
    int r = signer_from_pem(pem[0], no_passphrase, &m.ek, err);
    if (r == GB_OK)
        r = signer_from_pem(pem[1], no_passphrase, &m.ak, err);
    if (r == GB_OK)
        r = signer_from_pem(pem[2], no_passphrase, &m.tls, err);
    if (r == GB_OK)
        r = write_public(m.ek, EK, &m.ek_public, err);
    if (r == GB_OK)
        r = write_public(m.ak, AK, &m.ak_public, err);
    if (r == GB_OK)
        r = write_public(m.tls, TLS, &m.tls_public, err);
    if (r == GB_OK)
        r = signer_public(m.tls, x, y, m.transport, err);
    if (r == GB_OK)
        r = name_of(digester, &m.ak_public, m.ak_name, err);
    if (r == GB_OK)
        r = name_of(digester, &m.tls_public, m.tls_name, err);
    m.entries = 1;
    memcpy(m.pcr10, lists->pcrs[10], 32);
    if (r < 0)
        mimic_done(&m);
    else
        *machine = m;
    return r;
}

void mimic_done(struct mimic *machine)
{
    signer_free(machine->ek);
    signer_free(machine->ak);
    signer_free(machine->tls);
    gb_buf_done(&machine->ek_public);
    gb_buf_done(&machine->ak_public);
    gb_buf_done(&machine->tls_public);
}

void mimic_measure(struct mimic *machine, const struct lists *lists, struct digester *digester,
                   uint64_t count)
{
    for (; count > 0; count--) {
        const struct list_entry *entry = lists_entry(lists, machine->entries++);
        if (digest_of_two(digester, DIGEST_SHA256, gb_bytes(machine->pcr10, 32),
                          gb_bytes(entry->extend, 32), machine->pcr10) < 0)
            memset(machine->pcr10, 0, 32); /* the quote will not match, and be noticed */
    }
}

/* Of a primary key: H(its hierarchy's handle || its Name) (Part 1, 16). */
static int qualified(struct digester *digester, const uint8_t name[34], uint8_t out[34])
{
    const uint8_t handle[4] = {ENDORSEMENT >> 24, 0, 0, ENDORSEMENT & 0xff};
    memcpy(out, name, 2);
    return digest_of_two(digester, DIGEST_SHA256, gb_bytes(handle, 4), gb_bytes(name, 34), out + 2);
}

static int sign(const struct signer *ak, struct gb_bytes message, struct gb_buf *out,
                struct gb_err *err)
{
    uint8_t sig[64];
    int r = signer_sign(ak, message, sig, err);
    if (r < 0)
        return r;
    tpm_signature_write(out, &(struct tpm_signature){.scheme_id = KEY_ECDSA,
                                                     .hash_id = DIGEST_SHA256,
                                                     .ecc_r = gb_bytes(sig, 32),
                                                     .ecc_s = gb_bytes(sig + 32, 32)});
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

static int attest(const struct mimic *machine, struct digester *digester,
                  const struct tpm_attest *asked, struct gb_buf *ret_attest,
                  struct gb_buf *ret_signature, struct gb_err *err)
{
    struct tpm_attest what = *asked;
    uint8_t signer[34];
    if (qualified(digester, machine->ak_name, signer) < 0)
        return gb_err_set(err, GB_ERR_BUG, "no digest");
    what.magic = TPM_GENERATED_VALUE;
    what.qualified_signer = gb_bytes(signer, sizeof signer);
    what.clock_ms = (uint64_t)gb_clock_ms() - machine->started_ms + 1000;
    what.reset_count = machine->reset_count;
    what.safe = true;
    what.firmware_version = 1;
    tpm_attest_write(ret_attest, &what);
    if (!gb_buf_ok(ret_attest))
        return gb_err_nomem(err);
    return sign(machine->ak, gb_buf_bytes(ret_attest), ret_signature, err);
}

int mimic_quote(const struct mimic *machine, const struct lists *lists, struct digester *digester,
                struct gb_bytes answers, struct gb_buf *ret_attest, struct gb_buf *ret_signature,
                uint8_t ret_pcrs[16 * 32], struct gb_err *err)
{
    uint8_t digest[32], binding[BINDING_SIZE];
    memcpy(ret_pcrs, lists->pcrs, sizeof lists->pcrs);
    memcpy(ret_pcrs + 10 * 32, machine->pcr10, 32);
    int r = binding_of(digester, answers, machine->transport, gb_bytes(NULL, 0), binding, err);
    if (r == GB_OK)
        r = digest_of(digester, DIGEST_SHA256, gb_bytes(ret_pcrs, 16 * 32), digest);
    if (r < 0)
        return r;
    struct tpm_attest what = {.type = TPM_ST_ATTEST_QUOTE,
                              .extra_data = gb_bytes(binding, sizeof binding)};
    what.quote.selection.count = 1;
    what.quote.selection.banks[0].alg_id = DIGEST_SHA256;
    what.quote.selection.banks[0].mask = PCR_MASK;
    what.quote.pcr_digest = gb_bytes(digest, 32);
    return attest(machine, digester, &what, ret_attest, ret_signature, err);
}

int mimic_certify(const struct mimic *machine, struct digester *digester,
                  struct gb_bytes qualifying, struct gb_buf *ret_attest,
                  struct gb_buf *ret_signature, struct gb_err *err)
{
    uint8_t qualified_name[34];
    if (qualified(digester, machine->tls_name, qualified_name) < 0)
        return gb_err_set(err, GB_ERR_BUG, "no digest");
    struct tpm_attest what = {.type = TPM_ST_ATTEST_CERTIFY, .extra_data = qualifying};
    what.certify.name = gb_bytes(machine->tls_name, 34);
    what.certify.qualified_name = gb_bytes(qualified_name, 34);
    return attest(machine, digester, &what, ret_attest, ret_signature, err);
}

/* CFB with the encryption alone: block after block, what was decrypted is encrypted again, so that
 * the key stream of the next block comes out. */
static int decrypt_cfb(struct gb_bytes key, struct gb_bytes in, uint8_t *out, struct gb_err *err)
{
    enum { BLOCK = 16, MOST = 96 };
    uint8_t stream[MOST];
    if (in.len > MOST)
        return gb_err_set(err, GB_ERR_INPUT, "the credential is too long");
    memset(out, 0, in.len);
    for (size_t at = 0; at < in.len; at += BLOCK) {
        int r = wrap_aes_cfb(key, gb_bytes(out, in.len), stream, err);
        if (r < 0)
            return r;
        for (size_t i = at; i < in.len && i < at + BLOCK; i++)
            out[i] = in.data[i] ^ stream[i];
    }
    return GB_OK;
}

/* Part 1, C.6.1: the seed is KDFe of the shared point. */
static int open_seed(const struct mimic *machine, struct gb_bytes encrypted, uint8_t ret_seed[32],
                     struct gb_err *err)
{
    struct gb_reader r;
    uint8_t x[32], y[32], z[32], fingerprint[32];
    gb_reader_init(&r, encrypted);
    (void)gb_read_u16be(&r);
    struct gb_bytes px = gb_read_tpm2b(&r, 32);
    struct gb_bytes py = gb_read_tpm2b(&r, 32);
    int code = gb_reader_finish(&r, err);
    if (code == GB_OK)
        code = soft_ek_shared(machine->ek, px, py, z, err);
    if (code == GB_OK)
        code = signer_public(machine->ek, x, y, fingerprint, err);
    if (code < 0)
        return code;
    return wrap_kdfe(DIGEST_SHA256, gb_bytes(z, 32), "IDENTITY", px, gb_bytes(x, 32), 256, ret_seed,
                     err);
}

int mimic_activate(const struct mimic *machine, struct gb_bytes id_object,
                   struct gb_bytes encrypted_secret, uint8_t ret_secret[64], size_t *ret_len,
                   struct gb_err *err)
{
    struct gb_reader r;
    uint8_t seed[32], key[16], plain[96] = {0};
    gb_reader_init(&r, id_object);
    (void)gb_read_u16be(&r);
    (void)gb_read_tpm2b(&r, GB_LIMIT_DIGEST); /* the HMAC is a TPM's business */
    struct gb_bytes sealed = gb_read_bytes(&r, gb_reader_left(&r));
    int code = gb_reader_finish(&r, err);
    if (code == GB_OK)
        code = open_seed(machine, encrypted_secret, seed, err);
    if (code == GB_OK)
        code = wrap_kdfa(DIGEST_SHA256, gb_bytes(seed, 32), "STORAGE",
                         gb_bytes(machine->ak_name, 34), gb_bytes(NULL, 0), 128, key, err);
    if (code == GB_OK)
        code = decrypt_cfb(gb_bytes(key, 16), sealed, plain, err);
    if (code < 0)
        return code;
    size_t len = (size_t)plain[0] << 8 | plain[1];
    if (sealed.len < 2 || len != sealed.len - 2 || len > 64)
        return gb_err_set(err, GB_ERR_INPUT, "the credential was made for another key");
    memcpy(ret_secret, plain + 2, len);
    *ret_len = len;
    return GB_OK;
}
