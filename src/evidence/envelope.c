#include "evidence/envelope.h"

#include <inttypes.h>
#include <string.h>

#include "base/limits.h"
#include "evidence/bundle.h"
#include "wire/cbor.h"

/* docs/formats/evidence.md. Keys come in ascending order, each once at most. */
enum envelope_key {
    KEY_VERSION = 1,
    KEY_QUOTE,
    KEY_SIGNATURE,
    KEY_AK_PUBLIC,
    KEY_PCRS_RAW,
    KEY_BOOT_LOG,
    KEY_BOOT_LOG_DIGEST,
    KEY_SYSTEMD_LOG,
    KEY_IMA,
    KEY_IMA_FROM,
    KEY_CMDLINE,
    KEY_EKCERTS,
    KEY_INTERMEDIATES,
    KEY_EXTRAS,
    KEYS_END,
};

/* The parts that are one byte string. */
static const struct part {
    enum envelope_key key;
    size_t offset; /* of the gb_bytes in struct bundle */
    size_t max;
} parts[] = {
    {KEY_QUOTE, offsetof(struct bundle, quote), GB_LIMIT_PUBLIC},
    {KEY_SIGNATURE, offsetof(struct bundle, signature), GB_LIMIT_PUBLIC},
    {KEY_AK_PUBLIC, offsetof(struct bundle, ak_public), GB_LIMIT_PUBLIC},
    {KEY_PCRS_RAW, offsetof(struct bundle, pcrs_raw), GB_LIMIT_PCR_TEXT},
    {KEY_BOOT_LOG, offsetof(struct bundle, boot_log), GB_LIMIT_BOOT_LOG},
    {KEY_BOOT_LOG_DIGEST, offsetof(struct bundle, boot_log_digest), BUNDLE_LOG_DIGEST},
    {KEY_SYSTEMD_LOG, offsetof(struct bundle, systemd_log), GB_LIMIT_SYSTEMD_LOG},
    {KEY_IMA, offsetof(struct bundle, ima), GB_LIMIT_IMA_LOG},
    {KEY_CMDLINE, offsetof(struct bundle, cmdline), GB_LIMIT_CMDLINE},
    {KEY_EXTRAS, offsetof(struct bundle, extras), GB_LIMIT_EXTRAS},
};

static const struct part *find_part(uint64_t key)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++)
        if (parts[i].key == key)
            return &parts[i];
    return NULL;
}

static struct gb_bytes get(const struct bundle *bundle, const struct part *part)
{
    struct gb_bytes value;
    memcpy(&value, (const char *)bundle + part->offset, sizeof value);
    return value;
}

static void set(struct bundle *bundle, const struct part *part, struct gb_bytes value)
{
    memcpy((char *)bundle + part->offset, &value, sizeof value);
}

/* ---- reading ---- */

/* An array of certificates, which get the names that messages call them by. */
static int read_certs(struct gb_arena *arena, struct cbor_reader *r, const char *what,
                      struct bundle_file *files, size_t max, size_t *ret_count)
{
    size_t count = cbor_read_array(r, max);
    for (size_t i = 0; i < count && cbor_ok(r); i++) {
        files[i].bytes = cbor_read_bytes(r, GB_LIMIT_CERT);
        files[i].name = gb_arena_printf(arena, "%s %zu", what, i + 1);
        if (!files[i].name)
            return GB_ERR_NOMEM;
    }
    *ret_count = count;
    return GB_OK;
}

static int read_value(struct gb_arena *arena, struct cbor_reader *r, uint64_t key,
                      struct bundle *bundle)
{
    const struct part *part = find_part(key);
    if (part)
        set(bundle, part, cbor_read_bytes(r, part->max));
    else if (key == KEY_IMA_FROM)
        bundle->ima_from = cbor_read_uint(r);
    else if (key == KEY_EKCERTS)
        return read_certs(arena, r, "EK certificate", bundle->ekcerts, BUNDLE_MAX_EKCERTS,
                          &bundle->ekcert_count);
    else if (key == KEY_INTERMEDIATES)
        return read_certs(arena, r, "intermediate", bundle->intermediates, BUNDLE_MAX_INTERMEDIATES,
                          &bundle->intermediate_count);
    else
        cbor_fail(r, GB_ERR_INPUT, "unknown key");
    return GB_OK;
}

/* How many pairs follow the version; the version says whether the rest can be understood. */
static size_t read_version(struct cbor_reader *r)
{
    size_t pairs = cbor_read_map(r, KEYS_END);
    if (cbor_ok(r) && (pairs == 0 || cbor_read_uint(r) != KEY_VERSION))
        cbor_fail(r, GB_ERR_INPUT, "key 1 (version) must come first");
    uint64_t version = cbor_ok(r) ? cbor_read_uint(r) : 0;
    if (cbor_ok(r) && version != ENVELOPE_VERSION)
        cbor_fail(r, GB_ERR_INPUT, "evidence of version %" PRIu64 ", known is only %d", version,
                  ENVELOPE_VERSION);
    return cbor_ok(r) ? pairs - 1 : 0;
}

/* *ret_key is the key at which reading stopped, for the message; 0 before the first. */
static int read_pairs(struct gb_arena *arena, struct cbor_reader *r, struct bundle *bundle,
                      uint64_t *ret_key)
{
    uint64_t last = KEY_VERSION;
    for (size_t left = read_version(r); left > 0 && cbor_ok(r); left--) {
        uint64_t key = cbor_read_uint(r);
        if (!cbor_ok(r))
            break;
        *ret_key = key;
        if (key <= last) {
            cbor_fail(r, GB_ERR_INPUT, "keys must ascend");
            break;
        }
        last = key;
        if (read_value(arena, r, key, bundle) < 0)
            return GB_ERR_NOMEM;
        if (cbor_ok(r))
            *ret_key = 0;
    }
    return GB_OK;
}

int envelope_read(struct gb_arena *arena, struct gb_bytes in, struct bundle *ret_bundle,
                  struct gb_err *err)
{
    struct cbor_reader r;
    uint64_t key = 0;
    struct bundle *bundle = gb_arena_new_one(arena, struct bundle);
    cbor_reader_init(&r, in);
    if (!bundle || read_pairs(arena, &r, bundle, &key) < 0)
        return gb_err_nomem(err);
    int code = cbor_finish(&r, err);
    if (code < 0 && key > 0)
        gb_err_prefix(err, "key %" PRIu64 ": ", key);
    if (code < 0)
        gb_err_prefix(err, "evidence: ");
    else
        *ret_bundle = *bundle;
    return code;
}

/* ---- writing ---- */

static bool is_there(const struct bundle *bundle, enum envelope_key key)
{
    const struct part *part = find_part(key);
    if (part)
        return get(bundle, part).data;
    return key == KEY_VERSION || (key == KEY_IMA_FROM && bundle->ima_from > 0) ||
           (key == KEY_EKCERTS && bundle->ekcert_count > 0) ||
           (key == KEY_INTERMEDIATES && bundle->intermediate_count > 0);
}

static void write_certs(struct gb_buf *out, const struct bundle_file *files, size_t count)
{
    cbor_array(out, count);
    for (size_t i = 0; i < count; i++)
        cbor_bytes(out, files[i].bytes);
}

static void write_value(struct gb_buf *out, const struct bundle *bundle, enum envelope_key key)
{
    const struct part *part = find_part(key);
    if (part)
        cbor_bytes(out, get(bundle, part));
    else if (key == KEY_VERSION)
        cbor_uint(out, ENVELOPE_VERSION);
    else if (key == KEY_IMA_FROM)
        cbor_uint(out, bundle->ima_from);
    else if (key == KEY_EKCERTS)
        write_certs(out, bundle->ekcerts, bundle->ekcert_count);
    else
        write_certs(out, bundle->intermediates, bundle->intermediate_count);
}

void envelope_write(struct gb_buf *out, const struct bundle *bundle)
{
    uint64_t pairs = 0;
    for (int key = KEY_VERSION; key < KEYS_END; key++)
        pairs += is_there(bundle, (enum envelope_key)key);
    cbor_map(out, pairs);
    for (int key = KEY_VERSION; key < KEYS_END; key++) {
        if (!is_there(bundle, (enum envelope_key)key))
            continue;
        cbor_uint(out, (uint64_t)key);
        write_value(out, bundle, (enum envelope_key)key);
    }
}
