/* environment-map and measurement-map (draft-ietf-rats-corim, "Environments", "Measurements"). */
#include <stdint.h>

#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/sets/refval.h"
#include "reference/import/comid.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"
#include "wire/cbor.h"

/* A map's key as a number; what is none (names, negatives: private use) gives -1. */
static int64_t read_key(struct cbor_reader *reader, struct cbor_keys *keys)
{
    enum cbor_shape shape = cbor_peek(reader);
    size_t at = reader->at;
    (void)cbor_read_any_key(reader, keys);
    if (shape != CBOR_UINT || !cbor_ok(reader))
        return -1;
    size_t after = reader->at;
    reader->at = at;
    int64_t key = cbor_read_int(reader);
    reader->at = after;
    return key;
}

static void read_class(struct cbor_reader *reader, struct comid_env *env)
{
    struct cbor_keys keys = {.count = 0};
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        int64_t key = read_key(reader, &keys);
        if (key == 1) {
            env->vendor = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        } else if (key == 2) {
            env->model = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        } else {
            (void)cbor_read_any(reader);
            env->has_other_class = true;
        }
    }
}

void comid_env_read(struct cbor_reader *reader, struct comid_env *ret_env)
{
    struct cbor_keys keys = {.count = 0};
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    *ret_env = (struct comid_env){.is_narrow = false};
    if (pairs == 0)
        cbor_fail(reader, GB_ERR_INPUT, "an empty environment");
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        int64_t key = read_key(reader, &keys);
        if (key == 0) {
            read_class(reader, ret_env);
        } else {
            (void)cbor_read_any(reader);
            ret_env->is_narrow = true;
        }
    }
}

/* Named Information Hash Algorithms (RFC 6920), and COSE's numbers for the same. */
static enum digest_alg read_alg(struct cbor_reader *reader)
{
    static const struct {
        int64_t number, cose;
        const char *text;
        enum digest_alg alg;
    } known[] = {{1, -16, "sha-256", DIGEST_SHA256},
                 {7, -43, "sha-384", DIGEST_SHA384},
                 {8, -44, "sha-512", DIGEST_SHA512}};
    bool is_text = cbor_peek(reader) == CBOR_TEXT;
    struct gb_bytes text = is_text ? cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT) : gb_bytes("", 0);
    int64_t number = is_text ? 0 : cbor_read_int(reader);
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++)
        if (is_text ? gb_bytes_is(text, known[i].text)
                    : number == known[i].number || number == known[i].cose)
            return known[i].alg;
    return DIGEST_NONE;
}

/* digests-type: each algorithm once. Those that no set holds are counted as weak. */
static void read_digests(struct cbor_reader *reader, struct import *import,
                         struct comid_measurement *m)
{
    size_t count = cbor_read_array(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < count && cbor_ok(reader); i++) {
        size_t at = reader->at;
        if (cbor_read_array(reader, 2) != 2)
            cbor_fail(reader, GB_ERR_INPUT, "a digest is an algorithm and a value");
        enum digest_alg alg = read_alg(reader);
        struct gb_bytes value = cbor_read_bytes(reader, GB_LIMIT_IMPORT_TEXT);
        size_t place = ref_digest_position(alg);
        m->has_digests = true;
        if (!cbor_ok(reader) || alg == DIGEST_NONE)
            continue;
        if (value.len != digest_size(alg) || m->digest[place].len > 0) {
            reader->at = at;
            cbor_fail(reader, GB_ERR_INPUT,
                      value.len != digest_size(alg) ? "a %s digest of another length"
                                                    : "two %s digests of one thing",
                      digest_name(alg));
            return;
        }
        m->digest[place] = gb_arena_copy(import->arena, value);
        if (!m->digest[place].data)
            import_fail(import, GB_ERR_NOMEM);
    }
}

/* Tagged bytes; a masked value matches more than one text, and is left out. */
static bool read_raw(struct cbor_reader *reader, struct comid_measurement *m)
{
    size_t at = reader->at;
    bool is_bytes = cbor_peek(reader) == CBOR_TAG && cbor_read_tag(reader) == CORIM_TAG_BYTES;
    if (is_bytes) {
        m->raw = cbor_read_bytes(reader, GB_LIMIT_CMDLINE);
        return true;
    }
    reader->at = at;
    (void)cbor_read_any(reader);
    return false;
}

/* Members of measurement-values-map that no set holds, by their numbers. */
static const char *member_name(int64_t key)
{
    static const char *const names[] = {
        "version",  "svn",      "digests", "flags",         "raw-value",
        "mask",     "mac-addr", "ip-addr", "serial-number", "ueid",
        "uuid",     "name",     NULL,      "cryptokeys",    "integrity-registers",
        "int-range"};
    bool known = key >= 0 && key < (int64_t)GB_ARRAY_LEN(names) && names[key];
    return known ? names[key] : "a private extension";
}

static void leave_out(struct import *import, struct comid_measurement *m, const char *what)
{
    m->left_out = m->left_out ? gb_arena_printf(import->arena, "%s, %s", m->left_out, what) : what;
    if (!m->left_out)
        import_fail(import, GB_ERR_NOMEM);
}

static void read_values(struct cbor_reader *reader, struct import *import,
                        struct comid_measurement *m)
{
    struct cbor_keys keys = {.count = 0};
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        int64_t key = read_key(reader, &keys);
        bool is_held = key == 2 || key == 11;
        if (key == 2)
            read_digests(reader, import, m);
        else if (key == 4)
            is_held = read_raw(reader, m);
        else if (key == 11)
            m->name = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        else
            (void)cbor_read_any(reader);
        if (!is_held)
            leave_out(import, m, member_name(key));
    }
}

static void read_element(struct cbor_reader *reader, struct comid_measurement *m)
{
    if (cbor_peek(reader) == CBOR_TEXT) {
        m->key_text = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
    } else if (cbor_peek(reader) == CBOR_UINT) {
        m->key_number = cbor_read_uint(reader);
        m->has_number = true;
    } else {
        (void)cbor_read_any(reader); /* OID, UUID */
    }
}

void comid_measurement_read(struct cbor_reader *reader, struct import *import,
                            struct comid_measurement *ret_measurement)
{
    struct cbor_keys keys = {.count = 0};
    struct comid_measurement m = {.left_out = NULL};
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        int64_t key = read_key(reader, &keys);
        if (key == 0) {
            read_element(reader, &m);
        } else if (key == 1) {
            read_values(reader, import, &m);
        } else {
            (void)cbor_read_any(reader);
            m.needs_more = true;
        }
    }
    *ret_measurement = m;
}

bool comid_key_pcr(const struct comid_measurement *m, uint32_t *ret_pcr, uint32_t *ret_type)
{
    uint64_t pcr = m->key_number;
    struct gb_bytes rest = m->key_text;
    uint32_t type = EV_IPL;
    if (!m->has_number) {
        if (!rest.data || !gb_bytes_starts(rest, gb_bytes_str("pcr")))
            return false;
        rest = gb_bytes_from(rest, 3);
        if (!gb_text_u64(gb_text_word(&rest), GB_LIMIT_PCRS - 1, &pcr))
            return false;
        struct gb_bytes word = gb_text_word(&rest);
        if (word.len > 0 && !event_type_from_name(word, &type))
            return false;
    }
    if (pcr >= GB_LIMIT_PCRS)
        return false;
    *ret_pcr = (uint32_t)pcr;
    *ret_type = type;
    return true;
}
