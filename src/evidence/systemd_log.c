#include "evidence/systemd_log.h"

#include <string.h>

#include "base/encode.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "wire/json.h"

enum {
    RECORD_SEPARATOR = 0x1e, /* RFC 7464 */
    MIN_RECORD = 16,         /* a pcr and its digests need more */
};

/* Phases come in this order; each word is extended when its unit starts, or for leave-initrd,
 * shutdown and final when one stops (systemd-pcrphase.service(8)). A node is quoted somewhere
 * between, with or without an initrd of systemd's own. */
#define INITRD "enter-initrd", "leave-initrd"
const char *const systemd_phases[][SYSTEMD_PHASE_WORDS] = {
    {NULL},
    {"sysinit", "ready", NULL},
    {INITRD, "sysinit", "ready", NULL},
    {"sysinit", NULL},
    {INITRD, "sysinit", NULL},
    {INITRD, NULL},
    {"enter-initrd", NULL},
    {"sysinit", "ready", "shutdown", NULL},
    {"sysinit", "ready", "shutdown", "final", NULL},
    {INITRD, "sysinit", "ready", "shutdown", NULL},
    {INITRD, "sysinit", "ready", "shutdown", "final", NULL},
    {"sysinit", "shutdown", NULL},
    {"sysinit", "shutdown", "final", NULL},
    {INITRD, "sysinit", "shutdown", NULL},
    {INITRD, "sysinit", "shutdown", "final", NULL},
};
#undef INITRD
const size_t systemd_phase_count = GB_ARRAY_LEN(systemd_phases);

static const char *copy_text(struct gb_arena *arena, const struct json *content, const char *key)
{
    struct gb_bytes text = gb_bytes(NULL, 0);
    if (!content || !json_get_text(content, key, &text))
        return "";
    return (const char *)gb_arena_copy(arena, text).data;
}

/* One member of "digests". An algorithm that we do not know is passed over: its bank is not
 * replayed. */
static int read_digest(struct gb_arena *arena, const struct json *item, struct systemd_event *event,
                       struct gb_err *err)
{
    struct gb_bytes name;
    struct gb_bytes hex;
    if (!json_get_text(item, "hashAlg", &name) || !json_get_text(item, "digest", &hex))
        return gb_err_set(err, GB_ERR_INPUT, "a digest lacks hashAlg or digest");
    size_t a = 0;
    while (a < DIGEST_ALGS && digest_algs[a] != digest_from_name(name))
        a++;
    if (a == DIGEST_ALGS)
        return GB_OK;
    if (event->digest[a])
        return gb_err_set(err, GB_ERR_INPUT, "two digests of %s", digest_name(digest_algs[a]));
    size_t size = digest_size(digest_algs[a]);
    uint8_t *digest = gb_arena_alloc_raw(arena, size, 1);
    if (!digest)
        return gb_err_nomem(err);
    if (!gb_hex_decode(hex, digest, size))
        return gb_err_set(err, GB_ERR_INPUT, "the %s digest is not %zu bytes of hex",
                          digest_name(digest_algs[a]), size);
    event->digest[a] = digest;
    return GB_OK;
}

/* Whether the record extends a PCR; newer systemd also logs extensions of NV indexes ("nvIndex",
 * "nvIndexName"), which no PCR shows. */
static bool names_nv_index(const struct json *record)
{
    return json_get(record, "nvIndex") || json_get(record, "nvIndexName");
}

static int read_event(struct gb_arena *arena, const struct json *record,
                      struct systemd_event *event, struct gb_err *err)
{
    uint64_t pcr = 0;
    if (!json_get_number(record, "pcr", &pcr) || pcr >= GB_LIMIT_PCRS)
        return gb_err_set(err, GB_ERR_INPUT, "no PCR between 0 and 23");
    event->pcr = (uint32_t)pcr;
    const struct json *digests = json_get(record, "digests");
    if (!digests || json_count(digests) == 0)
        return gb_err_set(err, GB_ERR_INPUT, "no digests");
    for (size_t i = 0; i < json_count(digests); i++) {
        int r = read_digest(arena, json_at(digests, i), event, err);
        if (r < 0)
            return r;
    }
    const struct json *content = json_get(record, "content");
    event->text = copy_text(arena, content, "string");
    event->type = copy_text(arena, content, "eventType");
    return event->text && event->type ? GB_OK : gb_err_nomem(err);
}

static int read_record(struct gb_arena *arena, struct gb_bytes text, size_t index,
                       struct systemd_log *log, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *record = NULL;
    struct systemd_event event = {.index = (uint32_t)index};
    int r = json_read(text, &record, err);
    if (r < 0)
        return r;
    if (!json_get(record, "pcr") && names_nv_index(record))
        return GB_OK;
    r = read_event(arena, record, &event, err);
    if (r == 0)
        log->events[log->count++] = event;
    return r;
}

static size_t count_records(struct gb_bytes in)
{
    size_t n = 0;
    for (size_t i = 0; i < in.len; i++)
        n += in.data[i] == RECORD_SEPARATOR;
    return n;
}

int systemd_log_read(struct gb_arena *arena, struct gb_bytes in, struct systemd_log *ret_log,
                     struct gb_err *err)
{
    if (in.len > GB_LIMIT_SYSTEMD_LOG)
        return gb_err_set(err, GB_ERR_LIMIT, "the systemd log is larger than %d bytes",
                          GB_LIMIT_SYSTEMD_LOG);
    if (in.len > 0 && in.data[0] != RECORD_SEPARATOR)
        return gb_err_at(err, GB_ERR_INPUT, 0, "record 0: does not begin with a separator (0x1e)");
    size_t records = count_records(in);
    if (records > in.len / MIN_RECORD)
        return gb_err_at(err, GB_ERR_INPUT, 0, "records are too short");
    struct systemd_log log = {.events = gb_arena_new_array(arena, struct systemd_event, records)};
    if (!log.events)
        return gb_err_nomem(err);
    struct gb_bytes rest = in;
    gb_text_until(&rest, RECORD_SEPARATOR);
    for (size_t i = 0; i < records; i++) {
        size_t offset = in.len - rest.len;
        int r = read_record(arena, gb_text_until(&rest, RECORD_SEPARATOR), i, &log, err);
        if (r == 0)
            continue;
        if (err && err->offset == GB_NO_OFFSET)
            err->offset = 0;
        gb_err_shift(err, offset);
        gb_err_prefix(err, "record %zu: ", i);
        return r;
    }
    *ret_log = log;
    return GB_OK;
}
