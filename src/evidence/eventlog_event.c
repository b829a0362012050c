#include "evidence/eventlog_event.h"

#include "crypto/digest.h"
#include "evidence/eventlog.h"

enum { SHA1_SIZE = 20, END_MARK_SIZE = 4 };

static const char spec_id_03[16] = "Spec ID Event03";

static struct gb_bytes read_data(struct gb_reader *r)
{
    uint32_t size = gb_read_u32le(r);
    if (size > GB_LIMIT_EVENT_DATA)
        gb_reader_fail(r, "event size is above the ceiling");
    return gb_read_bytes(r, gb_reader_ok(r) ? size : 0);
}

static uint32_t peek_u32le(const struct gb_reader *r, size_t skip)
{
    const uint8_t *p = r->data + r->at + skip;
    return (uint32_t)p[0] | (uint32_t)p[1] << 8 | (uint32_t)p[2] << 16 | (uint32_t)p[3] << 24;
}

/* Whether the next event is the kind that belongs to no PCR. */
static bool names_no_pcr(const struct gb_reader *r)
{
    return gb_reader_left(r) >= 8 && peek_u32le(r, 0) == EVENT_NO_PCR &&
           peek_u32le(r, 4) == EV_NO_ACTION;
}

static void read_place(struct gb_reader *r, struct boot_event *event)
{
    if (gb_reader_left(r) >= 4 && peek_u32le(r, 0) >= GB_LIMIT_PCRS && !names_no_pcr(r))
        gb_reader_fail(r, "PCR index is above 23");
    event->pcr = gb_read_u32le(r);
    event->type = gb_read_u32le(r);
}

/* TCG_PCR_EVENT (PFP 1.06, 10.2.1): every event of an old log, the first of any. */
static int read_event_sha1(struct gb_reader *r, struct boot_event *event, struct gb_err *err)
{
    read_place(r, event);
    event->digest[0] = gb_read_bytes(r, SHA1_SIZE).data;
    event->data = read_data(r);
    return gb_reader_check(r, err);
}

static void read_bank(struct gb_reader *r, struct eventlog *log)
{
    uint16_t alg_id = gb_read_u16le(r);
    uint16_t size = gb_read_u16le(r);
    size_t known = digest_size(digest_from_id(alg_id));
    if (size == 0 || size > GB_LIMIT_DIGEST || (known != 0 && size != known))
        gb_reader_fail(r, "digest size does not fit its algorithm");
    for (size_t b = 0; b < log->bank_count; b++)
        if (log->banks[b].alg_id == alg_id)
            gb_reader_fail(r, "Spec ID names a bank twice");
    log->banks[log->bank_count++] = (struct eventlog_bank){.alg_id = alg_id, .size = size};
}

static int read_spec_id(struct gb_reader *r, struct eventlog *log, const struct boot_event *header,
                        struct gb_err *err)
{
    struct gb_reader spec;
    gb_reader_init(&spec, header->data);
    spec.base = gb_reader_offset(r) - header->data.len;
    gb_read_bytes(&spec, sizeof spec_id_03);
    gb_read_bytes(&spec, 4 + 4); /* platform class, version, errata, size of uintn */
    uint32_t banks = gb_read_count_u32le(&spec, 4, GB_LIMIT_BANKS);
    if (gb_reader_ok(&spec) && banks == 0)
        gb_reader_fail(&spec, "Spec ID names no bank");
    for (uint32_t i = 0; i < banks; i++)
        read_bank(&spec, log);
    uint8_t vendor_size = gb_read_u8(&spec);
    /* Some firmware counts the vendor's bytes in their own size, but not in the event's. */
    bool outside = vendor_size > 0 && gb_reader_ok(&spec) && gb_reader_left(&spec) == 0;
    gb_read_bytes(outside ? r : &spec, vendor_size);
    int ret = gb_reader_finish(&spec, err);
    return ret < 0 ? ret : gb_reader_check(r, err);
}

/* The first event tells the form: Spec ID Event03 announces TCG_PCR_EVENT2 (10.4.5.1). A log of a
 * confidential VM (CCEL) counts in its measurement registers and says so by the index 1. */
int eventlog_read_header(struct gb_reader *r, struct eventlog *log, struct boot_event *event,
                         struct gb_err *err)
{
    *event = (struct boot_event){0};
    int ret = read_event_sha1(r, event, err);
    if (ret < 0)
        return ret;
    if (event->type == EV_NO_ACTION &&
        gb_bytes_starts(event->data, gb_bytes(spec_id_03, sizeof spec_id_03))) {
        log->crypto_agile = true;
        log->cc_registers = event->pcr == 1;
        event->digest[0] = NULL; /* not one of the banks announced */
        return read_spec_id(r, log, event, err);
    }
    log->bank_count = 1;
    log->banks[0] = (struct eventlog_bank){.alg_id = DIGEST_SHA1, .size = SHA1_SIZE};
    return GB_OK;
}

/* ---- the others ---- */

bool eventlog_ends(const struct gb_reader *r, bool crypto_agile)
{
    size_t left = gb_reader_left(r);
    if (left == 0)
        return true;
    if (left >= END_MARK_SIZE && peek_u32le(r, 0) == UINT32_MAX)
        return crypto_agile || !names_no_pcr(r);
    return r->data[r->at] == 0 && gb_bytes_all(gb_bytes(r->data + r->at, left), 0);
}

static size_t bank_of(const struct eventlog *log, uint16_t alg_id)
{
    size_t b = 0;
    while (b < log->bank_count && log->banks[b].alg_id != alg_id)
        b++;
    return b;
}

/* TPML_DIGEST_VALUES in the log's byte order: an algorithm that Spec ID does not name has no size,
 * so nothing behind it could be found. */
static void read_digests(struct gb_reader *r, const struct eventlog *log, struct boot_event *event)
{
    uint32_t count = gb_read_u32le(r);
    if (count > log->bank_count)
        gb_reader_fail(r, "more digests than banks");
    for (uint32_t i = 0; i < count && gb_reader_ok(r); i++) {
        size_t b = bank_of(log, gb_read_u16le(r));
        if (b == log->bank_count)
            gb_reader_fail(r, "digest of a bank that Spec ID does not name");
        else if (event->digest[b])
            gb_reader_fail(r, "two digests for one bank");
        else
            event->digest[b] = gb_read_bytes(r, log->banks[b].size).data;
    }
}

/* TCG_PCR_EVENT2 (PFP 1.06, 10.2.2). */
int eventlog_read_event(struct gb_reader *r, const struct eventlog *log, struct boot_event *event,
                        struct gb_err *err)
{
    if (!log->crypto_agile)
        return read_event_sha1(r, event, err);
    read_place(r, event);
    read_digests(r, log, event);
    event->data = read_data(r);
    return gb_reader_check(r, err);
}
