/* garboard sign: an officer's signature into documents, offline. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/documents/officer_key.h"
#include "cli/output.h"
#include "crypto/signer.h"
#include "os/file.h"
#include "policy/documents/sign.h"
#include "wire/yaml.h"

/* Signed is a version, too: who signs after, and who applies, must find the same. */
static int number(const struct cmd_line *line, struct sign_text *text, struct gb_err *err)
{
    const char *given = cmd_value(line, "set-version");
    uint64_t version = 1;
    if (given && (!gb_text_u64(gb_bytes_str(given), INT64_MAX, &version) || version == 0))
        return gb_err_set(err, GB_ERR_CONFIG, "--set-version: must be a number from 1");
    for (size_t i = 0; i < text->count; i++) {
        struct sign_document *document = &text->documents[i];
        if (document->version > 0 || document->is_signed)
            continue;
        document->add_version = version;
        fprintf(stderr, "%s %s has no version: version %" PRIu64 " is written\n", document->kind,
                document->name, version);
    }
    return GB_OK;
}

/* What an officer put a name to. */
static void tell(const struct sign_document *document)
{
    fprintf(stderr, "%s %s version %" PRIu64 ": %s%s\n", document->kind, document->name,
            document->version > 0 ? document->version : document->add_version,
            yaml_get(yaml_get(document->node, "metadata"), "deleted") ? "deletion " : "",
            document->is_signed ? "signed already" : "signed");
}

static int sign(const struct cmd_line *line, struct gb_arena *arena, const struct signer *signer,
                struct gb_err *err)
{
    const char *path = cmd_value(line, "filename");
    const char *out_path = cmd_value(line, "output");
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct sign_text text = {0};
    struct gb_bytes bytes = {0};
    char id[72];
    size_t fresh = 0;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    int r = file_read(arena, path, GB_LIMIT_POLICY, &bytes, err);
    if (r == GB_OK)
        r = sign_read(arena, path, bytes, signer, &text, err);
    if (r == GB_OK)
        r = number(line, &text, err);
    if (r == GB_OK)
        r = sign_check(&text, err);
    if (r == GB_OK)
        r = sign_write(&text, signer, &out, err);
    if (r == GB_OK)
        r = officer_id(signer, id, err);
    if (r == GB_OK)
        r = file_write(out_path ? out_path : "-", gb_buf_bytes(&out), err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < text.count; i++) {
        tell(&text.documents[i]);
        fresh += !text.documents[i].is_signed;
    }
    fprintf(stderr, "signed by officer %s: %zu of %zu documents%s\n", id, fresh, text.count,
            fresh < text.count ? ", the others were signed already" : "");
    return CMD_OK;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    size_t at = 0;
    if (!cmd_has(line, "filename") || !cmd_has(line, "key"))
        return output_usage(line, "needs -f FILE and --key KEY");
    (void)cmd_next(line, "filename", &at);
    if (cmd_next(line, "filename", &at))
        return output_usage(line, "signs one file at a time; it may hold several documents");
    int r = officer_key_read(arena, cmd_value(line, "key"), cmd_value(line, "passphrase-file"),
                             &signer, err);
    return r < 0 ? r : sign(line, arena, signer, err);
}

static const struct cmd_option options[] = {
    {"filename", "FILE", "documents to sign; - is standard input", true, 'f'},
    {"key", "KEY", "the officer's private key, PEM", false, 0},
    {"passphrase-file", "FILE", "its first line opens the key", false, 0},
    {"set-version", "N", "for documents without a version (default: 1)", false, 0},
    {"output", "OUT", "where the signed documents go (default: standard output)", false, 'o'},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_sign = {
    .name = "sign",
    .args = "",
    .summary = "put an officer's signature into policy documents, offline",
    .examples = "  garboard sign -f policy.yaml --key bob.key -o policy.yaml\n"
                "  garboard sign -f policy.yaml --key bob.key | garboard apply -f -\n",
    .options = options,
    .run = run,
};
