#include <assert.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/documents/officer_key.h"
#include "cli/output.h"
#include "crypto/signer.h"
#include "os/file.h"
#include "policy/sets/refval.h"
#include "reference/import/corim.h"
#include "wire/yaml.h"

static const struct cmd_option options[] = {
    {"to", "FORMAT", "corim", false, 0},
    {"key", "KEY", "the private key that signs it, PEM", false, 0},
    {"passphrase-file", "FILE", "its first line opens the key", false, 0},
    {"id", "ID", "the manifest's id (default: the first set's name)", false, 0},
    {"signer", "NAME", "who signs, in words (default: the key's fingerprint)", false, 0},
    {"output", "OUT", "where to write (default: -, standard output)", false, 'o'},
    {NULL, NULL, NULL, false, 0},
};

/* The sets of all files, in order. */
struct collection {
    const struct ref_set *sets[GB_LIMIT_IMPORT_SETS];
    size_t count;
};

static int add_document(struct gb_arena *arena, const struct yaml_node *document, const char *path,
                        struct collection *all, struct gb_err *err)
{
    const struct yaml_node *kind =
        document->kind == YAML_MAPPING ? yaml_get(document, "kind") : NULL;
    struct ref_set *set = NULL;
    if (kind && kind->kind == YAML_SCALAR && !gb_bytes_is(kind->text, "ReferenceSet")) {
        const char *shown = gb_text_escape(arena, kind->text, 64);
        fprintf(stderr, "garboard: note: %s:%u: a %s is no reference set: left out\n", path,
                document->line, shown ? shown : "document");
        return GB_OK;
    }
    int r = ref_set_read(arena, document, path, &set, err);
    if (r < 0)
        return r;
    if (set->deleted) {
        fprintf(stderr, "garboard: note: %s:%u: the set %s is deleted: left out\n", path,
                document->line, set->name);
        return GB_OK;
    }
    if (all->count == GB_LIMIT_IMPORT_SETS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d sets", GB_LIMIT_IMPORT_SETS);
    for (size_t i = 0; i < all->count; i++)
        if (strcmp(all->sets[i]->name, set->name) == 0)
            return gb_err_set(err, GB_ERR_CONFIG, "%s:%u: the set %s comes twice", path,
                              document->line, set->name);
    all->sets[all->count++] = set;
    return GB_OK;
}

static int read_sets(const struct cmd_line *line, struct gb_arena *arena, struct collection *all,
                     struct gb_err *err)
{
    int r = GB_OK;
    for (size_t i = 0; r == GB_OK && i < line->arg_count; i++) {
        const char *path = line->args[i];
        struct yaml_node *documents = NULL;
        struct gb_bytes bytes;
        r = file_read(arena, path, GB_LIMIT_POLICY, &bytes, err);
        if (r == GB_OK)
            r = yaml_read(arena, bytes, path, &documents, err);
        for (const struct yaml_node *d = r == GB_OK ? documents->first : NULL; d && r == GB_OK;
             d = d->next)
            r = add_document(arena, d, path, all, err);
    }
    if (r == GB_OK && all->count == 0)
        return gb_err_set(err, GB_ERR_CONFIG, "no reference set in what was given");
    return r;
}

static int write_corim(const struct cmd_line *line, const struct collection *all,
                       const struct signer *signer, struct gb_err *err)
{
    const char *path = cmd_value(line, "output");
    const char *id = cmd_value(line, "id");
    const char *name = cmd_value(line, "signer");
    char fingerprint[72];
    gb_cleanup(gb_buf_done) struct gb_buf out;
    assert(all->sets[0]); /* read_sets gives one or more */
    gb_buf_init(&out, GB_LIMIT_IMPORT_FILE);
    int r = officer_id(signer, fingerprint, err);
    if (r == GB_OK)
        r = corim_write(all->sets, all->count, id ? id : all->sets[0]->name,
                        name ? name : fingerprint, signer, &out, err);
    if (r == GB_OK)
        r = file_write(path ? path : "-", gb_buf_bytes(&out), err);
    if (r == GB_OK)
        fprintf(stderr, "garboard: %zu reference set%s, signed by %s\n", all->count,
                all->count == 1 ? "" : "s", fingerprint);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    const char *to = cmd_value(line, "to");
    const char *path = cmd_value(line, "output");
    struct collection all = {.count = 0};
    if (!to || strcmp(to, "corim") != 0)
        return output_usage(line, "--to is corim");
    if (!cmd_has(line, "key"))
        return output_usage(line, "needs --key KEY: what nobody signed, nobody should import");
    if ((!path || strcmp(path, "-") == 0) && isatty(STDOUT_FILENO))
        return output_usage(line, "a CoRIM is no text for a terminal: give -o OUT");
    int r = read_sets(line, arena, &all, err);
    if (r == GB_OK)
        r = officer_key_read(arena, cmd_value(line, "key"), cmd_value(line, "passphrase-file"),
                             &signer, err);
    if (r == GB_OK)
        r = write_corim(line, &all, signer, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_reference_export = {
    .name = "reference export",
    .args = "FILE...",
    .min_args = 1,
    .max_args = CMD_MAX_ARGS,
    .summary = "write reference sets as a signed CoRIM",
    .examples =
        "  garboard reference export --to corim --key bob.key known-good.yaml -o good.corim\n",
    .options = options,
    .run = run,
};
