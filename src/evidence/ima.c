#include "evidence/ima.h"

#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/ima_ascii.h"
#include "evidence/ima_binary.h"
#include "evidence/ima_template.h"

/* The kernel prints "%2d " first; a binary list begins with a PCR index in four bytes. */
static bool is_ascii(struct gb_bytes in)
{
    if (in.len < 4 || (in.data[0] != ' ' && (in.data[0] < '0' || in.data[0] > '9')))
        return false;
    for (size_t i = 1; i < 4; i++)
        if (in.data[i] < ' ' || in.data[i] > '~')
            return false;
    return true;
}

int ima_read(struct gb_arena *arena, struct gb_bytes in, enum digest_alg template_alg,
             struct ima_log *ret_log, struct gb_err *err)
{
    if (in.len > GB_LIMIT_IMA_LOG)
        return gb_err_set(err, GB_ERR_LIMIT, "IMA list is larger than %d bytes", GB_LIMIT_IMA_LOG);
    return is_ascii(in) ? ima_ascii_read(arena, in, template_alg, ret_log, err)
                        : ima_binary_read(arena, in, template_alg, ret_log, err);
}

/* ima_crypto.c, ima_calc_field_array_hash_tfm: "ima" hashes digest and name without their lengths,
 * the name with zeros behind it; all others hash exactly what the list holds. */
int ima_template_digest(struct digester *digester, enum digest_alg alg,
                        const struct ima_entry *entry, uint8_t *out)
{
    if (!entry->is_legacy)
        return digest_of(digester, alg, entry->template_data, out);
    uint8_t name[IMA_LEGACY_NAME] = {0};
    if (entry->path.len > sizeof name)
        return GB_ERR_BUG;
    if (entry->path.len > 0)
        memcpy(name, entry->path.data, entry->path.len);
    return digest_of_two(digester, alg, entry->file_digest, gb_bytes(name, sizeof name), out);
}

bool ima_is_boot_aggregate(const struct ima_entry *entry)
{
    return gb_bytes_is(entry->path, "boot_aggregate");
}

/* A line each; empty ones are none. */
static size_t ascii_span(struct gb_bytes in, size_t count)
{
    size_t at = 0;
    while (count > 0 && at < in.len) {
        const uint8_t *end = memchr(in.data + at, '\n', in.len - at);
        size_t next = end ? (size_t)(end - in.data) + 1 : in.len;
        count -= next > at + 1;
        at = next;
    }
    return at;
}

size_t ima_span(struct gb_bytes in, const struct ima_entry *entries, size_t count)
{
    if (count == 0 || in.len == 0)
        return 0;
    if (is_ascii(in))
        return ascii_span(in, count);
    const struct gb_bytes last = entries[count - 1].template_data;
    return (size_t)(last.data + last.len - in.data);
}
