#include "evidence/ima_ascii.h"

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/ima_rebuild.h"
#include "evidence/ima_template.h"

/* All in hex, behind digest and name. */
enum { LINE_MAX = 2 * GB_LIMIT_IMA_TEMPLATE + 4096 };

/* The list's template algorithm, from how long the first entry's digest is. */
static const char *choose_alg(size_t digest_len, struct ima_log *log)
{
    for (size_t i = 0; i < DIGEST_ALGS && log->template_digest_size == 0; i++) {
        if (digest_size(digest_algs[i]) != digest_len)
            continue;
        log->template_alg = digest_algs[i];
        log->template_digest_size = digest_len;
    }
    return log->template_digest_size == digest_len ? NULL : "template digest of another size";
}

/* "10 <template digest> <template> <fields>" */
static const char *read_line(struct ima_rebuild *out, struct gb_bytes line, struct ima_log *log,
                             struct ima_template *template, struct ima_entry *ret_entry)
{
    struct ima_entry entry = {0};
    uint64_t pcr;
    if (!gb_text_u64(gb_text_word(&line), GB_LIMIT_PCRS - 1, &pcr) || line.len == 0)
        return "line does not begin with a PCR index up to 23";
    line = gb_bytes_from(line, 1);
    struct gb_bytes digest = gb_text_until(&line, ' ');
    const char *wrong = choose_alg(digest.len / 2, log);
    if (wrong)
        return wrong;
    entry.pcr = (uint32_t)pcr;
    entry.template_digest = out->at;
    if (!ima_rebuild_hex(out, digest))
        return "template digest is not hexadecimal";
    entry.is_violation = gb_bytes_all(gb_bytes(entry.template_digest, digest.len / 2), 0);
    entry.template_name = gb_text_until(&line, ' ');
    if (template->count == 0 || !gb_bytes_equal(entry.template_name, template->name))
        wrong = ima_template_find(entry.template_name, template);
    if (!wrong)
        wrong = ima_rebuild_data(out, template, line, &entry);
    if (!wrong)
        *ret_entry = entry;
    return wrong;
}

static size_t count_lines(struct gb_bytes in)
{
    struct gb_lines lines;
    struct gb_bytes line;
    size_t count = 0;
    gb_lines_init(&lines, in);
    while (gb_lines_next(&lines, &line))
        count += line.len > 0;
    return count;
}

static int read_entries(struct ima_rebuild *out, struct gb_bytes in, struct ima_log *log,
                        struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes line;
    struct ima_template template = {0};
    size_t i = 0;
    gb_lines_init(&lines, in);
    while (gb_lines_next(&lines, &line)) {
        if (line.len == 0)
            continue;
        size_t at = (size_t)(line.data - in.data);
        if (line.len > LINE_MAX)
            return gb_err_at(err, GB_ERR_LIMIT, at, "entry %zu: line is too long", i);
        if (!ima_rebuild_reserve(out, line.len))
            return gb_err_nomem(err);
        const char *wrong = read_line(out, line, log, &template, &log->entries[i]);
        if (wrong)
            return gb_err_at(err, GB_ERR_INPUT, at, "entry %zu: %s", i, wrong);
        i++;
    }
    return GB_OK;
}

int ima_ascii_read(struct gb_arena *arena, struct gb_bytes in, enum digest_alg template_alg,
                   struct ima_log *ret_log, struct gb_err *err)
{
    struct ima_rebuild out = {.arena = arena};
    struct ima_log log = {.template_alg = template_alg ? template_alg : DIGEST_SHA1,
                          .template_digest_size = digest_size(template_alg),
                          .count = count_lines(in)};
    if (log.count > GB_LIMIT_IMA_ENTRIES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d entries", GB_LIMIT_IMA_ENTRIES);
    log.entries = gb_arena_alloc_raw(arena, log.count, sizeof *log.entries);
    if (!log.entries)
        return gb_err_nomem(err);
    int r = read_entries(&out, in, &log, err);
    if (r == GB_OK)
        *ret_log = log;
    return r;
}
