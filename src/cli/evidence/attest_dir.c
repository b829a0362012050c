#include "cli/evidence/attest_dir.h"

#include "attest/attest.h"
#include "cli/evidence/evidence_dir.h"
#include "crypto/digest.h"
#include "result/verdict.h"
#include "verify/claims.h"
#include "verify/verify.h"

int attest_dir(struct gb_arena *arena, const struct trust *trust, const struct asked *asked,
               const char *dir, struct claims *ret_claims, struct verdict *ret_verdict,
               struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct evidence_dir *read = gb_arena_new_one(arena, struct evidence_dir);
    if (!read)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r == 0)
        r = evidence_dir_read(arena, dir, read, err);
    if (r < 0)
        return r;
    struct asked question = *asked;
    if (!question.has_nonce) {
        question.has_nonce = read->has_nonce;
        question.nonce = read->nonce;
    }
    return attest(arena, digester, trust, &question, &read->bundle, ret_claims, ret_verdict, err);
}
