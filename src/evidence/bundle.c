#include "evidence/bundle.h"

#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/ima.h"
#include "evidence/pcr.h"
#include "evidence/systemd_log.h"
#include "evidence/tpm_wire.h"

/* One part of the envelope: how large it may be, and who reads it. */
struct part {
    const char *name; /* the file's, for messages */
    struct gb_bytes bytes;
    size_t limit;
};

static int check_size(const struct part *part, struct gb_err *err)
{
    if (part->bytes.len > part->limit)
        return gb_err_set(err, GB_ERR_LIMIT, "%s: more than %zu bytes", part->name, part->limit);
    return GB_OK;
}

/* Names the file in an error of its reader. */
static int named(int r, const char *name, struct gb_err *err)
{
    if (r < 0 && r != GB_ERR_NOMEM)
        gb_err_prefix(err, "%s: ", name);
    return r;
}

/* Of another attestation only the head is read, so that verify/ can say what it is (T07). */
static int read_quote(struct gb_bytes in, struct tpm_attest *ret_attest, struct gb_err *err)
{
    const struct part part = {"quote.msg", in, GB_LIMIT_PUBLIC};
    if (!in.data)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "quote.msg is missing: the TPMS_ATTEST that tpm2 quote -m writes");
    int r = check_size(&part, err);
    if (r < 0)
        return r;
    r = tpm_attest_read_header(in, ret_attest, err);
    if (r == GB_OK && ret_attest->type == TPM_ST_ATTEST_QUOTE)
        r = tpm_attest_read(in, ret_attest, err);
    return named(r, part.name, err);
}

static int read_signature(struct gb_bytes in, struct tpm_signature *ret_signature,
                          struct gb_err *err)
{
    const struct part part = {"quote.sig", in, GB_LIMIT_PUBLIC};
    if (!in.data)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "quote.sig is missing: the TPMT_SIGNATURE that tpm2 quote -s writes");
    int r = check_size(&part, err);
    return r < 0 ? r : named(tpm_signature_read(in, ret_signature, err), part.name, err);
}

/* ak.pem stays text: verify/ makes a key of it. */
static int read_ak(const struct bundle *bundle, struct evidence *e, struct gb_err *err)
{
    const struct part area = {"ak.pub", bundle->ak_public, GB_LIMIT_PUBLIC};
    const struct part pem = {"ak.pem", bundle->ak_pem, GB_LIMIT_PUBLIC};
    if (!area.bytes.data && !pem.bytes.data)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "no AK: give its TPM2B_PUBLIC as ak.pub, or its key as ak.pem");
    int r = check_size(&area, err);
    if (r == GB_OK)
        r = check_size(&pem, err);
    if (r < 0 || !area.bytes.data)
        return r;
    e->has_ak_public = true;
    return named(tpm_public_read(area.bytes, &e->ak_public, err), area.name, err);
}

/* pcrs.yaml before the others: where several are given, the one that people can read is judged. */
static int read_pcrs(const struct bundle *bundle, struct evidence *e, struct gb_err *err)
{
    if (bundle->pcrs_text.data)
        return named(pcr_values_read_text(bundle->pcrs_text, &e->pcrs, err), "pcrs.yaml", err);
    if (!bundle->pcrs_tools.data && !bundle->pcrs_raw.data)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "no PCR values: give pcrs.yaml (tpm2 pcrread) or quote.pcrs "
                          "(tpm2 quote -o)");
    if (e->attest.type != TPM_ST_ATTEST_QUOTE) /* no selection gives their order */
        return GB_OK;
    if (bundle->pcrs_raw.data)
        return named(
            pcr_values_read_raw(bundle->pcrs_raw, &e->attest.quote.selection, &e->pcrs, err),
            "PCR values", err);
    return named(
        pcr_values_read_tools(bundle->pcrs_tools, &e->attest.quote.selection, &e->pcrs, err),
        "quote.pcrs", err);
}

static int read_boot_log(struct gb_arena *arena, struct gb_bytes in, struct evidence *e,
                         struct gb_err *err)
{
    const struct part part = {"eventlog.bin", in, GB_LIMIT_BOOT_LOG};
    int r = check_size(&part, err);
    if (r < 0 || !in.data)
        return r;
    e->has_boot_log = true;
    return named(eventlog_read(arena, in, &e->boot_log, &e->quirks, err), part.name, err);
}

static int check_log_digest(struct gb_bytes digest, struct gb_err *err)
{
    if (!digest.data || digest.len == BUNDLE_LOG_DIGEST)
        return GB_OK;
    return gb_err_set(err, GB_ERR_INPUT, "the boot log's digest has %zu bytes, not %d", digest.len,
                      BUNDLE_LOG_DIGEST);
}

static int read_systemd_log(struct gb_arena *arena, struct gb_bytes in, struct evidence *e,
                            struct gb_err *err)
{
    const struct part part = {"tpm2-measure.log", in, GB_LIMIT_SYSTEMD_LOG};
    int r = check_size(&part, err);
    if (r < 0 || !in.data)
        return r;
    e->has_systemd_log = true;
    return named(systemd_log_read(arena, in, &e->systemd_log, err), part.name, err);
}

static int read_ima(struct gb_arena *arena, struct gb_bytes in, uint64_t from, struct evidence *e,
                    struct gb_err *err)
{
    /* An ASCII line begins with the PCR in decimal, a binary record with it as a u32. */
    bool ascii = in.len > 0 && in.data[0] >= ' ' && in.data[0] <= '9';
    const struct part part = {ascii ? "ima_ascii" : "ima_binary", in, GB_LIMIT_IMA_LOG};
    int r = check_size(&part, err);
    if (r < 0 || !in.data)
        return r;
    if (from > GB_LIMIT_IMA_FROM)
        return gb_err_set(err, GB_ERR_LIMIT, "%s: begins above entry %d", part.name,
                          GB_LIMIT_IMA_FROM);
    e->has_ima = true;
    r = named(ima_read(arena, in, DIGEST_NONE, &e->ima, err), part.name, err);
    e->ima.first = (size_t)from;
    return r;
}

static int read_logs(struct gb_arena *arena, const struct bundle *bundle, struct evidence *e,
                     struct gb_err *err)
{
    int r = read_boot_log(arena, bundle->boot_log, e, err);
    if (r == GB_OK)
        r = check_log_digest(bundle->boot_log_digest, err);
    if (r == GB_OK)
        r = read_systemd_log(arena, bundle->systemd_log, e, err);
    if (r == GB_OK)
        r = read_ima(arena, bundle->ima, bundle->ima_from, e, err);
    return r;
}

int bundle_read(struct gb_arena *arena, const struct bundle *bundle, struct evidence *ret_evidence,
                struct gb_err *err)
{
    struct evidence *e = gb_arena_new_one(arena, struct evidence);
    if (!e)
        return gb_err_nomem(err);
    e->raw = bundle;
    e->quirks.arena = arena;
    int r = read_quote(bundle->quote, &e->attest, err);
    if (r == GB_OK)
        r = read_signature(bundle->signature, &e->signature, err);
    if (r == GB_OK)
        r = read_ak(bundle, e, err);
    if (r == GB_OK)
        r = read_pcrs(bundle, e, err);
    if (r == GB_OK)
        r = read_logs(arena, bundle, e, err);
    if (r < 0)
        return r;
    *ret_evidence = *e;
    return GB_OK;
}
