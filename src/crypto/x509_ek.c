#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/x509.h"
#include "crypto/x509_ossl.h"

/* tcg-kp-EKCertificate and tcg-at-tpm* (EK Credential Profile 2.5, appendix A). */
static const char *const oid_ek = "2.23.133.8.1";
static const char *const oid_manufacturer = "2.23.133.2.1";
static const char *const oid_model = "2.23.133.2.2";
static const char *const oid_version = "2.23.133.2.3";

static bool is_oid(const ASN1_OBJECT *object, const char *oid)
{
    char text[64];
    int len = OBJ_obj2txt(text, sizeof text, object, 1);
    return len > 0 && (size_t)len < sizeof text && strcmp(text, oid) == 0;
}

/* Extended key usage names EK certificates, or there is none. */
static bool usage_fits(const X509 *x)
{
    int critical = -1;
    EXTENDED_KEY_USAGE *usage = X509_get_ext_d2i(x, NID_ext_key_usage, &critical, NULL);
    if (!usage)
        return critical == -1; /* -1: absent; else unreadable or twice */
    bool found = false;
    for (int i = 0; i < sk_ASN1_OBJECT_num(usage); i++)
        found |= is_oid(sk_ASN1_OBJECT_value(usage, i), oid_ek);
    EXTENDED_KEY_USAGE_free(usage);
    return found;
}

/* Any hint is enough: libcrypto takes CA:TRUE without keyCertSign for no CA. */
static bool may_be_ca(X509 *x, uint32_t flags)
{
    return (flags & EXFLAG_CA) || X509_check_ca(x) != 0 ||
           ((flags & EXFLAG_KUSAGE) && (X509_get_key_usage(x) & KU_KEY_CERT_SIGN));
}

const char *x509_ek_fault(const struct x509_cert *cert)
{
    const char *fault = NULL;
    uint32_t flags = X509_get_extension_flags(cert->x);
    if (flags & EXFLAG_INVALID)
        fault = "its extensions cannot be read";
    else if (may_be_ca(cert->x, flags))
        fault = "it is the certificate of a CA";
    else if (!(flags & EXFLAG_KUSAGE))
        fault = "it has no key usage";
    else if (!(X509_get_key_usage(cert->x) & (KU_KEY_ENCIPHERMENT | KU_KEY_AGREEMENT)))
        fault = "its key usage is neither key encipherment nor key agreement";
    else if (!usage_fits(cert->x))
        fault = "its extended key usage is not that of an EK (2.23.133.8.1)";
    ERR_clear_error();
    return fault;
}

/* One attribute, printable; NULL when absent. */
static int attribute(struct gb_arena *arena, const X509_NAME *name, const char *oid,
                     const char **ret_text, struct gb_err *err)
{
    enum { SHOWN = 64 };
    for (int i = 0; i < X509_NAME_entry_count(name); i++) {
        const X509_NAME_ENTRY *entry = X509_NAME_get_entry(name, i);
        if (!is_oid(X509_NAME_ENTRY_get_object(entry), oid))
            continue;
        unsigned char *utf8 = NULL;
        int len = ASN1_STRING_to_UTF8(&utf8, X509_NAME_ENTRY_get_data(entry));
        if (len < 0)
            return gb_err_set(err, GB_ERR_INPUT, "a name in the certificate cannot be read");
        *ret_text = gb_text_escape(arena, gb_bytes(utf8, (size_t)len), SHOWN);
        OPENSSL_free(utf8);
        return *ret_text ? GB_OK : gb_err_nomem(err);
    }
    return GB_OK;
}

static int read_directory(struct gb_arena *arena, const X509_NAME *name, struct x509_tpm *tpm,
                          struct gb_err *err)
{
    int r = attribute(arena, name, oid_manufacturer, &tpm->manufacturer, err);
    if (r == 0)
        r = attribute(arena, name, oid_model, &tpm->model, err);
    if (r == 0)
        r = attribute(arena, name, oid_version, &tpm->version, err);
    return r;
}

int x509_tpm(struct gb_arena *arena, const struct x509_cert *cert, struct x509_tpm *ret_tpm,
             struct gb_err *err)
{
    struct x509_tpm tpm = {0};
    int critical = -1;
    GENERAL_NAMES *names = X509_get_ext_d2i(cert->x, NID_subject_alt_name, &critical, NULL);
    int r = GB_OK;
    if (!names && critical != -1)
        r = gb_err_set(err, GB_ERR_INPUT, "subjectAltName cannot be read");
    for (int i = 0; r == 0 && names && !tpm.manufacturer && i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type == GEN_DIRNAME)
            r = read_directory(arena, name->d.directoryName, &tpm, err);
    }
    GENERAL_NAMES_free(names);
    ERR_clear_error();
    if (r < 0)
        return r;
    *ret_tpm = tpm;
    return GB_OK;
}
