#include "reference/import/pcrlock_known.h"

#include <assert.h>
#include <string.h>

#include "crypto/digest.h"

/* policy/chain/chain.c says which of these need no reference, and where; systemd-stub(7) names the
 * sections, which it measures with their NUL. */
static const struct known_bytes {
    struct pcrlock_word word;
    const char *bytes;
    size_t len;
} words[] = {
    {{"a separator", false, 0, 7}, "\0\0\0\0", 4},
    {{"a separator", false, 0, 7}, "\xff\xff\xff\xff", 4},
#define TEXT(pcr, text) {{text, false, pcr, pcr}, text, sizeof(text) - 1}
    TEXT(4, "Calling EFI Application from Boot Option"),
    TEXT(4, "Returning from EFI Application from Boot Option"),
    TEXT(5, "Exit Boot Services Invocation"),
    TEXT(5, "Exit Boot Services Returned with Success"),
    TEXT(5, "Exit Boot Services Returned with Failure"),
    TEXT(5, "Exit Boot Services Failed"),
    TEXT(11, "enter-initrd"),
    TEXT(11, "leave-initrd"),
    TEXT(11, "sysinit"),
    TEXT(11, "ready"),
    TEXT(11, "shutdown"),
    TEXT(11, "final"),
#undef TEXT
#define SECTION(text) {{text, true, 11, 11}, text, sizeof(text)}
    SECTION(".linux"),
    SECTION(".osrel"),
    SECTION(".cmdline"),
    SECTION(".initrd"),
    SECTION(".ucode"),
    SECTION(".splash"),
    SECTION(".dtb"),
    SECTION(".dtbauto"),
    SECTION(".hwids"),
    SECTION(".uname"),
    SECTION(".sbat"),
    SECTION(".pcrpkey"),
    SECTION(".profile"),
#undef SECTION
};

static_assert(GB_ARRAY_LEN(words) <= PCRLOCK_KNOWN_MAX, "room for every word");

int pcrlock_known_init(struct pcrlock_known *known, struct digester *digester, struct gb_err *err)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++) {
        for (size_t a = 0; a < DIGEST_ALGS; a++) {
            int r = digest_of(digester, digest_algs[a], gb_bytes(words[i].bytes, words[i].len),
                              known->of[i].digest[a]);
            if (r < 0)
                return gb_err_set(err, (enum gb_err_code)r, "cannot compute %s",
                                  digest_name(digest_algs[a]));
        }
    }
    return GB_OK;
}

static bool is_word(const struct pcrlock_known *known, size_t i,
                    const struct gb_bytes digests[DIGEST_ALGS])
{
    for (size_t a = 0; a < DIGEST_ALGS; a++)
        if (digests[a].len > 0 && digest_strong(digest_algs[a]) &&
            memcmp(digests[a].data, known->of[i].digest[a], digests[a].len) == 0)
            return true;
    return false;
}

const struct pcrlock_word *pcrlock_known_find(const struct pcrlock_known *known, uint32_t pcr,
                                              const struct gb_bytes digests[DIGEST_ALGS])
{
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        if (pcr >= words[i].word.from_pcr && pcr <= words[i].word.to_pcr &&
            is_word(known, i, digests))
            return &words[i].word;
    return NULL;
}
