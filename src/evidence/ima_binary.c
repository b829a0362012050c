#include "evidence/ima_binary.h"

#include <string.h>

#include "base/limits.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/ima_template.h"

/* A number that is refused, at its own offset, when above `max`. */
static uint32_t read_u32_max(struct gb_reader *r, uint32_t max, const char *what)
{
    size_t at = r->at;
    uint32_t value = gb_read_u32le(r);
    if (value <= max)
        return value;
    r->at = at;
    gb_reader_fail(r, what);
    return 0;
}

/* Template "ima": digest, length, name without NUL (IMA_SHOW_BINARY_OLD_STRING_FMT). */
static void read_legacy(struct gb_reader *r, struct ima_entry *entry)
{
    size_t at = r->at;
    entry->is_legacy = true;
    entry->file_alg = DIGEST_SHA1;
    entry->file_digest = gb_read_bytes(r, IMA_LEGACY_DIGEST);
    uint32_t len = read_u32_max(r, IMA_LEGACY_NAME - 1, "name is longer than 255 bytes");
    entry->path = gb_read_bytes(r, len);
    if (entry->path.len > 0 && memchr(entry->path.data, 0, entry->path.len))
        gb_reader_fail(r, "name holds a NUL");
    if (gb_reader_ok(r))
        entry->template_data = gb_bytes(r->data + at, r->at - at);
}

/* One entry without a look into its template data. */
static void read_entry(struct gb_reader *r, size_t digest_len, struct ima_entry *ret_entry)
{
    struct ima_entry entry = {0};
    entry.pcr = read_u32_max(r, GB_LIMIT_PCRS - 1, "PCR index is above 23");
    struct gb_bytes digest = gb_read_bytes(r, digest_len);
    uint32_t name_len = read_u32_max(r, GB_LIMIT_IMA_NAME, "template name is too long");
    if (name_len == 0)
        gb_reader_fail(r, "template has no name");
    entry.template_name = gb_read_bytes(r, name_len);
    if (gb_bytes_is(entry.template_name, "ima")) {
        read_legacy(r, &entry);
    } else {
        uint32_t len = read_u32_max(r, GB_LIMIT_IMA_TEMPLATE, "template data are too long");
        entry.template_data = gb_read_bytes(r, len);
    }
    if (!gb_reader_ok(r))
        return;
    entry.template_digest = digest.data;
    entry.is_violation = gb_bytes_all(digest, 0);
    *ret_entry = entry;
}

/* Walks the list from header to header. */
static int count_entries(struct gb_bytes in, size_t digest_len, size_t *ret_count,
                         struct gb_err *err)
{
    struct gb_reader r;
    struct ima_entry entry;
    size_t count = 0;
    for (gb_reader_init(&r, in); gb_reader_left(&r) > 0; count++) {
        read_entry(&r, digest_len, &entry);
        int code = gb_reader_check(&r, err);
        if (code < 0) {
            gb_err_prefix(err, "entry %zu: ", count);
            return code;
        }
        if (count == GB_LIMIT_IMA_ENTRIES)
            return gb_err_set(err, GB_ERR_LIMIT, "more than %d entries", GB_LIMIT_IMA_ENTRIES);
    }
    *ret_count = count;
    return GB_OK;
}

/* Splits the template data; `template` remembers the last entry's, which is mostly this one's. */
static int split(struct ima_entry *entry, size_t data_at, struct ima_template *template,
                 struct gb_err *err)
{
    if (!gb_bytes_equal(entry->template_name, template->name)) {
        const char *wrong = ima_template_find(entry->template_name, template);
        if (wrong)
            return gb_err_at(err, GB_ERR_INPUT, data_at, "%s", wrong);
    }
    if (entry->is_legacy)
        return GB_OK;
    size_t at = 0;
    const char *wrong = ima_template_split(template, entry, &at);
    if (wrong)
        return gb_err_at(err, GB_ERR_INPUT, data_at + at, "%s", wrong);
    return GB_OK;
}

static int read_entries(struct gb_bytes in, size_t digest_len, struct ima_entry *entries,
                        size_t count, struct gb_err *err)
{
    struct gb_reader r;
    struct ima_template template = {0};
    gb_reader_init(&r, in);
    for (size_t i = 0; i < count; i++) {
        read_entry(&r, digest_len, &entries[i]);
        int code = gb_reader_check(&r, err);
        if (code == GB_OK)
            code = split(&entries[i], r.at - entries[i].template_data.len, &template, err);
        if (code < 0) {
            gb_err_prefix(err, "entry %zu: ", i);
            return code;
        }
    }
    return GB_OK;
}

/* The first algorithm whose digest size lets the first entry be read, SHA-1 before all; SHA-1 when
 * none does, so that its error is reported. */
static enum digest_alg find_alg(struct gb_bytes in)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        struct gb_reader r;
        struct ima_entry entry;
        struct ima_template template = {0};
        gb_reader_init(&r, in);
        read_entry(&r, digest_size(digest_algs[i]), &entry);
        if (gb_reader_ok(&r) && split(&entry, 0, &template, NULL) == GB_OK)
            return digest_algs[i];
    }
    return DIGEST_SHA1;
}

/* Other byte orders than little are left to ima_canonical_fmt, which makes them little. */
static bool is_big_endian(struct gb_bytes in)
{
    return in.len >= 4 && in.data[0] == 0 && in.data[1] == 0 && in.data[2] == 0 && in.data[3] != 0;
}

int ima_binary_read(struct gb_arena *arena, struct gb_bytes in, enum digest_alg template_alg,
                    struct ima_log *ret_log, struct gb_err *err)
{
    if (is_big_endian(in))
        return gb_err_at(err, GB_ERR_INPUT, 0,
                         "the list is big-endian: boot with ima_canonical_fmt");
    struct ima_log log = {.template_alg = template_alg ? template_alg : find_alg(in)};
    log.template_digest_size = digest_size(log.template_alg);
    int r = count_entries(in, log.template_digest_size, &log.count, err);
    if (r < 0)
        return r;
    log.entries = gb_arena_alloc_raw(arena, log.count, sizeof *log.entries);
    if (!log.entries)
        return gb_err_nomem(err);
    r = read_entries(in, log.template_digest_size, log.entries, log.count, err);
    if (r == GB_OK)
        *ret_log = log;
    return r;
}
