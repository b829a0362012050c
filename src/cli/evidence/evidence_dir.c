#include "cli/evidence/evidence_dir.h"

#include <errno.h>
#include <sys/stat.h>

#include "base/encode.h"
#include "base/limits.h"
#include "evidence/bundle.h"
#include "os/file.h"

/* Without one of each row's files there is no proof to judge. */
static const struct need {
    const char *name;
    const char *other;
    const char *from;
} needs[] = {
    {"quote.msg", NULL, "tpm2_quote -m writes it"},
    {"quote.sig", NULL, "tpm2_quote -s writes it"},
    {"ak.pub", "ak.pem", "tpm2_createak -u or tpm2_readpublic -o writes it"},
    {"pcrs.yaml", "quote.pcrs", "tpm2_pcrread or tpm2_quote -o writes it"},
};

/* A file that is not there leaves *ret_bytes as it was (no data). */
static int read_optional(struct gb_arena *arena, const char *dir, const char *name, size_t max,
                         struct gb_bytes *ret_bytes, struct gb_err *err)
{
    const char *path = gb_arena_printf(arena, "%s/%s", dir, name);
    if (!path)
        return gb_err_nomem(err);
    int r = file_read(arena, path, max, ret_bytes, err);
    return r == GB_ERR_NOTFOUND ? GB_OK : r;
}

static int read_parts(struct gb_arena *arena, const char *dir, struct bundle *bundle,
                      struct gb_err *err)
{
    const struct {
        const char *name;
        struct gb_bytes *member;
        size_t max;
    } parts[] = {
        {"quote.msg", &bundle->quote, GB_LIMIT_PUBLIC},
        {"quote.sig", &bundle->signature, GB_LIMIT_PUBLIC},
        {"ak.pub", &bundle->ak_public, GB_LIMIT_PUBLIC},
        {"ak.pem", &bundle->ak_pem, GB_LIMIT_PUBLIC},
        {"pcrs.yaml", &bundle->pcrs_text, GB_LIMIT_PCR_TEXT},
        {"quote.pcrs", &bundle->pcrs_tools, GB_LIMIT_PCR_TEXT},
        {"eventlog.bin", &bundle->boot_log, GB_LIMIT_BOOT_LOG},
        {"tpm2-measure.log", &bundle->systemd_log, GB_LIMIT_SYSTEMD_LOG},
        {"cmdline", &bundle->cmdline, GB_LIMIT_CMDLINE},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(parts); i++) {
        int r = read_optional(arena, dir, parts[i].name, parts[i].max, parts[i].member, err);
        if (r < 0)
            return r;
    }
    int r = read_optional(arena, dir, "ima_binary", GB_LIMIT_IMA_LOG, &bundle->ima, err);
    if (r < 0 || bundle->ima.data)
        return r;
    return read_optional(arena, dir, "ima_ascii", GB_LIMIT_IMA_LOG, &bundle->ima, err);
}

/* All files of a name's form; more than `max` are refused. */
static int read_many(struct gb_arena *arena, const char *dir, const char *prefix,
                     const char *suffix, struct bundle_file *files, size_t max, size_t *ret_count,
                     struct gb_err *err)
{
    const char *const *names = NULL;
    size_t count = 0;
    int r = file_list(arena, dir, prefix, suffix, &names, err);
    if (r < 0)
        return r;
    for (; names[count]; count++) {
        if (count == max)
            return gb_err_set(err, GB_ERR_LIMIT, "%s: more than %zu files %s*%s", dir, max, prefix,
                              suffix);
        struct gb_bytes bytes = {0};
        r = read_optional(arena, dir, names[count], GB_LIMIT_CERT, &bytes, err);
        if (r < 0)
            return r;
        /* A name is the node's, too. */
        const char *shown =
            gb_text_escape(arena, gb_bytes_str(names[count]), GB_LIMIT_ERR_TEXT / 2);
        if (!shown)
            return gb_err_nomem(err);
        files[count] = (struct bundle_file){.name = shown, .bytes = bytes};
    }
    *ret_count = count;
    return GB_OK;
}

static int check_needs(const char *dir, const struct bundle *bundle, struct gb_err *err)
{
    const bool given[] = {
        bundle->quote.data != NULL,
        bundle->signature.data != NULL,
        bundle->ak_public.data || bundle->ak_pem.data,
        bundle->pcrs_text.data || bundle->pcrs_tools.data,
    };
    _Static_assert(GB_ARRAY_LEN(given) == GB_ARRAY_LEN(needs), "one answer a need");
    for (size_t i = 0; i < GB_ARRAY_LEN(needs); i++)
        if (!given[i])
            return gb_err_set(err, GB_ERR_NOTFOUND, "%s: no %s%s%s (%s)", dir, needs[i].name,
                              needs[i].other ? " and no " : "",
                              needs[i].other ? needs[i].other : "", needs[i].from);
    return GB_OK;
}

static int check_folder(const char *dir, struct gb_err *err)
{
    struct stat st;
    if (stat(dir, &st) != 0) {
        gb_err_sys(err, errno, "%s: cannot open", dir);
        if (errno == ENOENT && err)
            err->code = GB_ERR_NOTFOUND;
        return errno == ENOENT ? GB_ERR_NOTFOUND : GB_ERR_IO;
    }
    if (!S_ISDIR(st.st_mode))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: not a folder of evidence", dir);
    return GB_OK;
}

int evidence_dir_read(struct gb_arena *arena, const char *dir, struct evidence_dir *ret_dir,
                      struct gb_err *err)
{
    struct evidence_dir read = {0};
    struct bundle *bundle = &read.bundle;
    int r = check_folder(dir, err);
    if (r == 0)
        r = read_parts(arena, dir, bundle, err);
    if (r == 0)
        r = read_many(arena, dir, "ekcert", ".der", bundle->ekcerts, BUNDLE_MAX_EKCERTS,
                      &bundle->ekcert_count, err);
    if (r == 0)
        r = read_many(arena, dir, "ca-", ".pem", bundle->intermediates, BUNDLE_MAX_INTERMEDIATES,
                      &bundle->intermediate_count, err);
    if (r == 0)
        r = read_optional(arena, dir, "nonce", GB_LIMIT_NONCE, &read.nonce, err);
    if (r == 0)
        r = check_needs(dir, bundle, err);
    if (r < 0)
        return r;
    read.has_nonce = read.nonce.data != NULL;
    *ret_dir = read;
    return GB_OK;
}
