#include "server/ledger/witness_push.h"

#include <inttypes.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/add_checkpoint.h"
#include "ledger/checkpoint.h"
#include "ledger/folder.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "net/http_client.h"

enum { TRIES = 3, VKEYS = 4 };

/* What we push, read once. */
struct pushed {
    struct note note;
    struct checkpoint head;
    struct folder *folder;
};

static void pushed_done(struct pushed *pushed)
{
    folder_free(pushed->folder);
}

static int pushed_open(struct witness_push *push, struct pushed *pushed, struct gb_err *err)
{
    int r = note_read(push->arena, push->note, &pushed->note, err);
    if (r == GB_OK)
        r = checkpoint_read(pushed->note.text, &pushed->head, err);
    return r < 0 ? r : folder_open(push->ledger, &pushed->folder, err);
}

/* ---- ask ---- */

static int write_ask(struct witness_push *push, struct pushed *pushed, struct gb_buf *out,
                     struct gb_err *err)
{
    struct add_checkpoint ask = {.old_size = push->known_size, .note = push->note};
    struct merkle_proof proof = {.count = 0};
    const struct merkle_source source = folder_source(pushed->folder, pushed->head.size);
    int r = merkle_prove_consistency(push->digester, &source, push->known_size, pushed->head.size,
                                     &proof, err);
    if (r < 0)
        return r;
    if (proof.count > GB_LIMIT_CONSISTENCY)
        return gb_err_set(err, GB_ERR_LIMIT, "the proof is longer than a witness reads");
    ask.proof_count = proof.count;
    memcpy(ask.proof, proof.hashes, proof.count * MERKLE_HASH);
    add_checkpoint_write(&ask, out);
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}

static int send(struct witness_push *push, const char *method, const char *path,
                struct gb_bytes body, struct http_reply *ret_reply, struct gb_err *err)
{
    const char *whole = gb_arena_printf(push->arena, "%s%s", push->line->prefix, path);
    return whole ? http_client_send(push->client, method, whole, body.len > 0 ? "text/plain" : NULL,
                                    body, ret_reply, err)
                 : gb_err_nomem(err);
}

/* ---- 200 ---- */

/* The witness' own line among those of the answer, once it verifies over our text (tlog-witness:
 * the client may concatenate the two). Others are ignored. */
static int take_cosignature(struct witness_push *push, const struct pushed *pushed,
                            struct gb_bytes answer, struct gb_err *err)
{
    const struct note_key *key = &push->line->key;
    enum note_standing standing = NOTE_UNSIGNED;
    struct note both = {0};
    const char *text = gb_arena_printf(push->arena, "%.*s\n%.*s", (int)pushed->note.text.len,
                                       (const char *)pushed->note.text.data, (int)answer.len,
                                       (const char *)answer.data);
    int r = text ? note_read(push->arena, gb_bytes_str(text), &both, err) : gb_err_nomem(err);
    if (r == GB_OK && !gb_bytes_equal(both.text, pushed->note.text))
        return gb_err_set(err, GB_ERR_INPUT, "its answer is no signature line");
    if (r == GB_OK)
        r = note_verify(&both, key, &standing, NULL, err);
    if (r < 0)
        return r;
    if (standing != NOTE_SIGNED)
        return gb_err_set(err, GB_ERR_INPUT, "its answer has no right signature of its key");
    for (size_t i = 0; i < both.count; i++)
        if (both.lines[i].id == key->id && gb_bytes_is(both.lines[i].name, key->name)) {
            push->cosignature = both.lines[i].line;
            return GB_OK;
        }
    return gb_err_set(err, GB_ERR_BUG, "a signature without a line");
}

/* ---- a refusal: are we what is wrong? ---- */

static int own_keys(struct witness_push *push, struct note_key keys[VKEYS], size_t *ret_count,
                    struct gb_err *err)
{
    struct gb_bytes rest = gb_bytes_str(push->vkeys);
    size_t count = 0;
    while (rest.len > 0 && count < VKEYS) {
        struct gb_bytes line = gb_text_trim(gb_text_until(&rest, '\n'));
        int r = line.len > 0 ? note_key_read(push->digester, line, &keys[count], err) : GB_OK;
        if (r < 0)
            return r;
        count += line.len > 0;
    }
    *ret_count = count;
    return GB_OK;
}

static int root_at(struct witness_push *push, struct pushed *pushed, uint64_t size,
                   uint8_t out[MERKLE_HASH], struct gb_err *err)
{
    struct merkle_range range = {0};
    const struct merkle_source source = folder_source(pushed->folder, pushed->head.size);
    int r = size > 0 ? merkle_range_load(&source, size, &range, err) : GB_OK;
    if (r == GB_OK && merkle_range_root(push->digester, &range, out) < 0)
        r = gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    return r;
}

/* A checkpoint that our own key signed stands with the witness: is it of this tree? */
static int compare(struct witness_push *push, struct pushed *pushed,
                   const struct checkpoint *theirs, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    const uint64_t size = pushed->head.size;
    if (theirs->size > size)
        return gb_err_set(err, GB_ERR_DENIED,
                          "the ledger was set back to an older copy: %s co-signed %" PRIu64
                          " entries that our key signed, here it has %" PRIu64,
                          push->line->key.name, theirs->size, size);
    int r = root_at(push, pushed, theirs->size, root, err);
    if (r == GB_OK && memcmp(root, theirs->root, MERKLE_HASH) != 0)
        return gb_err_set(err, GB_ERR_DENIED,
                          "the ledger forked: %s co-signed %" PRIu64
                          " entries that our key signed, and they are not ours",
                          push->line->key.name, theirs->size);
    return r;
}

/* tlog-witness, monitor retrieval. Only our own signature convicts us: a witness that lies cannot
 * stop the service. 0: nothing is proven. */
static int look(struct witness_push *push, struct pushed *pushed, struct gb_err *err)
{
    struct http_reply reply = {0};
    struct note_key keys[VKEYS];
    struct checkpoint_trust trust = {.keys = keys};
    struct checkpoint_opened opened = {.fault = "not read"};
    uint8_t hash[32];
    char hex[2 * sizeof hash + 1];
    if (digest_of(push->digester, DIGEST_SHA256, pushed->head.origin, hash) < 0)
        return gb_err_set(err, GB_ERR_BUG, "libcrypto does not hash");
    gb_hex_encode(gb_bytes(hash, sizeof hash), hex);
    const char *path = gb_arena_printf(push->arena, "/%s/checkpoint", hex);
    trust.origin = gb_arena_printf(push->arena, "%.*s", (int)pushed->head.origin.len,
                                   (const char *)pushed->head.origin.data);
    if (!path || !trust.origin)
        return gb_err_nomem(err);
    int r = send(push, "GET", path, gb_bytes(NULL, 0), &reply, err);
    if (r < 0)
        return r;
    push->evidence = gb_arena_copy(push->arena, gb_buf_bytes(&reply.body));
    bool there = reply.status == 200 && push->evidence.data;
    http_reply_done(&reply);
    if (there)
        r = own_keys(push, keys, &trust.key_count, err);
    if (there && r == GB_OK)
        r = checkpoint_open(push->arena, &trust, push->evidence, &opened, err);
    return r < 0 || opened.fault ? r : compare(push, pushed, &opened.head, err);
}

static int refused(struct witness_push *push, struct pushed *pushed, int status, struct gb_err *err)
{
    int r = look(push, pushed, err);
    if (r == GB_ERR_DENIED)
        return r;
    return gb_err_set(err, GB_ERR_AGAIN, "%s",
                      status == 404   ? "the witness does not know this log"
                      : status == 403 ? "the witness does not know the ledger's key"
                      : status == 409 || status == 422
                          ? "the witness says that the log does not grow "
                            "from what it co-signed, but cannot show it"
                          : "the witness failed");
}

/* ---- push ---- */

/* Whether to ask again from another size. */
static bool learn_size(struct witness_push *push, const struct pushed *pushed,
                       const struct http_reply *reply)
{
    uint64_t size = 0;
    if (reply->status != 409 ||
        add_checkpoint_size_read(gb_buf_bytes(&reply->body), &size, NULL) < 0 ||
        size > pushed->head.size || size == push->known_size)
        return false;
    push->known_size = size;
    return true;
}

static int push_open(struct witness_push *push, struct pushed *pushed, struct gb_err *err)
{
    if (push->known_size > pushed->head.size)
        push->known_size = 0; /* it tells */
    for (int i = 0; i < TRIES; i++) {
        gb_cleanup(gb_buf_done) struct gb_buf ask;
        gb_cleanup(http_reply_done) struct http_reply reply = {0};
        gb_buf_init(&ask, GB_LIMIT_NOTE + GB_LIMIT_ADD_CHECKPOINT);
        int r = write_ask(push, pushed, &ask, err);
        if (r == GB_OK)
            r = send(push, "POST", "/add-checkpoint", gb_buf_bytes(&ask), &reply, err);
        if (r < 0)
            return r;
        if (reply.status == 200) {
            struct gb_bytes answer = gb_arena_copy(push->arena, gb_buf_bytes(&reply.body));
            r = take_cosignature(push, pushed, answer, err);
            if (r == GB_OK)
                push->known_size = pushed->head.size;
            return r;
        }
        if (!learn_size(push, pushed, &reply))
            return refused(push, pushed, reply.status, err);
    }
    return gb_err_set(err, GB_ERR_AGAIN, "the witness names another size each time");
}

int witness_push(struct witness_push *push, struct gb_err *err)
{
    gb_cleanup(pushed_done) struct pushed pushed = {0};
    int r = pushed_open(push, &pushed, err);
    return r < 0 ? r : push_open(push, &pushed, err);
}
