#include "cli/evidence/trust_files.h"

#include <errno.h>
#include <sys/random.h>
#include <sys/types.h>

#include "attest/attest.h"
#include "attest/trust.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "crypto/digest.h"
#include "crypto/x509.h"
#include "os/file.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"

/* For gb_map: whoever chooses the digests must not know how they are spread. */
static int seed_new(uint64_t *ret_seed, struct gb_err *err)
{
    if (getrandom(ret_seed, sizeof *ret_seed, 0) != (ssize_t)sizeof *ret_seed)
        return gb_err_sys(err, errno, "cannot get random numbers");
    return GB_OK;
}

/* The files that one option names. */
static int read_files(struct gb_arena *arena, const struct cmd_line *line, const char *option,
                      size_t limit, struct policy_file files[CMD_MAX_VALUES], size_t *ret_count,
                      struct gb_err *err)
{
    size_t count = 0;
    size_t at = 0;
    for (const char *path; (path = cmd_next(line, option, &at)); count++) {
        files[count].name = path;
        int r = file_read(arena, path, limit, &files[count].bytes, err);
        if (r < 0)
            return r;
    }
    *ret_count = count;
    return GB_OK;
}

/* With officers, the documents count as at a server: all of them rightly signed, or none. */
int trust_files_signed(struct gb_arena *arena, const struct cmd_line *line, const char *what,
                       const struct trust_parts *parts, struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *officers = NULL;
    struct policy_file pems[CMD_MAX_VALUES];
    struct signed_set set;
    size_t count = 0;
    const char *why = NULL;
    int r = read_files(arena, line, "officer", GB_LIMIT_CERT, pems, &count, err);
    if (r < 0 || count == 0)
        return r;
    r = officers_read(pems, count, &officers, err);
    if (r == GB_OK)
        r = signed_set_read(arena, parts->policies, parts->policy_count, officers, &set, err);
    if (r == GB_OK)
        r = signed_set_fault(arena, &set, 0, &why, err);
    return r == GB_OK && why ? gb_err_set(err, GB_ERR_CONFIG, "%s: %s", what, why) : r;
}

int trust_files_read(struct gb_arena *arena, const struct cmd_line *line, struct trust *ret_trust,
                     struct x509_store **ret_roots, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct policy_file policies[CMD_MAX_VALUES], roots[CMD_MAX_VALUES];
    struct trust_parts parts = {.policies = policies, .roots = roots};
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = seed_new(&parts.seed, err);
    if (r == GB_OK)
        r = read_files(arena, line, "policy", GB_LIMIT_POLICY, policies, &parts.policy_count, err);
    if (r == GB_OK)
        r = read_files(arena, line, "root", GB_LIMIT_CERT, roots, &parts.root_count, err);
    if (r == GB_OK && cmd_has(line, "officer") && parts.policy_count == 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "--officer needs --policy: what has the officer signed?");
    if (r == GB_OK)
        r = trust_files_signed(arena, line, "the policy does not count", &parts, err);
    return r < 0 ? r : trust_read(arena, digester, &parts, ret_trust, ret_roots, err);
}
