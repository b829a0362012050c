#include "cli/documents/officer_key.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "crypto/signer.h"
#include "os/file.h"

/* The bytes are ours, in the arena: only their type says const. */
static void wipe(struct gb_bytes bytes)
{
    secret_wipe((void *)(uintptr_t)bytes.data, bytes.len);
}

int officer_passphrase(struct gb_arena *arena, const char *path, struct gb_bytes *ret_passphrase,
                       struct gb_err *err)
{
    struct gb_bytes text;
    *ret_passphrase = gb_bytes(NULL, 0);
    if (!path)
        return GB_OK;
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r < 0)
        return r;
    *ret_passphrase = gb_text_until(&text, '\n');
    if (ret_passphrase->len > 0)
        return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG, "the passphrase file's first line is empty");
}

int officer_key_read(struct gb_arena *arena, const char *path, const char *passphrase_path,
                     struct signer **ret_signer, struct gb_err *err)
{
    struct gb_bytes pem = {0}, passphrase = {0};
    int r = officer_passphrase(arena, passphrase_path, &passphrase, err);
    if (r == GB_OK)
        r = file_read(arena, path, GB_LIMIT_PUBLIC, &pem, err);
    if (r < 0)
        return r;
    static const char sealed[] = "ENCRYPTED PRIVATE KEY";
    if (passphrase.len == 0 && pem.len > 0 &&
        memmem(pem.data, pem.len, sealed, sizeof sealed - 1)) {
        wipe(pem);
        return gb_err_set(err, GB_ERR_CONFIG,
                          "the officer's key %s opens with a passphrase: give its file by "
                          "--officer-passphrase-file or client.conf (sign: --passphrase-file)",
                          path);
    }
    static const char open_to_all[] = "PUBLIC KEY";
    if (pem.len > 0 && memmem(pem.data, pem.len, open_to_all, sizeof open_to_all - 1))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s is a public key, and the private one signs: garboard officer create "
                          "wrote it beside, as .key",
                          path);
    r = signer_from_pem(pem, passphrase, ret_signer, err);
    wipe(pem);
    wipe(passphrase);
    if (r < 0)
        gb_err_prefix(err, "the officer's key %s: ", path);
    return r;
}

int officer_id(const struct signer *signer, char out[72], struct gb_err *err)
{
    uint8_t x[32], y[32], id[32];
    int r = signer_public(signer, x, y, id, err);
    if (r < 0)
        return r;
    memcpy(out, "sha256:", sizeof "sha256:");
    gb_hex_encode(gb_bytes(id, sizeof id), out + 7);
    return GB_OK;
}
