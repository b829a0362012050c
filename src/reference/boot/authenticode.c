#include "reference/boot/authenticode.h"

#include "base/limits.h"
#include "crypto/digest.h"
#include "reference/boot/pe.h"

/* One run [from, to) of the file. */
static int add(struct digester *digester, enum digest_alg alg, const struct pe_image *image,
               size_t from, size_t to)
{
    return digest_add(digester, alg, gb_bytes(image->file.data + from, to - from));
}

/* Steps 3 to 7: all headers but the checksum and the entry that points to the signatures, for
 * signing changes both. */
static int add_headers(struct digester *digester, enum digest_alg alg, const struct pe_image *image)
{
    enum { CHECKSUM = 4, ENTRY = 8 };
    int r = add(digester, alg, image, 0, image->checksum_at);
    size_t from = image->checksum_at + CHECKSUM;
    if (r == 0 && image->security_at > 0) {
        r = add(digester, alg, image, from, image->security_at);
        from = image->security_at + ENTRY;
    }
    return r < 0 ? r : add(digester, alg, image, from, image->headers_size);
}

/* Steps 9 to 10: sections with bytes, in order of their place in the file. Sections of one place
 * keep the table's order, as in edk2. */
static size_t sort(const struct pe_image *image, const struct pe_section **sorted)
{
    size_t count = 0;
    for (size_t i = 0; i < image->section_count; i++) {
        const struct pe_section *section = &image->sections[i];
        if (section->raw.len == 0)
            continue;
        size_t at = count++;
        for (; at > 0 && sorted[at - 1]->raw_at > section->raw_at; at--)
            sorted[at] = sorted[at - 1];
        sorted[at] = section;
    }
    return count;
}

static int digest(struct digester *digester, enum digest_alg alg, const struct pe_image *image,
                  const struct pe_section *const *sections, size_t count, size_t hashed,
                  uint8_t *out)
{
    int r = digest_begin(digester, alg);
    if (r == 0)
        r = add_headers(digester, alg, image);
    for (size_t i = 0; r == 0 && i < count; i++)
        r = digest_add(digester, alg, sections[i]->raw);
    /* Steps 13 to 14: whatever follows, without the signatures. The place is the sum of all that
     * was hashed, even where gaps between sections make it another one: so firmware does. */
    if (r == 0)
        r = add(digester, alg, image, hashed, image->file.len - image->certificates_size);
    return r < 0 ? r : digest_end(digester, alg, out);
}

int authenticode_digest(struct digester *digester, enum digest_alg alg,
                        const struct pe_image *image, uint8_t *out, struct gb_err *err)
{
    const struct pe_section *sections[GB_LIMIT_PE_SECTIONS];
    size_t count = sort(image, sections);
    size_t hashed = image->headers_size;
    for (size_t i = 0; i < count; i++)
        hashed += sections[i]->raw.len;
    if (hashed > image->file.len - image->certificates_size)
        return gb_err_at(err, GB_ERR_INPUT, image->headers_size,
                         "headers and sections claim %zu bytes of %zu", hashed,
                         image->file.len - image->certificates_size);
    int r = digest(digester, alg, image, sections, count, hashed, out);
    return r < 0 ? gb_err_set(err, r, "cannot compute %s", digest_name(alg)) : GB_OK;
}
