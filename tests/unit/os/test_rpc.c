#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/clock.h"
#include "os/rpc.h"

static int pair[2];

static int setup(void **state)
{
    (void)state;
    return socketpair(AF_UNIX, SOCK_STREAM, 0, pair);
}

static int teardown(void **state)
{
    (void)state;
    close(pair[0]);
    close(pair[1]);
    return 0;
}

static int receive(size_t max, int64_t ms, size_t *ret_len)
{
    struct gb_buf buf;
    gb_buf_init(&buf, max);
    int r = rpc_receive(pair[1], gb_clock_ms() + ms, ms, &buf, NULL);
    *ret_len = buf.len;
    gb_buf_done(&buf);
    return r;
}

static void frames_arrive_one_by_one(void **state)
{
    (void)state;
    size_t len = 0;
    assert_int_equal(rpc_send(pair[0], gb_bytes_str("one"), RPC_FOREVER, NULL), 0);
    assert_int_equal(rpc_send(pair[0], gb_bytes("", 0), RPC_FOREVER, NULL), 0);
    assert_int_equal(rpc_send(pair[0], gb_bytes_str("three"), RPC_FOREVER, NULL), 0);
    assert_int_equal(receive(100, 1000, &len), 0);
    assert_int_equal(len, 3);
    assert_int_equal(receive(100, 1000, &len), 0);
    assert_int_equal(len, 0);
    assert_int_equal(receive(100, 1000, &len), 0);
    assert_int_equal(len, 5);
}

static void an_orderly_end_is_told_from_a_cut(void **state)
{
    (void)state;
    size_t len = 0;
    assert_int_equal(write(pair[0], "\0\0\0\5ab", 6), 6);
    shutdown(pair[0], SHUT_WR);
    assert_int_equal(receive(100, 1000, &len), GB_ERR_IO);
    assert_int_equal(receive(100, 1000, &len), GB_ERR_NOTFOUND);
}

static void a_length_alone_takes_no_memory(void **state)
{
    (void)state;
    size_t len = 0;
    assert_int_equal(write(pair[0], "\377\377\377\377", 4), 4);
    assert_int_equal(receive(SIZE_MAX, 1000, &len), GB_ERR_LIMIT);
    assert_int_equal(len, 0);
}

static void a_frame_above_the_callers_ceiling_is_refused(void **state)
{
    (void)state;
    size_t len = 0;
    assert_int_equal(rpc_send(pair[0], gb_bytes_str("eleven bytes"), RPC_FOREVER, NULL), 0);
    assert_int_equal(receive(11, 1000, &len), GB_ERR_LIMIT);
}

static void who_waits_too_long_gives_up(void **state)
{
    (void)state;
    size_t len = 0;
    assert_int_equal(receive(100, 20, &len), GB_ERR_IO); /* silence */
    assert_int_equal(write(pair[0], "\0\0\0\5ab", 6), 6);
    assert_int_equal(receive(100, 20, &len), GB_ERR_IO); /* half a frame */
    static uint8_t many[4 << 20];
    assert_int_equal(rpc_send(pair[0], gb_bytes(many, sizeof many), gb_clock_ms() + 20, NULL),
                     GB_ERR_IO); /* nobody reads */
}

static void a_listener_takes_over_from_the_dead_only(void **state)
{
    (void)state;
    char dir[] = "/tmp/gb-rpc-XXXXXX";
    char path[64];
    int a = -1;
    int b = -1;
    int c = -1;
    uid_t uid = 0;
    struct stat st;
    assert_non_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/s", dir);
    assert_int_equal(rpc_connect(path, gb_clock_ms() + 1000, &c, NULL), GB_ERR_IO);
    assert_int_equal(rpc_listen(path, 0660, &a, NULL), 0);
    assert_int_equal(stat(path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0660);
    assert_int_equal(rpc_listen(path, 0660, &b, NULL), GB_ERR_CONFIG);
    assert_int_equal(rpc_connect(path, gb_clock_ms() + 1000, &c, NULL), 0);
    assert_int_equal(rpc_peer(c, &uid, NULL), 0);
    assert_int_equal(uid, getuid());
    close(c);
    close(a); /* killed: the name stays */
    assert_int_equal(rpc_listen(path, 0660, &b, NULL), 0);
    close(b);
    unlink(path);
    c = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(rpc_listen(path, 0660, &b, NULL), GB_ERR_CONFIG); /* no socket */
    close(c);
    unlink(path);
    rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(frames_arrive_one_by_one, setup, teardown),
        cmocka_unit_test_setup_teardown(an_orderly_end_is_told_from_a_cut, setup, teardown),
        cmocka_unit_test_setup_teardown(a_length_alone_takes_no_memory, setup, teardown),
        cmocka_unit_test_setup_teardown(a_frame_above_the_callers_ceiling_is_refused, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(who_waits_too_long_gives_up, setup, teardown),
        cmocka_unit_test(a_listener_takes_over_from_the_dead_only),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
