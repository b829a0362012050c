#include "agent/pcrs.h"

#include <string.h>

#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/pcr.h"

static bool parse_range(struct gb_bytes range, uint32_t *mask)
{
    uint64_t first;
    uint64_t last;
    struct gb_bytes rest = range;
    struct gb_bytes low = gb_text_until(&rest, '-');
    bool single = low.len == range.len;
    if (!gb_text_u64(low, GB_LIMIT_PCRS - 1, &first))
        return false;
    last = first;
    if (!single && !gb_text_u64(rest, GB_LIMIT_PCRS - 1, &last))
        return false;
    for (uint64_t pcr = first; pcr <= last; pcr++)
        *mask |= UINT32_C(1) << pcr;
    return first <= last;
}

static bool parse_bank(struct gb_bytes text, struct pcr_selected *ret_bank)
{
    struct gb_bytes rest = text;
    enum digest_alg alg = digest_from_name(gb_text_until(&rest, ':'));
    uint32_t mask = 0;
    if (alg == DIGEST_NONE || rest.len == 0)
        return false;
    while (rest.len > 0)
        if (!parse_range(gb_text_until(&rest, ','), &mask))
            return false;
    *ret_bank = (struct pcr_selected){.alg_id = (uint16_t)alg, .mask = mask};
    return true;
}

static bool has_bank(const struct pcr_selection *selection, uint16_t alg_id)
{
    for (size_t i = 0; i < selection->count; i++)
        if (selection->banks[i].alg_id == alg_id)
            return true;
    return false;
}

int pcrs_parse(const char *text, struct pcr_selection *ret_selection, struct gb_err *err)
{
    struct pcr_selection selection = {0};
    struct gb_bytes rest = gb_bytes_str(text);
    bool open_end = rest.len > 0 && strchr("+,", text[rest.len - 1]);
    do {
        struct pcr_selected bank;
        if (open_end || selection.count == DIGEST_ALGS ||
            !parse_bank(gb_text_until(&rest, '+'), &bank) || has_bank(&selection, bank.alg_id))
            return gb_err_set(err, GB_ERR_CONFIG,
                              "pcrs: not of the form sha256:0-15 or sha256:0-9,14+sha384:0-9");
        selection.banks[selection.count++] = bank;
    } while (rest.len > 0);
    *ret_selection = selection;
    return GB_OK;
}
