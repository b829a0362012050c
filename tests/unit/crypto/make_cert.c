#include "make_cert.h"

#include <openssl/asn1.h>
#include <openssl/evp.h>
#include <openssl/x509v3.h>
#include <stdio.h>
#include <stdlib.h>

static void need(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "make_cert: %s\n", what);
    abort();
}

static void add(X509 *x, int nid, const char *value)
{
    if (!value)
        return;
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, x, x, NULL, NULL, 0);
    X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    need(ext && X509_add_ext(x, ext, -1) == 1, value);
    X509_EXTENSION_free(ext);
}

static void add_text(X509_NAME *name, const char *field, const char *text)
{
    need(X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8, (const unsigned char *)text, -1, -1,
                                    0) == 1,
         field);
}

static void add_tpm(X509 *x, const char *manufacturer)
{
    if (!manufacturer)
        return;
    GENERAL_NAMES *names = sk_GENERAL_NAME_new_null();
    GENERAL_NAME *name = GENERAL_NAME_new();
    X509_NAME *dir = X509_NAME_new();
    need(names && name && dir, "out of memory");
    add_text(dir, "2.23.133.2.1", manufacturer);
    add_text(dir, "2.23.133.2.2", "Model \x1b[31m");
    add_text(dir, "2.23.133.2.3", "id:00010002");
    GENERAL_NAME_set0_value(name, GEN_DIRNAME, dir);
    need(sk_GENERAL_NAME_push(names, name) > 0, "push");
    need(X509_add1_ext_i2d(x, NID_subject_alt_name, names, 1, 0) == 1, "subjectAltName");
    GENERAL_NAMES_free(names);
}

static void add_custom(X509 *x, const char *oid)
{
    if (!oid)
        return;
    static const unsigned char null[] = {5, 0};
    ASN1_OBJECT *object = OBJ_txt2obj(oid, 1);
    ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    need(object && value && ASN1_OCTET_STRING_set(value, null, sizeof null) == 1, oid);
    X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, object, 1, value);
    need(ext && X509_add_ext(x, ext, -1) == 1, oid);
    X509_EXTENSION_free(ext);
    ASN1_OCTET_STRING_free(value);
    ASN1_OBJECT_free(object);
}

static void set_names(X509 *x, const struct make_cert *how)
{
    X509_NAME *name = X509_NAME_new();
    need(name != NULL, "name");
    if (how->subject)
        add_text(name, "CN", how->subject);
    need(X509_set_subject_name(x, name) == 1, "subject");
    need(X509_set_issuer_name(x, how->issuer ? X509_get_subject_name(how->issuer) : name) == 1,
         "issuer");
    X509_NAME_free(name);
}

X509 *make_cert(const struct make_cert *how)
{
    static long serial = 1;
    X509 *x = X509_new();
    EVP_PKEY *key = how->key;
    if (key)
        EVP_PKEY_up_ref(key);
    else
        key = EVP_EC_gen("P-256");
    need(x && key && X509_set_version(x, X509_VERSION_3) == 1, "new");
    need(ASN1_INTEGER_set(X509_get_serialNumber(x), serial++) == 1, "serial");
    set_names(x, how);
    need(ASN1_TIME_set(X509_getm_notBefore(x), how->from_s ? how->from_s : 1577836800) &&
             ASN1_TIME_set(X509_getm_notAfter(x), how->to_s ? how->to_s : 2208988800),
         "time");
    need(X509_set_pubkey(x, key) == 1, "key");
    add(x, NID_basic_constraints, how->basic);
    add(x, NID_key_usage, how->usage);
    add(x, NID_ext_key_usage, how->ext_usage);
    add_tpm(x, how->tpm);
    add_custom(x, how->custom);
    EVP_PKEY *signer = how->issuer ? how->issuer_key : key;
    need(X509_sign(x, signer, EVP_get_digestbyname(how->hash ? how->hash : "SHA256")) > 0, "sign");
    EVP_PKEY_free(key);
    return x;
}

size_t make_cert_der(const X509 *cert, uint8_t out[8192])
{
    unsigned char *at = out;
    need(i2d_X509(cert, NULL) <= 8192, "certificate is too long");
    return (size_t)i2d_X509(cert, &at);
}
