#include "make_signed.h"

#include "../test.h"
#include "base/buf.h"
#include "base/limits.h"
#include "os/file.h"
#include "policy/documents/sign.h"

struct gb_bytes make_signed(struct gb_arena *arena, const char *text, const struct signer *signer)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct sign_text read;
    struct gb_err err = {0};
    gb_buf_init(&out, GB_LIMIT_POLICY);
    int r = sign_read(arena, "document", gb_bytes_str(text), signer, &read, &err);
    if (r == GB_OK)
        r = sign_write(&read, signer, &out, &err);
    if (r < 0)
        fail_msg("%s", err.text);
    struct gb_bytes copy = gb_arena_copy(arena, gb_buf_bytes(&out));
    assert_non_null(copy.data);
    return copy;
}

void make_officer_file(const struct signer *signer, const char *path)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    gb_buf_init(&pem, GB_LIMIT_CERT);
    assert_int_equal(signer_public_pem(signer, &pem, NULL), 0);
    assert_int_equal(file_write(path, gb_buf_bytes(&pem), NULL), 0);
}
