#include "signer.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/buf.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "ledger/merkle.h"
#include "os/file.h"

static const char origin[] = "example.org/ledger";

static void keep(struct signer *s)
{
    uint8_t bytes[40];
    memcpy(bytes, &s->size, 8);
    memcpy(bytes + 8, s->root, 32);
    assert_int_equal(file_write(s->path, gb_bytes(bytes, sizeof bytes), NULL), GB_OK);
}

/* The key is kept, too: a signer that is opened again is the same one. */
static void read_key(struct signer *s, const char *folder)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    struct gb_bytes bytes;
    char path[128];
    snprintf(path, sizeof path, "%s/signer.key", folder);
    gb_buf_init(&pem, 4096);
    if (file_read(arena, path, 4096, &bytes, NULL) == GB_OK) {
        assert_int_equal(ed25519_from_pem(bytes, gb_bytes(NULL, 0), &s->key, NULL), GB_OK);
        return;
    }
    assert_int_equal(ed25519_new(&s->key, NULL), GB_OK);
    assert_int_equal(ed25519_to_pem(s->key, gb_bytes(NULL, 0), &pem, NULL), GB_OK);
    assert_int_equal(file_write(path, gb_buf_bytes(&pem), NULL), GB_OK);
}

void signer_open(struct signer *s, const char *folder)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    uint8_t public[ED25519_PUBLIC];
    struct gb_bytes state;
    *s = (struct signer){.away = false};
    snprintf(s->path, sizeof s->path, "%s/signer.state", folder);
    assert_int_equal(digester_new(&s->digester, NULL), GB_OK);
    read_key(s, folder);
    assert_int_equal(ed25519_public(s->key, public, NULL), GB_OK);
    assert_int_equal(note_key_make(s->digester, origin, NOTE_ED25519, public, &s->as, NULL), GB_OK);
    if (file_read(arena, s->path, 40, &state, NULL) == GB_OK) {
        memcpy(&s->size, state.data, 8);
        memcpy(s->root, state.data + 8, 32);
    } else {
        assert_int_equal(merkle_empty(s->digester, s->root), GB_OK);
    }
}

void signer_close(struct signer *s)
{
    ed25519_free(s->key);
    digester_free(s->digester);
}

static int state(void *ctx, struct gb_arena *arena, struct keyd_ledger *ret, struct gb_err *err)
{
    struct signer *s = ctx;
    (void)arena;
    if (s->away)
        return gb_err_set(err, GB_ERR_IO, "nobody answers");
    *ret = (struct keyd_ledger){.size = s->size, .vkeys = "key"};
    memcpy(ret->root, s->root, sizeof ret->root);
    return GB_OK;
}

static bool grows(struct signer *s, const struct keyd_ledger_ask *ask)
{
    bool valid = false;
    if (ask->size == ask->old_size)
        return memcmp(ask->root, s->root, sizeof s->root) == 0;
    if (ask->old_size == 0)
        return true;
    return merkle_verify_consistency(s->digester, ask->old_size, ask->size, s->root, ask->root,
                                     ask->proof, ask->proof_count, &valid) == GB_OK &&
           valid;
}

static const char *sign_note(struct signer *s, struct gb_arena *arena)
{
    gb_cleanup(gb_buf_done) struct gb_buf text, note;
    struct checkpoint head = {.origin = gb_bytes_str(origin), .size = s->size};
    memcpy(head.root, s->root, sizeof head.root);
    gb_buf_init(&text, 4096);
    gb_buf_init(&note, 4096);
    checkpoint_write(&head, &text);
    note_begin(&note, gb_buf_bytes(&text));
    if (note_sign(s->key, &s->as, gb_buf_bytes(&text), 0, &note, NULL) < 0)
        return NULL;
    return (const char *)gb_arena_copy(arena, gb_buf_bytes(&note)).data;
}

static int sign(void *ctx, struct gb_arena *arena, const struct keyd_ledger_ask *ask,
                const char **ret_note, struct gb_err *err)
{
    struct signer *s = ctx;
    if (s->away)
        return gb_err_set(err, GB_ERR_IO, "nobody answers");
    if (ask->old_size != s->size)
        return gb_err_set(err, GB_ERR_AGAIN, "another size was signed last");
    if (s->refuses || ask->size < s->size || !grows(s, ask))
        return gb_err_set(err, GB_ERR_DENIED, "not consistent growth");
    s->size = ask->size;
    memcpy(s->root, ask->root, sizeof s->root);
    keep(s);
    s->signs++;
    *ret_note = sign_note(s, arena);
    if (!s->deaf)
        return *ret_note ? GB_OK : gb_err_nomem(err);
    s->deaf = false;
    return gb_err_set(err, GB_ERR_IO, "the answer did not come");
}

struct sequencer_signer signer_of(struct signer *signer)
{
    return (struct sequencer_signer){.state = state, .sign = sign, .ctx = signer};
}

uint64_t signer_checked(struct signer *s, const char *path)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    struct checkpoint_trust trust = {.keys = &s->as, .key_count = 1};
    struct checkpoint_opened opened;
    struct merkle_range range;
    struct gb_bytes note;
    uint8_t root[32];
    struct gb_err err;
    assert_int_equal(folder_open(path, &folder, NULL), GB_OK);
    if (folder_checkpoint(folder, arena, &note, &err) < 0)
        return 0;
    assert_int_equal(checkpoint_open(arena, &trust, note, &opened, &err), GB_OK);
    assert_null(opened.fault);
    struct merkle_source source = folder_source(folder, opened.head.size);
    if (merkle_range_load(&source, opened.head.size, &range, &err) < 0)
        fail_msg("%s", err.text);
    assert_int_equal(merkle_range_root(s->digester, &range, root), GB_OK);
    assert_memory_equal(root, opened.head.root, sizeof root);
    return opened.head.size;
}
