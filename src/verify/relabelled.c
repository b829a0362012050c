#include "verify/relabelled.h"

#include <string.h>

#include "base/encode.h"
#include "base/reader.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "evidence/ima_sig.h"
#include "verify/replay_ima.h"

/* Bytes of a path in a finding. */
enum { SHOWN_PATH = 512 };

/* Fields behind the path: nearly every entry has none. All of them where there is no path. */
static struct gb_bytes behind_path(const struct ima_entry *entry)
{
    const struct gb_bytes data = entry->template_data;
    if (entry->is_legacy)
        return gb_bytes(NULL, 0);
    if (!entry->path.data)
        return data;
    return gb_bytes_from(data, (size_t)(entry->path.data - data.data) + entry->path.len + 1);
}

/* A signature is of the usual form: it need not be hashed to know that it is no buffer. */
static bool is_signature(const struct ima_entry *entry, struct gb_bytes field)
{
    struct ima_sig sig;
    const char *why;
    return field.data == entry->signature.data && ima_sig_read(field, &sig, &why);
}

static int is_hashed(struct digester *digester, const struct ima_entry *entry,
                     struct gb_bytes field, bool *ret_hashed)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    *ret_hashed = false;
    if (is_signature(entry, field))
        return GB_OK;
    int r = digest_of(digester, entry->file_alg, field, digest);
    *ret_hashed = r == GB_OK && gb_bytes_equal(entry->file_digest,
                                               gb_bytes(digest, digest_size(entry->file_alg)));
    return r;
}

static int judge_entry(struct digester *digester, const struct ima_entry *entry, bool *ret_good)
{
    struct gb_reader r;
    bool good = true;
    gb_reader_init(&r, behind_path(entry));
    while (good && gb_reader_left(&r) > 0) {
        uint32_t len = gb_read_u32le(&r);
        struct gb_bytes field = gb_read_bytes(&r, len);
        bool hashed = false;
        if (field.len == 0)
            continue;
        int code = is_hashed(digester, entry, field, &hashed);
        if (code < 0)
            return code;
        good = hashed == (field.data == entry->buffer.data);
    }
    *ret_good = good;
    return GB_OK;
}

static void report(struct gb_findings *findings, const struct ima_log *log, size_t index)
{
    const struct ima_entry *entry = &log->entries[index];
    const struct gb_event_ref event = {.log = GB_LOG_IMA, .index = (uint32_t)(log->first + index)};
    char *path = gb_text_escape(findings->arena, entry->path, SHOWN_PATH);
    char *template = gb_text_escape(findings->arena, entry->template_name, SHOWN_PATH);
    if (!path || !template)
        findings->failed = true;
    gb_finding_add(findings, GB_FINDING_IMA_RELABELLED, event, path, template, NULL);
}

int relabelled_judge(struct digester *digester, const struct ima_log *log, size_t count,
                     struct gb_findings *findings, struct gb_err *err)
{
    for (size_t i = 0; i < count; i++) {
        const struct ima_entry *entry = &log->entries[i];
        bool good = true;
        if (entry->pcr != REPLAY_IMA_PCR || entry->is_violation || entry->file_alg == DIGEST_NONE)
            continue;
        if (judge_entry(digester, entry, &good) < 0)
            return gb_err_set(err, GB_ERR_BUG, "IMA entry %zu cannot be hashed", i);
        if (!good)
            report(findings, log, i);
    }
    return GB_OK;
}
