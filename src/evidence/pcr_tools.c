/* quote.pcrs: digests in the order of a selection. */
#include <string.h>

#include "crypto/digest.h"
#include "evidence/pcr.h"

/* Walks the selected PCRs, bank by bank, each from PCR 0 upward. */
struct walk {
    const struct pcr_selection *selection;
    size_t bank;
    unsigned pcr; /* the next to look at */
};

static bool walk_next(struct walk *walk, uint16_t *ret_alg_id, unsigned *ret_pcr)
{
    for (; walk->bank < walk->selection->count; walk->bank++, walk->pcr = 0) {
        const struct pcr_selected *selected = &walk->selection->banks[walk->bank];
        while (walk->pcr < GB_LIMIT_PCRS && !(selected->mask >> walk->pcr & 1))
            walk->pcr++;
        if (walk->pcr < GB_LIMIT_PCRS) {
            *ret_alg_id = selected->alg_id;
            *ret_pcr = walk->pcr++;
            return true;
        }
    }
    return false;
}

/* Stores one value; values of banks that we cannot use are passed over. */
static void store(struct gb_reader *r, struct pcr_values *values, uint16_t alg_id, unsigned pcr,
                  struct gb_bytes value)
{
    struct pcr_bank *bank = pcr_bank_add(values, digest_from_id(alg_id));
    if (!bank)
        return;
    if (value.len == 0 || value.len != digest_size(bank->alg)) {
        gb_reader_fail(r, "value is not as long as its bank's digests");
        return;
    }
    memcpy(bank->value[pcr], value.data, value.len);
    bank->mask |= UINT32_C(1) << pcr;
}

/*
 * "Serialized" is the memory of tss2's C structures, little-endian: TPML_PCR_SELECTION with its 16
 * entries of 8 bytes, u32 count of groups, then groups of TPML_DIGEST with 8 entries of u16 size
 * and 64 bytes. tpm2-tools, lib/pcr.c.
 */
enum {
    TOOLS_BANKS = 16,
    TOOLS_GROUP_DIGESTS = 8,
    TOOLS_GROUP = 4 + TOOLS_GROUP_DIGESTS * (2 + GB_LIMIT_DIGEST),
    TOOLS_MAX_GROUPS = GB_LIMIT_PCRS * GB_LIMIT_BANKS,
};

static void tools_selection(struct gb_reader *r, struct pcr_selection *selection)
{
    uint32_t count = gb_read_u32le(r);
    if (count > GB_LIMIT_BANKS)
        gb_reader_fail(r, "count of banks is above the ceiling");
    for (uint32_t i = 0; i < TOOLS_BANKS; i++) {
        struct pcr_selected bank = {0};
        bank.alg_id = gb_read_u16le(r);
        uint8_t size = gb_read_u8(r);
        struct gb_bytes bits = gb_read_bytes(r, 5); /* four octets and padding */
        if (!gb_reader_ok(r) || i >= count)
            continue;
        if (size < 1 || size > 4) {
            gb_reader_fail(r, "PCR bitmap is not of 1 to 4 bytes");
            return;
        }
        for (size_t j = 0; j < size && j < bits.len; j++)
            bank.mask |= (uint32_t)bits.data[j] << (8 * j);
        if (bank.mask >> GB_LIMIT_PCRS)
            gb_reader_fail(r, "PCR above 23 is selected");
        for (size_t j = 0; j < i; j++)
            if (selection->banks[j].alg_id == bank.alg_id)
                gb_reader_fail(r, "PCR bank is selected twice");
        selection->banks[selection->count++] = bank;
    }
}

static void tools_group(struct gb_reader *r, struct walk *walk, struct pcr_values *values)
{
    uint32_t count = gb_read_u32le(r);
    if (count > TOOLS_GROUP_DIGESTS)
        gb_reader_fail(r, "more than 8 digests in a group");
    for (uint32_t i = 0; i < TOOLS_GROUP_DIGESTS && gb_reader_ok(r); i++) {
        uint16_t alg_id = 0;
        unsigned pcr = 0;
        uint16_t size = gb_read_u16le(r);
        struct gb_bytes room = gb_read_bytes(r, GB_LIMIT_DIGEST);
        if (!gb_reader_ok(r) || i >= count)
            continue;
        if (size > room.len)
            gb_reader_fail(r, "digest is longer than 64 bytes");
        else if (!walk_next(walk, &alg_id, &pcr))
            gb_reader_fail(r, "more digests than PCRs selected");
        else
            store(r, values, alg_id, pcr, gb_bytes(room.data, size));
    }
}

static int read_serialized(struct gb_bytes in, struct pcr_values *ret_values, struct gb_err *err)
{
    struct pcr_values values = {0};
    struct pcr_selection selection = {0};
    struct walk walk = {.selection = &selection};
    struct gb_reader r;
    uint16_t alg_id = 0;
    unsigned pcr = 0;
    gb_reader_init(&r, in);
    tools_selection(&r, &selection);
    uint32_t groups = gb_read_count_u32le(&r, TOOLS_GROUP, TOOLS_MAX_GROUPS);
    for (uint32_t i = 0; i < groups; i++)
        tools_group(&r, &walk, &values);
    if (walk_next(&walk, &alg_id, &pcr))
        gb_reader_fail(&r, "fewer digests than PCRs selected");
    int rc = gb_reader_finish(&r, err);
    if (rc == GB_OK)
        *ret_values = values;
    return rc;
}

/* "Values": the digests alone, as long as `selection` makes them. SIZE_MAX when it names a bank
 * whose digests have a length that we do not know. */
static size_t values_len(const struct pcr_selection *selection)
{
    struct walk walk = {.selection = selection};
    uint16_t alg_id = 0;
    unsigned pcr = 0;
    size_t len = 0;
    while (walk_next(&walk, &alg_id, &pcr)) {
        size_t size = digest_size(digest_from_id(alg_id));
        if (size == 0)
            return SIZE_MAX;
        len += size;
    }
    return len;
}

static int read_values(struct gb_bytes in, const struct pcr_selection *selection,
                       struct pcr_values *ret_values, struct gb_err *err)
{
    struct pcr_values values = {0};
    struct walk walk = {.selection = selection};
    struct gb_reader r;
    uint16_t alg_id = 0;
    unsigned pcr = 0;
    gb_reader_init(&r, in);
    while (walk_next(&walk, &alg_id, &pcr)) {
        struct gb_bytes value = gb_read_bytes(&r, digest_size(digest_from_id(alg_id)));
        if (gb_reader_ok(&r))
            store(&r, &values, alg_id, pcr, value);
    }
    int rc = gb_reader_finish(&r, err);
    if (rc == GB_OK)
        *ret_values = values;
    return rc;
}

int pcr_values_read_raw(struct gb_bytes in, const struct pcr_selection *selection,
                        struct pcr_values *ret_values, struct gb_err *err)
{
    struct pcr_values none = {0};
    size_t len = values_len(selection);
    if (len == SIZE_MAX) { /* verify/ says which bank is not known here */
        *ret_values = none;
        return GB_OK;
    }
    if (in.len != len)
        return gb_err_set(err, GB_ERR_INPUT, "%zu bytes, but the quoted selection has %zu", in.len,
                          len);
    return read_values(in, selection, ret_values, err);
}

int pcr_values_read_tools(struct gb_bytes in, const struct pcr_selection *selection,
                          struct pcr_values *ret_values, struct gb_err *err)
{
    if (in.len > GB_LIMIT_PCR_TEXT)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes", GB_LIMIT_PCR_TEXT);
    /* Either form may have the other's length; a list of digests that also reads as the structure
     * would be a wonder. */
    struct pcr_values values;
    int r = read_serialized(in, &values, err);
    if (r < 0 && in.len == values_len(selection))
        r = read_values(in, selection, &values, err);
    if (r == GB_OK)
        *ret_values = values;
    return r;
}
