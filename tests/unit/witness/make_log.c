#include "make_log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"

static void need(bool good, const char *what)
{
    if (good)
        return;
    fprintf(stderr, "make_log: %s\n", what);
    abort();
}

void made_log_new(struct made_log *log, struct gb_arena *arena, const char *origin)
{
    uint8_t public[ED25519_PUBLIC];
    *log = (struct made_log){.arena = arena};
    need(digester_new(&log->digester, NULL) == 0 && ed25519_new(&log->key, NULL) == 0 &&
             ed25519_public(log->key, public, NULL) == 0 &&
             note_key_make(log->digester, origin, NOTE_ED25519, public, &log->name, NULL) == 0,
         "a key");
    note_key_write(&log->name, log->vkey);
}

void made_log_done(struct made_log *log)
{
    digester_free(log->digester);
    ed25519_free(log->key);
}

void made_log_grow(struct made_log *log, const char *what, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        char text[64];
        need(log->count < MADE_LEAVES, "no room");
        int len = snprintf(text, sizeof text, "%s %zu", what, i);
        need(merkle_leaf(log->digester, gb_bytes(text, (size_t)len), log->leaves[log->count++]) ==
                 0,
             "a leaf");
    }
}

struct made_log made_log_copy(const struct made_log *log)
{
    return *log;
}

static void subtree(const struct made_log *log, size_t first, size_t count,
                    uint8_t out[MERKLE_HASH])
{
    uint8_t right[MERKLE_HASH];
    size_t half = 1;
    if (count == 0)
        need(merkle_empty(log->digester, out) == 0, "empty");
    else if (count == 1)
        memcpy(out, log->leaves[first], MERKLE_HASH);
    if (count < 2)
        return;
    while (half * 2 < count)
        half *= 2;
    subtree(log, first, half, out);
    subtree(log, first + half, count - half, right);
    need(merkle_node(log->digester, out, right, out) == 0, "a node");
}

void made_log_root(const struct made_log *log, size_t size, uint8_t out[MERKLE_HASH])
{
    subtree(log, 0, size, out);
}

struct gb_bytes made_log_note(const struct made_log *log, size_t size, const uint8_t *root)
{
    struct checkpoint head = {.origin = gb_bytes_str(log->name.name), .size = size};
    struct gb_buf text, note;
    gb_buf_init(&text, 4096);
    gb_buf_init(&note, 4096);
    made_log_root(log, size, head.root);
    if (root)
        memcpy(head.root, root, MERKLE_HASH);
    checkpoint_write(&head, &text);
    note_begin(&note, gb_buf_bytes(&text));
    need(note_sign(log->key, &log->name, gb_buf_bytes(&text), 0, &note, NULL) == 0 &&
             gb_buf_ok(&note),
         "a signature");
    struct gb_bytes out = gb_arena_copy(log->arena, gb_buf_bytes(&note));
    gb_buf_done(&text);
    gb_buf_done(&note);
    return out;
}

static int node(void *arg, unsigned level, uint64_t index, uint8_t out[MERKLE_HASH],
                struct gb_err *err)
{
    (void)err;
    subtree(arg, (size_t)index << level, (size_t)1 << level, out);
    return 0;
}

struct gb_bytes made_log_ask_with(const struct made_log *log, uint64_t old_size, size_t from,
                                  size_t to, struct gb_bytes note)
{
    struct made_log copy = *log;
    const struct merkle_source source = {.node = node, .arg = &copy};
    struct merkle_proof proof = {.count = 0};
    struct add_checkpoint ask = {.old_size = old_size, .note = note};
    struct gb_buf out;
    need(merkle_prove_consistency(log->digester, &source, from, to, &proof, NULL) == 0, "a proof");
    ask.proof_count = proof.count;
    memcpy(ask.proof, proof.hashes, sizeof ask.proof);
    gb_buf_init(&out, 64 << 10);
    add_checkpoint_write(&ask, &out);
    struct gb_bytes body = gb_arena_copy(log->arena, gb_buf_bytes(&out));
    need(gb_buf_ok(&out) && body.data, "memory");
    gb_buf_done(&out);
    return body;
}

struct gb_bytes made_log_ask(const struct made_log *log, size_t old_size, size_t size)
{
    return made_log_ask_with(log, old_size, old_size, size, made_log_note(log, size, NULL));
}
