/* Reference sets: what is written is read back the same; a long list is quick. */
#include <time.h>

#include "../test.h"
#include "base/encode.h"
#include "evidence/eventlog.h"
#include "policy/documents/field.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"
#include "wire/yaml_cut.h"

static const struct ref_set *read_back(struct gb_arena *arena, struct gb_buf *out)
{
    const struct policy_file file = {"x.yaml", gb_buf_bytes(out)};
    struct policy policy;
    struct gb_err err = {0};
    assert_true(gb_buf_ok(out));
    int r = policy_read(arena, &file, 1, 99, &policy, &err);
    assert_string_equal(err.text, "");
    assert_int_equal(r, 0);
    return policy.sets;
}

static void events_come_back_as_written(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    uint8_t bytes[64];
    for (size_t i = 0; i < sizeof bytes; i++)
        bytes[i] = (uint8_t)(i * 37);
    struct ref_event second = {.link = GB_LINK_BOOTLOADER,
                               .pcr = 4,
                               .type = 0xdeadbeef,
                               .about = "\\EFI\\BOOT\\BOOTX64.EFI: \"#1\"",
                               .digest = {[2] = gb_bytes(bytes, 48)}};
    struct ref_event first = {
        .next = &second,
        .link = GB_LINK_CMDLINE,
        .pcr = 9,
        .type = EV_EVENT_TAG,
        .about = "kernel command line",
        .value = " a=\"b c\" \\ \xc3\xa4\n# - : ",
        .digest = {
            [0] = gb_bytes(bytes, 20), [1] = gb_bytes(bytes, 32), [3] = gb_bytes(bytes, 64)}};
    const struct ref_set set = {.name = "os", .cls = REF_OS, .source = "yes", .events = &first};
    struct gb_buf out;
    gb_buf_init(&out, 1 << 16);
    ref_set_write(&out, &set);
    const struct ref_set *got = read_back(arena, &out);
    assert_string_equal(got->name, "os");
    assert_int_equal(got->cls, REF_OS);
    assert_string_equal(got->source, "yes");
    assert_int_equal(got->event_count, 2);
    const struct ref_event *e = got->events;
    assert_int_equal(e->link, GB_LINK_CMDLINE);
    assert_int_equal(e->pcr, 9);
    assert_int_equal(e->type, EV_EVENT_TAG);
    assert_string_equal(e->value, first.value);
    assert_int_equal(e->digest[0].len, 0); /* SHA-1 is not written */
    assert_int_equal(e->digest[1].len, 32);
    assert_memory_equal(e->digest[1].data, bytes, 32);
    assert_int_equal(e->digest[2].len, 0);
    assert_memory_equal(e->digest[3].data, bytes, 64);
    e = e->next;
    assert_int_equal(e->type, 0xdeadbeef);
    assert_string_equal(e->about, second.about);
    assert_null(e->value);
    assert_memory_equal(e->digest[2].data, bytes, 48);
    assert_null(e->next);
    gb_buf_done(&out);
    gb_arena_free(arena);
}

static void files_come_back_as_written(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    static const uint8_t keys[4 * 32] = {[0] = 1, [32] = 2, [64] = 3, [96] = 4};
    const struct gb_bytes paths[4] = {gb_bytes_str("/usr/bin/a b"), gb_bytes("/x\xff\\\n\0y", 7),
                                      gb_bytes_str(""), gb_bytes_str("/\xc3\xa4: #x ")};
    struct ref_set set = {.name = "files", .cls = REF_PACKAGES};
    const struct ref_files_parts all = {DIGEST_SHA256, keys, paths, 4};
    const struct ref_files_parts one = {DIGEST_SHA256, keys + 64, paths, 1};
    assert_int_equal(ref_files_make(arena, &all, &set.files, NULL), 0);
    assert_int_equal(ref_files_make(arena, &one, &set.verity, NULL), 0);
    struct gb_buf out;
    gb_buf_init(&out, 1 << 16);
    ref_set_write(&out, &set);
    const struct ref_set *got = read_back(arena, &out);
    assert_int_equal(got->files.count, 4);
    assert_int_equal(got->files.alg, DIGEST_SHA256);
    for (size_t i = 0; i < 4; i++) { /* wherever it stands now */
        int64_t at = ref_files_find_path(&got->files, paths[i]);
        assert_true(at >= 0);
        assert_memory_equal(ref_files_digest(&got->files, (size_t)at).data, keys + 32 * i, 32);
        assert_true(gb_bytes_equal(ref_files_path(arena, &got->files, (size_t)at), paths[i]));
    }
    assert_int_equal(got->verity.count, 1);
    assert_memory_equal(got->verity.digests, keys + 64, 32);
    gb_buf_done(&out);
    gb_arena_free(arena);
}

#define LIST_HEAD                                                                                  \
    "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: big\nspec:\n"       \
    "  class: packages\n  files:\n    algorithm: sha256\n"
#define HEX "000102030405060708090a0b0c0d0e0f000102030405060708090a0b0c0d0e0F"

static int read_list(struct gb_arena *arena, const char *list, struct policy *ret_policy,
                     struct gb_err *err)
{
    const char *text = gb_arena_printf(arena, "%s%s", LIST_HEAD, list);
    const struct policy_file file = {"x.yaml", gb_bytes_str(text)};
    return policy_read(arena, &file, 1, 1, ret_policy, err);
}

static void a_list_is_what_sha256sum_prints(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct policy policy;
    struct gb_err err = {0};
    assert_int_equal(read_list(arena,
                               "    list: |\n      " HEX "  /z\\\\\\xff\n      " HEX
                               " */a  b \n      " HEX "  \n",
                               &policy, &err),
                     0);
    const struct ref_files *files = &policy.sets->files;
    assert_int_equal(files->count, 3);
    assert_int_equal(ref_files_digest(files, 0).data[31], 15);
    assert_true(gb_bytes_is(ref_files_path(arena, files, 0), ""));
    assert_true(gb_bytes_is(ref_files_path(arena, files, 1), "/a  b "));
    assert_true(gb_bytes_is(ref_files_path(arena, files, 2), "/z\\\xff"));
    gb_arena_free(arena);
}

static void a_wrong_list_is_refused_with_its_line(void **state)
{
    (void)state;
    static const struct {
        const char *list, *says;
    } wrong[] = {
        {"    list: |\n      " HEX "  /a\n      12  /b\n",
         "x.yaml:11: a line of files must be 64 hex digits, two blanks and a path"},
        {"    list: |\n      " HEX " /a\n", "x.yaml:10: a line of files must be"},
        {"    list: |\n      " HEX "\n", "x.yaml:10: a line of files must be"},
        {"    list: |\n      " HEX "  a\\b\n", "x.yaml:10: in a path"},
        {"    list: [a]\n", "x.yaml:9: field \"list\" must be lines of text: list: |"},
        {"    list: |\n      " HEX "  /a\n    digests: []\n",
         "x.yaml:11: files are given as \"list\" or as \"digests\", not as both"},
        {"    lists: |\n      " HEX "  /a\n",
         "x.yaml:9: unknown field \"lists\" (did you mean \"list\"?)"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(wrong); i++) {
        struct gb_arena *arena = gb_arena_new();
        struct policy policy;
        struct gb_err err = {0};
        assert_int_equal(read_list(arena, wrong[i].list, &policy, &err), GB_ERR_CONFIG);
        if (strncmp(err.text, wrong[i].says, strlen(wrong[i].says)) != 0)
            fail_msg("%s", err.text);
        gb_arena_free(arena);
    }
}

/* The same list short and long, as block and quoted: one tree, one signature, one set of files. */
static void a_long_list_is_signed_like_a_short_one(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    struct gb_buf block, quoted;
    uint8_t one[32], two[32];
    gb_buf_init(&block, 1 << 20);
    gb_buf_init(&quoted, 1 << 20);
    gb_buf_puts(&block, "metadata: {name: x}\nlist: |\n");
    gb_buf_puts(&quoted, "metadata: {name: x}\nlist: \"");
    for (int i = 0; i < 640; i++) { /* 64,000 bytes of text, more with the blanks before it */
        gb_buf_printf(&block, "    " HEX "  /usr/share/\xc3\xa4/%018d\n", i);
        gb_buf_printf(&quoted, HEX "  /usr/share/\xc3\xa4/%018d\\n", i);
    }
    gb_buf_puts(&block, "last: 1\n");
    gb_buf_puts(&quoted, "\"\nlast: 1\n");
    struct yaml_node *a = NULL, *b = NULL, *c = NULL;
    static const struct yaml_ways cut_all = {0, 0};
    assert_int_equal(yaml_read(arena, gb_buf_bytes(&quoted), "f", &a, NULL), 0);
    assert_int_equal(yaml_read(arena, gb_buf_bytes(&block), "f", &b, NULL), 0);
    assert_int_equal(yaml_read_in_ways(arena, gb_buf_bytes(&block), "f", &cut_all, &c, NULL), 0);
    assert_int_equal(yaml_get(c->first, "list")->kind, YAML_LITERAL);
    assert_int_equal(signed_digest(arena, a->first, one, NULL), 0);
    assert_int_equal(signed_digest(arena, b->first, two, NULL), 0);
    assert_memory_equal(one, two, 32);
    assert_int_equal(signed_digest(arena, c->first, two, NULL), 0);
    assert_memory_equal(one, two, 32);
    gb_buf_done(&block);
    gb_buf_done(&quoted);
    gb_arena_free(arena);
}

static void fifty_thousand_digests_are_quick(void **state)
{
    (void)state;
    enum { COUNT = 50000 };
    struct gb_buf out;
    gb_buf_init(&out, 16 << 20);
    gb_buf_puts(&out, "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                      "  name: big\nspec:\n  class: packages\n  files:\n    algorithm: sha256\n"
                      "    digests:\n");
    for (unsigned i = 0; i < COUNT; i++)
        gb_buf_printf(&out, "      - %08x%056x /usr/share/some/where/file-%u\n", i * 2654435761u, i,
                      i);
    struct gb_arena *arena = gb_arena_new();
    clock_t start = clock();
    const struct ref_set *got = read_back(arena, &out);
    double seconds = (double)(clock() - start) / CLOCKS_PER_SEC;
    print_message("%d digests in %.3f s of processor time\n", COUNT, seconds);
    assert_int_equal(got->files.count, COUNT);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__clang__)
    assert_true(seconds < 0.6);
#endif
    gb_buf_done(&out);
    gb_arena_free(arena);
}

static void names_are_those_of_kubernetes(void **state)
{
    (void)state;
    char longest[255];
    memset(longest, 'a', sizeof longest);
    assert_true(field_name_ok(gb_bytes_str("os-debian.12")));
    assert_true(field_name_ok(gb_bytes(longest, 253)));
    assert_false(field_name_ok(gb_bytes(longest, 254)));
    assert_false(field_name_ok(gb_bytes_str("")));
    assert_false(field_name_ok(gb_bytes_str("-a")));
    assert_false(field_name_ok(gb_bytes_str("a.")));
    assert_false(field_name_ok(gb_bytes_str("A")));
    assert_false(field_name_ok(gb_bytes_str("a b")));
}

static void each_measured_link_has_a_class(void **state)
{
    (void)state;
    assert_int_equal(ref_class_of_link(GB_LINK_FIRMWARE), REF_PLATFORM);
    assert_int_equal(ref_class_of_link(GB_LINK_BOOT_POLICY), REF_PLATFORM);
    assert_int_equal(ref_class_of_link(GB_LINK_BOOTLOADER), REF_OS);
    assert_int_equal(ref_class_of_link(GB_LINK_CMDLINE), REF_OS);
    assert_int_equal(ref_class_of_link(GB_LINK_OS), REF_PACKAGES);
    assert_int_equal(ref_class_of_link(GB_LINK_EVIDENCE), REF_NONE);
    assert_int_equal(ref_class_of_link(GB_LINK_LOCATION), REF_NONE);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(events_come_back_as_written),
        cmocka_unit_test(files_come_back_as_written),
        cmocka_unit_test(a_list_is_what_sha256sum_prints),
        cmocka_unit_test(a_wrong_list_is_refused_with_its_line),
        cmocka_unit_test(a_long_list_is_signed_like_a_short_one),
        cmocka_unit_test(fifty_thousand_digests_are_quick),
        cmocka_unit_test(names_are_those_of_kubernetes),
        cmocka_unit_test(each_measured_link_has_a_class),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
