#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/mem.h"
#include "os/file.h"

static char folder[64];
static struct gb_arena *arena;

static int setup(void **state)
{
    (void)state;
    snprintf(folder, sizeof folder, "/tmp/garboard-file-XXXXXX");
    arena = gb_arena_new();
    return arena && mkdtemp(folder) ? 0 : -1;
}

static int teardown(void **state)
{
    (void)state;
    gb_arena_free(arena);
    char command[128];
    snprintf(command, sizeof command, "rm -r '%s'", folder);
    return system(command);
}

static const char *path(const char *name)
{
    return gb_arena_printf(arena, "%s/%s", folder, name);
}

static void write_ok(const char *name, const char *text)
{
    assert_int_equal(file_write(path(name), gb_bytes_str(text), NULL), 0);
}

static void reads_back_what_it_wrote(void **state)
{
    (void)state;
    struct gb_bytes got;
    write_ok("a", "first");
    write_ok("a", "second");
    assert_int_equal(file_read(arena, path("a"), 6, &got, NULL), 0);
    assert_true(gb_bytes_is(got, "second"));
    assert_int_equal(file_write(path("empty"), gb_bytes(NULL, 0), NULL), 0);
    assert_int_equal(file_read(arena, path("empty"), 0, &got, NULL), 0);
    assert_int_equal(got.len, 0);
    const char *const *names;
    assert_int_equal(file_list(arena, folder, "", "", &names, NULL), 0);
    assert_string_equal(names[0], "a"); /* no temporary file is left */
    assert_string_equal(names[1], "empty");
    assert_null(names[2]);
}

static void the_ceiling_is_exact(void **state)
{
    (void)state;
    struct gb_bytes got;
    struct gb_err err;
    write_ok("a", "123456");
    assert_int_equal(file_read(arena, path("a"), 6, &got, &err), 0);
    assert_int_equal(file_read(arena, path("a"), 5, &got, &err), GB_ERR_LIMIT);
    assert_non_null(strstr(err.text, "/a: longer than the ceiling of 5 bytes"));
    assert_int_equal(file_map(path("a"), 5, &got, &err), GB_ERR_LIMIT);
    assert_int_equal(file_map(path("a"), 6, &got, &err), 0);
    assert_true(gb_bytes_is(got, "123456"));
    file_unmap(got);
}

/* procfs says 0 bytes, as securityfs does of event logs. */
static void sizes_that_lie_are_fine(void **state)
{
    (void)state;
    struct gb_bytes got;
    assert_int_equal(file_read(arena, "/proc/self/status", 1 << 20, &got, NULL), 0);
    assert_true(gb_bytes_starts(got, gb_bytes_str("Name:\t")));
    assert_int_equal(file_read(arena, "/proc/self/status", 10, &got, NULL), GB_ERR_LIMIT);
}

static void long_files_without_a_size_arrive_whole(void **state)
{
    (void)state;
    enum { LEN = 300000 };
    char *text = gb_arena_alloc(arena, LEN + 1, 1);
    for (size_t i = 0; i < LEN; i++)
        text[i] = (char)('a' + i % 23);
    write_ok("long", text);
    int saved = dup(STDIN_FILENO);
    int fd = open(path("long"), O_RDONLY);
    assert_true(saved >= 0 && fd >= 0 && dup2(fd, STDIN_FILENO) == STDIN_FILENO);
    struct gb_bytes got;
    assert_int_equal(file_read(arena, "-", LEN, &got, NULL), 0);
    assert_true(gb_bytes_is(got, text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    struct gb_err err;
    assert_int_equal(file_read(arena, "-", LEN - 1, &got, &err), GB_ERR_LIMIT);
    assert_string_equal(err.text, "standard input: longer than the ceiling of 299999 bytes");
    dup2(saved, STDIN_FILENO);
    close(saved);
    close(fd);
}

static void what_is_no_file_is_refused(void **state)
{
    (void)state;
    struct gb_bytes got;
    struct gb_err err;
    assert_int_equal(file_read(arena, path("absent"), 9, &got, &err), GB_ERR_NOTFOUND);
    assert_int_equal(file_read(arena, folder, 9, &got, &err), GB_ERR_CONFIG);
    assert_non_null(strstr(err.text, ": a folder, not a file"));
    assert_int_equal(mkfifo(path("fifo"), 0600), 0);
    assert_int_equal(file_read(arena, path("fifo"), 9, &got, &err), GB_ERR_CONFIG); /* at once */
    assert_int_equal(file_map(path("fifo"), 9, &got, &err), GB_ERR_CONFIG);
    assert_int_equal(file_map("/dev/zero", 9, &got, &err), GB_ERR_CONFIG);
    assert_int_equal(file_write(folder, got, &err), GB_ERR_CONFIG);
    assert_int_equal(file_write(path("absent/x"), got, &err), GB_ERR_NOTFOUND);
    assert_int_equal(file_list(arena, path("absent"), "", "", &(const char *const *){0}, &err),
                     GB_ERR_NOTFOUND);
}

static void names_of_strangers_are_made_safe(void **state)
{
    (void)state;
    struct gb_bytes got;
    struct gb_err err;
    assert_int_equal(file_read(arena, "/nowhere/\x1b[31m\xff\xe2\x80\xae", 9, &got, &err),
                     GB_ERR_NOTFOUND);
    assert_string_equal(err.text, "/nowhere/?[31m????: no such file or folder");
}

static void a_failing_read_is_told(void **state)
{
    (void)state;
    struct gb_bytes got = gb_bytes(NULL, 77);
    struct gb_err err;
    write_ok("a", "123456");
    for (unsigned long nth = 1; nth <= 2; nth++) { /* the bytes, and the end of the file */
        file_fail_nth_read(nth);
        assert_int_equal(file_read(arena, path("a"), 9, &got, &err), GB_ERR_IO);
        assert_int_equal(err.sys, EIO);
        assert_int_equal(got.len, 77);
    }
    file_fail_nth_read(3);
    assert_int_equal(file_read(arena, path("a"), 9, &got, &err), 0);
    file_fail_nth_read(0);
}

static void a_failing_allocation_is_told(void **state)
{
    (void)state;
    write_ok("a", "123456");
    const char *a = path("a");
    for (unsigned long nth = 1;; nth++) {
        gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
        struct gb_bytes got;
        const char *const *names;
        gb_mem_fail_nth(nth);
        int r = file_read(own, a, 1 << 20, &got, NULL);
        if (r == 0)
            r = file_list(own, folder, "", "", &names, NULL);
        int failed = gb_mem_failed();
        gb_mem_fail_nth(0);
        assert_int_equal(r, failed ? GB_ERR_NOMEM : 0);
        if (!failed)
            break;
    }
}

static void names_are_chosen_and_sorted(void **state)
{
    (void)state;
    const char *const all[] = {"ekcert2.der", "ekcert.der", "ekcert.pem", "ca.der", "ekcert10.der"};
    for (size_t i = 0; i < GB_ARRAY_LEN(all); i++)
        write_ok(all[i], "x");
    const char *const *names;
    assert_int_equal(file_list(arena, folder, "ekcert", ".der", &names, NULL), 0);
    assert_string_equal(names[0], "ekcert.der");
    assert_string_equal(names[1], "ekcert10.der");
    assert_string_equal(names[2], "ekcert2.der");
    assert_null(names[3]);
    assert_int_equal(file_list(arena, folder, "ekcert.d", "t.der", &names, NULL), 0);
    assert_null(names[0]); /* prefix and suffix share no letters */
}

static void modes_follow_the_umask_and_links_stay(void **state)
{
    (void)state;
    struct stat st;
    mode_t old = umask(027);
    write_ok("a", "x");
    umask(old);
    assert_int_equal(stat(path("a"), &st), 0);
    assert_int_equal(st.st_mode & 07777, 0640);
    assert_int_equal(symlink("a", path("link")), 0);
    write_ok("link", "through");
    assert_int_equal(lstat(path("link"), &st), 0);
    assert_true(S_ISLNK(st.st_mode));
    struct gb_bytes got;
    assert_int_equal(file_read(arena, path("a"), 99, &got, NULL), 0);
    assert_true(gb_bytes_is(got, "through"));
}

static void devices_are_written_to_not_replaced(void **state)
{
    (void)state;
    struct stat st;
    assert_int_equal(file_write("/dev/null", gb_bytes_str("x"), NULL), 0);
    assert_int_equal(stat("/dev/null", &st), 0);
    assert_true(S_ISCHR(st.st_mode));
    struct gb_err err;
    assert_int_equal(file_write("/dev/full", gb_bytes_str("x"), &err), GB_ERR_IO);
    assert_int_equal(err.sys, ENOSPC);
}

#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reads_back_what_it_wrote),
        T(the_ceiling_is_exact),
        T(sizes_that_lie_are_fine),
        T(long_files_without_a_size_arrive_whole),
        T(what_is_no_file_is_refused),
        T(names_of_strangers_are_made_safe),
        T(a_failing_read_is_told),
        T(a_failing_allocation_is_told),
        T(names_are_chosen_and_sorted),
        T(modes_follow_the_umask_and_links_stay),
        T(devices_are_written_to_not_replaced),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
