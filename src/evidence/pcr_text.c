/* pcrs.yaml: "  sha256:" opens a bank, "    0 : 0x..." is a value. */
#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/pcr.h"

static const char *value_line(struct gb_bytes line, struct pcr_bank *bank)
{
    uint64_t pcr = 0;
    struct gb_bytes value = line;
    struct gb_bytes index = gb_text_trim(gb_text_until(&value, ':'));
    value = gb_text_trim(value);
    if (!gb_text_u64(index, GB_LIMIT_PCRS - 1, &pcr))
        return "not a PCR number";
    if (!bank)
        return "a value before any bank";
    if (bank->alg == DIGEST_NONE) /* a bank that we cannot use: its values are passed over */
        return NULL;
    if (bank->mask >> pcr & 1)
        return "PCR is given twice";
    if (!gb_bytes_starts(value, gb_bytes_str("0x")) && !gb_bytes_starts(value, gb_bytes_str("0X")))
        return "value does not start with 0x";
    size_t size = digest_size(bank->alg);
    if (value.len != 2 + 2 * size ||
        !gb_hex_decode(gb_bytes_from(value, 2), bank->value[pcr], size))
        return "value is not a digest of its bank";
    bank->mask |= UINT32_C(1) << pcr;
    return NULL;
}

static const char *bank_line(struct gb_bytes name, struct pcr_values *values,
                             struct pcr_bank *unknown, struct pcr_bank **bank)
{
    enum digest_alg alg = digest_from_name(name);
    if (alg != DIGEST_NONE && pcr_bank_find(values, alg))
        return "bank is given twice";
    *bank = alg == DIGEST_NONE ? unknown : pcr_bank_add(values, alg);
    return NULL;
}

/* NULL, or what is wrong with the line. "pcrs:" is how `tpm2 quote` opens the same text. */
static const char *text_line(struct gb_bytes line, struct pcr_values *values,
                             struct pcr_bank *unknown, struct pcr_bank **bank)
{
    line = gb_text_trim(line);
    if (line.len == 0 || line.data[0] == '#' || gb_bytes_is(line, "pcrs:"))
        return NULL;
    if (line.data[line.len - 1] == ':')
        return bank_line(gb_bytes(line.data, line.len - 1), values, unknown, bank);
    return value_line(line, *bank);
}

int pcr_values_read_text(struct gb_bytes in, struct pcr_values *ret_values, struct gb_err *err)
{
    if (in.len > GB_LIMIT_PCR_TEXT)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes", GB_LIMIT_PCR_TEXT);
    struct pcr_values values = {0};
    struct pcr_bank unknown = {0};
    struct pcr_bank *bank = NULL;
    struct gb_lines lines;
    struct gb_bytes line;
    gb_lines_init(&lines, in);
    for (size_t at = 0; gb_lines_next(&lines, &line); at = lines.offset) {
        const char *fault = text_line(line, &values, &unknown, &bank);
        if (fault)
            return gb_err_at(err, GB_ERR_INPUT, at, "line %zu: %s", lines.line, fault);
    }
    *ret_values = values;
    return GB_OK;
}
