#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/import_pcrlock.h"
#include "cli/reference/reference_out.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "os/file.h"
#include "policy/sets/refval.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"
#include "reference/import/keylime.h"
#include "reference/import/pcrlock.h"
#include "reference/import/sums.h"

static const struct cmd_option options[] = {
    {"from", "FORMAT", "corim, pcrlock, keylime or sha256sum", false, 0},
    {"key", "PEM", "of a CoRIM: the public key that must have signed it", false, 0},
    {"cert", "PEM", "the same, from a certificate", false, 0},
    {"unsigned", NULL, "of a CoRIM: take one that nobody signed", false, 0},
    {"class", "CLASS", "only sets of this class; for files: packages (default) or engine", false,
     0},
    {"name", "NAME", "what names of sets begin with (default: imported-FILE)", false, 0},
    {"output", "OUT", "where to write (default: -, standard output)", false, 'o'},
    {NULL, NULL, NULL, false, 0},
};

/* One import, from the command line to the sets. */
struct job {
    const struct cmd_line *line;
    struct gb_arena *arena;
    struct digester *digester;
    struct key *key; /* NULL: none was given */
    struct import import;
};

static int read_cert(struct gb_bytes pem, const char *path, struct key **ret_key,
                     struct gb_err *err)
{
    struct key_dates dates;
    int64_t now_s = gb_clock_s();
    int r = key_from_cert(pem, ret_key, &dates, err);
    if (r == GB_OK && (now_s < dates.not_before_s || now_s > dates.not_after_s))
        r = gb_err_set(err, GB_ERR_CONFIG,
                       "the certificate is not valid today; who still trusts its key gives that by "
                       "--key");
    if (r < 0)
        gb_err_prefix(err, "%s: ", path);
    return r;
}

static int read_key(struct job *job, struct gb_err *err)
{
    const char *key_path = cmd_value(job->line, "key");
    const char *cert_path = cmd_value(job->line, "cert");
    const char *path = key_path ? key_path : cert_path;
    struct gb_bytes pem;
    if (!path)
        return GB_OK;
    int r = file_read(job->arena, path, GB_LIMIT_CERT, &pem, err);
    if (r < 0)
        return r;
    if (cert_path)
        return read_cert(pem, cert_path, &job->key, err);
    r = key_from_pem(pem, &job->key, err);
    if (r < 0)
        gb_err_prefix(err, "%s: ", key_path);
    return r;
}

static int from_corim(struct job *job, const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    struct corim_trust trust = {
        .key = job->key, .allow_unsigned = cmd_has(job->line, "unsigned"), .time_s = gb_clock_s()};
    struct corim_said said;
    int r = corim_read(&job->import, job->digester, bytes, &trust, &said, err);
    if (r < 0)
        return r;
    if (said.is_signed)
        fprintf(stderr, "garboard: %s: CoRIM %s, signed by %s: the signature holds\n", path,
                said.id, said.signer);
    else
        fprintf(stderr,
                "garboard: WARNING: %s: CoRIM %s is SIGNED BY NOBODY: whoever could write the file "
                "decides what these sets accept\n",
                path, said.id);
    return GB_OK;
}

/* An object, perhaps after blanks: no line of a list begins with a brace. */
static bool is_json(struct gb_bytes bytes)
{
    size_t at = 0;
    while (at < bytes.len && (bytes.data[at] == ' ' || bytes.data[at] == '\n' ||
                              bytes.data[at] == '\r' || bytes.data[at] == '\t'))
        at++;
    return at < bytes.len && bytes.data[at] == '{';
}

static int from_keylime(struct job *job, const char *path, struct gb_bytes bytes,
                        struct gb_err *err)
{
    struct keylime_hints hints;
    if (!is_json(bytes)) /* the older text */
        return sums_read(&job->import, bytes, err);
    int r = keylime_read(&job->import, bytes, &hints, err);
    if (r == GB_OK && (hints.exceptions || hints.signers))
        fprintf(stderr,
                "garboard: %s: for a NodePolicy, once somebody has reviewed it:\nspec:\n"
                "  ima:\n%s%s%s%s",
                path, hints.exceptions ? "    exceptions:\n" : "",
                hints.exceptions ? hints.exceptions : "", hints.signers ? "    signers:\n" : "",
                hints.signers ? hints.signers : "");
    return r;
}

static int from_sums(struct job *job, const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    (void)path;
    return sums_read(&job->import, bytes, err);
}

static const struct format {
    const char *name;
    int (*read)(struct job *job, const char *path, struct gb_bytes bytes, struct gb_err *err);
} formats[] = {
    {"corim", from_corim},     {"pcrlock", NULL}, /* its files belong together: import_pcrlock.h */
    {"keylime", from_keylime}, {"sha256sum", from_sums},
    {"sha384sum", from_sums},  {"sha512sum", from_sums},
};

static const struct format *format_of(const char *name)
{
    for (size_t i = 0; name && i < GB_ARRAY_LEN(formats); i++)
        if (strcmp(formats[i].name, name) == 0)
            return &formats[i];
    return NULL;
}

static int check_options(const struct cmd_line *line, enum ref_class *ret_only)
{
    const char *from = cmd_value(line, "from");
    const char *wanted = cmd_value(line, "class");
    bool is_corim = from && strcmp(from, "corim") == 0;
    if (!format_of(from))
        return output_usage(line, "--from is corim, pcrlock, keylime or sha256sum%s%s%s",
                            from ? ", not \"" : "", from ? from : "", from ? "\"" : "");
    if (!is_corim && (cmd_has(line, "key") || cmd_has(line, "cert") || cmd_has(line, "unsigned")))
        return output_usage(line, "--key, --cert and --unsigned go with --from corim");
    if (cmd_has(line, "key") && cmd_has(line, "cert"))
        return output_usage(line, "either --key or --cert");
    /* Whoever takes a signature away would else get past the key. */
    if (cmd_has(line, "unsigned") && (cmd_has(line, "key") || cmd_has(line, "cert")))
        return output_usage(line, "either a key, or --unsigned: a manifest of two is imported "
                                  "by two commands");
    *ret_only = REF_NONE;
    for (int i = REF_NONE + 1; wanted && i < REF_CLASS_COUNT; i++)
        if (strcmp(ref_class_name((enum ref_class)i), wanted) == 0)
            *ret_only = (enum ref_class)i;
    if (wanted && *ret_only == REF_NONE)
        return output_usage(line, "--class: no class of sets is named \"%s\"", wanted);
    return CMD_OK;
}

static int read_pcrlock(struct job *job, struct gb_err *err)
{
    struct pcrlock_file *files = NULL;
    size_t count = 0;
    int r = import_pcrlock_files(job->arena, job->line->args, job->line->arg_count, &files, &count,
                                 err);
    return r < 0 ? r : pcrlock_read(&job->import, job->digester, files, count, err);
}

static int read_all(struct job *job, struct gb_err *err)
{
    const struct format *format = format_of(cmd_value(job->line, "from"));
    int r = digester_new(&job->digester, err);
    if (r == GB_OK)
        r = read_key(job, err);
    if (r == GB_OK && !format->read)
        r = read_pcrlock(job, err);
    for (size_t i = 0; r == GB_OK && format->read && i < job->line->arg_count; i++) {
        struct gb_bytes bytes = {0};
        const char *path = job->line->args[i];
        r = file_read(job->arena, path, GB_LIMIT_IMPORT_FILE, &bytes, err);
        if (r < 0)
            return r;
        r = format->read(job, path, bytes, err);
        if (r < 0)
            gb_err_prefix(err, "%s: ", path);
    }
    return r;
}

/* What no set holds is told, item by item, whatever becomes of the rest. */
static void tell(const struct import *import)
{
    for (const struct import_note *note = import->notes; note; note = note->next)
        fprintf(stderr, "garboard: note: %s\n", note->text);
    if (import->notes_left_out > 0)
        fprintf(stderr, "garboard: note: and %zu more of such notes\n", import->notes_left_out);
    if (import->weak > 0)
        fprintf(stderr, "garboard: note: %zu SHA-1 digest%s refused: no set rests on SHA-1\n",
                import->weak, import->weak == 1 ? " is" : "s are");
}

static int write_sets(struct job *job, struct reference_out *out, struct gb_err *err)
{
    for (const struct ref_set *set = job->import.sets; set; set = set->next)
        out->sets[out->count++] = set;
    return reference_out_write(job->arena, job->line, out, err);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    static const char comment[] =
        "# Imported by garboard from values that others wrote.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    struct job job = {.line = line, .arena = arena};
    struct reference_out out = {.comment = comment};
    enum ref_class only = REF_NONE;
    int code = check_options(line, &only);
    if (code == CMD_OK)
        code = reference_out_name(arena, line, "imported", line->args[0], &out.name);
    if (code != CMD_OK)
        return code;
    import_init(&job.import, arena, out.name, only);
    int r = read_all(&job, err);
    if (r == GB_OK)
        r = import_finish(&job.import, err);
    tell(&job.import);
    if (r == GB_OK)
        r = write_sets(&job, &out, err);
    import_done(&job.import);
    digester_free(job.digester);
    key_free(job.key);
    if (r != GB_ERR_DENIED)
        return r < 0 ? r : CMD_OK;
    err->offset = GB_NO_OFFSET; /* what is wrong is no place in the file */
    output_error(err);
    return CMD_CONTRAINDICATED;
}

const struct cmd cmd_reference_import = {
    .name = "reference import",
    .args = "FILE...",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "write reference sets from known good values of others",
    .examples =
        "  garboard reference import --from corim --key acme.pem acme.corim -o acme.yaml\n"
        "  garboard reference import --from pcrlock /var/lib/pcrlock.d -o node.yaml\n"
        "  garboard reference import --from keylime runtime-policy.json -o files.yaml\n"
        "  sha256sum /usr/bin/* | garboard reference import --from sha256sum --name bin -\n",
    .options = options,
    .run = run,
};
