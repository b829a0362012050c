/* What a witness promises: it co-signs only what grows from what it co-signed last, and a fork
 * moves nothing. */
#include <inttypes.h>
#include <pthread.h>
#include <string.h>

#include "base/log.h"
#include "ledger/add_checkpoint.h"
#include "ledger/fork_proof.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "witness/forks.h"
#include "witness/record.h"
#include "witness/ward.h"
#include "witness/witness.h"

static void refuse(struct witness_answer *answer, int status, const char *code, const char *message,
                   const char *remedy)
{
    *answer = (struct witness_answer){
        .status = status, .code = code, .message = message, .remedy = remedy};
}

static void fail(struct witness_answer *answer, const char *event, const struct gb_err *err)
{
    gb_log_err(GB_LOG_ERROR, event, err);
    refuse(answer, 500, "internal", "the witness failed: nothing was co-signed",
           "see the witness' log: is its disk full?");
}

/* ---- forks ---- */

static void keep_case(struct pen *pen, const struct ward *ward, const struct candidate *candidate,
                      enum forks_kind kind)
{
    const struct forks_case what = {.kind = kind,
                                    .origin = ward->origin,
                                    .signed_size = ward->record.size,
                                    .refused_size = candidate->head->size,
                                    .text = candidate->note->text,
                                    .signed_ = gb_buf_bytes(&ward->record.note),
                                    .refused = candidate->body,
                                    .at_s = candidate->now_s};
    forks_keep(pen->forks, &what);
}

static void refuse_fork(struct witness_answer *answer)
{
    refuse(answer, 422, "fork",
           "the log forked: it signed a tree that is not the one co-signed here",
           "stop the log; it was set back to an older copy, or its key signs in two places");
}

/* Two roots of one size need no proof. False: nothing is wrong that way. */
static bool same_size_fork(struct pen *pen, const struct ward *ward,
                           const struct candidate *candidate)
{
    const struct record *record = &ward->record;
    if (candidate->head->size != record->size || record->note.len == 0 ||
        memcmp(candidate->head->root, record->root, MERKLE_HASH) == 0)
        return false;
    keep_case(pen, ward, candidate, FORKS_PROVEN);
    return true;
}

/* The proof does not hold. When it leads to the signed root from another beginning, then that is a
 * fork whoever sent it; else it may be a mistake, which only the operator can tell. */
static void refuse_proof(struct pen *pen, const struct ward *ward,
                         const struct candidate *candidate, struct witness_answer *answer)
{
    const struct add_checkpoint *ask = candidate->ask;
    bool forked = false;
    if (fork_proof_holds(ward->digester, ask->old_size, candidate->head->size, ward->record.root,
                         candidate->head->root, ask->proof, ask->proof_count, &forked) < 0)
        forked = false; /* kept as a suspect */
    keep_case(pen, ward, candidate, forked ? FORKS_PROVEN : FORKS_SUSPECT);
    if (forked)
        refuse_fork(answer);
    else
        refuse(answer, 422, "proof-invalid",
               "the proof does not lead from the size co-signed here to the checkpoint",
               "send the consistency proof from the old size; else the log forked");
}

/* ---- growth ---- */

/* 409: what the log must prove from (tlog-witness, add-checkpoint). */
static void answer_size(const struct ward *ward, struct gb_arena *arena,
                        struct witness_answer *answer)
{
    const char *text = gb_arena_printf(arena, "%" PRIu64 "\n", ward->record.size);
    if (text)
        *answer = (struct witness_answer){
            .status = 409, .type = ADD_CHECKPOINT_SIZE_TYPE, .body = gb_bytes_str(text)};
    else
        refuse(answer, 503, "overloaded", "out of memory", "try again in a moment");
}

/* A log that was never co-signed grows from nothing: then there is nothing to compare with. */
static bool grows(const struct ward *ward, const struct candidate *candidate, bool *ret_grows,
                  struct gb_err *err)
{
    const struct add_checkpoint *ask = candidate->ask;
    const struct checkpoint *head = candidate->head;
    int r = merkle_verify_growth(ward->digester, ask->old_size, head->size, ward->record.root,
                                 head->root, ask->proof, ask->proof_count, ret_grows);
    if (r < 0)
        (void)gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    return r == 0;
}

/* ---- co-sign ---- */

/* The whole note: text, the log's signatures that were verified, ours. *ret_line: ours alone. */
static int write_note(struct pen *pen, const struct candidate *candidate, struct gb_buf *note,
                      struct gb_bytes *ret_line, struct gb_err *err)
{
    note_begin(note, candidate->note->text);
    for (size_t i = 0; i < candidate->line_count; i++)
        gb_buf_add(note, candidate->lines[i]->line.data, candidate->lines[i]->line.len);
    size_t before = note->len;
    pthread_mutex_lock(&pen->lock);
    int r = note_sign(pen->key, &pen->self, candidate->note->text, (uint64_t)candidate->now_s, note,
                      err);
    pthread_mutex_unlock(&pen->lock);
    if (r == GB_OK && !gb_buf_ok(note))
        return gb_err_nomem(err);
    if (r == GB_OK)
        *ret_line = gb_bytes(note->data + before, note->len - before);
    return r;
}

/* Durable first: a witness that forgets what it co-signed co-signs a fork. */
static void sign_and_keep(struct pen *pen, struct ward *ward, struct gb_arena *arena,
                          const struct candidate *candidate, struct witness_answer *answer)
{
    gb_cleanup(gb_buf_done) struct gb_buf note;
    struct gb_bytes line = {0};
    struct gb_err err = {0};
    const struct checkpoint *head = candidate->head;
    gb_buf_init(&note, GB_LIMIT_NOTE);
    int r = write_note(pen, candidate, &note, &line, &err);
    if (r == GB_OK) {
        line = gb_arena_copy(arena, line);
        r = line.data ? GB_OK : gb_err_nomem(&err);
    }
    if (r == GB_OK) {
        r = record_save(ward->path, head->size, head->root, gb_buf_bytes(&note), &ward->record,
                        &err);
        ward->stale = r < 0;
    }
    if (r < 0) {
        fail(answer, "not-co-signed", &err);
        return;
    }
    forks_clear_suspect(pen->forks, ward->origin, candidate->note->text);
    *answer = (struct witness_answer){.status = 200, .type = "text/plain", .body = line};
}

void cosign(struct pen *pen, struct ward *ward, struct gb_arena *arena,
            const struct candidate *candidate, struct witness_answer *ret_answer)
{
    const uint64_t old_size = candidate->ask->old_size;
    struct gb_err err = {0};
    bool good = false;
    if (ward->stale && record_load(ward->path, &pen->self, ward->origin, &ward->record, &err) < 0) {
        fail(ret_answer, "record-not-read", &err);
        return;
    }
    ward->stale = false;
    bool forked = same_size_fork(pen, ward, candidate);
    if (old_size > candidate->head->size)
        refuse(ret_answer, 400, "malformed", "the old size is above the checkpoint's", "");
    else if (old_size != ward->record.size)
        answer_size(ward, arena, ret_answer);
    else if (forked)
        refuse_fork(ret_answer);
    else if (!grows(ward, candidate, &good, &err))
        fail(ret_answer, "not-verified", &err);
    else if (!good && old_size == 0)
        refuse(ret_answer, 422, "proof-invalid",
               "nothing is proven from size 0, and a tree of size 0 has the empty root", "");
    else if (!good)
        refuse_proof(pen, ward, candidate, ret_answer);
    else
        sign_and_keep(pen, ward, arena, candidate, ret_answer);
}
