#include "../test.h"
#include "wire/cbor.h"

/* A message as our readers read them: integer keys, each once, unknown ones refused. */
struct message {
    uint64_t version;
    struct gb_bytes blob;
    struct gb_bytes text;
    bool flag;
    uint64_t list[4];
    size_t list_len;
};

static int message_read(struct gb_bytes in, struct message *out, struct gb_err *err)
{
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(&r, 8);
    for (size_t i = 0; i < pairs && cbor_ok(&r); i++) {
        unsigned key = cbor_read_key(&r, &seen);
        if (key == 0)
            out->version = cbor_read_uint(&r);
        else if (key == 1)
            out->blob = cbor_read_bytes(&r, 300);
        else if (key == 2)
            out->text = cbor_read_text(&r, 16);
        else if (key == 3)
            out->flag = cbor_read_bool(&r);
        else if (key == 4) {
            out->list_len = cbor_read_array(&r, 4);
            for (size_t k = 0; k < out->list_len; k++)
                out->list[k] = cbor_read_uint(&r);
        } else
            cbor_fail(&r, GB_ERR_INPUT, "unknown key %u", key);
    }
    return cbor_finish(&r, err);
}

static const uint8_t blob[300] = {1, 2, 3};

static void write_good(struct gb_buf *out)
{
    gb_buf_init(out, 4096);
    cbor_map(out, 5);
    cbor_uint(out, 0);
    cbor_uint(out, 1);
    cbor_uint(out, 1);
    cbor_bytes(out, gb_bytes(blob, sizeof blob));
    cbor_uint(out, 2);
    cbor_text(out, gb_bytes_str("h\xc3\xa9"));
    cbor_uint(out, 3);
    cbor_bool(out, true);
    cbor_uint(out, 4);
    cbor_array(out, 4);
    cbor_uint(out, 24);
    cbor_uint(out, 256);
    cbor_uint(out, 65536);
    cbor_uint(out, UINT64_MAX);
    assert_true(gb_buf_ok(out));
}

static void what_is_written_reads_back(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf buf;
    write_good(&buf);
    struct message m = {0};
    struct gb_err err = {0};
    assert_int_equal(message_read(gb_buf_bytes(&buf), &m, &err), GB_OK);
    assert_int_equal(m.version, 1);
    assert_true(gb_bytes_equal(m.blob, gb_bytes(blob, sizeof blob)));
    assert_true(gb_bytes_is(m.text, "h\xc3\xa9"));
    assert_true(m.flag);
    assert_int_equal(m.list_len, 4);
    assert_int_equal(m.list[0], 24);
    assert_int_equal(m.list[2], 65536);
    assert_true(m.list[3] == UINT64_MAX);
}

static void every_truncation_of_a_good_map_is_refused(void **state)
{
    (void)state;
    gb_cleanup(gb_buf_done) struct gb_buf buf;
    write_good(&buf);
    for (size_t len = 0; len < buf.len; len++) {
        uint8_t *exact = malloc(len ? len : 1); /* so that a sanitizer sees one byte too many */
        assert_non_null(exact);
        memcpy(exact, buf.data, len);
        struct message m = {0};
        struct gb_err err = {0};
        assert_int_equal(message_read(gb_bytes(exact, len), &m, &err), GB_ERR_INPUT);
        assert_true(err.offset <= len);
        free(exact);
    }
    struct gb_err err = {0};
    struct message m = {0};
    cbor_uint(&buf, 1);
    assert_int_equal(message_read(gb_buf_bytes(&buf), &m, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "bytes are left over");
    assert_int_equal(err.offset, buf.len - 1);
}

#define BYTES(...) gb_bytes((const uint8_t[]){__VA_ARGS__}, sizeof((const uint8_t[]){__VA_ARGS__}))

static void numbers_have_known_bytes(void **state)
{
    (void)state;
    /* RFC 8949, appendix A. */
    static const struct {
        uint64_t value;
        uint8_t bytes[9];
        size_t len;
    } known[] = {
        {0, {0x00}, 1},
        {23, {0x17}, 1},
        {24, {0x18, 0x18}, 2},
        {255, {0x18, 0xff}, 2},
        {256, {0x19, 0x01, 0x00}, 3},
        {1000, {0x19, 0x03, 0xe8}, 3},
        {65535, {0x19, 0xff, 0xff}, 3},
        {1000000, {0x1a, 0x00, 0x0f, 0x42, 0x40}, 5},
        {UINT32_MAX, {0x1a, 0xff, 0xff, 0xff, 0xff}, 5},
        {1000000000000, {0x1b, 0x00, 0x00, 0x00, 0xe8, 0xd4, 0xa5, 0x10, 0x00}, 9},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        gb_cleanup(gb_buf_done) struct gb_buf buf;
        gb_buf_init(&buf, 16);
        cbor_uint(&buf, known[i].value);
        assert_true(gb_bytes_equal(gb_buf_bytes(&buf), gb_bytes(known[i].bytes, known[i].len)));
        struct cbor_reader r;
        cbor_reader_init(&r, gb_buf_bytes(&buf));
        assert_true(cbor_read_uint(&r) == known[i].value);
        assert_int_equal(cbor_finish(&r, NULL), GB_OK);
    }
}

static void longer_forms_than_needed_are_refused(void **state)
{
    (void)state;
    const struct gb_bytes numbers[] = {
        BYTES(0x18, 0x17),
        BYTES(0x19, 0x00, 0xff),
        BYTES(0x1a, 0x00, 0x00, 0xff, 0xff),
        BYTES(0x1b, 0, 0, 0, 0, 0xff, 0xff, 0xff, 0xff),
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(numbers); i++) {
        struct cbor_reader r;
        struct gb_err err = {0};
        cbor_reader_init(&r, numbers[i]);
        assert_int_equal(cbor_read_uint(&r), 0);
        assert_int_equal(cbor_finish(&r, &err), GB_ERR_INPUT);
        assert_string_equal(err.text, "an unsigned number in a longer form than it needs");
        assert_int_equal(err.offset, 0);
    }
    struct cbor_reader r;
    cbor_reader_init(&r, BYTES(0x58, 0x01, 0xaa));
    assert_null(cbor_read_bytes(&r, 10).data);
    assert_int_equal(cbor_finish(&r, NULL), GB_ERR_INPUT);
    cbor_reader_init(&r, BYTES(0x78, 0x01, 'a'));
    assert_null(cbor_read_text(&r, 10).data);
    assert_false(cbor_ok(&r));
    cbor_reader_init(&r, BYTES(0x98, 0x01, 0x00));
    assert_int_equal(cbor_read_array(&r, 10), 0);
    assert_false(cbor_ok(&r));
    cbor_reader_init(&r, BYTES(0xb8, 0x01, 0x00, 0x00));
    assert_int_equal(cbor_read_map(&r, 10), 0);
    assert_false(cbor_ok(&r));
    cbor_reader_init(&r, BYTES(0xf8, 0x15));
    assert_false(cbor_read_bool(&r));
    assert_false(cbor_ok(&r));
}

/* Asks one input for everything: nothing takes it. */
static void refused_by_all(struct gb_bytes in)
{
    for (int ask = 0; ask < 6; ask++) {
        struct cbor_reader r;
        cbor_reader_init(&r, in);
        if (ask == 0)
            cbor_read_map(&r, SIZE_MAX);
        else if (ask == 1)
            cbor_read_array(&r, SIZE_MAX);
        else if (ask == 2)
            cbor_read_uint(&r);
        else if (ask == 3)
            cbor_read_bool(&r);
        else if (ask == 4)
            cbor_read_bytes(&r, SIZE_MAX);
        else
            cbor_read_text(&r, SIZE_MAX);
        assert_false(cbor_ok(&r));
        assert_int_equal(cbor_finish(&r, NULL), GB_ERR_INPUT);
    }
}

static void what_has_no_place_is_refused(void **state)
{
    (void)state;
    refused_by_all(BYTES(0x20));                               /* -1 */
    refused_by_all(BYTES(0x39, 0x01, 0x00));                   /* -257 */
    refused_by_all(BYTES(0x5f, 0x41, 0xaa, 0xff));             /* indefinite bytes */
    refused_by_all(BYTES(0x7f, 0x61, 'a', 0xff));              /* indefinite text */
    refused_by_all(BYTES(0x9f, 0x01, 0xff));                   /* indefinite array */
    refused_by_all(BYTES(0xbf, 0x01, 0x02, 0xff));             /* indefinite map */
    refused_by_all(BYTES(0xc0, 0x00));                         /* a tag */
    refused_by_all(BYTES(0xd9, 0xd9, 0xf7, 0x00));             /* the tag "this is CBOR" */
    refused_by_all(BYTES(0xf6));                               /* null */
    refused_by_all(BYTES(0xf7));                               /* undefined */
    refused_by_all(BYTES(0xf8, 0xff));                         /* a simple value */
    refused_by_all(BYTES(0xf9, 0x3c, 0x00));                   /* 1.0, half */
    refused_by_all(BYTES(0xfa, 0x3f, 0x80, 0x00, 0x00));       /* 1.0, single */
    refused_by_all(BYTES(0xfb, 0x3f, 0xf0, 0, 0, 0, 0, 0, 0)); /* 1.0, double */
    refused_by_all(BYTES(0xff));                               /* a break of nothing */
    refused_by_all(BYTES(0x1c));                               /* reserved */
    refused_by_all(BYTES(0x5e));                               /* reserved */
    refused_by_all(gb_bytes(NULL, 0));
}

static void huge_counts_and_lengths_ask_for_nothing(void **state)
{
    (void)state;
    refused_by_all(BYTES(0x9b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    refused_by_all(BYTES(0xbb, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    refused_by_all(BYTES(0x9a, 0xff, 0xff, 0xff, 0xff, 0x00));
    refused_by_all(BYTES(0x5b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff));
    refused_by_all(BYTES(0x7b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xf6, 0x00));
    refused_by_all(BYTES(0x82, 0x00));    /* two items cannot fit in a byte */
    refused_by_all(BYTES(0xa2, 0, 0, 0)); /* nor two pairs in three */
    refused_by_all(BYTES(0x42, 0x00));
}

static void ceilings_are_the_callers_and_exact(void **state)
{
    (void)state;
    const struct gb_bytes three = BYTES(0x83, 0x01, 0x02, 0x03);
    struct cbor_reader r;
    struct gb_err err = {0};
    cbor_reader_init(&r, three);
    assert_int_equal(cbor_read_array(&r, 3), 3);
    cbor_reader_init(&r, three);
    assert_int_equal(cbor_read_array(&r, 2), 0);
    assert_int_equal(cbor_finish(&r, &err), GB_ERR_LIMIT);
    assert_int_equal(err.offset, 0);
    cbor_reader_init(&r, BYTES(0x43, 1, 2, 3));
    assert_int_equal(cbor_read_bytes(&r, 3).len, 3);
    cbor_reader_init(&r, BYTES(0x43, 1, 2, 3));
    assert_null(cbor_read_bytes(&r, 2).data);
    assert_int_equal(cbor_finish(&r, &err), GB_ERR_LIMIT);
}

static void text_must_be_utf8_and_empty_has_an_address(void **state)
{
    (void)state;
    struct cbor_reader r;
    struct gb_err err = {0};
    cbor_reader_init(&r, BYTES(0x62, 0xc3, 0x28));
    assert_null(cbor_read_text(&r, 10).data);
    assert_int_equal(cbor_finish(&r, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "text is not UTF-8");
    cbor_reader_init(&r, BYTES(0x42, 0xc3, 0x28));
    assert_int_equal(cbor_read_bytes(&r, 10).len, 2);
    cbor_reader_init(&r, BYTES(0x82, 0x60, 0x40));
    assert_int_equal(cbor_read_array(&r, 2), 2);
    struct gb_bytes text = cbor_read_text(&r, 0);
    struct gb_bytes bytes = cbor_read_bytes(&r, 0);
    assert_non_null(text.data);
    assert_non_null(bytes.data);
    assert_int_equal(text.len + bytes.len, 0);
    assert_int_equal(cbor_finish(&r, NULL), GB_OK);
}

static void a_key_twice_or_unknown_is_refused(void **state)
{
    (void)state;
    struct message m = {0};
    struct gb_err err = {0};
    assert_int_equal(message_read(BYTES(0xa2, 0x00, 0x01, 0x00, 0x02), &m, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "again the key 0");
    assert_int_equal(err.offset, 3);
    assert_int_equal(message_read(BYTES(0xa1, 0x09, 0x01), &m, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "unknown key 9");
    assert_int_equal(message_read(BYTES(0xa1, 0x18, 0x40, 0x01), &m, &err), GB_ERR_INPUT);
    assert_string_equal(err.text, "unknown key 64");
    /* With cbor_read_uint, twice is the caller's to see: the cursor keeps no list. */
    struct cbor_reader r;
    cbor_reader_init(&r, BYTES(0xa2, 0x00, 0x01, 0x00, 0x02));
    assert_int_equal(cbor_read_map(&r, 2), 2);
    for (int i = 0; i < 4; i++)
        cbor_read_uint(&r);
    assert_int_equal(cbor_finish(&r, NULL), GB_OK);
}

static void the_first_failure_stands(void **state)
{
    (void)state;
    struct cbor_reader r;
    struct gb_err err = {0};
    cbor_reader_init(&r, BYTES(0x01, 0x02));
    assert_int_equal(cbor_read_uint(&r), 1);
    cbor_fail(&r, GB_ERR_LIMIT, "no more than %d", 0);
    cbor_fail(&r, GB_ERR_INPUT, "later");
    assert_int_equal(cbor_read_uint(&r), 0);
    assert_null(cbor_read_bytes(&r, 1).data);
    assert_int_equal(cbor_finish(&r, &err), GB_ERR_LIMIT);
    assert_string_equal(err.text, "no more than 0");
    assert_int_equal(err.offset, 1);
}

static void signed_numbers_tags_and_null_have_known_bytes(void **state)
{
    (void)state;
    /* RFC 8949, appendix A. */
    static const struct {
        int64_t value;
        uint8_t bytes[9];
        size_t len;
    } known[] = {
        {-1, {0x20}, 1},
        {-10, {0x29}, 1},
        {-100, {0x38, 0x63}, 2},
        {-1000, {0x39, 0x03, 0xe7}, 3},
        {INT64_MIN, {0x3b, 0x7f, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, 9},
        {10, {0x0a}, 1},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(known); i++) {
        gb_cleanup(gb_buf_done) struct gb_buf buf;
        gb_buf_init(&buf, 16);
        cbor_int(&buf, known[i].value);
        assert_true(gb_bytes_equal(gb_buf_bytes(&buf), gb_bytes(known[i].bytes, known[i].len)));
        struct cbor_reader r;
        cbor_reader_init(&r, gb_buf_bytes(&buf));
        assert_true(cbor_read_int(&r) == known[i].value);
        assert_int_equal(cbor_finish(&r, NULL), GB_OK);
    }
    struct cbor_reader r;
    for (uint8_t tag = 0; tag < 24; tag++) {
        const uint8_t bytes[] = {0xc0 | tag, 0x00};
        cbor_reader_init(&r, gb_bytes(bytes, sizeof bytes));
        assert_int_equal(cbor_read_tag(&r), tag);
        assert_int_equal(cbor_read_uint(&r), 0);
        assert_int_equal(cbor_finish(&r, NULL), GB_OK);
    }
    cbor_reader_init(&r, BYTES(0x82, 0xd9, 0x01, 0xf5, 0x18, 0x18, 0xf6));
    assert_int_equal(cbor_read_array(&r, 2), 2);
    assert_int_equal(cbor_peek(&r), CBOR_TAG);
    assert_int_equal(cbor_read_tag(&r), 501);
    assert_int_equal(cbor_read_uint(&r), 24);
    assert_int_equal(cbor_peek(&r), CBOR_NULL);
    cbor_read_null(&r);
    assert_int_equal(cbor_peek(&r), CBOR_NOTHING);
    assert_int_equal(cbor_finish(&r, NULL), GB_OK);
}

/* One item of any shape: all of it, or the refusal and where. */
static void refuses_any(struct gb_bytes in, int code, const char *why)
{
    struct cbor_reader r;
    struct gb_err err = {0};
    cbor_reader_init(&r, in);
    assert_null(cbor_read_any(&r).data);
    assert_int_equal(cbor_finish(&r, &err), code);
    assert_string_equal(err.text, why);
}

static void an_item_of_any_shape_is_read_whole_and_strictly(void **state)
{
    (void)state;
    const struct gb_bytes good =
        BYTES(0x83, 0xa2, 0x01, 0xd8, 0x20, 0x61, 'a', 0x20, 0x80, 0xf5, 0x42, 0x00, 0x01);
    struct cbor_reader r;
    cbor_reader_init(&r, good);
    assert_true(gb_bytes_equal(cbor_read_any(&r), good));
    assert_int_equal(cbor_finish(&r, NULL), GB_OK);
    for (size_t len = 0; len < good.len; len++) {
        cbor_reader_init(&r, gb_bytes(good.data, len));
        assert_null(cbor_read_any(&r).data);
        assert_int_equal(cbor_finish(&r, NULL), GB_ERR_INPUT);
    }
    refuses_any(BYTES(0x81, 0xa2, 0x01, 0x00, 0x01, 0x00), GB_ERR_INPUT, "a map's key comes twice");
    refuses_any(BYTES(0x84, 0x00, 0x00, 0x00), GB_ERR_INPUT, "an array of more than is left");
    refuses_any(BYTES(0x81, 0xd8, 0x17, 0x00), GB_ERR_INPUT,
                "a tag in a longer form than it needs");
    refuses_any(BYTES(0x38, 0x17), GB_ERR_INPUT,
                "a negative number in a longer form than it needs");
    refuses_any(BYTES(0x3b, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff), GB_ERR_INPUT,
                "a number of more than 64 bits");
    refuses_any(BYTES(0x9f, 0x01, 0xff), GB_ERR_INPUT, "something else where an array belongs");
    refuses_any(BYTES(0xf9, 0x3c, 0x00), GB_ERR_INPUT,
                "something else where an unsigned number belongs");
}

static void what_is_skipped_has_a_ceiling_of_depth_and_of_keys(void **state)
{
    (void)state;
    uint8_t deep[GB_LIMIT_CBOR_DEPTH];
    struct cbor_reader r;
    memset(deep, 0x81, sizeof deep);
    deep[sizeof deep - 1] = 0x00;
    cbor_reader_init(&r, gb_bytes(deep, sizeof deep));
    assert_int_equal(cbor_read_any(&r).len, sizeof deep);
    uint8_t deeper[GB_LIMIT_CBOR_DEPTH + 1];
    memset(deeper, 0xc1, sizeof deeper);
    deeper[sizeof deeper - 1] = 0x00;
    refuses_any(gb_bytes(deeper, sizeof deeper), GB_ERR_LIMIT, "CBOR is nested more than 16 deep");
    gb_cleanup(gb_buf_done) struct gb_buf wide;
    gb_buf_init(&wide, 4096);
    cbor_map(&wide, GB_LIMIT_CBOR_PAIRS + 1);
    for (unsigned i = 0; i <= GB_LIMIT_CBOR_PAIRS; i++) {
        cbor_uint(&wide, i);
        cbor_uint(&wide, 0);
    }
    refuses_any(gb_buf_bytes(&wide), GB_ERR_LIMIT, "a map above its ceiling of 32");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(what_is_written_reads_back),
        cmocka_unit_test(every_truncation_of_a_good_map_is_refused),
        cmocka_unit_test(numbers_have_known_bytes),
        cmocka_unit_test(longer_forms_than_needed_are_refused),
        cmocka_unit_test(what_has_no_place_is_refused),
        cmocka_unit_test(huge_counts_and_lengths_ask_for_nothing),
        cmocka_unit_test(ceilings_are_the_callers_and_exact),
        cmocka_unit_test(text_must_be_utf8_and_empty_has_an_address),
        cmocka_unit_test(a_key_twice_or_unknown_is_refused),
        cmocka_unit_test(the_first_failure_stands),
        cmocka_unit_test(signed_numbers_tags_and_null_have_known_bytes),
        cmocka_unit_test(an_item_of_any_shape_is_read_whole_and_strictly),
        cmocka_unit_test(what_is_skipped_has_a_ceiling_of_depth_and_of_keys),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
