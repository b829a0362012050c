#include "evidence/ima_template.h"

#include <string.h>

#include "base/reader.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "evidence/ima.h"

static const struct {
    const char *id;
    enum ima_field field;
} field_ids[] = {
    {"d", IMA_FIELD_D},
    {"d-ng", IMA_FIELD_D_NG},
    {"d-ngv2", IMA_FIELD_D_NGV2},
    {"d-modsig", IMA_FIELD_D_MODSIG},
    {"n", IMA_FIELD_NAME},
    {"n-ng", IMA_FIELD_NAME},
    {"sig", IMA_FIELD_SIG},
    {"modsig", IMA_FIELD_MODSIG},
    {"buf", IMA_FIELD_BUF},
    {"evmsig", IMA_FIELD_BYTES},
    {"iuid", IMA_FIELD_U32},
    {"igid", IMA_FIELD_U32},
    {"imode", IMA_FIELD_U16},
    {"xattrnames", IMA_FIELD_TEXT},
    {"xattrlengths", IMA_FIELD_BYTES},
    {"xattrvalues", IMA_FIELD_BYTES},
};

/* ima_template.c: builtin_templates. Any other name is a format itself. */
static const struct {
    const char *name;
    const char *format;
} builtin[] = {
    {"ima", "d|n"},
    {"ima-ng", "d-ng|n-ng"},
    {"ima-sig", "d-ng|n-ng|sig"},
    {"ima-ngv2", "d-ngv2|n-ng"},
    {"ima-sigv2", "d-ngv2|n-ng|sig"},
    {"ima-buf", "d-ng|n-ng|buf"},
    {"ima-modsig", "d-ng|n-ng|sig|d-modsig|modsig"},
    {"evm-sig", "d-ng|n-ng|evmsig|xattrnames|xattrlengths|xattrvalues|iuid|igid|imode"},
};

static enum ima_field field_of(struct gb_bytes id)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(field_ids); i++)
        if (gb_bytes_is(id, field_ids[i].id))
            return field_ids[i].field;
    return IMA_FIELD_NONE;
}

static struct gb_bytes format_of(struct gb_bytes name)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(builtin); i++)
        if (gb_bytes_is(name, builtin[i].name))
            return gb_bytes_str(builtin[i].format);
    return name;
}

/* No PCR covers a template's name. So that no other name makes the same data say something else, a
 * format has one digest at most, one path with nothing but that digest before it, and the digest of
 * a module before the signature on it. */
static const char *add_field(struct ima_template *template, enum ima_field field, unsigned *seen)
{
    const unsigned digests = 1u << IMA_FIELD_D | 1u << IMA_FIELD_D_NG | 1u << IMA_FIELD_D_NGV2;
    unsigned bit = 1u << field;
    if (field == IMA_FIELD_NONE)
        return "unknown template";
    if (template->count == GB_LIMIT_IMA_FIELDS)
        return "template has too many fields";
    if ((bit & digests && *seen & digests) || (field == IMA_FIELD_NAME && *seen & bit))
        return "template has two digests or two names";
    if (field == IMA_FIELD_NAME && *seen & ~digests)
        return "template has its name behind other fields";
    if (field == IMA_FIELD_D_MODSIG && !(*seen & digests))
        return "template has d-modsig before the file's digest";
    template->fields[template->count++] = field;
    *seen |= bit;
    return NULL;
}

const char *ima_template_find(struct gb_bytes name, struct ima_template *ret_template)
{
    struct ima_template found = {.name = name, .legacy = gb_bytes_is(name, "ima")};
    struct gb_bytes format = format_of(name);
    unsigned seen = 0;
    if (name.len == 0 || name.data[name.len - 1] == '|')
        return "unknown template";
    while (format.len > 0) {
        const char *wrong = add_field(&found, field_of(gb_text_until(&format, '|')), &seen);
        if (wrong)
            return wrong;
    }
    *ret_template = found;
    return NULL;
}

/* Nearly every entry says "sha256"; asking for the others by name costs more than a digest's tenth.
 */
static enum digest_alg alg_of(struct gb_bytes name)
{
    static const char usual[6] = {'s', 'h', 'a', '2', '5', '6'};
    if (name.len == sizeof usual && memcmp(name.data, usual, sizeof usual) == 0)
        return DIGEST_SHA256;
    return digest_from_name(name);
}

/* "sha256:" NUL digest. An algorithm that we cannot compute keeps its digest but has no name here.
 */
static const char *read_digest_ng(struct gb_bytes in, struct gb_bytes *ret_digest,
                                  enum digest_alg *ret_alg)
{
    const uint8_t *nul = in.len ? memchr(in.data, 0, in.len) : NULL;
    if (!nul || nul == in.data || nul[-1] != ':')
        return "digest without its algorithm";
    size_t prefix = (size_t)(nul - in.data);
    struct gb_bytes digest = gb_bytes_from(in, prefix + 1);
    enum digest_alg alg = alg_of(gb_bytes(in.data, prefix - 1));
    if (digest.len == 0 || digest.len > GB_LIMIT_DIGEST ||
        (alg != DIGEST_NONE && digest.len != digest_size(alg)))
        return "digest of the wrong size for its algorithm";
    *ret_digest = digest;
    *ret_alg = alg;
    return NULL;
}

/* A field that is no digest must not look like one: the template's name would be the only witness,
 * and it may have been exchanged. Signatures begin with 3. */
static const char *read_bytes(struct gb_bytes in, struct gb_bytes *ret_bytes)
{
    struct gb_bytes digest;
    enum digest_alg alg;
    size_t text = 0;
    while (text < in.len && in.data[text] > ' ' && in.data[text] < 0x7f)
        text++;
    if (text >= 4 && text < in.len && !read_digest_ng(in, &digest, &alg))
        return "a digest stands where the template has none";
    *ret_bytes = in;
    return NULL;
}

static const char *read_digest_ngv2(struct gb_bytes in, struct ima_entry *entry)
{
    static const char ima[4] = {'i', 'm', 'a', ':'};
    static const char verity[7] = {'v', 'e', 'r', 'i', 't', 'y', ':'};
    bool is_verity = gb_bytes_starts(in, gb_bytes(verity, sizeof verity));
    if (!is_verity && !gb_bytes_starts(in, gb_bytes(ima, sizeof ima)))
        return "digest is neither \"ima:\" nor \"verity:\"";
    entry->is_verity = is_verity;
    return read_digest_ng(gb_bytes_from(in, is_verity ? sizeof verity : sizeof ima),
                          &entry->file_digest, &entry->file_alg);
}

static const char *read_digest(struct gb_bytes in, struct ima_entry *entry)
{
    if (in.len != IMA_LEGACY_DIGEST && in.len != 16)
        return "digest is neither SHA-1 nor MD5";
    entry->file_digest = in;
    entry->file_alg = in.len == IMA_LEGACY_DIGEST ? DIGEST_SHA1 : DIGEST_NONE;
    return NULL;
}

static const char *read_text(struct gb_bytes in, struct gb_bytes *ret_text)
{
    if (in.len == 0 || memchr(in.data, 0, in.len) != in.data + in.len - 1)
        return "text does not end in its only NUL";
    *ret_text = gb_bytes(in.data, in.len - 1);
    return NULL;
}

static const char *read_field(enum ima_field field, struct gb_bytes in, struct ima_entry *entry)
{
    struct gb_bytes unused;
    enum digest_alg unused_alg;
    switch (field) {
    case IMA_FIELD_D:
        return read_digest(in, entry);
    case IMA_FIELD_D_NG:
        return read_digest_ng(in, &entry->file_digest, &entry->file_alg);
    case IMA_FIELD_D_NGV2:
        return read_digest_ngv2(in, entry);
    case IMA_FIELD_D_MODSIG:
        return in.len ? read_digest_ng(in, &unused, &unused_alg) : NULL;
    case IMA_FIELD_NAME:
        return read_text(in, &entry->path);
    case IMA_FIELD_TEXT:
        return in.len ? read_text(in, &unused) : NULL;
    case IMA_FIELD_SIG:
    case IMA_FIELD_MODSIG:
        return read_bytes(in, in.len ? &entry->signature : &unused);
    case IMA_FIELD_BUF: /* empty for a file (ima_eventbuf_init) */
        return read_bytes(in, in.len ? &entry->buffer : &unused);
    case IMA_FIELD_BYTES:
        return read_bytes(in, &unused);
    case IMA_FIELD_U32:
        return in.len == sizeof(uint32_t) ? NULL : "number of the wrong width";
    case IMA_FIELD_U16:
        return in.len == sizeof(uint16_t) ? NULL : "number of the wrong width";
    case IMA_FIELD_NONE:
        break;
    }
    return "unknown field";
}

const char *ima_template_split(const struct ima_template *template, struct ima_entry *entry,
                               size_t *ret_at)
{
    struct gb_reader r;
    gb_reader_init(&r, entry->template_data);
    for (size_t i = 0; i < template->count; i++) {
        *ret_at = r.at;
        uint32_t len = gb_read_u32le(&r);
        struct gb_bytes in = gb_read_bytes(&r, len);
        if (!gb_reader_ok(&r))
            return "a field is longer than the entry";
        const char *wrong = read_field(template->fields[i], in, entry);
        if (wrong)
            return wrong;
    }
    *ret_at = r.at;
    return r.at == r.len ? NULL : "fields end before the entry does";
}
