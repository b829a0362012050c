#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>

#include "net/http_head.h"

/* What a head gets: 0 when it is taken, 1 when http_head_end refuses it, 2 when it is not whole,
 * else the status. */
static int judge(const char *text, size_t len, struct http_head *head)
{
    size_t scanned = 0;
    const char *why = NULL;
    enum http_end end = http_head_end(gb_bytes(text, len), &scanned);
    if (end != HTTP_END_FOUND)
        return end == HTTP_END_BAD ? 1 : 2;
    assert_int_equal(scanned, len);
    int status = http_head_read(gb_bytes(text, scanned), head, &why);
    if (status)
        assert_non_null(why);
    return status;
}

static const struct {
    const char *name;
    const char *head;
    int wanted;
} heads[] = {
    {"least", "GET / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
    {"any case, any blanks", "GET / HTTP/1.1\r\nhOsT:\t x \t\r\n\r\n", 0},
    {"address", "GET / HTTP/1.1\r\nHost: [::1]:8440\r\n\r\n", 0},
    {"length", "POST /a HTTP/1.1\r\nHost: x\r\nContent-Length: 12\r\n\r\n", 0},
    {"unknown method", "BREW / HTTP/1.1\r\nHost: x\r\n\r\n", 0},
    {"expects", "PUT /a HTTP/1.1\r\nHost: x\r\nExpect: 100-Continue\r\n\r\n", 0},

    {"cut", "GET / HTTP/1.1\r\nHost: x\r\n", 2},
    {"nothing", "", 2},
    {"bare LF", "GET / HTTP/1.1\nHost: x\r\n\r\n", 1},
    {"bare LF at the end", "GET / HTTP/1.1\r\nHost: x\r\n\n", 1},
    {"bare CR", "GET / HTTP/1.1\r\nHost: x\ry\r\n\r\n", 1},
    {"CR CR LF", "GET / HTTP/1.1\r\r\nHost: x\r\n\r\n", 1},
    {"empty line first", "\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n", 1},
    {"control character", "GET / HTTP/1.1\r\nHost: x\r\nA: \x01\r\n\r\n", 1},
    {"delete character", "GET / HTTP/1.1\r\nHost: x\r\nA: \x7f\r\n\r\n", 1},

    {"two lengths", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nContent-Length: 2\r\n\r\n",
     400},
    {"two lengths in one", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2, 2\r\n\r\n", 400},
    {"length with a sign", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: +2\r\n\r\n", 400},
    {"negative length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -2\r\n\r\n", 400},
    {"hex length", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 0x2\r\n\r\n", 400},
    {"length of nothing", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length:\r\n\r\n", 400},
    {"length that wraps",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 18446744073709551618\r\n\r\n", 400},
    {"blank before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length : 2\r\n\r\n", 400},
    {"tab before the colon", "POST / HTTP/1.1\r\nHost: x\r\nContent-Length\t: 2\r\n\r\n", 400},
    {"folded line", "GET / HTTP/1.1\r\nHost: x\r\nA: b\r\n c\r\n\r\n", 400},
    {"no name", "GET / HTTP/1.1\r\nHost: x\r\n: b\r\n\r\n", 400},
    {"no colon", "GET / HTTP/1.1\r\nHost: x\r\nabc\r\n\r\n", 400},
    {"eighth bit", "GET / HTTP/1.1\r\nHost: x\r\nA: \xc3\xa9\r\n\r\n", 400},
    {"chunked", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n", 411},
    {"chunked with length",
     "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n", 400},
    {"chunked twice",
     "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: "
     "chunked\r\n\r\n",
     400},
    {"gzip", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip, chunked\r\n\r\n", 400},
    {"identity", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: identity\r\n\r\n", 400},
    {"empty coding", "POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding:\r\n\r\n", 400},
    {"no Host", "GET / HTTP/1.1\r\nA: b\r\n\r\n", 400},
    {"no header", "GET / HTTP/1.1\r\n\r\n", 400},
    {"two Hosts", "GET / HTTP/1.1\r\nHost: x\r\nHost: x\r\n\r\n", 400},
    {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400},
    {"Host with a path", "GET / HTTP/1.1\r\nHost: x/y\r\n\r\n", 400},
    {"two types", "GET / HTTP/1.1\r\nHost: x\r\nContent-Type: a\r\nContent-Type: b\r\n\r\n", 400},
    {"unknown Expect", "GET / HTTP/1.1\r\nHost: x\r\nExpect: a miracle\r\n\r\n", 417},
    {"HTTP/1.0", "GET / HTTP/1.0\r\nHost: x\r\n\r\n", 505},
    {"HTTP/2", "PRI * HTTP/2.0\r\n\r\n", 400},
    {"no version", "GET /\r\nHost: x\r\n\r\n", 400},
    {"two blanks", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"blank after the version", "GET / HTTP/1.1 \r\nHost: x\r\n\r\n", 505},
    {"tab in the line", "GET\t/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"absolute form", "GET http://x/ HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"asterisk", "OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"fragment", "GET /a#b HTTP/1.1\r\nHost: x\r\n\r\n", 400},
    {"no target", "GET  HTTP/1.1\r\nHost: x\r\n\r\n", 400},
};

static void T29_heads_are_taken_or_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(heads); i++) {
        struct http_head head = {0};
        int got = judge(heads[i].head, strlen(heads[i].head), &head);
        if (got != heads[i].wanted)
            fail_msg("%s: %d instead of %d", heads[i].name, got, heads[i].wanted);
    }
}

/* Bytes come in any pieces: the answer is the same, and the end is found where it is. */
static void pieces_do_not_matter(void **state)
{
    (void)state;
    for (size_t i = 0; i < GB_ARRAY_LEN(heads); i++) {
        size_t len = strlen(heads[i].head);
        size_t scanned = 0;
        enum http_end end = HTTP_END_MORE;
        for (size_t n = 0; n <= len && end == HTTP_END_MORE; n++)
            end = http_head_end(gb_bytes(heads[i].head, n), &scanned);
        int wanted = heads[i].wanted;
        assert_int_equal(end, wanted == 1   ? HTTP_END_BAD
                              : wanted == 2 ? HTTP_END_MORE
                                            : HTTP_END_FOUND);
    }
    static const char two[] = "GET / HTTP/1.1\r\nHost: x\r\n\r\nGET /b HTTP/1.1\r\n";
    size_t scanned = 0;
    assert_int_equal(http_head_end(gb_bytes(two, sizeof two - 1), &scanned), HTTP_END_FOUND);
    assert_int_equal(scanned, 27);
    static const char nul[] = "GET /\0 HTTP/1.1\r\n";
    scanned = 0;
    assert_int_equal(http_head_end(gb_bytes(nul, sizeof nul - 1), &scanned), HTTP_END_BAD);
}

static void what_a_head_says(void **state)
{
    (void)state;
    static const char text[] = "DELETE /v1/x?a=b HTTP/1.1\r\nHost: h\r\nX-Two:  a b \r\n"
                               "Connection: keep-alive, Close\r\nContent-Length: 07\r\n\r\n";
    struct gb_bytes in = gb_bytes(text, sizeof text - 1);
    struct http_head head;
    assert_int_equal(judge(text, sizeof text - 1, &head), 0);
    assert_int_equal(head.method, HTTP_DELETE);
    assert_true(gb_bytes_is(gb_bytes(text + head.target, head.target_len), "/v1/x?a=b"));
    assert_int_equal(head.content_length, 7);
    assert_true(head.close);
    assert_false(head.expects_continue);
    assert_true(gb_bytes_is(http_head_field(&head, in, "x-two"), "a b"));
    assert_null(http_head_field(&head, in, "x-tw").data);
}

static void header_lines_are_counted(void **state)
{
    (void)state;
    char text[4096] = "GET / HTTP/1.1\r\nHost: x\r\n";
    size_t len = strlen(text);
    struct http_head head;
    for (int i = 1; i < GB_LIMIT_HTTP_FIELDS; i++, len += 6)
        memcpy(text + len, "A: b\r\n", 6);
    memcpy(text + len, "\r\n", 2);
    assert_int_equal(judge(text, len + 2, &head), 0);
    memcpy(text + len, "A: b\r\n\r\n", 8);
    assert_int_equal(judge(text, len + 8, &head), 431);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(T29_heads_are_taken_or_refused),
        cmocka_unit_test(pieces_do_not_matter),
        cmocka_unit_test(what_a_head_says),
        cmocka_unit_test(header_lines_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
