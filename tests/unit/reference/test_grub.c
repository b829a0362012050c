#include <string.h>

#include "../test.h"
#include "base/arena.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "make_pe.h"
#include "policy/sets/refval.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_eval.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/grub_memdisk.h"
#include "reference/boot/loader_entry.h"
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
    const char *text;           /* NULL: the kernel */
    const struct gb_buf *bytes; /* or this */
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
            *ret = made[i].text ? gb_bytes_str(made[i].text)
                                : gb_buf_bytes(made[i].bytes ? made[i].bytes : &kernel);
    return GB_OK;
}

static int eval(const char *config, bool secure_boot, struct ref_set **ret_set)
{
    static const struct boot_volume volumes[] = {{"hd0,gpt1", NULL}, {"hd0,gpt2", "aa-bb"}};
    static const struct boot_files files = {.volumes = volumes, .count = 2, .read = read_made};
    static struct grub_module_name ext2 = {.name = "ext2"};
    static struct grub_module_name gettext = {.next = &ext2, .name = "gettext"};
    const struct grub_image image = {
        .prefix = "/EFI/debian", .config = gb_bytes_str(config), .modules = &gettext};
    const struct grub_start start = {
        .files = &files, .image = &image, .folder = "/EFI/BOOT", .secure_boot = secure_boot};
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
        if (abouts[i])
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
        {"test x$no = x", true},      {"[ 2 -gt 10 ]", false},      {"[ 10 -ge 10 ]", true},
        {"[ -d /none ]", false},      {"[ -f /none ]", false},
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
        {"true\nfor i in a b; do true; done", "grub.cfg:2: \"for/while/until\": loops"},
        {"true\n\nblocklist /x", "grub.cfg:3: \"blocklist\""},
        {"search --file /x", "only --fs-uuid"},
        {"search --fs-uuid cc", "no files are given"},
        {"source (hd9)/x", "no files are given"},
        {"set x=*", "wildcards"},
        {"if true; then", "without fi"},
        {"set a='b", "does not end"},
        {"true", "no kernel"},
        {"menuentry a { linux /gone }", "no such file"},
        {"set default=9th\nmenuentry a { linux /k }", "begins like a number"},
        {"true\nif terminal_output gfxterm; then true; fi", "grub.cfg:2: \"if\""},
        {"true\nif background_image /x; then true; fi", "depends on the screen"},
        {"set theme=/x", "what GRUB reads for this variable"},
        {"save_env x\nload_env", "behind a save_env"},
        {"save_env x; echo $?", "number of this outcome"},
        {"load_env --file /x", "options are not evaluated"},
        {"fwsetup", "starts the firmware's settings"},
        {"chainloader /x", "another loader"},
        {"loadfont /k", "not the image's own"},
        {"menuentry --colour x a { linux /k }", "not known here"},
        {"boot", "no kernel is loaded"},
    };
    static const struct made_file files[] = {{0, "/k", NULL}, {0, "/EFI/debian/grubenv", "a=b"}};
    (void)state;
    made = files;
    made_count = GB_ARRAY_LEN(files);
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct ref_set *set = NULL;
        err = (struct gb_err){0};
        assert_int_equal(eval(cases[i].script, true, &set), GB_ERR_CONFIG);
        if (!strstr(err.text, cases[i].says))
            fail_msg("%s: %s", cases[i].script, err.text);
    }
}

/* ELF with a name, a list of what it needs, and the table of names. */
static const char *make_module(struct gb_buf *out, const char *name, const char *needs)
{
    enum { HEAD = 64, SECTION = 64 };
    static const char names[] = "\0.modname\0.moddeps";
    const struct gb_bytes bodies[] = {gb_bytes("", 0), gb_bytes(name, strlen(name) + 1),
                                      gb_bytes(needs, strlen(needs) + (needs[0] != 0)),
                                      gb_bytes(names, sizeof names)};
    const uint32_t named[] = {0, 1, 10, 0};
    static const uint8_t zeros[HEAD];
    uint64_t at = HEAD + GB_ARRAY_LEN(bodies) * SECTION;
    gb_buf_init(out, 4096);
    gb_buf_add(out,
               "\x7f"
               "ELF\x02\x01",
               6);
    gb_buf_add(out, zeros, 34);
    gb_buf_u32le(out, HEAD);
    gb_buf_u32le(out, 0);
    gb_buf_add(out, zeros, 10);
    gb_buf_u16le(out, SECTION);
    gb_buf_u16le(out, GB_ARRAY_LEN(bodies));
    gb_buf_u16le(out, GB_ARRAY_LEN(bodies) - 1);
    for (size_t i = 0; i < GB_ARRAY_LEN(bodies); i++) {
        gb_buf_u32le(out, named[i]);
        gb_buf_add(out, zeros, 20);
        gb_buf_u32le(out, (uint32_t)at);
        gb_buf_u32le(out, 0);
        gb_buf_u32le(out, (uint32_t)bodies[i].len);
        gb_buf_u32le(out, 0);
        gb_buf_add(out, zeros, 24);
        at += bodies[i].len;
    }
    for (size_t i = 0; i < GB_ARRAY_LEN(bodies); i++)
        gb_buf_add(out, bodies[i].data, bodies[i].len);
    assert_true(gb_buf_ok(out));
    return (const char *)gb_buf_bytes(out).data;
}

/* Without Secure Boot GRUB reads modules, each once and before those that it needs, and nobody
 * measures the kernel as an image. */
static void without_secure_boot_modules_are_files(void **state)
{
    struct gb_buf outer;
    struct gb_buf inner;
    (void)make_module(&outer, "outer", "inner");
    (void)make_module(&inner, "inner", "");
    const struct made_file files[] = {{0, "/k", NULL},
                                      {0, "/EFI/debian/x86_64-efi/outer.mod", NULL, &outer},
                                      {0, "/EFI/debian/x86_64-efi/inner.mod", NULL, &inner}};
    static const char *const wanted[] = {
        "grub_cmd: insmod ext2",
        "grub_cmd: insmod outer",
        "(hd0,gpt1)/EFI/debian/x86_64-efi/outer.mod",
        "(hd0,gpt1)/EFI/debian/x86_64-efi/inner.mod",
        "grub_cmd: insmod inner",
        "grub_cmd: insmod gone",
        "grub_cmd: linux /k",
        "/k",
        "kernel_cmdline: /k",
    };
    struct ref_set *set = NULL;
    (void)state;
    made = files;
    made_count = GB_ARRAY_LEN(files);
    int r =
        eval("insmod ext2\ninsmod outer\ninsmod inner\nif insmod gone; then false; fi\nlinux /k",
             false, &set);
    assert_int_equal(r, 0);
    assert_measured(set, wanted, GB_ARRAY_LEN(wanted));
    r = eval("if insmod gone; then linux /k; fi", true, &set);
    assert_int_equal(r, 0);
    r = eval("insmod k.mod/../k", false, &set);
    assert_int_equal(r, GB_ERR_CONFIG);
    gb_buf_done(&outer);
    gb_buf_done(&inner);
}

/* In the manner of generated ones: an environment block, a saved entry of a submenu, functions with
 * arguments, translations, loops that nobody runs. */
static void a_generated_configuration_is_followed(void **state)
{
    static const struct made_file files[] = {
        {0, "/g/grub.cfg",
         "load_env\n"
         "if [ \"$saved_entry\" ]; then\n  set default=\"${saved_entry}\"\nfi\n"
         "function keep {\n  if [ -z \"${once}\" ]; then\n    saved_entry=\"${chosen}\"\n"
         "    save_env saved_entry\n  fi\n}\n"
         "function mode { set gfx=\"${1}x$#\"; }\n"
         "set lang=de_AT\n"
         "terminal_output gfxterm\n"
         "menuentry 'A' --unrestricted --id a {\n  for i in x y; do linux /none; done\n}\n"
         "submenu 'M>N' --id m { menuentry 'B' c d --class os --id b {\n keep\n mode e f\n"
         " echo $1 $2 \"$@\"\n linux /k\n boot\n halt\n} }\n"
         "if [ -f ${config_directory}/custom.cfg ]; then source ${config_directory}/custom.cfg; "
         "fi\n"},
        {0, "/EFI/debian/grubenv", "# GRUB Environment Block\nsaved_entry=m>b\n####"},
        {0, "/EFI/debian/locale/de.mo", "a catalog"},
        {0, "/k", NULL},
    };
    static const char *const wanted[] = {
        "grub_cmd: source /g/grub.cfg",
        "/g/grub.cfg",
        "grub_cmd: load_env",
        "(hd0,gpt1)/EFI/debian/grubenv",
        "grub_cmd: [ m>b ]",
        "grub_cmd: set default=m>b",
        "grub_cmd: set lang=de_AT",
        "(hd0,gpt1)/EFI/debian/locale/de.mo",
        "grub_cmd: terminal_output gfxterm",
        NULL, /* the menu's text, as it stands there */
        NULL,
        "grub_cmd: [ -f (hd0,gpt1)/g/custom.cfg ]",
        "grub_cmd: setparams M>N",
        NULL,
        "grub_cmd: setparams B c d",
        "grub_cmd: keep",
        "grub_cmd: [ -z  ]",
        "grub_cmd: saved_entry=m>b",
        "grub_cmd: save_env saved_entry",
        "grub_cmd: mode e f",
        "grub_cmd: set gfx=ex2",
        "grub_cmd: echo B c B c d",
        "grub_cmd: linux /k",
        "/k",
        "/k",
        "/k",
        "kernel_cmdline: /k",
        "grub_cmd: boot",
    };
    struct ref_set *set = NULL;
    (void)state;
    made = files;
    made_count = GB_ARRAY_LEN(files);
    if (eval("source /g/grub.cfg", true, &set) != 0)
        fail_msg("%s", err.text);
    assert_measured(set, wanted, GB_ARRAY_LEN(wanted));
}

/* Where GRUB does not find the entry that it is told of, the first boots. */
static void the_default_is_found_as_grub_does(void **state)
{
    static const struct {
        const char *wanted;
        const char *boots;
    } cases[] = {{"1", "/k two"},    {"gone", "/k one"}, {"", "/k one"},    {"7", "/k one"},
                 {"2>1", "/k four"}, {"2", "/k three"},  {"a>>b", "/k two"}};
    static const struct made_file files[] = {{0, "/k", NULL}};
    (void)state;
    made = files;
    made_count = 1;
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct ref_set *set = NULL;
        const char *script = gb_arena_printf(
            arena,
            "set default='%s'\nmenuentry one { linux /k one }\nmenuentry 'a>b' { linux /k two }\n"
            "submenu s { menuentry three { linux /k three }\nmenuentry four { linux /k four } }",
            cases[i].wanted);
        assert_non_null(script);
        assert_int_equal(eval(script, true, &set), 0);
        const struct ref_event *last = set->events;
        while (last->next)
            last = last->next;
        assert_string_equal(last->value, cases[i].boots);
    }
}

enum { SECTOR = 512, ROOT = 2 * SECTOR, DATA = ROOT + SECTOR };

/* An entry of a folder: its name, as FAT has it, the first cluster and the size. */
static void put_entry(uint8_t *at, const char *name, uint8_t cluster, uint8_t size)
{
    memcpy(at, name, 11);
    at[26] = cluster;
    at[28] = size;
}

/* A FAT file system: /A.CFG in cluster 2, /FONTS in 3, /FONTS/U.PF2 in 4. */
static void files_of_a_memdisk_are_found(void **state)
{
    uint8_t disk[DATA + 3 * SECTOR] = {[12] = 2, [13] = 1, [14] = 1, [16] = 1, [17] = 16, [22] = 1};
    struct gb_bytes whole = gb_bytes(disk, sizeof disk);
    struct gb_bytes file = {0};
    (void)state;
    put_entry(disk + ROOT, "A       CFG", 2, 5);
    put_entry(disk + ROOT + 32, "FONTS      ", 3, 0);
    put_entry(disk + ROOT + 64, "FAR     CFG", 200, 5);
    put_entry(disk + ROOT + 96, "LARGE   CFG", 4, 255);
    put_entry(disk + DATA + SECTOR, "U       PF2", 4, 4);
    memcpy(disk + DATA, "a cfg", 5);
    memcpy(disk + DATA + 2 * SECTOR, "font", 4);
    assert_true(grub_memdisk_find(whole, NULL, "a.cfg", &file));
    assert_true(gb_bytes_is(file, "a cfg"));
    assert_true(grub_memdisk_find(whole, "fonts", "u.pf2", &file));
    assert_true(gb_bytes_is(file, "font"));
    assert_false(grub_memdisk_find(whole, "fonts", "a.cfg", &file));
    assert_false(grub_memdisk_find(whole, "none", "a.cfg", &file));
    assert_false(grub_memdisk_find(whole, NULL, "far.cfg", &file));
    assert_false(grub_memdisk_find(whole, NULL, "a-long-name.cfg", &file));
    assert_true(grub_memdisk_find(whole, NULL, "large.cfg", &file));
    assert_false(
        grub_memdisk_find(gb_bytes(disk, DATA + 2 * SECTOR + 100), NULL, "large.cfg", &file));
    assert_false(grub_memdisk_find(gb_bytes(disk, ROOT), NULL, "a.cfg", &file));
    assert_false(grub_memdisk_find(gb_bytes(NULL, 0), NULL, "a.cfg", &file));
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
        cmocka_unit_test_setup_teardown(without_secure_boot_modules_are_files, setup, teardown),
        cmocka_unit_test_setup_teardown(a_generated_configuration_is_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(the_default_is_found_as_grub_does, setup, teardown),
        cmocka_unit_test(files_of_a_memdisk_are_found),
        cmocka_unit_test_setup_teardown(a_script_that_reads_itself_ends, setup, teardown),
        cmocka_unit_test_setup_teardown(an_entry_of_systemd_boot_is_read, setup, teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
