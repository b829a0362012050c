/* garboard officer create: the key pair of a security officer. */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/secret.h"
#include "cli/cmd.h"
#include "cli/documents/officer_key.h"
#include "cli/output.h"
#include "cli/reference/file_set.h"
#include "crypto/signer.h"
#include "wire/json.h"

enum { MAX_PEM = 8 << 10 };

/* "bob.key" has its public half in "bob.pem" beside it. */
static const char *public_path(struct gb_arena *arena, const char *path)
{
    size_t len = strlen(path);
    bool key = len > 4 && strcmp(path + len - 4, ".key") == 0;
    return gb_arena_printf(arena, "%.*s.pem", (int)(key ? len - 4 : len), path);
}

static int write_pair(struct gb_arena *arena, const struct signer *signer, const char *path,
                      const char *pem_path, struct gb_bytes passphrase, struct gb_err *err)
{
    struct file_set set = {.arena = arena};
    gb_cleanup(gb_buf_done) struct gb_buf key, pem;
    gb_buf_init(&key, MAX_PEM);
    gb_buf_init(&pem, MAX_PEM);
    int r = signer_to_pem(signer, passphrase, &key, err);
    if (r == GB_OK)
        r = signer_public_pem(signer, &pem, err);
    if (r == GB_OK) {
        file_set_file(&set, path, gb_buf_bytes(&key), 0600, (uid_t)-1, (gid_t)-1);
        file_set_file(&set, pem_path, gb_buf_bytes(&pem), 0644, (uid_t)-1, (gid_t)-1);
        r = file_set_make(&set, err);
    }
    secret_wipe(key.data, key.len);
    return r;
}

static int print(const struct cmd_line *line, const char *path, const char *pem_path,
                 const char *id)
{
    if (line->json) {
        struct json *object = json_new_object();
        json_set(object, "id", json_text(id));
        json_set(object, "key", json_text(path));
        json_set(object, "public", json_text(pem_path));
        return output_json(object);
    }
    printf("Officer %s\n  0600 %s\n  0644 %s\n\n"
           "Next: copy %s to the server, name it there in keyd.conf and garboardd.conf\n"
           "  officer_key = /etc/garboard/...\n"
           "and reload both: systemctl reload garboard-keyd garboardd\n"
           "Keep %s where no server can read it.\n",
           id, path, pem_path, pem_path, path);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    const char *path = cmd_value(line, "out");
    struct gb_bytes passphrase = {0};
    char id[72];
    if (!path)
        return output_usage(line, "needs --out FILE");
    const char *pem_path = public_path(arena, path);
    int r = pem_path
                ? officer_passphrase(arena, cmd_value(line, "passphrase-file"), &passphrase, err)
                : gb_err_nomem(err);
    if (r == GB_OK)
        r = signer_new(&signer, err);
    if (r == GB_OK)
        r = write_pair(arena, signer, path, pem_path, passphrase, err);
    if (r == GB_OK)
        r = officer_id(signer, id, err);
    return r < 0 ? r : print(line, path, pem_path, id);
}

static const struct cmd_option options[] = {
    {"out", "FILE", "where the private key goes; its public half goes to FILE.pem beside it", false,
     0},
    {"passphrase-file", "FILE", "seal the key by its first line", false, 0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_officer_create = {
    .name = "officer create",
    .args = "",
    .summary = "make the key pair of a security officer",
    .examples = "  garboard officer create --out bob.key --passphrase-file secret\n",
    .options = options,
    .run = run,
};
