#include "witness/record.h"

#include <string.h>

#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "os/file.h"

void record_done(struct record *record)
{
    gb_buf_done(&record->note);
    *record = (struct record){0};
}

/* The file is ours; what we did not sign has no place there. */
static int judge(const struct note *note, const struct note_key *self, const char *origin,
                 struct checkpoint *ret_checkpoint, struct gb_err *err)
{
    enum note_standing standing = NOTE_UNSIGNED;
    int r = note_verify(note, self, &standing, NULL, err);
    if (r == GB_OK && standing != NOTE_SIGNED)
        return gb_err_set(err, GB_ERR_CONFIG, "the witness' key did not sign it");
    if (r == GB_OK)
        r = checkpoint_read(note->text, ret_checkpoint, err);
    if (r == GB_OK && !gb_bytes_is(ret_checkpoint->origin, origin))
        return gb_err_set(err, GB_ERR_CONFIG, "it is of another log");
    return r;
}

static int keep(uint64_t size, const uint8_t root[MERKLE_HASH], struct gb_bytes note,
                struct record *ret_record, struct gb_err *err)
{
    struct record record = {.size = size};
    memcpy(record.root, root, MERKLE_HASH);
    gb_buf_init(&record.note, GB_LIMIT_NOTE);
    gb_buf_add(&record.note, note.data, note.len);
    if (!gb_buf_ok(&record.note)) {
        record_done(&record);
        return gb_err_nomem(err);
    }
    record_done(ret_record);
    *ret_record = record;
    return GB_OK;
}

int record_load(const char *path, const struct note_key *self, const char *origin,
                struct record *ret_record, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct gb_bytes text = {0};
    struct note note = {0};
    struct checkpoint checkpoint = {0};
    int r = arena ? file_read(arena, path, GB_LIMIT_NOTE, &text, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND) {
        record_done(ret_record);
        return GB_OK;
    }
    if (r < 0)
        return r;
    r = note_read(arena, text, &note, err);
    if (r == GB_OK)
        r = judge(&note, self, origin, &checkpoint, err);
    if (r == GB_OK)
        return keep(checkpoint.size, checkpoint.root, text, ret_record, err);
    gb_err_prefix(err, "%s: ", path);
    return r == GB_ERR_INPUT || r == GB_ERR_LIMIT ? GB_ERR_CONFIG : r;
}

int record_save(const char *path, uint64_t size, const uint8_t root[MERKLE_HASH],
                struct gb_bytes note, struct record *record, struct gb_err *err)
{
    int r = file_write(path, note, err);
    return r < 0 ? r : keep(size, root, note, record, err);
}
