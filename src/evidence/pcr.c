#include "evidence/pcr.h"

#include <stdio.h>

#include "crypto/digest.h"

struct pcr_bank *pcr_bank_find(struct pcr_values *values, enum digest_alg alg)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->banks[i].alg == alg)
            return &values->banks[i];
    return NULL;
}

const struct pcr_bank *pcr_bank_get(const struct pcr_values *values, enum digest_alg alg)
{
    for (size_t i = 0; i < values->count; i++)
        if (values->banks[i].alg == alg)
            return &values->banks[i];
    return NULL;
}

struct pcr_bank *pcr_bank_add(struct pcr_values *values, enum digest_alg alg)
{
    struct pcr_bank *bank = pcr_bank_find(values, alg);
    if (bank || digest_size(alg) == 0)
        return bank;
    bank = &values->banks[values->count++];
    *bank = (struct pcr_bank){.alg = alg};
    return bank;
}

/* The end of the run of set bits that starts at bit `from`. */
static unsigned run_end(uint32_t mask, unsigned from)
{
    while (from < 31 && mask >> (from + 1) & 1)
        from++;
    return from;
}

char *pcr_mask_text(struct gb_arena *arena, uint32_t mask)
{
    if (mask == 0)
        return gb_arena_printf(arena, "no PCR");
    char text[128] = ""; /* 32 numbers of two digits with ", " between every other */
    size_t len = 0;
    for (unsigned i = 0; i < 32; i++) {
        if (!(mask >> i & 1))
            continue;
        unsigned end = run_end(mask, i);
        const char *sep = len > 0 ? ", " : "";
        int n = end == i ? snprintf(text + len, sizeof text - len, "%s%u", sep, i)
                         : snprintf(text + len, sizeof text - len, "%s%u-%u", sep, i, end);
        len += (size_t)n;
        i = end;
    }
    const char *noun = (mask & (mask - 1)) ? "PCRs" : "PCR";
    return gb_arena_printf(arena, "%s %s", noun, text);
}

/* TPMS_PCR_SELECTION (TPM 2.0 Part 2, 10.6.2): bit 0 of octet 0 is PCR 0. */
static struct pcr_selected selected_read(struct gb_reader *r)
{
    struct pcr_selected bank = {0};
    bank.alg_id = gb_read_u16be(r);
    uint8_t size = gb_read_u8(r);
    if (size < 1 || size > 4)
        gb_reader_fail(r, "PCR bitmap is not of 1 to 4 bytes");
    struct gb_bytes bits = gb_read_bytes(r, gb_reader_ok(r) ? size : 0);
    for (size_t i = 0; i < bits.len; i++)
        bank.mask |= (uint32_t)bits.data[i] << (8 * i);
    if (bank.mask >> GB_LIMIT_PCRS)
        gb_reader_fail(r, "PCR above 23 is selected");
    return bank;
}

void pcr_selection_read(struct gb_reader *r, struct pcr_selection *ret_selection)
{
    struct pcr_selection selection = {0};
    uint32_t count = gb_read_count_u32be(r, 4, GB_LIMIT_BANKS);
    for (uint32_t i = 0; i < count; i++) {
        selection.banks[i] = selected_read(r);
        for (uint32_t j = 0; j < i; j++)
            if (selection.banks[j].alg_id == selection.banks[i].alg_id)
                gb_reader_fail(r, "PCR bank is selected twice");
    }
    selection.count = count;
    if (gb_reader_ok(r))
        *ret_selection = selection;
}
