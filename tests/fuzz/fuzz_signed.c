/*
 * Aims at sign_read, sign_write, signed_set_read and what is beneath: any bytes give documents or
 * GB_ERR_CONFIG, LIMIT, NOMEM; what was signed is signed for every reader, once, and signing it
 * again changes no byte; nobody else's keys have signed it.
 */
#include <stdint.h>
#include <stdlib.h>

#include "crypto/signer.h"
#include "policy/documents/sign.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"

static struct signer *self, *other;
static struct officers *officers, *strangers;

static void must(int ok)
{
    if (!ok)
        abort();
}

static bool refused(int r)
{
    return r == GB_ERR_CONFIG || r == GB_ERR_LIMIT || r == GB_ERR_NOMEM;
}

static void check(struct gb_arena *arena, struct gb_bytes text, const struct officers *by,
                  bool good)
{
    const struct policy_file file = {"f.yaml", text};
    struct signed_set set;
    const char *why = NULL;
    int r = signed_set_read(arena, &file, 1, by, &set, NULL);
    must(r == 0 || refused(r));
    if (r < 0)
        return;
    must(signed_set_fault(arena, &set, 0, &why, NULL) == 0);
    if (!good)
        must(set.count == 0 || why != NULL);
    for (size_t i = 0; good && i < set.count; i++)
        must(set.documents[i].signatures.good == 1);
}

static void sign(struct gb_arena *arena, struct gb_bytes in)
{
    struct sign_text text, again;
    struct gb_buf out, twice;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    gb_buf_init(&twice, GB_LIMIT_POLICY);
    int r = sign_read(arena, "f.yaml", in, self, &text, NULL);
    must(r == 0 || refused(r));
    if (r == 0)
        r = sign_write(&text, self, &out, NULL);
    must(r == 0 || refused(r));
    if (r == 0) {
        check(arena, gb_buf_bytes(&out), officers, true);
        must(sign_read(arena, "f.yaml", gb_buf_bytes(&out), self, &again, NULL) == 0);
        must(sign_write(&again, self, &twice, NULL) == 0);
        must(gb_bytes_equal(gb_buf_bytes(&out), gb_buf_bytes(&twice)));
    }
    gb_buf_done(&out);
    gb_buf_done(&twice);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (!self) {
        must(signer_new(&self, NULL) == 0 && signer_new(&other, NULL) == 0);
        must(officers_of_signer(self, &officers, NULL) == 0);
        must(officers_of_signer(other, &strangers, NULL) == 0);
    }
    struct gb_arena *arena = gb_arena_new();
    if (!arena)
        return 0;
    check(arena, gb_bytes(data, size), strangers, false);
    sign(arena, gb_bytes(data, size));
    gb_arena_free(arena);
    return 0;
}
