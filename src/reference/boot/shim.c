#include "reference/boot/shim.h"

#include <string.h>

#include "base/buf.h"
#include "base/finding.h"
#include "base/limits.h"
#include "base/reader.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "reference/boot/pe.h"
#include "reference/boot/secure_boot.h"
#include "reference/predict_set.h"

/* PE/COFF string table: right behind the symbols; a section named "/37" has its name at 37 there.
 */
static struct gb_bytes strings_of(const struct pe_image *image)
{
    enum { LFANEW = 0x3c, SYMBOLS = 12, SYMBOL = 18 };
    struct gb_bytes file = image->file;
    struct gb_reader r;
    gb_reader_init(&r, gb_bytes_from(file, LFANEW));
    size_t header = gb_read_u32le(&r);
    gb_reader_init(&r, gb_bytes_from(file, header < file.len ? header : file.len));
    gb_read_bytes(&r, SYMBOLS);
    uint64_t at = gb_read_u32le(&r);
    uint64_t count = gb_read_u32le(&r);
    at += count * SYMBOL;
    if (!gb_reader_ok(&r) || at > file.len)
        return gb_bytes(NULL, 0);
    return gb_bytes_from(file, (size_t)at);
}

static const struct pe_section *find_long(const struct pe_image *image, const char *name)
{
    struct gb_bytes strings = strings_of(image);
    size_t len = strlen(name) + 1;
    for (size_t i = 0; i < image->section_count; i++) {
        uint64_t at = 0;
        const char *own = image->sections[i].name;
        if (own[0] != '/' || !gb_text_u64(gb_bytes_str(own + 1), UINT32_MAX, &at))
            continue;
        if (strings.data && at < strings.len && strings.len - at >= len &&
            memcmp(strings.data + at, name, len) == 0)
            return &image->sections[i];
    }
    return NULL;
}

static struct gb_bytes part(struct gb_bytes in, size_t at, size_t len)
{
    if (at > in.len || len > in.len - at)
        return gb_bytes(NULL, 0);
    return gb_bytes(in.data + at, len);
}

/* cert.S: sizes of certificate and dbx, and where they lie. */
static int read_vendor(struct gb_bytes section, struct shim *shim, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, section);
    size_t certificate = gb_read_u32le(&r);
    size_t revoked = gb_read_u32le(&r);
    size_t certificate_at = gb_read_u32le(&r);
    size_t revoked_at = gb_read_u32le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    shim->certificate = part(section, certificate_at, certificate);
    shim->revoked = part(section, revoked_at, revoked);
    if (shim->certificate.len == 0 || shim->certificate.data[0] != 0x30)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "this shim brings no certificate, or a list of them, which is not "
                          "predicted; capture a boot of it instead");
    if (shim->revoked.len == 0)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "this shim brings no revocations; what it measures then is not predicted");
    return GB_OK;
}

/* include/sbat_var_defs.h: a version, then offsets of texts, counted from behind the version. The
 * first is what shim sets unless told another. */
static int read_level(struct gb_bytes section, struct shim *shim, struct gb_err *err)
{
    struct gb_reader r;
    gb_reader_init(&r, section);
    uint32_t version = gb_read_u32le(&r);
    size_t at = gb_read_u32le(&r);
    int result = gb_reader_check(&r, err);
    if (result < 0)
        return result;
    struct gb_bytes text = part(section, at + 4, at + 4 < section.len ? section.len - at - 4 : 0);
    const uint8_t *nul = text.data && text.len > 0 ? memchr(text.data, 0, text.len) : NULL;
    if (version != 0 || !nul || !gb_bytes_starts(text, gb_bytes_str("sbat,")))
        return gb_err_set(err, GB_ERR_CONFIG, "its .sbatlevel section is of another form");
    shim->sbat_level = gb_bytes(text.data, (size_t)(nul - text.data));
    return GB_OK;
}

int shim_read(const struct pe_image *image, struct shim *ret_shim, struct gb_err *err)
{
    const struct pe_section *vendor = find_long(image, ".vendor_cert");
    const struct pe_section *level = find_long(image, ".sbatlevel");
    struct shim shim = {{0}};
    if (!vendor) {
        *ret_shim = shim;
        return GB_OK;
    }
    if (!level)
        return gb_err_set(err, GB_ERR_CONFIG, "a shim before release 15.5, which is not predicted");
    int r = read_vendor(vendor->raw, &shim, err);
    if (r == 0)
        r = read_level(level->raw, &shim, err);
    if (r == 0)
        *ret_shim = shim;
    return r;
}

/* shim signs its own name under what it adds: EFI_SIGNATURE_LIST with one certificate. */
static int add_moklist(struct predict_set *build, const struct shim *shim,
                       const struct predict_event *event, struct gb_err *err)
{
    enum { GUID = 16, LIST = 28 };
    struct gb_buf head;
    gb_buf_init(&head, LIST + GUID);
    gb_buf_add(&head, UEFI_CERT_X509.bytes, GUID);
    gb_buf_u32le(&head, (uint32_t)(LIST + GUID + shim->certificate.len));
    gb_buf_u32le(&head, 0);
    gb_buf_u32le(&head, (uint32_t)(GUID + shim->certificate.len));
    gb_buf_add(&head, UEFI_SHIM_LOCK.bytes, GUID);
    const struct pe_memory pieces[] = {{.head = gb_buf_bytes(&head)}, {.head = shim->certificate}};
    int r = gb_buf_ok(&head) ? predict_set_bytes(build, event, pieces, GB_ARRAY_LEN(pieces), err)
                             : gb_err_nomem(err);
    gb_buf_done(&head);
    return r;
}

/* The key by which shim verified the next image. */
static int add_vendor(struct predict_set *build, const struct shim *shim, struct gb_err *err)
{
    const struct secure_boot_variable variable = {.guid = UEFI_SHIM_LOCK.bytes,
                                                  .name = "MokListRT",
                                                  .about = "verified by shim's own certificate",
                                                  .type = EV_EFI_VARIABLE_AUTHORITY};
    const struct gb_bytes pieces[] = {gb_bytes(UEFI_SHIM_LOCK.bytes, 16), shim->certificate};
    return secure_boot_add_variable(build, &variable, pieces, GB_ARRAY_LEN(pieces), err);
}

/* "2025021800" of "sbat,1,2025021800\n..."; empty for text of another form. */
static struct gb_bytes date_of(struct gb_bytes level)
{
    struct gb_bytes rest = level;
    struct gb_bytes line = gb_text_until(&rest, '\n');
    if (!gb_bytes_starts(line, gb_bytes_str("sbat,1,")))
        return gb_bytes(NULL, 0);
    return gb_bytes_from(line, strlen("sbat,1,"));
}

static bool is_newer(struct gb_bytes level, struct gb_bytes than)
{
    struct gb_bytes a = date_of(level);
    struct gb_bytes b = date_of(than);
    return a.len > 0 && a.len == b.len && memcmp(a.data, b.data, a.len) > 0;
}

/* Under Secure Boot a newer one that the machine has stays; without it shim sets the first of all.
 */
static struct gb_bytes level_of(const struct shim *shim, bool secure_boot, struct gb_bytes kept)
{
    if (!secure_boot)
        return gb_bytes_str("sbat,1,2021030218\n");
    return is_newer(kept, shim->sbat_level) ? kept : shim->sbat_level;
}

int shim_add(struct predict_set *build, const struct shim *shim, const struct pe_image *verified,
             struct gb_bytes kept, struct gb_err *err)
{
    static const uint8_t trusted = 1;
    struct predict_event event = {
        .link = GB_LINK_BOOT_POLICY, .pcr = 14, .type = EV_IPL, .about = "MokList"};
    const struct secure_boot_variable level = {.guid = UEFI_SHIM_LOCK.bytes,
                                               .name = "SbatLevel",
                                               .about = "SbatLevel",
                                               .type = EV_EFI_VARIABLE_AUTHORITY};
    const struct gb_bytes text = level_of(shim, verified, kept);
    if (verified && !secure_boot_signed_by(verified, shim->certificate))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "shim's certificate did not issue its signature: shim will not start it");
    int r = add_moklist(build, shim, &event, err);
    event.about = "MokListX";
    struct pe_memory bytes = {.head = shim->revoked};
    if (r == 0)
        r = predict_set_bytes(build, &event, &bytes, 1, err);
    if (r == 0)
        r = secure_boot_add_variable(build, &level, &text, 1, err);
    event.about = "MokListTrusted";
    bytes.head = gb_bytes(&trusted, 1);
    if (r == 0)
        r = predict_set_bytes(build, &event, &bytes, 1, err);
    return r == 0 && verified ? add_vendor(build, shim, err) : r;
}
