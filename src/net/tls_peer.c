/* Who speaks at the other end: read from its certificate once a handshake, kept with the session
 * for those that resume it. */
#include "net/tls_peer.h"

#include <openssl/x509v3.h>
#include <string.h>
#include <time.h>

#include "net/tls.h"

static bool plain_ascii(const unsigned char *text, int len)
{
    for (int i = 0; i < len; i++)
        if (text[i] <= 0x20 || text[i] >= 0x7f)
            return false;
    return len > 0;
}

/* SPIFFE X.509-SVID 2: exactly one URI. Other kinds of names may stand beside it. */
static void read_spiffe_id(const X509 *cert, struct tls_peer *peer)
{
    GENERAL_NAMES *names = X509_get_ext_d2i(cert, NID_subject_alt_name, NULL, NULL);
    int uris = 0;
    for (int i = 0; i < sk_GENERAL_NAME_num(names); i++) {
        const GENERAL_NAME *name = sk_GENERAL_NAME_value(names, i);
        if (name->type != GEN_URI)
            continue;
        const ASN1_IA5STRING *uri = name->d.uniformResourceIdentifier;
        const unsigned char *text = ASN1_STRING_get0_data(uri);
        int len = ASN1_STRING_length(uri);
        if (++uris > 1 || len >= (int)sizeof peer->spiffe_id || !plain_ascii(text, len))
            continue;
        memcpy(peer->spiffe_id, text, (size_t)len);
        peer->spiffe_id[len] = '\0';
    }
    if (uris != 1)
        peer->spiffe_id[0] = '\0';
    GENERAL_NAMES_free(names);
}

static bool read_fingerprint(const X509 *cert, struct tls_peer *peer)
{
    unsigned char *der = NULL;
    int len = i2d_X509_PUBKEY(X509_get_X509_PUBKEY(cert), &der);
    if (len <= 0)
        return false;
    bool ok = EVP_Digest(der, (size_t)len, peer->fingerprint, NULL, EVP_sha256(), NULL) == 1;
    OPENSSL_free(der);
    return ok;
}

bool tls_peer_read(const X509 *cert, struct tls_peer *ret_peer)
{
    struct tls_peer peer = {.has_cert = true};
    struct tm tm;
    if (!read_fingerprint(cert, &peer) || ASN1_TIME_to_tm(X509_get0_notAfter(cert), &tm) != 1)
        return false;
    peer.not_after_s = timegm(&tm);
    read_spiffe_id(cert, &peer);
    *ret_peer = peer;
    return true;
}
