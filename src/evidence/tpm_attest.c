#include "base/limits.h"
#include "base/reader.h"
#include "evidence/pcr.h"
#include "evidence/tpm_wire.h"

enum {
    MAX_NAME = 2 + GB_LIMIT_DIGEST, /* TPMU_NAME: a TPMT_HA */
    MAX_DATA = 2 + GB_LIMIT_DIGEST, /* TPM2B_DATA: no larger than a Name (Part 2, 10.4.3) */
};

static void read_header(struct gb_reader *r, struct tpm_attest *attest)
{
    attest->magic = gb_read_u32be(r);
    attest->type = gb_read_u16be(r);
    attest->qualified_signer = gb_read_tpm2b(r, MAX_NAME);
    attest->extra_data = gb_read_tpm2b(r, MAX_DATA);
    attest->clock_ms = gb_read_u64be(r);
    attest->reset_count = gb_read_u32be(r);
    attest->restart_count = gb_read_u32be(r);
    uint8_t safe = gb_read_u8(r);
    if (safe > 1) /* TPMI_YES_NO */
        gb_reader_fail(r, "flag is neither 0 nor 1");
    attest->safe = safe == 1;
    attest->firmware_version = gb_read_u64be(r);
}

/* TPMS_QUOTE_INFO, TPMS_CERTIFY_INFO, TPMS_NV_CERTIFY_INFO (Part 2, 10.12). */
static void read_body(struct gb_reader *r, struct tpm_attest *attest)
{
    switch (attest->type) {
    case TPM_ST_ATTEST_QUOTE:
        pcr_selection_read(r, &attest->quote.selection);
        attest->quote.pcr_digest = gb_read_tpm2b(r, GB_LIMIT_DIGEST);
        break;
    case TPM_ST_ATTEST_CERTIFY:
        attest->certify.name = gb_read_tpm2b(r, MAX_NAME);
        attest->certify.qualified_name = gb_read_tpm2b(r, MAX_NAME);
        break;
    case TPM_ST_ATTEST_NV:
        attest->nv.index_name = gb_read_tpm2b(r, MAX_NAME);
        attest->nv.offset = gb_read_u16be(r);
        attest->nv.contents = gb_read_tpm2b(r, GB_LIMIT_PUBLIC);
        break;
    default:
        gb_reader_fail(r, "attestation of a type that is not known");
    }
}

int tpm_attest_read_header(struct gb_bytes in, struct tpm_attest *ret_attest, struct gb_err *err)
{
    struct tpm_attest attest = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    read_header(&r, &attest);
    int rc = gb_reader_check(&r, err);
    if (rc == GB_OK)
        *ret_attest = attest;
    return rc;
}

int tpm_attest_read(struct gb_bytes in, struct tpm_attest *ret_attest, struct gb_err *err)
{
    struct tpm_attest attest = {0};
    struct gb_reader r;
    gb_reader_init(&r, in);
    read_header(&r, &attest);
    read_body(&r, &attest);
    int rc = gb_reader_finish(&r, err);
    if (rc == GB_OK)
        *ret_attest = attest;
    return rc;
}

static void write_selection(struct gb_buf *out, const struct pcr_selection *selection)
{
    gb_buf_u32be(out, (uint32_t)selection->count);
    for (size_t i = 0; i < selection->count; i++) {
        uint32_t mask = selection->banks[i].mask;
        gb_buf_u16be(out, selection->banks[i].alg_id);
        gb_buf_u8(out, 3); /* PCR_SELECT_MIN of the PC Client profile: 24 PCRs */
        gb_buf_u8(out, (uint8_t)mask);
        gb_buf_u8(out, (uint8_t)(mask >> 8));
        gb_buf_u8(out, (uint8_t)(mask >> 16));
    }
}

static void write_body(struct gb_buf *out, const struct tpm_attest *attest)
{
    switch (attest->type) {
    case TPM_ST_ATTEST_QUOTE:
        write_selection(out, &attest->quote.selection);
        gb_buf_tpm2b(out, attest->quote.pcr_digest);
        break;
    case TPM_ST_ATTEST_CERTIFY:
        gb_buf_tpm2b(out, attest->certify.name);
        gb_buf_tpm2b(out, attest->certify.qualified_name);
        break;
    case TPM_ST_ATTEST_NV:
        gb_buf_tpm2b(out, attest->nv.index_name);
        gb_buf_u16be(out, attest->nv.offset);
        gb_buf_tpm2b(out, attest->nv.contents);
        break;
    default:
        out->failed = true;
    }
}

void tpm_attest_write(struct gb_buf *out, const struct tpm_attest *attest)
{
    gb_buf_u32be(out, attest->magic);
    gb_buf_u16be(out, attest->type);
    gb_buf_tpm2b(out, attest->qualified_signer);
    gb_buf_tpm2b(out, attest->extra_data);
    gb_buf_u64be(out, attest->clock_ms);
    gb_buf_u32be(out, attest->reset_count);
    gb_buf_u32be(out, attest->restart_count);
    gb_buf_u8(out, attest->safe ? 1 : 0);
    gb_buf_u64be(out, attest->firmware_version);
    write_body(out, attest);
}
