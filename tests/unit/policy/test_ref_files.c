/* Packed lists of files, and the index over those of all sets. */

#include "../test.h"
#include "policy/sets/file_index.h"
#include "policy/sets/ref_files.h"

enum { MANY = 20000, SIZE = 32 };

/* A list that was made, with what it was made of. */
struct made {
    struct gb_arena *arena;
    uint8_t *digests;
    struct gb_bytes *paths;
    size_t count;
    struct ref_files files;
};

static uint64_t next(uint64_t *state)
{
    *state = *state * UINT64_C(6364136223846793005) + 1442695040888963407U;
    return *state >> 33;
}

static void make(struct made *made)
{
    const struct ref_files_parts parts = {DIGEST_SHA256, made->digests, made->paths, made->count};
    assert_int_equal(ref_files_make(made->arena, &parts, &made->files, NULL), 0);
}

/* Paths with long shared beginnings, zeros, high bytes, and some that stand twice. */
static struct made make_many(uint64_t seed)
{
    struct made made = {.arena = gb_arena_new(), .count = MANY};
    made.digests = gb_arena_alloc(made.arena, MANY, SIZE);
    made.paths = gb_arena_new_array(made.arena, struct gb_bytes, MANY);
    for (size_t i = 0; i < MANY; i++) {
        char *path =
            gb_arena_printf(made.arena, "/usr/share/%s/%lu/a-very-long-name-%lu%s",
                            next(&seed) % 3 ? "doc" : "doc-base", (unsigned long)(next(&seed) % 50),
                            (unsigned long)(next(&seed) % 9000), next(&seed) % 2 ? "" : "\xff.gz");
        size_t len = strlen(path);
        if (next(&seed) % 16 == 0)
            path[len / 2] = 0;
        made.paths[i] = gb_bytes(path, next(&seed) % 64 == 0 ? len % 9 : len);
        for (size_t k = 0; k < SIZE; k++)
            made.digests[i * SIZE + k] = (uint8_t)next(&seed);
    }
    make(&made);
    return made;
}

static int order(struct gb_bytes a, struct gb_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int r = memcmp(a.data, b.data, len);
    return r ? r : (a.len > b.len) - (a.len < b.len);
}

static void all_come_back_in_order(void **state)
{
    (void)state;
    for (uint64_t seed = 1; seed < 6; seed++) {
        struct made made = make_many(seed);
        struct ref_files_walk walk;
        struct gb_bytes before = gb_bytes(NULL, 0);
        size_t count = 0;
        assert_int_equal(made.files.count, MANY);
        assert_true(ref_files_walk_init(&walk, made.arena, &made.files));
        for (; ref_files_walk_next(&walk); count++) {
            assert_true(count == 0 || order(before, walk.path) <= 0);
            before = gb_arena_copy(made.arena, walk.path);
        }
        assert_int_equal(count, MANY);
        gb_arena_free(made.arena);
    }
}

static void each_keeps_its_digest(void **state)
{
    (void)state;
    struct made made = make_many(77);
    for (size_t i = 0; i < MANY; i++) {
        int64_t at = ref_files_find_path(&made.files, made.paths[i]);
        bool found = false;
        assert_true(at >= 0);
        for (size_t k = (size_t)at; !found; k++) { /* the path may stand there several times */
            assert_true(k < MANY);
            assert_true(gb_bytes_equal(ref_files_path(made.arena, &made.files, k), made.paths[i]));
            found =
                memcmp(ref_files_digest(&made.files, k).data, made.digests + i * SIZE, SIZE) == 0;
        }
    }
    gb_arena_free(made.arena);
}

static void a_path_that_is_not_there_is_not_found(void **state)
{
    (void)state;
    struct made made = make_many(5);
    for (size_t i = 0; i < MANY; i++) {
        char *path = gb_arena_printf(made.arena, "%.*s", (int)made.paths[i].len,
                                     (const char *)made.paths[i].data);
        size_t len = strlen(path);
        if (len < 12)
            continue;
        path[i % len] ^= 1; /* 'a' is in none of the numbers, so hardly any path is another one */
        int64_t at = ref_files_find_path(&made.files, gb_bytes(path, len));
        if (at >= 0)
            assert_true(gb_bytes_equal(ref_files_path(made.arena, &made.files, (size_t)at),
                                       gb_bytes(path, len)));
        assert_int_equal(ref_files_find_path(&made.files, gb_bytes_str("/usr/share/doc/")), -1);
    }
    assert_int_equal(ref_files_find_path(&made.files, gb_bytes_str("zzz")), -1);
    assert_int_equal(ref_files_find_path(&(struct ref_files){0}, gb_bytes_str("")), -1);
    gb_arena_free(made.arena);
}

static void what_stands_twice_is_kept_once(void **state)
{
    (void)state;
    static uint8_t digests[4 * SIZE] = {[0] = 1, [SIZE] = 2, [2 * SIZE] = 1, [3 * SIZE] = 1};
    struct gb_bytes paths[4] = {gb_bytes_str("/b"), gb_bytes_str("/b"), gb_bytes_str("/a"),
                                gb_bytes_str("/a")};
    struct made made = {gb_arena_new(), digests, paths, 4, {0}};
    make(&made);
    assert_int_equal(made.files.count, 3); /* the same path with two digests is two files */
    assert_int_equal(ref_files_find_path(&made.files, gb_bytes_str("/a")), 0);
    assert_int_equal(ref_files_find_path(&made.files, gb_bytes_str("/b")), 1);
    gb_arena_free(made.arena);
}

static void ceilings_are_kept(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    enum { COUNT = GB_LIMIT_IMA_POLICIES + 1 };
    uint8_t *digests = gb_arena_alloc(arena, COUNT, SIZE);
    struct gb_bytes paths[COUNT];
    struct ref_files files;
    struct gb_err err;
    for (size_t i = 0; i < COUNT; i++) {
        digests[i * SIZE] = (uint8_t)i;
        paths[i] = gb_bytes_str("/etc/ima/ima-policy");
    }
    struct ref_files_parts parts = {DIGEST_SHA256, digests, paths, COUNT};
    assert_int_equal(ref_files_make(arena, &parts, &files, &err), GB_ERR_LIMIT);
    parts.count--;
    assert_int_equal(ref_files_make(arena, &parts, &files, &err), 0);
    assert_int_equal(files.ima_policy_count, GB_LIMIT_IMA_POLICIES);
    paths[0].len = GB_LIMIT_FILE_PATH + 1;
    assert_int_equal(ref_files_make(arena, &parts, &files, &err), GB_ERR_LIMIT);
    gb_arena_free(arena);
}

/* A hundred sets; set k has the files of a random third. */
static void the_index_knows_the_sets_of_each_digest(void **state)
{
    (void)state;
    enum { SETS = 100, FILES = 3000 };
    struct gb_arena *arena = gb_arena_new();
    uint64_t seed = 9;
    uint8_t *all = gb_arena_alloc(arena, FILES, SIZE);
    struct ref_set *sets = gb_arena_new_array(arena, struct ref_set, SETS);
    bool(*has)[FILES] = gb_arena_alloc(arena, SETS, sizeof *has);
    const struct file_index *index = NULL;
    for (size_t i = 0; i < FILES * SIZE; i++)
        all[i] = (uint8_t)next(&seed);
    for (size_t k = 0; k < SETS; k++) {
        uint8_t *digests = gb_arena_alloc(arena, FILES, SIZE);
        struct gb_bytes *paths = gb_arena_new_array(arena, struct gb_bytes, FILES);
        size_t count = 0;
        for (size_t i = 0; i < FILES; i++) {
            has[k][i] = next(&seed) % 3 == 0;
            if (has[k][i])
                memcpy(digests + count++ * SIZE, all + i * SIZE, SIZE);
        }
        const struct ref_files_parts parts = {DIGEST_SHA256, digests, paths, count};
        assert_int_equal(
            ref_files_make(arena, &parts, k % 2 ? &sets[k].verity : &sets[k].files, NULL), 0);
        sets[k].next = k + 1 < SETS ? &sets[k + 1] : NULL;
    }
    assert_int_equal(file_index_build(arena, sets, 42, &index, NULL), 0);
    for (size_t i = 0; i < FILES; i++) {
        struct gb_bytes digest = gb_bytes(all + i * SIZE, SIZE);
        for (size_t k = 0; k < SETS; k++) {
            struct file_hit hit;
            struct set_mask mask = {0};
            set_mask_add(&mask, &sets[k]);
            assert_true(set_mask_has(&mask, &sets[k]));
            bool found = file_index_find(index, k % 2 != 0, DIGEST_SHA256, digest, &hit);
            assert_int_equal(found && file_hit_by(&hit, &sets[k]), has[k][i]);
            assert_int_equal(found && file_hit_in(&hit, &mask), has[k][i]);
        }
    }
    gb_arena_free(arena);
}

static void nothing_is_known_without_files(void **state)
{
    (void)state;
    struct gb_arena *arena = gb_arena_new();
    static const uint8_t zero[SIZE];
    const struct file_index *index = NULL;
    struct file_hit hit;
    assert_false(file_index_find(NULL, false, DIGEST_SHA256, gb_bytes(zero, SIZE), &hit));
    assert_int_equal(file_index_build(arena, NULL, 1, &index, NULL), 0);
    assert_false(file_index_find(index, false, DIGEST_SHA256, gb_bytes(zero, SIZE), &hit));
    struct ref_set set = {0};
    const struct gb_bytes path = gb_bytes_str("/x");
    const struct ref_files_parts parts = {DIGEST_SHA256, zero, &path, 1};
    assert_int_equal(ref_files_make(arena, &parts, &set.files, NULL), 0);
    assert_int_equal(file_index_build(arena, &set, 1, &index, NULL), 0);
    assert_true(file_index_find(index, false, DIGEST_SHA256, gb_bytes(zero, SIZE), &hit));
    assert_false(file_index_find(index, true, DIGEST_SHA256, gb_bytes(zero, SIZE), &hit));
    assert_false(file_index_find(index, false, DIGEST_SHA256, gb_bytes(zero, 31), &hit));
    assert_false(file_index_find(index, false, DIGEST_SHA384, gb_bytes(zero, SIZE), &hit));
    assert_false(file_index_find(index, false, DIGEST_NONE, gb_bytes(zero, 0), &hit));
    gb_arena_free(arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(all_come_back_in_order),
        cmocka_unit_test(each_keeps_its_digest),
        cmocka_unit_test(a_path_that_is_not_there_is_not_found),
        cmocka_unit_test(what_stands_twice_is_kept_once),
        cmocka_unit_test(ceilings_are_kept),
        cmocka_unit_test(the_index_knows_the_sets_of_each_digest),
        cmocka_unit_test(nothing_is_known_without_files),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
