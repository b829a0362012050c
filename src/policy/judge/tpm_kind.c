#include "policy/judge/tpm_kind.h"

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/text.h"
#include "policy/rules/pattern.h"
#include "verify/tpm_facts.h"

/* What a comparison begins with, the longer ones first. */
static const struct {
    const char *word;
    bool less, same, more; /* which answers it takes */
} operators[] = {{">=", false, true, true},
                 {"<=", true, true, false},
                 {"=", false, true, false},
                 {">", false, false, true},
                 {"<", true, false, false}};

/* The operator that `asked` begins with, cut off it; -1: it is a pattern. */
static int cut_operator(struct gb_bytes *asked)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(operators); i++) {
        struct gb_bytes word = gb_bytes_str(operators[i].word);
        if (!gb_bytes_starts(*asked, word))
            continue;
        *asked = gb_bytes_from(*asked, word.len);
        return (int)i;
    }
    return -1;
}

/* The next number of a version; one that has no more goes on with zeros. */
static bool next_number(struct gb_bytes *version, uint64_t *ret_number)
{
    *ret_number = 0;
    return version->len == 0 || gb_text_u64(gb_text_until(version, '.'), UINT32_MAX, ret_number);
}

bool tpm_firmware_ok(const char *asked)
{
    struct gb_bytes rest = gb_bytes_str(asked);
    uint64_t number;
    if (cut_operator(&rest) < 0) /* a pattern: what is no part of a version would match nothing */
        return strspn(asked, "0123456789.*") == rest.len;
    if (rest.len == 0 || rest.data[rest.len - 1] == '.')
        return false;
    while (rest.len > 0)
        if (!next_number(&rest, &number))
            return false;
    return true;
}

static bool firmware_matches(const char *asked, const char *found)
{
    struct gb_bytes a = gb_bytes_str(asked), f = gb_bytes_str(found);
    int at = cut_operator(&a);
    if (at < 0)
        return pattern_matches(a, f);
    while (a.len > 0 || f.len > 0) {
        uint64_t wanted, has;
        if (!next_number(&a, &wanted) || !next_number(&f, &has))
            return false;
        if (has != wanted)
            return has < wanted ? operators[at].less : operators[at].more;
    }
    return operators[at].same;
}

enum tpm_match tpm_kind_match(const struct tpm_kind *kind, const struct tpm_facts *facts)
{
    const char *const asked[] = {kind->manufacturer, kind->model};
    const char *const found[] = {facts->manufacturer, facts->model};
    bool unknown = kind->firmware && !facts->firmware;
    for (size_t i = 0; i < GB_ARRAY_LEN(asked); i++) {
        if (asked[i] && found[i] &&
            !pattern_matches(gb_bytes_str(asked[i]), gb_bytes_str(found[i])))
            return TPM_MATCH_NO;
        unknown = unknown || (asked[i] && !found[i]);
    }
    if (kind->firmware && facts->firmware && !firmware_matches(kind->firmware, facts->firmware))
        return TPM_MATCH_NO;
    return unknown ? TPM_MATCH_UNKNOWN : TPM_MATCH_YES;
}
