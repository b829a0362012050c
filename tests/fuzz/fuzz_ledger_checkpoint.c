/* Aims at verifier keys, signed notes and checkpoints: note_key_read, note_read, note_verify,
 * checkpoint_read, checkpoint_open. Nothing signs with the key that is asked for, so nothing may
 * pass; what was read is written again to the same bytes. */
#include <stdlib.h>
#include <string.h>

#include "ledger/checkpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct digester *digester;
static struct note_key keys[2]; /* a log's and a witness's; nobody has the private halves */

static void must(int ok)
{
    if (!ok)
        abort();
}

static void prepare(void)
{
    uint8_t public[ED25519_PUBLIC];
    memset(public, 0x5a, sizeof public);
    must(digester_new(&digester, NULL) == 0);
    must(note_key_make(digester, "example.org/ledger", NOTE_ED25519, public, &keys[0], NULL) == 0);
    must(note_key_make(digester, "example.net/w", NOTE_COSIGNATURE, public, &keys[1], NULL) == 0);
}

static void read_key(struct gb_bytes in)
{
    struct note_key key;
    struct note_key again;
    char text[NOTE_VKEY];
    if (note_key_read(digester, in, &key, NULL) < 0)
        return;
    note_key_write(&key, text);
    must(note_key_read(digester, gb_bytes_str(text), &again, NULL) == 0);
    must(again.id == key.id && again.kind == key.kind && strcmp(again.name, key.name) == 0);
}

static void read_body(struct gb_bytes text)
{
    struct checkpoint head;
    struct gb_buf again;
    if (checkpoint_read(text, &head, NULL) < 0)
        return;
    must(head.size <= MERKLE_SIZE_MAX && head.origin.len > 0);
    gb_buf_init(&again, SIZE_MAX);
    checkpoint_write(&head, &again);
    must(gb_buf_ok(&again) && gb_bytes_equal(gb_buf_bytes(&again), text));
    gb_buf_done(&again);
}

static void read_note(struct gb_arena *arena, struct gb_bytes in)
{
    struct note note;
    struct checkpoint_opened opened;
    const struct checkpoint_trust trust = {
        .keys = &keys[0], .key_count = 1, .witnesses = &keys[1], .witness_count = 1, .quorum = 1};
    if (note_read(arena, in, &note, NULL) < 0)
        return;
    must(note.count > 0 && note.text.len > 0 && note.text.data[note.text.len - 1] == '\n');
    for (size_t i = 0; i < GB_ARRAY_LEN(keys); i++) {
        enum note_standing standing = NOTE_SIGNED;
        must(note_verify(&note, &keys[i], &standing, NULL, NULL) == 0 && standing != NOTE_SIGNED);
    }
    read_body(note.text);
    if (checkpoint_open(arena, &trust, in, &opened, NULL) == 0)
        must(opened.fault != NULL);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!digester)
        prepare();
    must(arena != NULL);
    read_key(gb_bytes(data, size));
    read_body(gb_bytes(data, size));
    read_note(arena, gb_bytes(data, size));
    return 0;
}
