#include "reference/import/corim_header.h"

#include <stdio.h>

#include "base/limits.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"
#include "wire/cbor.h"
#include "wire/cose.h"

enum { DATE_TEXT = 24 };

static int64_t read_time(struct cbor_reader *reader)
{
    size_t at = reader->at;
    if (cbor_read_tag(reader) != CORIM_TAG_EPOCH) {
        reader->at = at;
        cbor_fail(reader, GB_ERR_INPUT, "a time without its tag %d", CORIM_TAG_EPOCH);
    }
    return cbor_read_int(reader);
}

void corim_validity_read(struct cbor_reader *reader, struct corim_validity *ret_validity)
{
    struct corim_validity validity = {.has_from = false};
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, 2);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        if (key > 1) {
            cbor_fail(reader, GB_ERR_INPUT, "unknown key %u of a validity", key);
        } else if (key == 0) {
            validity.from_s = read_time(reader);
            validity.has_from = true;
        } else {
            validity.to_s = read_time(reader);
            validity.has_to = true;
        }
    }
    *ret_validity = validity;
}

/* "2026-11-20", counted in the calendar whose years begin in March; other years as seconds. */
static const char *date(int64_t at_s, char room[DATE_TEXT])
{
    static const int64_t day_s = 86400, days_to_1970 = 719468; /* from 0000-03-01 */
    static const int64_t last_s = 253402300799;                /* 9999-12-31T23:59:59Z */
    if (at_s < 0 || at_s > last_s) {
        snprintf(room, DATE_TEXT, "%lld s", (long long)at_s);
        return room;
    }
    int64_t days = at_s / day_s + days_to_1970;
    int64_t era = days / 146097, of_era = days % 146097;
    int64_t years = (of_era - of_era / 1460 + of_era / 36524 - of_era / 146096) / 365;
    int64_t of_year = of_era - (365 * years + years / 4 - years / 100);
    int64_t month = (5 * of_year + 2) / 153;
    int64_t day = of_year - (153 * month + 2) / 5 + 1;
    month += month < 10 ? 3 : -9;
    long long year = era * 400 + years + (month <= 2);
    snprintf(room, DATE_TEXT, "%04lld-%02lld-%02lld", year, (long long)month, (long long)day);
    return room;
}

void corim_validity_check(struct cbor_reader *reader, const struct corim_validity *validity,
                          int64_t time_s, const char *what)
{
    char room[DATE_TEXT];
    if (validity->has_from && time_s < validity->from_s)
        cbor_fail(reader, GB_ERR_DENIED, "%s is valid only from %s on", what,
                  date(validity->from_s, room));
    if (validity->has_to && time_s > validity->to_s)
        cbor_fail(reader, GB_ERR_DENIED, "%s was valid until %s", what, date(validity->to_s, room));
}

/* corim-signer-map: name, URI. */
static struct gb_bytes read_signer(struct cbor_reader *reader)
{
    struct gb_bytes name = {0};
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        if (cbor_read_key(reader, &seen) == 0)
            name = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        else
            (void)cbor_read_any(reader);
    }
    return name;
}

static struct gb_bytes read_meta(struct cbor_reader *reader, struct corim_validity *validity)
{
    struct gb_bytes name = {0};
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        if (key == 0)
            name = read_signer(reader);
        else if (key == 1)
            corim_validity_read(reader, validity);
        else
            (void)cbor_read_any(reader);
    }
    if (!name.data)
        cbor_fail(reader, GB_ERR_INPUT, "corim-meta without a signer's name");
    return name;
}

/* RFC 8392: iss 1, exp 4, nbf 5; times are numbers without a tag. */
static struct gb_bytes read_claims(struct cbor_reader *reader, struct corim_validity *validity)
{
    struct gb_bytes issuer = {0};
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        if (key == 1) {
            issuer = cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        } else if (key == 4) {
            validity->to_s = cbor_read_int(reader);
            validity->has_to = true;
        } else if (key == 5) {
            validity->from_s = cbor_read_int(reader);
            validity->has_from = true;
        } else {
            (void)cbor_read_any(reader);
        }
    }
    if (!issuer.data)
        cbor_fail(reader, GB_ERR_INPUT, "CWT claims without an issuer");
    return issuer;
}

/* One of the two, and its time. */
static int read_who(struct gb_bytes part,
                    struct gb_bytes (*part_read)(struct cbor_reader *reader,
                                                 struct corim_validity *validity),
                    const char *what, int64_t time_s, struct gb_bytes *ret_name, struct gb_err *err)
{
    struct corim_validity validity = {.has_from = false};
    struct cbor_reader reader;
    cbor_reader_init(&reader, part);
    struct gb_bytes name = part_read(&reader, &validity);
    corim_validity_check(&reader, &validity, time_s, "the signature");
    int r = cbor_finish(&reader, err);
    if (r == GB_OK)
        *ret_name = name;
    else
        gb_err_prefix(err, "%s: ", what);
    if (r < 0 && err)
        err->offset = GB_NO_OFFSET; /* of a part, not of the file */
    return r;
}

int corim_header_read(struct import *import, const struct cose_sign1 *message, int64_t time_s,
                      const char **ret_signer, struct gb_err *err)
{
    struct gb_bytes meta = {0}, claims = {0};
    if (!gb_bytes_is(message->content_type, CORIM_MEDIA_TYPE))
        return gb_err_set(err, GB_ERR_INPUT, "the content type is not " CORIM_MEDIA_TYPE);
    if (!message->corim_meta.data && !message->cwt_claims.data)
        return gb_err_set(err, GB_ERR_INPUT, "neither corim-meta nor CWT claims say who signed");
    int r = GB_OK;
    if (message->corim_meta.data)
        r = read_who(message->corim_meta, read_meta, "corim-meta", time_s, &meta, err);
    if (r == GB_OK && message->cwt_claims.data)
        r = read_who(message->cwt_claims, read_claims, "CWT claims", time_s, &claims, err);
    if (r < 0)
        return r;
    if (meta.data && claims.data && !gb_bytes_equal(meta, claims))
        return gb_err_set(err, GB_ERR_INPUT, "corim-meta and CWT claims name different signers");
    *ret_signer = import_text(import, meta.data ? meta : claims);
    return import->failed == GB_OK ? GB_OK : gb_err_nomem(err);
}
