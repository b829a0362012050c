#include <openssl/err.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>
#include <time.h>

#include "crypto/key.h"
#include "crypto/key_evp.h"
#include "crypto/x509.h"
#include "crypto/x509_ossl.h"

enum {
    MAX_DEPTH = 6,     /* issuers between an EK and its root: makers have one to three */
    SECURITY_LEVEL = 2 /* 112 bits: RSA-2048, no SHA-1 */
};

/* What the callback saw; hangs on the context. */
struct seen {
    X509 *out_of_time; /* borrowed; NULL: all are within their validity */
};

static void ctx_freep(X509_STORE_CTX **ctx)
{
    X509_STORE_CTX_free(*ctx);
}

/* Critical extensions that libcrypto does not know but we do: subject directory attributes hold the
 * TPM's specification version, and constrain nothing (EK Credential Profile 2.5, 3.2.7). */
static bool criticals_known(const X509 *x)
{
    for (int i = 0; i < X509_get_ext_count(x); i++) {
        X509_EXTENSION *ext = X509_get_ext(x, i);
        if (X509_EXTENSION_get_critical(ext) && !X509_supported_extension(ext) &&
            OBJ_obj2nid(X509_EXTENSION_get_object(ext)) != NID_subject_directory_attributes)
            return false;
    }
    return true;
}

/* Lets verification go on past validity, which policy may forgive, and past nothing else. */
static int on_verify(int ok, X509_STORE_CTX *ctx)
{
    struct seen *seen = X509_STORE_CTX_get_app_data(ctx);
    if (ok)
        return 1;
    int error = X509_STORE_CTX_get_error(ctx);
    X509 *x = X509_STORE_CTX_get_current_cert(ctx);
    if (error == X509_V_ERR_CERT_NOT_YET_VALID || error == X509_V_ERR_CERT_HAS_EXPIRED) {
        seen->out_of_time = x;
        return 1;
    }
    return error == X509_V_ERR_UNHANDLED_CRITICAL_EXTENSION && x && criticals_known(x);
}

/* NULL when `x` may vouch for others, else why not. A root that the operator pinned may lack the
 * key usage extension, as old ones do; CA:TRUE is asked of all. */
static const char *issuer_fault(X509 *x, bool pinned)
{
    uint32_t flags = X509_get_extension_flags(x);
    if (flags & EXFLAG_INVALID)
        return "its extensions cannot be read";
    if (X509_check_ca(x) != 1)
        return "it is not the certificate of a CA";
    if (flags & EXFLAG_KUSAGE)
        return X509_get_key_usage(x) & KU_KEY_CERT_SIGN ? NULL : "it may not sign certificates";
    return pinned ? NULL : "it has no key usage";
}

static const char *hash_fault(X509 *x)
{
    int md = NID_undef;
    if (X509_get_signature_info(x, &md, NULL, NULL, NULL) == 1 &&
        (md == NID_sha256 || md == NID_sha384 || md == NID_sha512))
        return NULL;
    return "it is signed with a hash other than SHA-256, SHA-384 and SHA-512";
}

static const char *key_fault(X509 *x)
{
    EVP_PKEY *pkey = X509_get0_pubkey(x);
    if (!pkey || EVP_PKEY_up_ref(pkey) != 1)
        return "its key cannot be read";
    struct key *key = NULL;
    if (key_from_evp(pkey, &key, NULL) < 0)
        return "its key cannot be used";
    const char *fault = key_weakness(key);
    key_free(key);
    return fault;
}

/* What libcrypto leaves open. The last of the chain is pinned: who signed it does not matter. */
static const char *chain_fault(STACK_OF(X509) * chain, X509 **ret_culprit)
{
    int last = sk_X509_num(chain) - 1;
    for (int i = 0; i <= last; i++) {
        X509 *x = sk_X509_value(chain, i);
        const char *fault = i > 0 ? issuer_fault(x, i == last) : NULL;
        if (!fault && i < last)
            fault = hash_fault(x);
        if (!fault && i > 0) /* the EK's own key is the caller's to judge */
            fault = key_fault(x);
        *ret_culprit = x;
        if (fault)
            return fault;
    }
    return NULL;
}

static bool prepare(X509_STORE_CTX *ctx, const struct x509_cert *cert,
                    const struct x509_store *roots, const struct x509_store *intermediates,
                    int64_t time_s, struct seen *seen)
{
    if (X509_STORE_CTX_init(ctx, NULL, cert->x, intermediates ? intermediates->certs : NULL) != 1)
        return false;
    X509_STORE_CTX_set0_trusted_stack(ctx, roots->certs);
    X509_VERIFY_PARAM *param = X509_STORE_CTX_get0_param(ctx);
    X509_VERIFY_PARAM_set_depth(param, MAX_DEPTH);
    X509_VERIFY_PARAM_set_auth_level(param, SECURITY_LEVEL);
    X509_VERIFY_PARAM_set_time(param, (time_t)time_s);
    X509_STORE_CTX_set_app_data(ctx, seen);
    X509_STORE_CTX_set_verify_cb(ctx, on_verify);
    return X509_VERIFY_PARAM_set_flags(param, X509_V_FLAG_PARTIAL_CHAIN) == 1;
}

static int answer(struct gb_arena *arena, enum x509_answer what, const char *fault, const X509 *x,
                  struct x509_result *ret_result, struct gb_err *err)
{
    const char *subject = x ? x509_subject(arena, x) : "the certificate";
    const char *reason = subject ? gb_arena_printf(arena, "%s: %s", subject, fault) : NULL;
    if (!reason)
        return gb_err_nomem(err);
    *ret_result = (struct x509_result){.answer = what, .reason = reason};
    return GB_OK;
}

static int conclude(struct gb_arena *arena, X509_STORE_CTX *ctx, const struct seen *seen,
                    struct x509_result *ret_result, struct gb_err *err)
{
    STACK_OF(X509) *chain = X509_STORE_CTX_get0_chain(ctx);
    X509 *culprit = NULL;
    const char *fault = chain_fault(chain, &culprit);
    if (fault)
        return answer(arena, X509_REFUSED, fault, culprit, ret_result, err);
    const char *root = x509_subject(arena, sk_X509_value(chain, sk_X509_num(chain) - 1));
    if (!root)
        return gb_err_nomem(err);
    if (!seen->out_of_time) {
        *ret_result = (struct x509_result){.answer = X509_TRUSTED, .reason = "", .root = root};
        return GB_OK;
    }
    const char *dates = x509_validity(arena, seen->out_of_time);
    int r = dates ? answer(arena, X509_EXPIRED, dates, seen->out_of_time, ret_result, err)
                  : gb_err_nomem(err);
    if (r == 0)
        ret_result->root = root;
    return r;
}

int x509_verify_ek(struct gb_arena *arena, const struct x509_cert *cert,
                   const struct x509_store *roots, const struct x509_store *intermediates,
                   int64_t time_s, struct x509_result *ret_result, struct gb_err *err)
{
    struct seen seen = {0};
    gb_cleanup(ctx_freep) X509_STORE_CTX *ctx = X509_STORE_CTX_new();
    if (!ctx || !prepare(ctx, cert, roots, intermediates, time_s, &seen))
        return gb_err_nomem(err);
    int ok = X509_verify_cert(ctx);
    ERR_clear_error();
    int error = X509_STORE_CTX_get_error(ctx);
    if (ok == 1)
        return conclude(arena, ctx, &seen, ret_result, err);
    if (ok < 0 || error == X509_V_ERR_OUT_OF_MEM)
        return gb_err_nomem(err);
    return answer(arena, X509_REFUSED, X509_verify_cert_error_string(error),
                  X509_STORE_CTX_get_current_cert(ctx), ret_result, err);
}
