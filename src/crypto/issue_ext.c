#include <arpa/inet.h>
#include <openssl/err.h>
#include <openssl/x509v3.h>
#include <string.h>
#include <sys/socket.h>

#include "crypto/issue.h"
#include "crypto/issue_ossl.h"

/* Values are constants of this file: names of the asker never pass through libcrypto's little
 * language, where "a,DNS:b" would be two names. */
static const struct {
    enum issue_role role;
    int nid;
    const char *value;
} fixed[] = {
    {ISSUE_CA, NID_basic_constraints, "critical,CA:TRUE,pathlen:0"},
    {ISSUE_CA, NID_key_usage, "critical,keyCertSign,cRLSign"},
    {ISSUE_SERVER, NID_basic_constraints, "critical,CA:FALSE"},
    {ISSUE_SERVER, NID_key_usage, "critical,digitalSignature"},
    {ISSUE_SERVER, NID_ext_key_usage, "serverAuth"},
    {ISSUE_CLIENT, NID_basic_constraints, "critical,CA:FALSE"},
    {ISSUE_CLIENT, NID_key_usage, "critical,digitalSignature"},
    {ISSUE_CLIENT, NID_ext_key_usage, "clientAuth"},
};

static void namesp(GENERAL_NAMES **names)
{
    GENERAL_NAMES_free(*names);
}

static void octetsp(ASN1_OCTET_STRING **octets)
{
    ASN1_OCTET_STRING_free(*octets);
}

static void objectp(ASN1_OBJECT **object)
{
    ASN1_OBJECT_free(*object);
}

static void extp(X509_EXTENSION **ext)
{
    X509_EXTENSION_free(*ext);
}

static bool add_text(X509 *x, X509 *issuer, int nid, const char *value)
{
    X509V3_CTX ctx;
    X509V3_set_ctx(&ctx, issuer, x, NULL, NULL, 0);
    gb_cleanup(extp) X509_EXTENSION *ext = X509V3_EXT_conf_nid(NULL, &ctx, nid, value);
    return ext && X509_add_ext(x, ext, -1) == 1;
}

/* Takes `value` over when it succeeds. */
static bool push(GENERAL_NAMES *names, int type, ASN1_STRING *value)
{
    GENERAL_NAME *name = GENERAL_NAME_new();
    if (!name || sk_GENERAL_NAME_push(names, name) <= 0) {
        GENERAL_NAME_free(name);
        return false;
    }
    GENERAL_NAME_set0_value(name, type, value);
    return true;
}

static bool add_name(GENERAL_NAMES *names, int type, const void *data, size_t len)
{
    ASN1_STRING *value = type == GEN_IPADD ? ASN1_OCTET_STRING_new() : ASN1_IA5STRING_new();
    if (value && ASN1_STRING_set(value, data, (int)len) == 1 && push(names, type, value))
        return true;
    ASN1_STRING_free(value);
    return false;
}

/* An IP address is one by its spelling; all else is a DNS name. */
static bool add_host(GENERAL_NAMES *names, const char *name)
{
    uint8_t address[16];
    if (inet_pton(AF_INET, name, address) == 1)
        return add_name(names, GEN_IPADD, address, 4);
    if (inet_pton(AF_INET6, name, address) == 1)
        return add_name(names, GEN_IPADD, address, 16);
    return add_name(names, GEN_DNS, name, strlen(name));
}

static bool add_names(X509 *x, const struct issue *what)
{
    if (!what->spiffe_id && (!what->names || !what->names[0]))
        return true;
    gb_cleanup(namesp) GENERAL_NAMES *names = GENERAL_NAMES_new();
    bool good = names != NULL;
    if (good && what->spiffe_id)
        good = add_name(names, GEN_URI, what->spiffe_id, strlen(what->spiffe_id));
    for (size_t i = 0; good && what->names && what->names[i]; i++)
        good = add_host(names, what->names[i]);
    return good && X509_add1_ext_i2d(x, NID_subject_alt_name, names, 0, 0) == 1;
}

static bool add_ak(X509 *x, const uint8_t *ak)
{
    if (!ak)
        return true;
    gb_cleanup(octetsp) ASN1_OCTET_STRING *value = ASN1_OCTET_STRING_new();
    gb_cleanup(objectp) ASN1_OBJECT *oid = OBJ_txt2obj(ISSUE_OID_AK, 1);
    if (!value || !oid || ASN1_OCTET_STRING_set(value, ak, 32) != 1)
        return false;
    gb_cleanup(extp) X509_EXTENSION *ext = X509_EXTENSION_create_by_OBJ(NULL, oid, 0, value);
    return ext && X509_add_ext(x, ext, -1) == 1;
}

int issue_extensions(X509 *x, X509 *issuer, const struct issue *what, struct gb_err *err)
{
    bool good = true;
    for (size_t i = 0; good && i < GB_ARRAY_LEN(fixed); i++)
        if (fixed[i].role == what->role)
            good = add_text(x, issuer, fixed[i].nid, fixed[i].value);
    good = good && add_text(x, issuer, NID_subject_key_identifier, "hash") &&
           add_text(x, issuer, NID_authority_key_identifier, "keyid:always") &&
           add_names(x, what) && add_ak(x, what->ak);
    ERR_clear_error();
    return good ? GB_OK : gb_err_set(err, GB_ERR_BUG, "libcrypto does not write the extensions");
}
