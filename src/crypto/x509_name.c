#include <openssl/err.h>
#include <openssl/x509.h>
#include <time.h>

#include "base/encode.h"
#include "crypto/x509_ossl.h"

const char *x509_subject(struct gb_arena *arena, const X509 *x)
{
    enum { SHOWN = 96 };
    BIO *bio = BIO_new(BIO_s_mem());
    if (!bio)
        return NULL;
    /* Raw UTF-8: gb_text_escape does the escaping, once. */
    unsigned long flags =
        (XN_FLAG_ONELINE & ~ASN1_STRFLGS_RFC2253 & ~XN_FLAG_SPC_EQ) | ASN1_STRFLGS_UTF8_CONVERT;
    int r = X509_NAME_print_ex(bio, X509_get_subject_name(x), 0, flags);
    const char *text = NULL;
    long len = r < 0 ? 0 : BIO_get_mem_data(bio, &text);
    const char *out = len > 0 ? gb_text_escape(arena, gb_bytes(text, (size_t)len), SHOWN)
                              : "a certificate without subject";
    BIO_free(bio);
    ERR_clear_error();
    return out;
}

struct day {
    char text[32];
};

static struct day day_of(const ASN1_TIME *time)
{
    struct day day = {"?"};
    struct tm tm;
    if (ASN1_TIME_to_tm(time, &tm) == 1)
        strftime(day.text, sizeof day.text, "%Y-%m-%d", &tm);
    return day;
}

const char *x509_validity(struct gb_arena *arena, const X509 *x)
{
    return gb_arena_printf(arena, "%s to %s", day_of(X509_get0_notBefore(x)).text,
                           day_of(X509_get0_notAfter(x)).text);
}
