#include "verify/identity.h"

#include "base/encode.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "evidence/bundle.h"
#include "verify/anchors.h"
#include "verify/tpm_facts.h"

enum { SHOWN_NAME = 100 };

/* ---- certificates ---- */

static int read_intermediates(const struct bundle *bundle, struct x509_store *store,
                              struct gb_err *err)
{
    for (size_t i = 0; i < bundle->intermediate_count; i++) {
        int r = x509_store_add(store, bundle->intermediates[i].bytes, err);
        if (r < 0) {
            gb_err_prefix(err, "%s: ", bundle->intermediates[i].name);
            return r;
        }
    }
    return GB_OK;
}

static void add(struct gb_findings *findings, enum gb_finding_code code, const char *name,
                const char *why, const char *more)
{
    gb_finding_add(findings, code, GB_NO_EVENT, name, why, more);
}

/* What the certificate says of its key, whoever signed it. */
static int judge_leaf(const struct x509_cert *cert, const char *name, bool *ret_good,
                      struct gb_findings *findings, struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    const char *fault = x509_ek_fault(cert);
    if (fault)
        add(findings, GB_FINDING_EK_USAGE, name, fault, NULL);
    int r = x509_key(cert, &key, err);
    if (r < 0)
        return r;
    const char *weakness = key_weakness(key);
    if (weakness)
        add(findings, GB_FINDING_EK_WEAK, name, weakness, NULL);
    *ret_good = !fault && !weakness;
    return GB_OK;
}

static bool judge_chain(const struct x509_result *result, const char *name, bool allow_expired,
                        struct gb_findings *findings)
{
    switch (result->answer) {
    case X509_TRUSTED:
        add(findings, GB_FINDING_EK_CHAIN, name, result->root, NULL);
        return true;
    case X509_EXPIRED:
        add(findings, allow_expired ? GB_FINDING_EK_EXPIRED_ALLOWED : GB_FINDING_EK_EXPIRED, name,
            "a certificate of its chain", result->reason);
        return allow_expired;
    case X509_REFUSED:
        break;
    }
    add(findings, GB_FINDING_EK_UNTRUSTED, name, result->reason, NULL);
    return false;
}

/* "id:49465800" is "IFX": the four bytes of TPM_PT_MANUFACTURER (TCG Vendor ID Registry), which a
 * few makers have as a number. */
static const char *manufacturer_text(struct gb_arena *arena, const char *id)
{
    uint8_t bytes[4];
    size_t len = 0;
    struct gb_bytes hex = gb_bytes_str(id);
    if (!gb_bytes_starts(hex, gb_bytes_str("id:")) ||
        !gb_hex_decode(gb_bytes_from(hex, 3), bytes, sizeof bytes))
        return id;
    while (len < sizeof bytes && bytes[len] > ' ' && bytes[len] < 0x7f)
        len++;
    for (size_t i = len; i < sizeof bytes; i++)
        if (len == 0 || (bytes[i] != 0 && bytes[i] != ' '))
            return id;
    return gb_arena_printf(arena, "%.*s", (int)len, (const char *)bytes);
}

static int take_facts(struct gb_arena *arena, const struct x509_cert *cert, struct tpm_facts *facts,
                      struct gb_err *err)
{
    struct x509_tpm tpm = {0};
    int r = x509_tpm(arena, cert, &tpm, NULL);
    if (r == GB_ERR_NOMEM)
        return gb_err_nomem(err);
    if (r < 0 || facts->manufacturer || !tpm.manufacturer) /* it says nothing that can be read */
        return GB_OK;
    facts->manufacturer = manufacturer_text(arena, tpm.manufacturer);
    facts->model = tpm.model;
    return facts->manufacturer ? GB_OK : gb_err_nomem(err);
}

/* What all certificates of one judgement share. */
struct judge {
    struct gb_arena *arena;
    const struct x509_store *roots;
    const struct x509_store *intermediates;
    int64_t time_s;
    bool allow_expired;
    struct tpm_facts *facts;
    struct gb_findings *findings;
};

static int judge_certificate(const struct judge *judge, const struct x509_cert *cert,
                             const char *name, bool *ret_good, struct gb_err *err)
{
    struct x509_result result;
    bool leaf = false;
    int r = judge_leaf(cert, name, &leaf, judge->findings, err);
    if (r == GB_OK)
        r = x509_verify_ek(judge->arena, cert, judge->roots, judge->intermediates, judge->time_s,
                           &result, err);
    if (r < 0)
        return r;
    bool chain = judge_chain(&result, name, judge->allow_expired, judge->findings);
    *ret_good = leaf && chain;
    return *ret_good ? take_facts(judge->arena, cert, judge->facts, err) : GB_OK;
}

static int judge_file(const struct judge *judge, const struct bundle_file *file, bool *ret_good,
                      struct gb_err *err)
{
    gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
    const char *name = gb_text_escape(judge->arena, gb_bytes_str(file->name), SHOWN_NAME);
    if (!name)
        return gb_err_nomem(err);
    int r = x509_from_der(file->bytes, &cert, err);
    if (r == GB_OK)
        r = judge_certificate(judge, cert, name, ret_good, err);
    if (r < 0 && r != GB_ERR_NOMEM)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

static int judge_files(const struct judge *judge, const struct bundle *bundle, bool *ret_good,
                       struct gb_err *err)
{
    bool all = true;
    for (size_t i = 0; i < bundle->ekcert_count; i++) {
        bool good = false;
        int r = judge_file(judge, &bundle->ekcerts[i], &good, err);
        if (r < 0)
            return r;
        all &= good;
    }
    *ret_good = all;
    return GB_OK;
}

int identity_judge(struct gb_arena *arena, const struct anchors *anchors,
                   const struct bundle *bundle, int64_t time_s, bool allow_expired,
                   bool *ret_certified, struct tpm_facts *ret_tpm, struct gb_findings *findings,
                   struct gb_err *err)
{
    struct tpm_facts facts = {0};
    gb_cleanup(x509_store_freep) struct x509_store *intermediates = NULL;
    *ret_certified = false;
    if (!anchors->ek_roots || bundle->ekcert_count == 0) {
        if (anchors->ek_roots)
            gb_finding_add(findings, GB_FINDING_EK_MISSING, GB_NO_EVENT, NULL, NULL, NULL);
        else if (bundle->ekcert_count > 0)
            gb_finding_add(findings, GB_FINDING_EK_UNJUDGED, GB_NO_EVENT, NULL, NULL, NULL);
        return GB_OK;
    }
    int r = x509_store_new(&intermediates, err);
    if (r == GB_OK)
        r = read_intermediates(bundle, intermediates, err);
    if (r < 0)
        return r;
    const struct judge judge = {.arena = arena,
                                .roots = anchors->ek_roots,
                                .intermediates = intermediates,
                                .time_s = time_s,
                                .allow_expired = allow_expired,
                                .facts = &facts,
                                .findings = findings};
    r = judge_files(&judge, bundle, ret_certified, err);
    if (r == GB_OK && *ret_certified) {
        ret_tpm->manufacturer = facts.manufacturer;
        ret_tpm->model = facts.model;
    }
    return r;
}
