#include "evidence/kept.h"

#include <inttypes.h>

#include "base/limits.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "wire/cbor.h"

/* docs/formats/kept-evidence.md. Keys come in ascending order, each once; all but KEY_VERDICT must
 * be there. */
enum kept_key {
    KEY_VERSION = 1,
    KEY_EVIDENCE, /* the envelope, whole (docs/formats/evidence.md) */
    KEY_NONCE,
    KEY_TRANSPORT,
    KEY_ISSUED,
    KEY_JUDGED,
    KEY_BEFORE,
    KEY_FACTS,
    KEY_TRUST_ID,
    KEY_THEN,
    KEY_NOW,
    KEY_ROOTS,
    KEY_FACTS_NOW,
    KEY_VERDICT,
    KEYS_END,
};

enum { MAX_NAME = 4096, MAX_TEXT = 1 << 20, MAX_DOCUMENTS = GB_LIMIT_SETS + 16 };

/* ---- reading ---- */

static int read_documents(struct gb_arena *arena, struct cbor_reader *r,
                          struct kept_documents *documents)
{
    size_t count = cbor_read_array(r, MAX_DOCUMENTS);
    struct kept_document *items = gb_arena_new_array(arena, struct kept_document, count + 1);
    if (!items)
        return GB_ERR_NOMEM;
    for (size_t i = 0; i < count && cbor_ok(r); i++) {
        if (cbor_read_array(r, 2) != 2 && cbor_ok(r))
            cbor_fail(r, GB_ERR_INPUT, "a document is a name and a text");
        items[i].name = cbor_read_text(r, MAX_NAME);
        items[i].text = cbor_read_bytes(r, GB_LIMIT_POLICY);
    }
    *documents = (struct kept_documents){.items = items, .count = count};
    return GB_OK;
}

static int64_t read_time(struct cbor_reader *r)
{
    uint64_t value = cbor_read_uint(r);
    if (value > INT64_MAX)
        cbor_fail(r, GB_ERR_INPUT, "no such time");
    return (int64_t)value;
}

static int read_value(struct gb_arena *arena, struct cbor_reader *r, enum kept_key key,
                      struct kept *kept, struct gb_bytes *ret_envelope)
{
    switch (key) {
    case KEY_EVIDENCE:
        *ret_envelope = cbor_read_bytes(r, GB_LIMIT_KEPT);
        break;
    case KEY_NONCE:
        kept->nonce = cbor_read_bytes(r, GB_LIMIT_NONCE);
        break;
    case KEY_TRANSPORT:
        kept->transport = cbor_read_bytes(r, KEPT_TRANSPORT);
        if (cbor_ok(r) && kept->transport.len != KEPT_TRANSPORT)
            cbor_fail(r, GB_ERR_INPUT, "no SHA-256 of a key");
        break;
    case KEY_ISSUED:
        kept->issued_s = read_time(r);
        break;
    case KEY_JUDGED:
        kept->judged_s = read_time(r);
        break;
    case KEY_BEFORE:
        kept->before = cbor_read_bytes(r, KEPT_BEFORE);
        break;
    case KEY_FACTS:
        kept->facts = cbor_read_bytes(r, MAX_TEXT);
        break;
    case KEY_TRUST_ID:
        kept->trust_id = cbor_read_uint(r);
        break;
    case KEY_THEN:
        return read_documents(arena, r, &kept->then);
    case KEY_NOW:
        return read_documents(arena, r, &kept->now);
    case KEY_ROOTS:
        return read_documents(arena, r, &kept->roots);
    case KEY_FACTS_NOW:
        kept->facts_now = cbor_read_bytes(r, MAX_TEXT);
        break;
    case KEY_VERDICT:
        kept->verdict = cbor_read_bytes(r, GB_LIMIT_KEPT);
        break;
    case KEY_VERSION:
    case KEYS_END:
    default:
        cbor_fail(r, GB_ERR_INPUT, "unknown key");
        break;
    }
    return GB_OK;
}

static size_t read_version(struct cbor_reader *r)
{
    size_t pairs = cbor_read_map(r, KEYS_END);
    if (cbor_ok(r) && (pairs == 0 || cbor_read_uint(r) != KEY_VERSION))
        cbor_fail(r, GB_ERR_INPUT, "key 1 (version) must come first");
    uint64_t version = cbor_ok(r) ? cbor_read_uint(r) : 0;
    if (cbor_ok(r) && version != KEPT_VERSION)
        cbor_fail(r, GB_ERR_INPUT, "kept evidence of version %" PRIu64 ", known is only %d",
                  version, KEPT_VERSION);
    return cbor_ok(r) ? pairs - 1 : 0;
}

/* The keys come one after another from 2 on: so none is missing, and none is twice. */
static int read_pairs(struct gb_arena *arena, struct cbor_reader *r, struct kept *kept,
                      struct gb_bytes *ret_envelope, uint64_t *ret_key)
{
    uint64_t last = KEY_VERSION;
    for (size_t left = read_version(r); left > 0 && cbor_ok(r); left--) {
        uint64_t key = cbor_read_uint(r);
        *ret_key = key;
        if (cbor_ok(r) && key != ++last)
            cbor_fail(r, GB_ERR_INPUT, "key %" PRIu64 " was expected", last);
        if (cbor_ok(r) && read_value(arena, r, (enum kept_key)key, kept, ret_envelope) < 0)
            return GB_ERR_NOMEM;
    }
    if (cbor_ok(r) && last < KEY_VERDICT - 1)
        cbor_fail(r, GB_ERR_INPUT, "it ends early");
    return GB_OK;
}

int kept_read(struct gb_arena *arena, struct gb_bytes in, struct kept *ret_kept, struct gb_err *err)
{
    struct cbor_reader r;
    uint64_t key = 0;
    struct gb_bytes envelope = {0};
    struct kept *kept = gb_arena_new_one(arena, struct kept);
    cbor_reader_init(&r, in);
    if (!kept || read_pairs(arena, &r, kept, &envelope, &key) < 0)
        return gb_err_nomem(err);
    int code = cbor_finish(&r, err);
    if (code < 0 && key > 0)
        gb_err_prefix(err, "key %" PRIu64 ": ", key);
    if (code == GB_OK)
        code = envelope_read(arena, envelope, &kept->bundle, err);
    if (code == GB_OK && bundle_continues(&kept->bundle))
        code = gb_err_set(err, GB_ERR_INPUT, "the evidence is not whole");
    if (code < 0)
        gb_err_prefix(err, "kept evidence: ");
    else
        *ret_kept = *kept;
    return code;
}

/* ---- writing ---- */

static void write_documents(struct gb_buf *out, const struct kept_documents *documents)
{
    cbor_array(out, documents->count);
    for (size_t i = 0; i < documents->count; i++) {
        cbor_array(out, 2);
        cbor_text(out, documents->items[i].name);
        cbor_bytes(out, documents->items[i].text);
    }
}

static void write_bytes(struct gb_buf *out, enum kept_key key, struct gb_bytes value)
{
    cbor_uint(out, (uint64_t)key);
    cbor_bytes(out, value);
}

static void write_number(struct gb_buf *out, enum kept_key key, uint64_t value)
{
    cbor_uint(out, (uint64_t)key);
    cbor_uint(out, value);
}

/* The head of a byte string needs its length first. */
static void write_envelope(struct gb_buf *out, const struct bundle *bundle)
{
    struct gb_buf envelope;
    gb_buf_init(&envelope, out->max);
    envelope_write(&envelope, bundle);
    if (gb_buf_ok(&envelope))
        write_bytes(out, KEY_EVIDENCE, gb_buf_bytes(&envelope));
    else
        out->failed = true;
    gb_buf_done(&envelope);
}

void kept_write(struct gb_buf *out, const struct kept *kept)
{
    cbor_map(out, KEYS_END - 1 - !kept->verdict.data);
    write_number(out, KEY_VERSION, KEPT_VERSION);
    write_envelope(out, &kept->bundle);
    write_bytes(out, KEY_NONCE, kept->nonce);
    write_bytes(out, KEY_TRANSPORT, kept->transport);
    write_number(out, KEY_ISSUED, (uint64_t)kept->issued_s);
    write_number(out, KEY_JUDGED, (uint64_t)kept->judged_s);
    write_bytes(out, KEY_BEFORE, kept->before);
    write_bytes(out, KEY_FACTS, kept->facts);
    write_number(out, KEY_TRUST_ID, kept->trust_id);
    cbor_uint(out, KEY_THEN);
    write_documents(out, &kept->then);
    cbor_uint(out, KEY_NOW);
    write_documents(out, &kept->now);
    cbor_uint(out, KEY_ROOTS);
    write_documents(out, &kept->roots);
    write_bytes(out, KEY_FACTS_NOW, kept->facts_now);
    if (kept->verdict.data)
        write_bytes(out, KEY_VERDICT, kept->verdict);
}
