#include "reference/boot/secure_boot.h"

#include <string.h>

#include "base/buf.h"
#include "base/finding.h"
#include "base/limits.h"
#include "base/reader.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "reference/boot/pe.h"
#include "reference/predict_set.h"

enum { GUID_SIZE = 16 };

int secure_boot_efivarfs(struct gb_bytes file, struct gb_bytes *ret_data, struct gb_err *err)
{
    enum { ATTRIBUTES = 4 };
    if (file.len < ATTRIBUTES)
        return gb_err_set(err, GB_ERR_INPUT, "shorter than a variable's attributes");
    *ret_data = gb_bytes_from(file, ATTRIBUTES);
    return GB_OK;
}

int secure_boot_auth(struct gb_bytes file, struct gb_bytes *ret_data, struct gb_err *err)
{
    enum { TIME = 16, LEAST = 24 };
    struct gb_reader r;
    gb_reader_init(&r, file);
    gb_read_bytes(&r, TIME);
    size_t length = gb_read_u32le(&r);
    gb_read_bytes(&r, length < LEAST ? SIZE_MAX : length - 4);
    struct gb_bytes rest = gb_read_bytes(&r, gb_reader_left(&r));
    int result = gb_reader_finish(&r, err);
    if (result == 0)
        *ret_data = rest;
    return result;
}

int secure_boot_add_variable(struct predict_set *build, const struct secure_boot_variable *variable,
                             const struct gb_bytes *pieces, size_t count, struct gb_err *err)
{
    struct predict_event event = {
        .link = GB_LINK_BOOT_POLICY, .pcr = 7, .type = variable->type, .about = variable->about};
    size_t len = 0;
    size_t name_len = strlen(variable->name);
    struct gb_buf out;
    for (size_t i = 0; i < count; i++)
        len += pieces[i].len;
    gb_buf_init(&out, GB_LIMIT_EVENT_DATA);
    gb_buf_add(&out, variable->guid, GUID_SIZE);
    gb_buf_u32le(&out, (uint32_t)name_len);
    gb_buf_u32le(&out, 0);
    gb_buf_u32le(&out, (uint32_t)len);
    gb_buf_u32le(&out, 0);
    for (size_t i = 0; i < name_len; i++)
        gb_buf_u16le(&out, (uint8_t)variable->name[i]);
    for (size_t i = 0; i < count; i++)
        gb_buf_add(&out, pieces[i].data, pieces[i].len);
    int r =
        gb_buf_ok(&out) ? GB_OK : gb_err_set(err, GB_ERR_LIMIT, "%s is too large", variable->name);
    struct pe_memory bytes = {.head = gb_buf_bytes(&out)};
    if (r == 0)
        r = predict_set_bytes(build, &event, &bytes, 1, err);
    gb_buf_done(&out);
    return r;
}

int secure_boot_add(struct predict_set *build, const struct secure_boot *variables,
                    struct gb_err *err)
{
    const uint8_t on = variables->on;
    const struct {
        const char *name;
        const struct uefi_guid *guid;
        struct gb_bytes data;
    } list[] = {
        {"SecureBoot", &UEFI_GLOBAL_VARIABLE, gb_bytes(&on, 1)},
        {"PK", &UEFI_GLOBAL_VARIABLE, variables->pk},
        {"KEK", &UEFI_GLOBAL_VARIABLE, variables->kek},
        {"db", &UEFI_IMAGE_SECURITY_DB, variables->db},
        {"dbx", &UEFI_IMAGE_SECURITY_DB, variables->dbx},
    };
    int r = GB_OK;
    for (size_t i = 0; r == 0 && i < GB_ARRAY_LEN(list); i++) {
        size_t signatures = 0;
        struct secure_boot_variable variable = {.guid = list[i].guid->bytes,
                                                .name = list[i].name,
                                                .about = list[i].name,
                                                .type = EV_EFI_VARIABLE_DRIVER_CONFIG};
        if (i > 0 && uefi_signatures_count(list[i].data, &signatures, err) < 0) {
            gb_err_prefix(err, "%s: ", list[i].name);
            return GB_ERR_INPUT;
        }
        r = secure_boot_add_variable(build, &variable, &list[i].data, 1, err);
    }
    return r;
}

/* --- who issued a signature's certificates ---------------------------------------------------- */

/* One DER value (X.690, 8.1), head and all. */
static struct gb_bytes take(struct gb_bytes *rest, uint8_t *ret_tag, struct gb_bytes *ret_body)
{
    struct gb_bytes all = *rest;
    struct gb_reader r;
    gb_reader_init(&r, all);
    *ret_tag = gb_read_u8(&r);
    size_t len = gb_read_u8(&r);
    if (len > 0x80) {
        size_t more = len & 0x7f;
        len = more > 4 ? SIZE_MAX : 0;
        for (; more > 0 && more <= 4; more--)
            len = len << 8 | gb_read_u8(&r);
    }
    *ret_body = gb_read_bytes(&r, len);
    if (!gb_reader_ok(&r)) {
        *rest = gb_bytes(NULL, 0);
        *ret_body = gb_bytes(NULL, 0);
        return gb_bytes(NULL, 0);
    }
    size_t used = gb_reader_offset(&r);
    *rest = gb_bytes_from(all, used);
    return gb_bytes(all.data, used);
}

/* Certificate -> TBSCertificate: version [0], serialNumber, signature, issuer, validity, subject
 * (RFC 5280, 4.1). */
static struct gb_bytes subject_of(struct gb_bytes certificate)
{
    enum { VERSION = 0xa0, BEFORE_SUBJECT = 4 };
    uint8_t tag = 0;
    struct gb_bytes body;
    struct gb_bytes rest = certificate;
    take(&rest, &tag, &body);
    rest = body;
    take(&rest, &tag, &body);
    rest = body;
    take(&rest, &tag, &body);
    for (int i = tag == VERSION ? 0 : 1; i < BEFORE_SUBJECT; i++)
        take(&rest, &tag, &body);
    return take(&rest, &tag, &body);
}

static bool holds(struct gb_bytes in, struct gb_bytes wanted)
{
    return wanted.len > 2 && memmem(in.data, in.len, wanted.data, wanted.len);
}

/* The image's next WIN_CERTIFICATE; they are aligned to eight bytes. */
static struct gb_bytes next_signature(struct gb_bytes *rest)
{
    enum { LEAST = 8 };
    struct gb_reader r;
    gb_reader_init(&r, *rest);
    size_t length = gb_read_u32le(&r);
    if (!gb_reader_ok(&r) || length < LEAST || length > rest->len)
        return gb_bytes(NULL, 0);
    struct gb_bytes found = gb_bytes(rest->data, length);
    size_t step = (length + 7) & ~(size_t)7;
    *rest = gb_bytes_from(*rest, step < rest->len ? step : rest->len);
    return found;
}

static struct gb_bytes signatures_of(const struct pe_image *image)
{
    return gb_bytes_from(image->file, image->file.len - image->certificates_size);
}

bool secure_boot_signed_by(const struct pe_image *image, struct gb_bytes certificate)
{
    struct gb_bytes subject = subject_of(certificate);
    struct gb_bytes rest = signatures_of(image);
    for (struct gb_bytes s = next_signature(&rest); s.len > 0; s = next_signature(&rest))
        if (holds(s, subject))
            return true;
    return false;
}

/* Firmware asks of each signature of the image in turn, of each certificate of db in turn. */
static const struct uefi_signature *find_authority(const struct uefi_signatures *db,
                                                   const struct pe_image *image)
{
    struct gb_bytes rest = signatures_of(image);
    for (struct gb_bytes s = next_signature(&rest); s.len > 0; s = next_signature(&rest))
        for (size_t i = 0; i < db->count; i++)
            if (uefi_guid_equal(&db->items[i].type, &UEFI_CERT_X509) &&
                holds(s, subject_of(db->items[i].data)))
                return &db->items[i];
    return NULL;
}

int secure_boot_add_authority(struct predict_set *build, const struct secure_boot *variables,
                              const struct pe_image *image, struct gb_bytes *last,
                              struct gb_err *err)
{
    struct uefi_signatures db = {0};
    if (!variables->on)
        return GB_OK;
    int r = uefi_signatures_read(build->arena, variables->db, &db, err);
    if (r < 0)
        return r;
    const struct uefi_signature *found = find_authority(&db, image);
    if (!found)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "no certificate of db issued its signature: Secure Boot will not start it");
    if (gb_bytes_equal(*last, found->data))
        return GB_OK;
    *last = found->data;
    const char *subject = uefi_certificate_name(build->arena, found->data);
    struct secure_boot_variable variable = {
        .guid = UEFI_IMAGE_SECURITY_DB.bytes, .name = "db", .type = EV_EFI_VARIABLE_AUTHORITY};
    variable.about = subject ? gb_arena_printf(build->arena, "verified by db: %s", subject) : NULL;
    if (!variable.about)
        return gb_err_nomem(err);
    const struct gb_bytes pieces[] = {gb_bytes(found->owner.bytes, GUID_SIZE), found->data};
    return secure_boot_add_variable(build, &variable, pieces, GB_ARRAY_LEN(pieces), err);
}
