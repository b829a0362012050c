#include "cli/trust_files.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "attest/attest.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "crypto/x509.h"
#include "os/file.h"
#include "policy/policy.h"

/* For gb_map: whoever chooses the digests must not know how they are spread. */
static int seed_new(uint64_t *ret_seed, struct gb_err *err)
{
    if (getrandom(ret_seed, sizeof *ret_seed, 0) != (ssize_t)sizeof *ret_seed)
        return gb_err_sys(err, errno, "cannot get random numbers");
    return GB_OK;
}

static int read_policy(struct gb_arena *arena, const struct cmd_line *line,
                       struct policy *ret_policy, struct gb_err *err)
{
    struct policy_file files[CMD_MAX_VALUES];
    size_t count = 0;
    size_t at = 0;
    for (const char *path; (path = cmd_next(line, "policy", &at)); count++) {
        files[count].name = path;
        int r = file_read(arena, path, GB_LIMIT_POLICY, &files[count].bytes, err);
        if (r < 0)
            return r;
    }
    uint64_t seed = 0;
    int r = seed_new(&seed, err);
    return r < 0 ? r : policy_read(arena, files, count, seed, ret_policy, err);
}

static int read_roots(struct gb_arena *arena, const struct cmd_line *line,
                      struct x509_store **ret_roots, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    int r = x509_store_new(&roots, err);
    if (r < 0)
        return r;
    size_t at = 0;
    for (const char *path; (path = cmd_next(line, "root", &at));) {
        struct gb_bytes bytes;
        r = file_read(arena, path, GB_LIMIT_CERT, &bytes, err);
        if (r < 0)
            return r;
        r = x509_store_add(roots, bytes, err);
        if (r < 0) {
            gb_err_prefix(err, "%s: ", path);
            /* The operator's own file, not evidence: a matter of configuration. */
            if (r == GB_ERR_INPUT)
                err->code = GB_ERR_CONFIG;
            return r;
        }
    }
    *ret_roots = gb_take(roots);
    return GB_OK;
}

int trust_files_read(struct gb_arena *arena, const struct cmd_line *line, struct trust *ret_trust,
                     struct x509_store **ret_roots, struct gb_err *err)
{
    struct trust trust = {0};
    int r = read_policy(arena, line, &trust.policy, err);
    if (r < 0)
        return r;
    if (cmd_has(line, "root")) {
        r = read_roots(arena, line, ret_roots, err);
        if (r < 0)
            return r;
        trust.anchors.ek_roots = *ret_roots;
    }
    *ret_trust = trust;
    return GB_OK;
}
