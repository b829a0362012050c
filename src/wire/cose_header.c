#include "wire/cose_header.h"

#include <stdint.h>

#include "base/limits.h"
#include "wire/cbor.h"
#include "wire/cose.h"

/* RFC 9052, 3.1; draft-ietf-rats-corim; RFC 9597; draft-ietf-cose-hash-envelope. */
enum label {
    LABEL_ALG = 1,
    LABEL_CRIT = 2,
    LABEL_CONTENT_TYPE = 3,
    LABEL_KID = 4,
    LABEL_CORIM_META = 8,
    LABEL_CWT_CLAIMS = 15,
    LABEL_PAYLOAD_HASH = 258,
};

enum { MOST_CRITICAL = 8 };

/* What the sender holds critical must be what we obey; 258 is obeyed by refusing it. */
static bool is_obeyed(int64_t label)
{
    static const enum label obeyed[] = {LABEL_ALG,        LABEL_CRIT,       LABEL_CONTENT_TYPE,
                                        LABEL_CORIM_META, LABEL_CWT_CLAIMS, LABEL_PAYLOAD_HASH};
    for (size_t i = 0; i < GB_ARRAY_LEN(obeyed); i++)
        if (label == (int64_t)obeyed[i])
            return true;
    return false;
}

/* RFC 9052, 3.1: one label or more, each understood, or the message is no good. A label there that
 * the header lacks is found by who needs what it says. */
static void read_critical(struct cbor_reader *reader)
{
    size_t count = cbor_read_array(reader, MOST_CRITICAL);
    if (count == 0)
        cbor_fail(reader, GB_ERR_INPUT, "an empty list of critical headers");
    for (size_t i = 0; i < count && cbor_ok(reader); i++) {
        size_t at = reader->at;
        enum cbor_shape shape = cbor_peek(reader);
        bool is_number = shape == CBOR_UINT || shape == CBOR_NEGATIVE;
        int64_t label = is_number ? cbor_read_int(reader) : 0;
        if (!is_number)
            (void)cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        if (!cbor_ok(reader) || (is_number && is_obeyed(label)))
            continue;
        reader->at = at;
        if (is_number)
            cbor_fail(reader, GB_ERR_INPUT, "the header %lld is critical, and not known here",
                      (long long)label);
        else
            cbor_fail(reader, GB_ERR_INPUT, "a named header is critical, and not known here");
    }
}

static void read_algorithm(struct cbor_reader *reader, struct cose_sign1 *message)
{
    if (cbor_peek(reader) == CBOR_TEXT) { /* no registered algorithm is text: verify refuses it */
        (void)cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
        return;
    }
    int64_t alg = cbor_read_int(reader);
    message->alg = alg < 0 && alg > -100 ? (enum cose_alg)alg : COSE_NONE;
}

static struct gb_bytes content_type(struct cbor_reader *reader)
{
    if (cbor_peek(reader) == CBOR_TEXT)
        return cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT);
    (void)cbor_read_uint(reader);
    return gb_bytes(NULL, 0);
}

/* In the unprotected header, only the key's id is heard: it is a hint. */
static void read_number(struct cbor_reader *reader, int64_t label, bool is_protected,
                        struct cose_sign1 *message)
{
    if (label == LABEL_KID)
        message->kid = cbor_read_bytes(reader, GB_LIMIT_IMPORT_TEXT);
    else if (!is_protected && is_obeyed(label))
        cbor_fail(reader, GB_ERR_INPUT, "the header %lld is not protected", (long long)label);
    else if (label == LABEL_ALG)
        read_algorithm(reader, message);
    else if (label == LABEL_CRIT)
        read_critical(reader);
    else if (label == LABEL_CONTENT_TYPE)
        message->content_type = content_type(reader);
    else if (label == LABEL_CORIM_META)
        message->corim_meta = cbor_read_bytes(reader, GB_LIMIT_IMPORT_FILE);
    else if (label == LABEL_CWT_CLAIMS)
        message->cwt_claims = cbor_read_any(reader);
    else
        (void)cbor_read_any(reader);
    if (label == LABEL_PAYLOAD_HASH)
        message->is_hash_envelope = true;
}

void cose_header_read(struct cbor_reader *reader, bool is_protected, struct cbor_keys *labels,
                      struct cose_sign1 *message)
{
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        size_t at = reader->at;
        enum cbor_shape shape = cbor_peek(reader);
        bool is_number = shape == CBOR_UINT || shape == CBOR_NEGATIVE;
        if (!is_number && shape != CBOR_TEXT)
            cbor_fail(reader, GB_ERR_INPUT, "a header's label is neither a number nor text");
        (void)cbor_read_any_key(reader, labels);
        if (!is_number || !cbor_ok(reader)) {
            (void)cbor_read_any(reader);
            continue;
        }
        reader->at = at;
        int64_t label = cbor_read_int(reader);
        if (cbor_ok(reader))
            read_number(reader, label, is_protected, message);
    }
}
