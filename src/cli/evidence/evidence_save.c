#include "cli/evidence/evidence_save.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/kept.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"
#include "os/file.h"
#include "verify/binding.h"

struct saving {
    struct gb_arena *arena;
    const char *dir;
};

static int save(const struct saving *s, const char *name, struct gb_bytes bytes, struct gb_err *err)
{
    const char *path = gb_arena_printf(s->arena, "%s/%s", s->dir, name);
    if (!bytes.data)
        return GB_OK;
    return path ? file_write(path, bytes, err) : gb_err_nomem(err);
}

/* A folder of older evidence would leave files that say something else. */
static int make_folder(const struct saving *s, struct gb_err *err)
{
    const char *const *names = NULL;
    if (mkdir(s->dir, 0755) == 0)
        return GB_OK;
    if (errno != EEXIST)
        return gb_err_sys(err, errno, "%s: cannot make this folder", s->dir);
    int r = file_list(s->arena, s->dir, "", "", &names, err);
    if (r == GB_OK && names[0])
        return gb_err_set(err, GB_ERR_CONFIG, "%s: not empty: name a new folder", s->dir);
    return r;
}

/* As `tpm2 pcrread` prints it. */
static int save_pcrs(const struct saving *s, const struct bundle *bundle, struct gb_err *err)
{
    struct tpm_attest attest;
    struct pcr_values values = {0};
    struct gb_buf text;
    int r = tpm_attest_read_header(bundle->quote, &attest, err);
    if (r == GB_OK)
        r = tpm_attest_read(bundle->quote, &attest, err);
    if (r == GB_OK && attest.type != TPM_ST_ATTEST_QUOTE)
        r = gb_err_set(err, GB_ERR_INPUT, "what was kept is no quote");
    if (r == GB_OK)
        r = pcr_values_read_raw(bundle->pcrs_raw, &attest.quote.selection, &values, err);
    if (r < 0)
        return r;
    gb_buf_init(&text, GB_LIMIT_PCR_TEXT);
    for (size_t i = 0; i < values.count; i++) {
        const struct pcr_bank *bank = &values.banks[i];
        gb_buf_printf(&text, "  %s:\n", digest_name(bank->alg));
        for (unsigned pcr = 0; pcr < GB_LIMIT_PCRS; pcr++) {
            char hex[2 * GB_LIMIT_DIGEST + 1];
            if (!(bank->mask >> pcr & 1))
                continue;
            gb_hex_encode(gb_bytes(bank->value[pcr], digest_size(bank->alg)), hex);
            gb_buf_printf(&text, "    %-2u: 0x%s\n", pcr, hex);
        }
    }
    r = gb_buf_ok(&text) ? save(s, "pcrs.yaml", gb_buf_bytes(&text), err) : gb_err_nomem(err);
    gb_buf_done(&text);
    return r;
}

static int save_nonce(const struct saving *s, struct digester *digester, const struct kept *kept,
                      struct gb_err *err)
{
    uint8_t binding[BINDING_SIZE];
    int r =
        binding_of(digester, kept->nonce, kept->transport.data, kept->bundle.extras, binding, err);
    return r < 0 ? r : save(s, "nonce", gb_bytes(binding, sizeof binding), err);
}

/* PEM or DER, as PEM. */
static struct gb_bytes as_pem(struct gb_arena *arena, struct gb_bytes cert)
{
    enum { LINE = 64 };
    if (gb_bytes_starts(cert, gb_bytes_str("-----BEGIN")) || cert.len == 0 || cert.data[0] != 0x30)
        return cert;
    const char *text = gb_base64(arena, cert);
    struct gb_buf pem;
    gb_buf_init(&pem, (size_t)4 * GB_LIMIT_CERT);
    gb_buf_puts(&pem, "-----BEGIN CERTIFICATE-----\n");
    for (size_t at = 0, len = text ? strlen(text) : 0; at < len; at += LINE)
        gb_buf_printf(&pem, "%.*s\n", LINE, text + at);
    gb_buf_puts(&pem, "-----END CERTIFICATE-----\n");
    struct gb_bytes copy = {0};
    if (text && gb_buf_ok(&pem))
        copy = gb_arena_copy(arena, gb_buf_bytes(&pem));
    gb_buf_done(&pem);
    return copy;
}

static int save_certs(const struct saving *s, const struct kept *kept, struct gb_err *err)
{
    const struct bundle *bundle = &kept->bundle;
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < bundle->ekcert_count; i++) {
        const char *name = gb_arena_printf(s->arena, "ekcert-%zu.der", i + 1);
        r = name ? save(s, name, bundle->ekcerts[i].bytes, err) : gb_err_nomem(err);
    }
    for (size_t i = 0; r == GB_OK && i < bundle->intermediate_count; i++) {
        const char *name = gb_arena_printf(s->arena, "ca-%zu.pem", i + 1);
        struct gb_bytes pem = as_pem(s->arena, bundle->intermediates[i].bytes);
        r = name && pem.data ? save(s, name, pem, err) : gb_err_nomem(err);
    }
    for (size_t i = 0; r == GB_OK && i < kept->roots.count; i++) {
        const char *name = gb_arena_printf(s->arena, "root-%zu.pem", i + 1);
        struct gb_bytes pem = as_pem(s->arena, kept->roots.items[i].text);
        r = name && pem.data ? save(s, name, pem, err) : gb_err_nomem(err);
    }
    return r;
}

static int save_documents(const struct saving *s, const struct kept_documents *documents,
                          struct gb_err *err)
{
    struct gb_buf all;
    gb_buf_init(&all, GB_LIMIT_POLICY);
    for (size_t i = 0; i < documents->count; i++) {
        struct gb_bytes text = documents->items[i].text;
        if (!gb_bytes_starts(text, gb_bytes_str("---")))
            gb_buf_puts(&all, "---\n");
        gb_buf_add(&all, text.data, text.len);
        if (text.len > 0 && text.data[text.len - 1] != '\n')
            gb_buf_puts(&all, "\n");
    }
    int r = gb_buf_ok(&all) ? GB_OK : gb_err_nomem(err);
    if (r == GB_OK && documents->count > 0)
        r = save(s, "policy.yaml", gb_buf_bytes(&all), err);
    gb_buf_done(&all);
    return r;
}

static int save_parts(const struct saving *s, const struct bundle *bundle, struct gb_err *err)
{
    /* An ASCII list begins with a PCR in decimal, a binary one with a PCR in four bytes. */
    const bool ascii = bundle->ima.len > 1 && bundle->ima.data[1] != 0;
    const struct {
        const char *name;
        struct gb_bytes bytes;
    } parts[] = {
        {"quote.msg", bundle->quote},
        {"quote.sig", bundle->signature},
        {"ak.pub", bundle->ak_public},
        {"eventlog.bin", bundle->boot_log},
        {"tpm2-measure.log", bundle->systemd_log},
        {ascii ? "ima_ascii" : "ima_binary", bundle->ima},
        {"cmdline", bundle->cmdline},
    };
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < GB_ARRAY_LEN(parts); i++)
        r = save(s, parts[i].name, parts[i].bytes, err);
    return r;
}

int evidence_save(struct gb_arena *arena, struct digester *digester, const struct kept *kept,
                  const char *dir, struct gb_err *err)
{
    const struct saving s = {.arena = arena, .dir = dir};
    int r = make_folder(&s, err);
    if (r == GB_OK)
        r = save_parts(&s, &kept->bundle, err);
    if (r == GB_OK)
        r = save_pcrs(&s, &kept->bundle, err);
    if (r == GB_OK)
        r = save_nonce(&s, digester, kept, err);
    if (r == GB_OK)
        r = save_certs(&s, kept, err);
    return r < 0 ? r : save_documents(&s, &kept->then, err);
}
