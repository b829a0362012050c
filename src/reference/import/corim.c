#include "reference/import/corim.h"

#include <inttypes.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "reference/import/comid.h"
#include "reference/import/corim_header.h"
#include "reference/import/import.h"
#include "wire/cbor.h"
#include "wire/cose.h"

/* "{0: id, ...}": text or a UUID, printable. */
static const char *read_id(struct cbor_reader *reader, struct import *import)
{
    if (cbor_peek(reader) == CBOR_TEXT)
        return import_text(import, cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT));
    struct gb_bytes uuid = cbor_read_bytes(reader, 16);
    const char *hex = cbor_ok(reader) ? gb_hex(import->arena, uuid) : "";
    if (!hex)
        import_fail(import, GB_ERR_NOMEM);
    return hex ? hex : "";
}

static void read_tag(struct cbor_reader *reader, struct import *import)
{
    uint64_t tag = cbor_read_tag(reader);
    struct cbor_reader inner;
    if (tag == CORIM_TAG_COMID) {
        struct gb_bytes bytes = cbor_read_bytes(reader, GB_LIMIT_IMPORT_FILE);
        cbor_enter(reader, bytes, &inner);
        comid_read(&inner, import);
        if (import->failed == GB_OK) /* else it stopped where it stood */
            cbor_leave(reader, &inner, "CoMID");
        return;
    }
    (void)cbor_read_any(reader);
    if (!cbor_ok(reader))
        return;
    if (tag == CORIM_TAG_COSWID)
        import_note(import, "a CoSWID: the files that it lists are not read");
    else if (tag == CORIM_TAG_COTL)
        import_note(import, "a CoTL: which tags it makes active is not heeded; all are read");
    else
        import_note(import, "a tag %" PRIu64 " is not known here", tag);
}

static void read_tags(struct cbor_reader *reader, struct import *import)
{
    size_t count = cbor_read_array(reader, GB_LIMIT_CORIM_TAGS);
    if (count == 0)
        cbor_fail(reader, GB_ERR_INPUT, "a CoRIM without tags");
    for (size_t i = 0; i < count && cbor_ok(reader) && import->failed == GB_OK; i++)
        read_tag(reader, import);
}

static const char *read_profile(struct cbor_reader *reader, struct import *import)
{
    size_t at = reader->at;
    if (cbor_peek(reader) == CBOR_TAG && cbor_read_tag(reader) == CORIM_TAG_URI &&
        cbor_peek(reader) == CBOR_TEXT)
        return import_text(import, cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT));
    reader->at = at;
    struct gb_bytes oid = cbor_read_any(reader);
    const char *hex = cbor_ok(reader) ? gb_hex(import->arena, oid) : "";
    return hex ? hex : "";
}

/* What decides about the whole manifest stands behind its tags, or before: so the map is walked
 * twice, and values are only read when it is known that they may count. */
struct manifest {
    const char *id;
    const char *profile; /* NULL: none */
    struct corim_validity validity;
};

static void read_member(struct cbor_reader *reader, struct import *import, bool values, int64_t key,
                        struct manifest *manifest)
{
    if (key == 0) {
        manifest->id = read_id(reader, import);
    } else if (key == 1 && values) {
        read_tags(reader, import);
    } else if (key == 3) {
        manifest->profile = read_profile(reader, import);
    } else if (key == 4) {
        corim_validity_read(reader, &manifest->validity);
    } else {
        (void)cbor_read_any(reader);
        if (values && key == 2)
            import_note(import, "the manifest depends on others: they are not fetched");
        else if (values && key != 5) /* entities: who made it */
            import_note(import, "the manifest's member %" PRId64 " is not known here", key);
    }
}

static void read_map(struct cbor_reader *reader, struct import *import, bool values,
                     struct manifest *manifest)
{
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader) && import->failed == GB_OK; i++) {
        bool is_private = cbor_peek(reader) == CBOR_NEGATIVE;
        int64_t key = is_private ? cbor_read_int(reader) : (int64_t)cbor_read_key(reader, &seen);
        if (cbor_ok(reader))
            read_member(reader, import, values, key, manifest);
    }
    if (cbor_ok(reader) && (seen & 3) != 3)
        cbor_fail(reader, GB_ERR_INPUT, "a CoRIM needs an id and tags");
}

/* One tagged-unsigned-corim-map. `said` gets its id; DENIED sticks in the reader. */
static void read_manifest(struct cbor_reader *reader, struct import *import, int64_t time_s,
                          struct corim_said *said)
{
    struct manifest manifest = {.id = ""};
    size_t at = reader->at;
    if (cbor_peek(reader) != CBOR_TAG || cbor_read_tag(reader) != CORIM_TAG_CORIM) {
        reader->at = at;
        cbor_fail(reader, GB_ERR_INPUT, "not a CoRIM: no tag %d", CORIM_TAG_CORIM);
        return;
    }
    size_t map = reader->at;
    read_map(reader, import, false, &manifest);
    if (manifest.profile)
        cbor_fail(reader, GB_ERR_DENIED,
                  "its profile %s is not known here, and what a profile says may change what "
                  "values mean",
                  manifest.profile);
    corim_validity_check(reader, &manifest.validity, time_s, "the manifest");
    if (!cbor_ok(reader))
        return;
    const char *who = said->is_signed ? said->signer : "nobody";
    import->source =
        gb_arena_printf(import->arena, "imported from CoRIM %s, signed by %s", manifest.id, who);
    if (!import->source)
        import_fail(import, GB_ERR_NOMEM);
    reader->at = map;
    read_map(reader, import, true, &manifest);
    said->id = manifest.id;
}

static int verify(struct import *import, struct digester *digester,
                  const struct cose_sign1 *message, const struct corim_trust *trust,
                  struct corim_said *said, struct gb_err *err)
{
    bool valid = false;
    const char *reason = NULL;
    if (!trust->key)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "it is signed: give the signer's key by --key or certificate by --cert");
    if (message->is_hash_envelope)
        return gb_err_set(err, GB_ERR_DENIED,
                          "its signature covers a digest of a manifest that stands elsewhere (COSE "
                          "hash envelope): ask for one that carries it");
    int r = cose_sign1_verify(message, digester, trust->key, &valid, &reason, err);
    if (r < 0)
        return r;
    if (!valid)
        return gb_err_set(err, GB_ERR_DENIED, "the signature does not count: %s", reason);
    said->is_signed = true;
    return corim_header_read(import, message, trust->time_s, &said->signer, err);
}

static int read_signed(struct cbor_reader *reader, struct import *import, struct digester *digester,
                       const struct corim_trust *trust, struct corim_said *said, struct gb_err *err)
{
    struct cose_sign1 message = {0};
    struct cbor_reader inner;
    (void)cbor_read_tag(reader);
    cose_sign1_read(reader, &message);
    int r = cbor_finish(reader, err);
    if (r == GB_OK)
        r = verify(import, digester, &message, trust, said, err);
    if (r < 0)
        return r;
    cbor_enter(reader, message.payload, &inner);
    read_manifest(&inner, import, trust->time_s, said);
    if (import->failed == GB_OK)
        cbor_leave(reader, &inner, "payload");
    return cbor_finish(reader, err);
}

static int read_unsigned(struct cbor_reader *reader, struct import *import,
                         const struct corim_trust *trust, struct corim_said *said,
                         struct gb_err *err)
{
    if (!trust->allow_unsigned)
        return gb_err_set(err, GB_ERR_DENIED,
                          "nobody signed it, so anybody can have written it; --unsigned takes it "
                          "all the same");
    read_manifest(reader, import, trust->time_s, said);
    return import->failed == GB_OK ? cbor_finish(reader, err) : GB_OK;
}

int corim_read(struct import *import, struct digester *digester, struct gb_bytes in,
               const struct corim_trust *trust, struct corim_said *ret_said, struct gb_err *err)
{
    struct corim_said said = {"", "", false};
    struct cbor_reader reader, peek;
    cbor_reader_init(&reader, in);
    cbor_reader_init(&peek, in);
    bool is_signed = cbor_peek(&peek) == CBOR_TAG && cbor_read_tag(&peek) == COSE_TAG_SIGN1;
    int r = is_signed ? read_signed(&reader, import, digester, trust, &said, err)
                      : read_unsigned(&reader, import, trust, &said, err);
    if (r == GB_OK)
        *ret_said = said;
    return r;
}
