/* Aims at add_checkpoint_read, and what a witness reads behind it: what is taken is written back to
 * the same bytes, within its ceilings. */
#include <stdlib.h>

#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "ledger/note.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void read_note(struct gb_arena *arena, struct gb_bytes in)
{
    struct note note;
    struct checkpoint head;
    if (note_read(arena, in, &note, NULL) == 0 && checkpoint_read(note.text, &head, NULL) == 0 &&
        (head.origin.len == 0 || note.count == 0))
        abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct add_checkpoint ask;
    struct gb_bytes in = gb_bytes(data, size);
    uint64_t plain = 0;
    if (!arena)
        return 0;
    if (add_checkpoint_size_read(in, &plain, NULL) == 0 && (size < 2 || size > 21))
        abort();
    if (add_checkpoint_read(arena, in, &ask, NULL) < 0)
        return 0;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, size + 1);
    add_checkpoint_write(&ask, &out);
    if (ask.proof_count > GB_LIMIT_CONSISTENCY || !gb_buf_ok(&out) ||
        !gb_bytes_equal(gb_buf_bytes(&out), in))
        abort();
    read_note(arena, ask.note);
    return 0;
}
