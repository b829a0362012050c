/*
 * What stands against keyd while its keys change, or while it is killed.
 *
 * usage: rotation grow SOCKET DIR         grows a ledger of its own until DIR/stop is there; each
 *                                         signed checkpoint becomes DIR/N. Any failure ends it.
 *        rotation survive SOCKET DIR      the same, but keyd may be away; what it says that it has
 *                                         signed last must be what was asked of it last
 *        rotation notes OLD NEW DIR       per checkpoint who signed it: "old", "both", "new"
 *        rotation token JWKS < TOKEN      verifies; prints the key's id
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "os/file.h"
#include "rpc/keyd.h"
#include "wire/jwt.h"

enum { LEAVES = 1 << 17, STEP = 3 };

static struct gb_arena *arena;
static struct digester *digester;
static struct gb_err err;

static void must(int r, const char *what)
{
    if (r == 0)
        return;
    fprintf(stderr, "%s: %s\n", what, err.text);
    exit(1);
}

/* ---- a ledger in memory ---- */

static uint8_t (*levels[18])[MERKLE_HASH];

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *e)
{
    (void)arg;
    (void)e;
    memcpy(out, levels[level][index], MERKLE_HASH);
    return 0;
}

static void make_tree(void)
{
    char entry[32];
    for (unsigned level = 0; level < 18; level++) {
        size_t count = LEAVES >> level;
        levels[level] = gb_arena_alloc(arena, count, MERKLE_HASH);
        must(levels[level] ? 0 : gb_err_nomem(&err), "tree");
        for (size_t i = 0; i < count; i++) {
            snprintf(entry, sizeof entry, "entry %zu", i);
            must(level == 0 ? merkle_leaf(digester, gb_bytes_str(entry), levels[0][i])
                            : merkle_node(digester, levels[level - 1][2 * i],
                                          levels[level - 1][2 * i + 1], levels[level][i]),
                 "tree");
        }
    }
}

static const struct merkle_source source = {.node = node};

static void root_of(uint64_t size, uint8_t root[MERKLE_HASH])
{
    struct merkle_range range;
    must(merkle_range_load(&source, size, &range, &err), "range");
    must(merkle_range_root(digester, &range, root), "root");
}

/* ---- growing it ---- */

static bool stopped(const char *dir)
{
    char path[512];
    snprintf(path, sizeof path, "%s/stop", dir);
    return access(path, F_OK) == 0;
}

static void keep(const char *dir, unsigned *count, const char *note)
{
    char path[512];
    snprintf(path, sizeof path, "%s/%06u", dir, (*count)++);
    must(file_write(path, gb_bytes_str(note), &err), "note");
}

/* What keyd signed last is what we asked last, or what came before it: nothing else. */
static void look(struct keyd_client *client, uint64_t asked, uint64_t *size)
{
    struct keyd_ledger last;
    uint8_t root[MERKLE_HASH];
    int r = keyd_ledger_state(client, arena, &last, &err);
    if (r == GB_ERR_IO)
        return; /* still away */
    must(r, "state");
    if (last.size != *size && last.size != asked) {
        fprintf(stderr, "size %" PRIu64 ": neither %" PRIu64 " nor %" PRIu64 "\n", last.size, *size,
                asked);
        exit(1);
    }
    root_of(last.size, root);
    if (memcmp(root, last.root, sizeof root) != 0) {
        fputs("another root\n", stderr);
        exit(1);
    }
    *size = last.size;
}

static int ask(struct keyd_client *client, uint64_t old_size, uint64_t size, const char **note)
{
    struct keyd_ledger_ask what = {.old_size = old_size, .size = size};
    struct merkle_proof proof;
    root_of(size, what.root);
    must(merkle_prove_consistency(digester, &source, old_size, size, &proof, &err), "proof");
    what.proof = (const uint8_t(*)[32])proof.hashes;
    what.proof_count = proof.count;
    return keyd_ledger_sign(client, arena, &what, note, &err);
}

static int grow(const char *socket, const char *dir, bool patient)
{
    gb_cleanup(keyd_client_freep) struct keyd_client *client = NULL;
    const struct timespec pause = {.tv_nsec = 3000000};
    unsigned count = 0;
    make_tree();
    must(keyd_client_new(socket, 10000, &client, &err), "client");
    for (uint64_t size = 0; size + STEP < LEAVES && !stopped(dir);) {
        gb_cleanup(gb_arena_freep) struct gb_arena *own = gb_arena_new();
        struct gb_arena *outer = arena;
        const char *note = NULL;
        arena = own;
        int r = ask(client, size, size + STEP, &note);
        if (r == 0) {
            size += STEP;
            keep(dir, &count, note);
        } else if (patient && (r == GB_ERR_IO || r == GB_ERR_AGAIN)) {
            look(client, size + STEP, &size);
        } else {
            must(r, "sign");
        }
        arena = outer;
        nanosleep(&pause, NULL);
    }
    printf("%u\n", count);
    return 0;
}

/* ---- judging what was signed ---- */

static struct note_key read_key(const char *path)
{
    struct gb_bytes text;
    struct note_key key;
    must(file_read(arena, path, 4096, &text, &err), path);
    must(note_key_read(digester, gb_text_trim(text), &key, &err), path);
    return key;
}

static bool signed_by(const struct note_key *key, struct gb_bytes note, struct checkpoint *ret_head)
{
    struct checkpoint_opened opened;
    const struct checkpoint_trust trust = {.keys = key, .key_count = 1, .origin = key->name};
    must(checkpoint_open(arena, &trust, note, &opened, &err), "checkpoint");
    *ret_head = opened.head;
    return !opened.fault;
}

static int judge(const char *old_path, const char *new_path, const char *dir)
{
    const struct note_key old_key = read_key(old_path);
    const struct note_key new_key = read_key(new_path);
    const char *const *names = NULL;
    struct checkpoint last = {0};
    make_tree();
    must(file_list(arena, dir, "0", "", &names, &err), dir);
    for (; *names; names++) {
        struct gb_bytes note;
        struct checkpoint head;
        uint8_t root[MERKLE_HASH];
        must(file_read(arena, gb_arena_printf(arena, "%s/%s", dir, *names), GB_LIMIT_NOTE, &note,
                       &err),
             *names);
        bool old_one = signed_by(&old_key, note, &head);
        bool new_one = signed_by(&new_key, note, &head);
        root_of(head.size, root);
        if (head.size <= last.size || memcmp(root, head.root, sizeof root) != 0) {
            fprintf(stderr, "%s: not growth\n", *names);
            return 1;
        }
        last = head;
        puts(old_one && new_one ? "both" : old_one ? "old" : new_one ? "new" : "none");
    }
    return 0;
}

static int verify_token(const char *path)
{
    gb_cleanup(jwks_freep) struct jwks *keys = NULL;
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    struct gb_bytes set;
    struct gb_bytes token;
    const struct jwt_rules rules = {.algs = JWT_ES256, .now_s = gb_clock_s(), .leeway_s = 5};
    must(file_read(arena, path, GB_LIMIT_JWKS, &set, &err), path);
    must(jwks_read(set, &keys, &err), path);
    must(file_read(arena, "-", GB_LIMIT_JWT, &token, &err), "token");
    int r = jwt_verify(arena, gb_text_trim(token), keys, &rules, &jwt, &err);
    if (r < 0) {
        fprintf(stderr, "%s\n", err.text);
        return 1;
    }
    puts(jwt.key_id);
    return 0;
}

int main(int argc, char **argv)
{
    arena = gb_arena_new();
    must(arena ? 0 : gb_err_nomem(&err), "arena");
    must(digester_new(&digester, &err), "digester");
    const char *what = argc > 2 ? argv[1] : "";
    if (strcmp(what, "grow") == 0 && argc == 4)
        return grow(argv[2], argv[3], false);
    if (strcmp(what, "survive") == 0 && argc == 4)
        return grow(argv[2], argv[3], true);
    if (strcmp(what, "notes") == 0 && argc == 5)
        return judge(argv[2], argv[3], argv[4]);
    if (strcmp(what, "token") == 0 && argc == 3)
        return verify_token(argv[2]);
    fputs("usage: see the source\n", stderr);
    return 2;
}
