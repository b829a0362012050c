#include "../test.h"
#include "base/mem.h"
#include "evidence/ima.h"
#include "make_ima.h"

struct lists {
    struct make_ima made;
    struct gb_arena *arena;
    struct ima_log log;
    struct gb_err err;
};

static struct lists begin(enum digest_alg alg)
{
    struct lists l = {.arena = gb_arena_new()};
    assert_non_null(l.arena);
    make_ima_init(&l.made, alg);
    return l;
}

static void end(struct lists *l)
{
    make_ima_done(&l->made);
    gb_arena_free(l->arena);
}

static int read_list(struct lists *l, struct gb_bytes in)
{
    return ima_read(l->arena, in, DIGEST_NONE, &l->log, &l->err);
}

static int read_binary(struct lists *l)
{
    return read_list(l, gb_buf_bytes(&l->made.binary));
}

static int read_text(struct lists *l, const char *text)
{
    return read_list(l, gb_bytes_str(text));
}

static const uint8_t sha256_a[32] = {0xaa, 0xaa, [31] = 0xa1};
static const uint8_t sha256_b[32] = {0xbb, 0xbb, [31] = 0xb1};
static const uint8_t signature[] = {3, 2, 4, 0xde, 0xad, 0xbe, 0xef, 0, 2, 0x51, 0x52};

#define DIGEST(d)    {MAKE_IMA_DIGEST, d, sizeof(d), "sha256:"}
#define TYPED(w, d)  {MAKE_IMA_DIGEST, d, sizeof(d), w ":sha256:"}
#define NAME(n)      {MAKE_IMA_TEXT, n, sizeof(n) - 1, NULL}
#define HEX(b)       {MAKE_IMA_HEX, b, sizeof(b), NULL}
#define NOTHING      {MAKE_IMA_HEX, NULL, 0, NULL}
#define NUMBER(b, n) {MAKE_IMA_NUMBER, b, n, NULL}
#define ADD(l, template, ...)                                                                      \
    do {                                                                                           \
        const struct make_ima_field fields_[] = {__VA_ARGS__};                                     \
        make_ima_add(&(l)->made, 10, template, fields_, GB_ARRAY_LEN(fields_), false);             \
    } while (0)

enum {
    FILE_PLAIN,
    FILE_UNSIGNED,
    FILE_SIGNED,
    VERITY,
    VERITY_SIGNED,
    BUFFER,
    MODULE,
    MODULE_UNSIGNED,
    EVM,
    CUSTOM,
    LEGACY,
    VIOLATION,
    KINDS
};

/* One entry of each kind that the kernel can write. */
static void add_all_kinds(struct lists *l)
{
    static const uint8_t uid[4] = {0xe8, 3}, mode[2] = {0xa4, 0x81}, lengths[4] = {5};
    ADD(l, "ima-ng", DIGEST(sha256_a), NAME("/usr/bin/app"));
    ADD(l, "ima-sig", DIGEST(sha256_a), NAME("/usr/bin/app2"), NOTHING);
    ADD(l, "ima-sig", DIGEST(sha256_a), NAME("/usr/bin/app3"), HEX(signature));
    ADD(l, "ima-ngv2", TYPED("verity", sha256_a), NAME("/usr/bin/app4"));
    ADD(l, "ima-sigv2", TYPED("ima", sha256_b), NAME("/usr/bin/app5"), HEX(signature));
    ADD(l, "ima-buf", DIGEST(sha256_b), NAME("kexec-cmdline"), HEX("ro quiet"));
    ADD(l, "ima-modsig", DIGEST(sha256_a), NAME("/lib/a.ko"), NOTHING, DIGEST(sha256_b),
        HEX(signature));
    ADD(l, "ima-modsig", DIGEST(sha256_a), NAME("/lib/b.ko"), NOTHING, NOTHING, NOTHING);
    ADD(l, "evm-sig", DIGEST(sha256_a), NAME("/usr/bin/app6"), HEX(signature),
        NAME("security.selinux"), HEX(lengths), HEX("labe"), NUMBER(uid, 4), NUMBER(uid, 4),
        NUMBER(mode, 2));
    ADD(l, "n-ng|d-ng", NAME("/usr/bin/app7"), DIGEST(sha256_b));
    make_ima_legacy(&l->made, (const uint8_t *)"twenty bytes exactly", "init");
    make_ima_violation(&l->made, "/var/log/wtmp");
}

static void assert_kinds(const struct ima_log *log)
{
    const struct ima_entry *e = log->entries;
    assert_int_equal(log->count, KINDS);
    assert_true(gb_bytes_is(e[FILE_PLAIN].path, "/usr/bin/app"));
    assert_true(gb_bytes_equal(e[FILE_PLAIN].file_digest, gb_bytes(sha256_a, 32)));
    assert_int_equal(e[FILE_PLAIN].file_alg, DIGEST_SHA256);
    assert_int_equal(e[FILE_PLAIN].pcr, 10);
    assert_int_equal(e[FILE_UNSIGNED].signature.len, 0);
    assert_true(gb_bytes_equal(e[FILE_SIGNED].signature, gb_bytes(signature, sizeof signature)));
    assert_true(e[VERITY].is_verity);
    assert_false(e[VERITY_SIGNED].is_verity);
    assert_true(gb_bytes_equal(e[VERITY_SIGNED].file_digest, gb_bytes(sha256_b, 32)));
    assert_true(gb_bytes_equal(e[BUFFER].buffer, gb_bytes("ro quiet", 9)));
    assert_true(gb_bytes_equal(e[MODULE].file_digest, gb_bytes(sha256_a, 32)));
    assert_true(gb_bytes_equal(e[MODULE].signature, gb_bytes(signature, sizeof signature)));
    assert_int_equal(e[MODULE_UNSIGNED].signature.len, 0);
    assert_int_equal(e[EVM].signature.len, 0);
    assert_true(gb_bytes_is(e[EVM].path, "/usr/bin/app6"));
    assert_true(gb_bytes_is(e[CUSTOM].path, "/usr/bin/app7"));
    assert_true(gb_bytes_equal(e[CUSTOM].file_digest, gb_bytes(sha256_b, 32)));
    assert_true(e[LEGACY].is_legacy);
    assert_true(gb_bytes_is(e[LEGACY].path, "init"));
    assert_true(gb_bytes_is(e[LEGACY].file_digest, "twenty bytes exactly"));
    assert_int_equal(e[LEGACY].file_alg, DIGEST_SHA1);
    for (size_t i = 0; i < KINDS; i++)
        assert_int_equal(e[i].is_violation, i == VIOLATION);
}

/* The digests of the records were made by the builder, by its own arithmetic. */
static void assert_template_digests(const struct lists *l)
{
    for (size_t i = 0; i < l->log.count; i++) {
        uint8_t out[GB_LIMIT_DIGEST];
        const struct ima_entry *e = &l->log.entries[i];
        assert_int_equal(ima_template_digest(l->made.digester, l->log.template_alg, e, out), 0);
        if (!e->is_violation)
            assert_memory_equal(out, e->template_digest, l->log.template_digest_size);
    }
}

static void every_template_is_read_from_both_forms(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    add_all_kinds(&l);
    assert_int_equal(read_binary(&l), 0);
    assert_kinds(&l.log);
    assert_template_digests(&l);
    struct ima_log binary = l.log;
    assert_int_equal(read_list(&l, gb_buf_bytes(&l.made.ascii)), 0);
    assert_kinds(&l.log);
    assert_template_digests(&l);
    for (size_t i = 0; i < KINDS; i++) {
        assert_true(
            gb_bytes_equal(binary.entries[i].template_data, l.log.entries[i].template_data));
        assert_true(
            gb_bytes_equal(binary.entries[i].template_name, l.log.entries[i].template_name));
    }
    end(&l);
}

static void the_template_hash_is_found_by_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        struct lists l = begin(digest_algs[i]);
        add_all_kinds(&l);
        assert_int_equal(read_binary(&l), 0);
        assert_int_equal(l.log.template_alg, digest_algs[i]);
        assert_kinds(&l.log);
        assert_template_digests(&l);
        assert_int_equal(read_list(&l, gb_buf_bytes(&l.made.ascii)), 0);
        assert_int_equal(l.log.template_digest_size, digest_size(digest_algs[i]));
        end(&l);
    }
}

static void a_list_of_another_template_hash_than_asked_is_refused(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA256);
    make_ima_filled(&l.made, "/bin/a", 1);
    assert_int_equal(ima_read(l.arena, gb_buf_bytes(&l.made.binary), DIGEST_SHA1, &l.log, &l.err),
                     GB_ERR_INPUT);
    assert_int_equal(ima_read(l.arena, gb_buf_bytes(&l.made.ascii), DIGEST_SHA1, &l.log, &l.err),
                     GB_ERR_INPUT);
    assert_string_equal(l.err.text, "entry 0: template digest of another size");
    end(&l);
}

static void an_empty_list_has_no_entries(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    assert_int_equal(read_list(&l, gb_bytes(NULL, 0)), 0);
    assert_int_equal(l.log.count, 0);
    assert_int_equal(l.log.template_alg, DIGEST_SHA1);
    end(&l);
}

/* A cut list is an error or, at the end of an entry, a shorter list. */
static void T11_every_truncation_is_an_error_or_a_shorter_list(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    add_all_kinds(&l);
    assert_int_equal(read_binary(&l), 0);
    size_t shorter = 0;
    for (size_t len = 0; len < l.made.binary.len; len++) {
        struct ima_log log = {.count = 999};
        /* Its own block, so that a sanitizer sees a read behind the end. */
        uint8_t *copy = malloc(len ? len : 1);
        assert_non_null(copy);
        memcpy(copy, l.made.binary.data, len);
        if (ima_read(l.arena, gb_bytes(copy, len), DIGEST_SHA1, &log, &l.err) == 0)
            assert_int_equal(log.count, shorter++);
        else
            assert_int_equal(log.count, 999);
        free(copy);
    }
    assert_int_equal(shorter, KINDS);
    end(&l);
}

/* Two "ima-ng" entries of 93 bytes: PCR, 20 of digest, 6, "ima-ng", 55, 40, "sha256:" NUL and 32 of
 * digest, 7, "/bin/a" NUL. */
enum { ONE = 93, NAME_LEN = ONE + 24, DATA_LEN = ONE + 34, DATA = ONE + 38, PATH = DATA + 44 };

static void T11_lying_sizes_are_refused_where_they_stand(void **state)
{
    (void)state;
    static const struct {
        size_t at;
        uint8_t value;
        size_t offset; /* where the error is found */
        const char *text;
    } patches[] = {
        {ONE, 24, ONE, "entry 1: PCR index is above 23"},
        {NAME_LEN, 0, NAME_LEN + 4, "entry 1: template has no name"},
        {NAME_LEN, 65, NAME_LEN, "entry 1: template name is too long"},
        {NAME_LEN + 3, 0x80, NAME_LEN, "entry 1: template name is too long"},
        {NAME_LEN + 9, 'h', DATA, "entry 1: unknown template"},
        {DATA_LEN, 56, DATA, "entry 1: input ends early"},
        {DATA_LEN, 54, DATA + 55 - 1, "entry 2: input ends early"},
        {DATA_LEN + 2, 0x11, DATA_LEN, "entry 1: template data are too long"},
        {DATA, 41, DATA, "entry 1: digest of the wrong size for its algorithm"},
        {DATA, 0xff, DATA, "entry 1: a field is longer than the entry"},
        {DATA + 10, ';', DATA, "entry 1: digest without its algorithm"},
        {PATH, 6, PATH, "entry 1: text does not end in its only NUL"},
        {PATH, 8, PATH, "entry 1: a field is longer than the entry"},
        {PATH + 5, 0, PATH, "entry 1: text does not end in its only NUL"},
        {PATH + 10, 'x', PATH, "entry 1: text does not end in its only NUL"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(patches); i++) {
        struct lists l = begin(DIGEST_SHA1);
        make_ima_filled(&l.made, "/bin/a", 1);
        make_ima_filled(&l.made, "/bin/a", 1);
        assert_int_equal(l.made.binary.len, 2 * ONE);
        l.made.binary.data[patches[i].at] = patches[i].value;
        assert_int_equal(read_binary(&l), GB_ERR_INPUT);
        assert_string_equal(l.err.text, patches[i].text);
        assert_int_equal(l.err.offset, patches[i].offset);
        end(&l);
    }
}

/* Data of one template under the name of another. No PCR would notice. */
static void another_template_name_cannot_hide_the_digest(void **state)
{
    (void)state;
    static const char *const names[] = {
        "sig|n-ng",    "buf|n-ng",       "evmsig|n-ng", "modsig|n-ng",    "xattrvalues|n-ng",
        "n|n-ng",      "xattrnames|n",   "iuid|n-ng",   "d|n-ng",         "d-ngv2|n-ng",
        "d-modsig|n",  "d-ng|d-ng",      "ima-sig",     "ima-buf",        "ima-ngv2",
        "d-ng",        "n-ng",           "d-ng|n-ng|",  "d-ng||n-ng",     "|",
        "d-ng|n-ng|n", "d-modsig|n|d-n", "imode|n-ng",  "xattrlengths|n", "IMA-NG",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        struct lists l = begin(DIGEST_SHA1);
        ADD(&l, names[i], DIGEST(sha256_a), NAME("/usr/bin/evil"));
        assert_int_equal(read_binary(&l), GB_ERR_INPUT);
        end(&l);
    }
}

/* Whose path is what an attribute says lies where root likes it. */
static void T14_another_template_name_cannot_choose_the_path(void **state)
{
    (void)state;
    static const char *const names[] = {"d-ng|xattrnames|n-ng", "d-ng|xattrvalues|n-ng",
                                        "d-ng|sig|n-ng",        "d-ng|buf|n-ng",
                                        "d-ng|evmsig|n-ng",     "d-ng|iuid|n-ng"};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        struct lists l = begin(DIGEST_SHA1);
        ADD(&l, names[i], DIGEST(sha256_a), NAME("/ab"), NAME("\003/var/tmp/x1"));
        assert_int_equal(read_binary(&l), GB_ERR_INPUT);
        assert_non_null(strstr(l.err.text, "template has its name behind other fields"));
        end(&l);
    }
}

/* A file whose signature is missing, under the name of a buffer's template. */
static void T14_an_empty_buffer_is_none(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    ADD(&l, "ima-buf", DIGEST(sha256_a), NAME("/usr/bin/runc"), {MAKE_IMA_HEX, "", 0, NULL});
    assert_int_equal(read_binary(&l), 0);
    assert_null(l.log.entries[0].buffer.data);
    end(&l);
}

/* An attribute that root may write holds the digest of a good file. */
static void a_signature_cannot_pass_as_the_digest(void **state)
{
    (void)state;
    static const char *const names[] = {"d-ng|n-ng|sig", "buf|n-ng|d-ng", "d-modsig|n-ng|d-ng",
                                        "d-ng|n-ng|d-ng"};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        struct lists l = begin(DIGEST_SHA1);
        ADD(&l, names[i], DIGEST(sha256_a), NAME("/usr/bin/evil"), DIGEST(sha256_b));
        assert_int_equal(read_binary(&l), GB_ERR_INPUT);
        end(&l);
    }
}

static void an_unknown_algorithm_keeps_its_digest_without_a_name(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    ADD(&l, "ima-ng", {MAKE_IMA_DIGEST, sha256_a, 32, "sm3:"}, NAME("/bin/a"));
    assert_int_equal(read_binary(&l), 0);
    assert_int_equal(l.log.entries[0].file_alg, DIGEST_NONE);
    assert_true(gb_bytes_equal(l.log.entries[0].file_digest, gb_bytes(sha256_a, 32)));
    end(&l);
}

static void big_endian_lists_are_named(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    static const uint8_t in[] = {0, 0, 0, 10, 1, 2, 3};
    assert_int_equal(read_list(&l, gb_bytes(in, sizeof in)), GB_ERR_INPUT);
    assert_string_equal(l.err.text, "the list is big-endian: boot with ima_canonical_fmt");
    end(&l);
}

#define SHA1_HEX   "0102030405060708090a0b0c0d0e0f1011121314"
#define SHA256_HEX "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"

static void ascii_paths_may_hold_blanks(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    assert_int_equal(read_text(&l, "10 " SHA1_HEX " ima-sig sha256:" SHA256_HEX " /a b  c 0302\n"
                                   " 9 " SHA1_HEX " ima-ng sha256:" SHA256_HEX " /tmp/x y \n"),
                     0);
    assert_int_equal(l.log.count, 2);
    assert_true(gb_bytes_is(l.log.entries[0].path, "/a b  c"));
    assert_int_equal(l.log.entries[0].signature.len, 2);
    assert_true(gb_bytes_is(l.log.entries[1].path, "/tmp/x y "));
    assert_int_equal(l.log.entries[1].pcr, 9);
    end(&l);
}

/* Editors and mailers eat blanks at the end of a line and put CR before LF. */
static void ascii_lines_may_have_lost_their_last_blanks(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    assert_int_equal(read_text(&l, "10 " SHA1_HEX " ima-sig sha256:" SHA256_HEX " /a\r\n\n"
                                   "10 " SHA1_HEX " ima-modsig sha256:" SHA256_HEX " /b"),
                     0);
    assert_int_equal(l.log.count, 2);
    assert_true(gb_bytes_is(l.log.entries[0].path, "/a"));
    assert_int_equal(l.log.entries[0].template_data.len, 4 + 40 + 4 + 3 + 4);
    assert_true(gb_bytes_is(l.log.entries[1].path, "/b"));
    assert_int_equal(l.log.entries[1].template_data.len, 4 + 40 + 4 + 3 + 12);
    end(&l);
}

static void malformed_ascii_lines_are_refused(void **state)
{
    (void)state;
#define GOOD "10 " SHA1_HEX " ima-ng sha256:" SHA256_HEX " /a\n"
    static const struct {
        const char *text;
        const char *error;
    } cases[] = {
        {GOOD "24 " SHA1_HEX " ima-ng sha256:" SHA256_HEX " /a",
         "entry 1: line does not begin with a PCR index up to 23"},
        {GOOD "10", "entry 1: line does not begin with a PCR index up to 23"},
        {GOOD "10 " SHA256_HEX " ima-ng sha256:" SHA256_HEX " /a",
         "entry 1: template digest of another size"},
        {GOOD "10 g" SHA1_HEX " ima-ng sha256:" SHA256_HEX " /a",
         "entry 1: template digest is not hexadecimal"},
        {GOOD "10 " SHA1_HEX, "entry 1: unknown template"},
        {GOOD "10 " SHA1_HEX " ima-xx a b", "entry 1: unknown template"},
        {GOOD "10 " SHA1_HEX " ima-ng", "entry 1: digest without its algorithm"},
        {GOOD "10 " SHA1_HEX " ima-ng sha256:00 /a",
         "entry 1: digest of the wrong size for its algorithm"},
        {GOOD "10 " SHA1_HEX " ima-ng sha256:0 /a", "entry 1: digest is not hexadecimal"},
        {GOOD "10 " SHA1_HEX " ima-sig sha256:" SHA256_HEX " /a 0x",
         "entry 1: field is not hexadecimal"},
        {GOOD "10 " SHA1_HEX " d-ng|n|iuid sha256:" SHA256_HEX " /a 4294967296",
         "entry 1: field is not a decimal number"},
        {GOOD "10 " SHA1_HEX " ima " SHA256_HEX " /a",
         "entry 1: digest is not 40 hexadecimal digits"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct lists l = begin(DIGEST_SHA1);
        assert_int_equal(read_text(&l, cases[i].text), GB_ERR_INPUT);
        assert_string_equal(l.err.text, cases[i].error);
        assert_int_equal(l.err.offset, sizeof GOOD - 1);
        end(&l);
    }
}

static void boot_aggregate_is_known_by_its_name(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    make_ima_filled(&l.made, "boot_aggregate", 1);
    make_ima_filled(&l.made, "boot_aggregate2", 1);
    assert_int_equal(read_binary(&l), 0);
    assert_true(ima_is_boot_aggregate(&l.log.entries[0]));
    assert_false(ima_is_boot_aggregate(&l.log.entries[1]));
    end(&l);
}

static void every_failed_allocation_is_an_error(void **state)
{
    (void)state;
    struct lists l = begin(DIGEST_SHA1);
    add_all_kinds(&l);
    const struct gb_bytes forms[] = {gb_buf_bytes(&l.made.binary), gb_buf_bytes(&l.made.ascii)};
    for (size_t form = 0; form < 2; form++) {
        unsigned long nth = 0;
        int r = GB_ERR_NOMEM;
        while (r != 0) {
            gb_arena_free(l.arena);
            l.arena = gb_arena_new();
            gb_mem_fail_nth(++nth);
            r = read_list(&l, forms[form]);
            gb_mem_fail_nth(0);
            assert_true(r == 0 || r == GB_ERR_NOMEM);
        }
        assert_true(nth > 1);
    }
    end(&l);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_template_is_read_from_both_forms),
        cmocka_unit_test(the_template_hash_is_found_by_itself),
        cmocka_unit_test(a_list_of_another_template_hash_than_asked_is_refused),
        cmocka_unit_test(an_empty_list_has_no_entries),
        cmocka_unit_test(T11_every_truncation_is_an_error_or_a_shorter_list),
        cmocka_unit_test(T11_lying_sizes_are_refused_where_they_stand),
        cmocka_unit_test(another_template_name_cannot_hide_the_digest),
        cmocka_unit_test(T14_another_template_name_cannot_choose_the_path),
        cmocka_unit_test(T14_an_empty_buffer_is_none),
        cmocka_unit_test(a_signature_cannot_pass_as_the_digest),
        cmocka_unit_test(an_unknown_algorithm_keeps_its_digest_without_a_name),
        cmocka_unit_test(big_endian_lists_are_named),
        cmocka_unit_test(ascii_paths_may_hold_blanks),
        cmocka_unit_test(ascii_lines_may_have_lost_their_last_blanks),
        cmocka_unit_test(malformed_ascii_lines_are_refused),
        cmocka_unit_test(boot_aggregate_is_known_by_its_name),
        cmocka_unit_test(every_failed_allocation_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
