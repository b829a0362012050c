/* The 518 proofs of transparency-dev/merkle: each file says whether it must be refused. */
#include <dirent.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "../test.h"
#include "base/encode.h"
#include "ledger/merkle.h"
#include "os/file.h"
#include "wire/json.h"

enum { VECTORS = 518 };

struct vector {
    const struct json *tree;
    struct gb_arena *arena;
    struct digester *digester;
    bool readable; /* every hash is one of 32 bytes, or a root that is too short to equal any */
};

static uint64_t number(const struct vector *v, const char *key)
{
    uint64_t value = 0;
    assert_true(json_get_number(v->tree, key, &value));
    return value;
}

/* A root of another length equals no hash; one that is too long must not pass for its beginning. */
static void hash(struct vector *v, const struct json *in, bool root, uint8_t out[MERKLE_HASH])
{
    struct gb_bytes text;
    struct gb_bytes raw;
    memset(out, 0, MERKLE_HASH);
    if (!json_as_text(in, &text) || !gb_base64_decode(v->arena, text, &raw) ||
        raw.len > MERKLE_HASH || (!root && raw.len != MERKLE_HASH))
        v->readable = false;
    else if (raw.len > 0)
        memcpy(out, raw.data, raw.len);
}

static void named(struct vector *v, const char *key, bool root, uint8_t out[MERKLE_HASH])
{
    hash(v, json_get(v->tree, key), root, out);
}

static bool judge(struct vector *v, const char *kind)
{
    uint8_t proof[MERKLE_PROOF + 8][MERKLE_HASH];
    uint8_t a[MERKLE_HASH];
    uint8_t b[MERKLE_HASH];
    bool valid = false;
    int r = GB_ERR_BUG;
    const uint8_t(*hashes)[MERKLE_HASH] = (const uint8_t(*)[MERKLE_HASH])proof;
    const struct json *items = json_get(v->tree, "proof");
    size_t count = json_count(items);
    assert_true(count <= GB_ARRAY_LEN(proof));
    for (size_t i = 0; i < count; i++)
        hash(v, json_at(items, i), false, proof[i]);
    bool inclusion = strstr(kind, "inclusion") != NULL;
    named(v, inclusion ? "leafHash" : "root1", !inclusion, a);
    named(v, inclusion ? "root" : "root2", true, b);
    if (!v->readable)
        return false;
    if (strcmp(kind, "inclusion") == 0)
        r = merkle_verify_inclusion(v->digester, number(v, "leafIdx"), number(v, "treeSize"), a,
                                    hashes, count, b, &valid);
    else if (strcmp(kind, "subtreeinclusion") == 0)
        r = merkle_verify_subtree_inclusion(v->digester, number(v, "leafIdx"), number(v, "start"),
                                            number(v, "end"), a, hashes, count, b, &valid);
    else if (strcmp(kind, "consistency") == 0)
        r = merkle_verify_consistency(v->digester, number(v, "size1"), number(v, "size2"), a, b,
                                      hashes, count, &valid);
    else if (strcmp(kind, "subtreeconsistency") == 0)
        r = merkle_verify_subtree_consistency(v->digester, number(v, "start"), number(v, "end"),
                                              number(v, "size"), a, b, hashes, count, &valid);
    assert_int_equal(r, 0);
    return valid;
}

/* Seven files hold numbers up to 2^64 - 1, which json_read refuses: they become the largest that it
 * takes, which is wrong for the same reason. */
static void shorten(char *text)
{
    size_t digits = 0;
    for (char *at = text; *at; at++) {
        digits = *at >= '0' && *at <= '9' ? digits + 1 : 0;
        if (digits >= 19 && (at[1] < '0' || at[1] > '9'))
            memcpy(at + 1 - digits, digits == 19 ? "9223372036854775807" : " 9223372036854775807",
                   digits);
    }
}

static void check(struct digester *digester, const char *kind, const char *path)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *tree = NULL;
    struct gb_bytes bytes;
    bool must_fail = false;
    assert_int_equal(file_read(arena, path, 64 << 10, &bytes, NULL), 0);
    shorten((char *)(uintptr_t)bytes.data);
    assert_int_equal(json_read(bytes, &tree, NULL), 0);
    struct vector v = {.tree = tree, .arena = arena, .digester = digester, .readable = true};
    assert_true(json_get_bool(tree, "wantErr", &must_fail));
    bool valid = judge(&v, kind);
    if (valid == must_fail)
        print_error("%s: %s\n", path, valid ? "accepted" : "refused");
    assert_int_equal(valid, !must_fail);
}

/* Every file below the folder; how many. */
static size_t walk(struct digester *digester, const char *kind, const char *path)
{
    size_t count = 0;
    DIR *dir = opendir(path);
    assert_non_null(dir);
    for (const struct dirent *e; (e = readdir(dir));) {
        char below[4096];
        struct stat st;
        if (e->d_name[0] == '.')
            continue;
        assert_in_range(snprintf(below, sizeof below, "%s/%s", path, e->d_name), 1, 4095);
        assert_int_equal(stat(below, &st), 0);
        if (S_ISDIR(st.st_mode)) {
            count += walk(digester, kind, below);
        } else {
            check(digester, kind, below);
            count++;
        }
    }
    closedir(dir);
    return count;
}

static void every_vector_holds(void **state)
{
    (void)state;
    TEST_VECTORS_OR_SKIP(vectors);
    const char *kinds[] = {"inclusion", "consistency", "subtreeinclusion", "subtreeconsistency"};
    size_t count = 0;
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    assert_int_equal(digester_new(&digester, NULL), 0);
    for (size_t i = 0; i < GB_ARRAY_LEN(kinds); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/transparency-dev_merkle/testdata/%s", vectors, kinds[i]);
        count += walk(digester, kinds[i], path);
    }
    assert_int_equal(count, VECTORS);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(every_vector_holds)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
