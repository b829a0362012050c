#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "make_pe.h"
#include "policy/refval.h"
#include "reference/boot_files.h"
#include "reference/grub_eval.h"
#include "reference/loader_entry.h"
#include "reference/predict_set.h"

static struct gb_arena *arena;
static struct digester *digester;
static struct gb_buf kernel;
static struct gb_err err;

static int setup(void **state)
{
    (void)state;
    arena = gb_arena_new();
    gb_buf_init(&kernel, 1 << 20);
    make_kernel(&kernel, "6.1.0-49");
    return arena && digester_new(&digester, NULL) == 0 ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_buf_done(&kernel);
    digester_free(digester);
    gb_arena_free(arena);
    return 0;
}

struct made_file {
    size_t volume;
    const char *path;
    const char *text; /* NULL: the kernel */
};

static const struct made_file *made;
static size_t made_count;

static int read_made(void *context, size_t volume, const char *path, struct gb_bytes *ret,
                     struct gb_err *e)
{
    (void)context;
    (void)e;
    *ret = gb_bytes(NULL, 0);
    for (size_t i = 0; i < made_count; i++)
        if (made[i].volume == volume && strcmp(made[i].path, path) == 0)
            *ret = made[i].text ? gb_bytes_str(made[i].text) : gb_buf_bytes(&kernel);
    return GB_OK;
}

static int eval(const char *config, bool secure_boot, struct ref_set **ret_set)
{
    static const struct boot_volume volumes[] = {{"hd0,gpt1", NULL}, {"hd0,gpt2", "aa-bb"}};
    static const struct boot_files files = {.volumes = volumes, .count = 2, .read = read_made};
    const struct grub_start start = {.files = &files,
                                     .config = gb_bytes_str(config),
                                     .prefix = "/EFI/debian",
                                     .folder = "/EFI/BOOT",
                                     .secure_boot = secure_boot};
    struct predict_set build;
    assert_int_equal(predict_set_begin(arena, digester, REF_OS, "x", &build, &err), 0);
    *ret_set = build.set;
    return grub_eval(&build, &start, &err);
}

static void assert_measured(const struct ref_set *set, const char *const *abouts, size_t count)
{
    const struct ref_event *event = set->events;
    for (size_t i = 0; i < count; i++, event = event->next) {
        assert_non_null(event);
        assert_string_equal(event->about, abouts[i]);
    }
    assert_null(event);
}

static void each_command_and_file_is_measured_in_its_order(void **state)
{
    static const struct made_file files[] = {
        {0, "/EFI/debian/grub.cfg",
         "search.fs_uuid aa-bb root hd0,gpt2\nset prefix=($root)'/boot/grub'\n"
         "configfile $prefix/grub.cfg\n"},
        {1, "/boot/grub/grub.cfg",
         "function load_video { insmod all_video; }\n"
         "set default=\"b\"\n"
         "menuentry 'A' --id a { linux /none }\n"
         "menuentry 'B' --id b {\n load_video\n linux /v quiet\n initrd /i\n}\n"},
        {1, "/v", NULL},
        {1, "/i", "an initrd"},
    };
    static const char *const wanted[] = {
        "grub_cmd: [ -e (hd0,gpt1)/EFI/debian/none ]",
        "grub_cmd: source (hd0,gpt1)/EFI/debian/grub.cfg",
        "(hd0,gpt1)/EFI/debian/grub.cfg",
        "grub_cmd: search.fs_uuid aa-bb root hd0,gpt2",
        "grub_cmd: set prefix=(hd0,gpt2)/boot/grub",
        "grub_cmd: configfile (hd0,gpt2)/boot/grub/grub.cfg",
        "(hd0,gpt2)/boot/grub/grub.cfg",
        "grub_cmd: set default=b",
        "grub_cmd: menuentry A --id a { linux /none }",
        "grub_cmd: menuentry B --id b {\\x0a load_video\\x0a linux /v quiet\\x0a initrd /i\\x0a}",
        "grub_cmd: setparams B",
        "grub_cmd: load_video",
        "grub_cmd: insmod all_video",
        "grub_cmd: linux /v quiet",
        "/v",
        "/v",
        "/v",
        "kernel_cmdline: /v quiet",
        "grub_cmd: initrd /i",
        "/i",
    };
    struct ref_set *set = NULL;
    (void)state;
    made = files;
    made_count = GB_ARRAY_LEN(files);
    int r = eval("if [ -e $prefix/none ]; then true; else source $prefix/grub.cfg; fi", true, &set);
    assert_int_equal(r, 0);
    assert_measured(set, wanted, GB_ARRAY_LEN(wanted));
}

static void tests_are_answered_as_grub_does(void **state)
{
    static const struct {
        const char *test;
        bool holds;
    } cases[] = {
        {"[ a = a ]", true},          {"[ a != a ]", false},        {"[ -z \"$no\" ]", true},
        {"[ -n \"$prefix\" ]", true}, {"[ x = y -o y = y ]", true}, {"[ ! x = x ]", false},
        {"! [ x = x ]", false},       {"[ -e /none ]", false},      {"[ x = y -a y = y ]", false},
        {"test x$no = x", true},
    };
    static const struct made_file files[] = {{0, "/k", NULL}};
    (void)state;
    made = files;
    made_count = 1;
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct ref_set *set = NULL;
        const char *script =
            gb_arena_printf(arena,
                            "if %s; then set default=0; else set default=1; fi\n"
                            "menuentry yes { linux /k yes }\nmenuentry no { linux /k no }",
                            cases[i].test);
        assert_non_null(script);
        assert_int_equal(eval(script, true, &set), 0);
        const struct ref_event *last = set->events;
        while (last->next)
            last = last->next;
        assert_string_equal(last->value, cases[i].holds ? "/k yes" : "/k no");
    }
}

static void what_cannot_be_told_is_refused_with_its_line(void **state)
{
    static const struct {
        const char *script;
        const char *says;
    } cases[] = {
        {"true\nfor i in a b; do true; done", "line 2: loops"},
        {"true\n\nblocklist /x", "grub.cfg:3: \"blocklist\""},
        {"search --file /x", "only --fs-uuid"},
        {"search --fs-uuid cc", "no files are given"},
        {"source (hd9)/x", "no files are given"},
        {"set x=*", "wildcards"},
        {"if true; then", "without fi"},
        {"set a='b", "does not end"},
        {"true", "no kernel"},
        {"menuentry a { linux /gone }", "no such file"},
        {"set default=gone\nmenuentry a { linux /k }", "not in the menu"},
        {"save_env x", "not known here"},
        {"echo $?", "arguments or outcomes"},
    };
    static const struct made_file files[] = {{0, "/k", NULL}};
    (void)state;
    made = files;
    made_count = 1;
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct ref_set *set = NULL;
        err = (struct gb_err){0};
        assert_int_equal(eval(cases[i].script, true, &set), GB_ERR_CONFIG);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].script, err.text);
    }
}

static void without_secure_boot_grub_is_refused(void **state)
{
    static const struct made_file files[] = {{0, "/k", NULL}};
    struct ref_set *set = NULL;
    (void)state;
    made = files;
    made_count = 1;
    assert_int_equal(eval("linux /k", false, &set), GB_ERR_CONFIG);
    assert_int_equal(eval("insmod ext2", false, &set), GB_ERR_CONFIG);
}

static void a_script_that_reads_itself_ends(void **state)
{
    static const struct made_file files[] = {{0, "/x", "source /x\nsource /x\n"}};
    struct ref_set *set = NULL;
    (void)state;
    made = files;
    made_count = 1;
    assert_int_equal(eval("source /x", true, &set), GB_ERR_LIMIT);
}

static void an_entry_of_systemd_boot_is_read(void **state)
{
    struct loader_entry entry;
    const char *name = NULL;
    (void)state;
    const char *text = "# x\ntitle a\nlinux /k\ninitrd /i\noptions a b\noptions c\n";
    assert_int_equal(loader_entry_read(arena, gb_bytes_str(text), &entry, &err), 0);
    assert_string_equal(entry.kernel, "/k");
    assert_string_equal(entry.initrd, "/i");
    assert_string_equal(entry.options, "a b c");
    text = "linux /k\ninitrd /i\ninitrd /j\n";
    assert_int_equal(loader_entry_read(arena, gb_bytes_str(text), &entry, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, "line 3"));
    text = "linux /k\ndevicetree /d\n";
    assert_int_equal(loader_entry_read(arena, gb_bytes_str(text), &entry, &err), GB_ERR_CONFIG);
    assert_int_equal(loader_default_read(arena, gb_bytes_str("default a.conf"), &name, &err), 0);
    assert_string_equal(name, "a.conf");
    assert_int_equal(loader_default_read(arena, gb_bytes_str("default a-*"), &name, &err),
                     GB_ERR_CONFIG);
    assert_int_equal(loader_default_read(arena, gb_bytes_str("default ../x"), &name, &err),
                     GB_ERR_CONFIG);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(each_command_and_file_is_measured_in_its_order, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(tests_are_answered_as_grub_does, setup, teardown),
        cmocka_unit_test_setup_teardown(what_cannot_be_told_is_refused_with_its_line, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(without_secure_boot_grub_is_refused, setup, teardown),
        cmocka_unit_test_setup_teardown(a_script_that_reads_itself_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_of_systemd_boot_is_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
