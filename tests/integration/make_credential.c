/* TPM2_MakeCredential without a TPM, for test_make_credential.sh: reads an EK (TPM2B_PUBLIC), an
 * AK's Name and a secret from files, and writes the file that tpm2_activatecredential reads. */
#include <stdio.h>
#include <string.h>
#include <sys/random.h>

#include "base/arena.h"
#include "os/file.h"
#include "verify/identity.h"

static int read_all(struct gb_arena *arena, char **paths, struct tpm_public *ek,
                    struct gb_bytes *name, struct gb_bytes *secret, struct gb_err *err)
{
    struct gb_bytes bytes;
    int r = file_read(arena, paths[0], GB_LIMIT_PUBLIC, &bytes, err);
    if (r == 0)
        r = tpm_public_read(bytes, ek, err);
    if (r == 0)
        r = file_read(arena, paths[1], GB_LIMIT_PUBLIC, name, err);
    return r < 0 ? r : file_read(arena, paths[2], GB_LIMIT_PUBLIC, secret, err);
}

/* As long as the seed (RSA) or the curve's field (ECC). A scalar above the order is refused: drawn
 * again by the caller. */
static size_t random_len(const struct tpm_public *ek)
{
    return ek->type == 0x0001 ? digest_size(digest_from_id(ek->name_alg)) : ek->ecc_x.len;
}

static int make(const struct tpm_public *ek, struct gb_bytes name, struct gb_bytes secret,
                struct gb_buf *out, struct gb_err *err)
{
    uint8_t random[66];
    struct gb_buf encrypted;
    if (getrandom(random, sizeof random, 0) != sizeof random)
        return gb_err_set(err, GB_ERR_BUG, "no randomness");
    gb_buf_init(&encrypted, 4096);
    gb_buf_u32be(out, 0xbadcc0de); /* tpm2-tools: magic and version before the two structures */
    gb_buf_u32be(out, 1);
    int r = identity_make_credential(ek, name, secret, gb_bytes(random, random_len(ek)), out,
                                     &encrypted, err);
    gb_buf_add(out, encrypted.data, encrypted.len);
    gb_buf_done(&encrypted);
    return r;
}

int main(int argc, char **argv)
{
    struct gb_err err = {.text = "usage: make_credential EK.pub AK.name SECRET OUT"};
    struct gb_arena *arena = gb_arena_new();
    struct tpm_public ek;
    struct gb_bytes name, secret;
    struct gb_buf out;
    gb_buf_init(&out, 4096);
    int r = argc == 5 && arena ? read_all(arena, argv + 1, &ek, &name, &secret, &err) : GB_ERR_BUG;
    if (r == 0)
        r = make(&ek, name, secret, &out, &err);
    if (r == 0)
        r = gb_buf_ok(&out) ? file_write(argv[4], gb_buf_bytes(&out), &err) : GB_ERR_BUG;
    if (r < 0)
        fprintf(stderr, "make_credential: %s\n", err.text);
    gb_buf_done(&out);
    gb_arena_free(arena);
    return r < 0;
}
