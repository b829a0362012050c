/* Aims at http_head_end and http_head_read: whatever pieces the bytes come in, the end is the same;
 * a head that is taken says what it says, and never of bytes beyond it. */
#include <stdlib.h>

#include "net/http_head.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_fields(const struct http_head *head, struct gb_bytes in)
{
    for (size_t i = 0; i < head->count; i++) {
        const struct http_field *field = &head->fields[i];
        if (field->name_len == 0 || field->name + field->name_len > in.len ||
            field->value + field->value_len > in.len)
            abort();
    }
    if ((size_t)head->target + head->target_len > in.len || in.data[head->target] != '/')
        abort();
    struct gb_bytes host = http_head_field(head, in, "host");
    struct gb_bytes length = http_head_field(head, in, "content-length");
    if (host.len == 0 || http_head_field(head, in, "transfer-encoding").data)
        abort();
    if ((head->content_length > 0) > (length.len > 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size > 16384)
        return 0;
    size_t whole = 0;
    size_t pieces = 0;
    enum http_end end = http_head_end(gb_bytes(data, size), &whole);
    enum http_end piecewise = HTTP_END_MORE;
    for (size_t n = 0; n <= size && piecewise == HTTP_END_MORE; n++)
        piecewise = http_head_end(gb_bytes(data, n), &pieces);
    if (end != piecewise || (end == HTTP_END_FOUND && whole != pieces) || whole > size)
        abort();
    struct http_head head;
    const char *why = NULL;
    if (end != HTTP_END_FOUND)
        return 0;
    struct gb_bytes in = gb_bytes(data, whole);
    int status = http_head_read(in, &head, &why);
    if (status == 0)
        check_fields(&head, in);
    else if (status < 400 || status > 505 || !why)
        abort();
    return 0;
}
