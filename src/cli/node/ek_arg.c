#include "cli/node/ek_arg.h"

#include <string.h>

#include "base/bytes.h"
#include "base/encode.h"
#include "base/limits.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/x509.h"
#include "os/file.h"

static const char prefix[] = "sha256:";

static bool holds(struct gb_bytes in, const char *text)
{
    return in.len > 0 && memmem(in.data, in.len, text, strlen(text)) != NULL;
}

static int key_of_der(struct gb_bytes der, struct key **ret_key, struct gb_err *err)
{
    gb_cleanup(x509_freep) struct x509_cert *cert = NULL;
    int r = x509_from_der(der, &cert, err);
    return r < 0 ? r : x509_key(cert, ret_key, err);
}

static int fingerprint(struct gb_bytes in, uint8_t out[32], struct gb_err *err)
{
    if (holds(in, "-----BEGIN CERTIFICATE-----"))
        return issued_fingerprint(in, out, err);
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = holds(in, "-----BEGIN PUBLIC KEY-----") ? key_from_pem(in, &key, err)
                                                    : key_of_der(in, &key, err);
    return r < 0 ? r : key_fingerprint(key, out, err);
}

int ek_arg_read(struct gb_arena *arena, const char *arg, const char **ret_ek, struct gb_err *err)
{
    uint8_t hash[32];
    size_t skip = sizeof prefix - 1;
    if (strncmp(arg, prefix, skip) == 0) {
        if (!gb_hex_decode(gb_bytes_str(arg + skip), hash, sizeof hash))
            return gb_err_set(err, GB_ERR_CONFIG, "an EK is sha256: and 64 hex digits, or a file");
    } else {
        struct gb_bytes in;
        int r = file_read(arena, arg, GB_LIMIT_CERT, &in, err);
        if (r < 0)
            return r;
        if (fingerprint(in, hash, err) < 0) {
            gb_err_prefix(err, "not the certificate or public key of an EK: ");
            return GB_ERR_CONFIG;
        }
    }
    const char *hex = gb_hex(arena, gb_bytes(hash, sizeof hash));
    *ret_ek = hex ? gb_arena_printf(arena, "%s%s", prefix, hex) : NULL;
    return *ret_ek ? GB_OK : gb_err_nomem(err);
}
