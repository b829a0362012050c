#include "server/kept/keep.h"

#include <string.h>

#include "attest/next.h"
#include "base/buf.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/bundle.h"
#include "evidence/envelope.h"
#include "evidence/ima.h"
#include "policy/documents/signed_set.h"
#include "server/nodes/facts.h"
#include "server/nodes/nodes.h"
#include "server/nodes/nonce.h"
#include "server/snapshot.h"
#include "store/kept.h"
#include "store/store.h"
#include "verify/claims.h"
#include "wire/pack.h"

struct keeping {
    struct gb_arena *arena;
    struct store *store;
    struct digester *digester;
    const struct round *round;
    struct store_kept kept;
    struct store_kept_part parts[STORE_KEPT_PARTS];
    struct gb_bytes bytes[STORE_KEPT_PARTS]; /* of each part; data NULL: it is kept already */
};

/* ---- which parts ---- */

static int add_part(struct keeping *k, enum store_part part, struct gb_bytes bytes,
                    struct gb_err *err)
{
    if (bytes.len == 0)
        return GB_OK;
    if (k->kept.part_count == STORE_KEPT_PARTS)
        return gb_err_set(err, GB_ERR_BUG, "too many parts of evidence");
    struct store_kept_part *p = &k->parts[k->kept.part_count];
    *p = (struct store_kept_part){.part = part, .blob.size = bytes.len};
    k->bytes[k->kept.part_count++] = bytes;
    if (digest_of(k->digester, DIGEST_SHA256, bytes, p->blob.digest) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    return GB_OK;
}

/* Entries behind the quoted value come again with the next round. Of a list that was refused all is
 * kept: it is what was refused. */
static struct gb_bytes proven_ima(const struct round *round, bool accepted)
{
    const struct claims *claims = &round->claims;
    struct gb_bytes all = round->bundle->ima;
    if (!accepted)
        return all;
    return gb_bytes(all.data, claims->has_ima ? ima_span(all, claims->ima, claims->ima_count) : 0);
}

/* How much of the list is kept already, as the segments with which the newest chain begins. */
static int share_segments(struct keeping *k, const struct store_kept *before, struct gb_bytes *list,
                          struct gb_err *err)
{
    size_t segments = 0, begin = k->kept.part_count;
    struct gb_bytes rest = *list;
    for (size_t i = 0; i < before->part_count; i++) {
        const struct store_kept_part *old = &before->parts[i];
        uint8_t digest[STORE_HASH];
        if (old->part != STORE_PART_IMA)
            continue;
        if (old->blob.size > rest.len || segments == STORE_KEPT_SEGMENTS)
            break;
        if (digest_of(k->digester, DIGEST_SHA256, gb_bytes(rest.data, old->blob.size), digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
        if (memcmp(digest, old->blob.digest, sizeof digest) != 0)
            break;
        k->parts[begin + segments] = *old;
        k->parts[begin + segments].blob.packed = (struct gb_bytes){0};
        k->parts[begin + segments++].blob.file = NULL; /* it is its row's, not ours */
        rest = gb_bytes_from(rest, old->blob.size);
    }
    if (segments == STORE_KEPT_SEGMENTS && rest.len > 0)
        return GB_OK; /* one blob instead of many */
    k->kept.part_count += segments;
    *list = rest;
    return GB_OK;
}

static int add_whole(struct keeping *k, const struct store_kept *before, struct gb_err *err)
{
    const struct bundle *bundle = k->round->bundle;
    struct gb_bytes list = proven_ima(k->round, k->kept.accepted);
    int r = add_part(k, STORE_PART_BOOT_LOG, bundle->boot_log, err);
    if (r == GB_OK)
        r = add_part(k, STORE_PART_SYSTEMD_LOG, bundle->systemd_log, err);
    if (r == GB_OK)
        r = add_part(k, STORE_PART_CMDLINE, bundle->cmdline, err);
    if (r == GB_OK)
        r = add_part(k, STORE_PART_EK_CERTS, k->round->ek_certs, err);
    if (r == GB_OK && before)
        r = share_segments(k, before, &list, err);
    return r < 0 ? r : add_part(k, STORE_PART_IMA, list, err);
}

/* A quote that proves nothing says so by itself. What else came with it is anybody's: who has a
 * node's certificate and not its AK must not fill the store. */
static int add_parts(struct keeping *k, const struct store_kept *before, struct gb_err *err)
{
    if (!k->round->claims.quote_proven)
        return k->kept.whole ? add_part(k, STORE_PART_EK_CERTS, k->round->ek_certs, err) : GB_OK;
    return k->kept.whole ? add_whole(k, before, err)
                         : add_part(k, STORE_PART_IMA, proven_ima(k->round, k->kept.accepted), err);
}

/* ---- whether ---- */

static bool same_parts(const struct store_kept *a, const struct store_kept *b)
{
    if (a->part_count != b->part_count)
        return false;
    for (size_t i = 0; i < a->part_count; i++)
        if (a->parts[i].part != b->parts[i].part ||
            memcmp(a->parts[i].blob.digest, b->parts[i].blob.digest, STORE_HASH) != 0)
            return false;
    return true;
}

/* Something that later rounds go on from, and that is not kept yet. */
static bool is_new(const struct keeping *k, const struct store_kept *before)
{
    if (!k->kept.accepted)
        return false;
    if (!k->kept.whole)
        return k->kept.part_count > 0;
    return !before || before->ima_end != k->kept.ima_end || !same_parts(before, &k->kept);
}

/* ---- packing ---- */

static int pack_parts(struct keeping *k, struct gb_err *err)
{
    bool known[STORE_KEPT_PARTS] = {false};
    int r = store_blob_known(k->store, k->parts, k->kept.part_count, known, err);
    for (size_t i = 0; r == GB_OK && i < k->kept.part_count; i++) {
        struct store_blob *blob = &k->parts[i].blob;
        if (known[i] || !k->bytes[i].data)
            continue;
        r = pack(k->arena, k->bytes[i], &blob->packed, err);
        blob->packed_size = blob->packed.len;
        if (r == GB_OK && blob->packed.len > STORE_BLOB_INLINE)
            r = store_blob_write(k->store, k->arena, blob, err);
    }
    return r;
}

/* All that is no part of its own: quote, signature, values, AK, extras. */
static int pack_head(struct keeping *k, struct gb_err *err)
{
    const struct bundle *bundle = k->round->bundle;
    struct bundle *small = gb_arena_new_one(k->arena, struct bundle);
    struct gb_buf out;
    if (!small)
        return gb_err_nomem(err);
    small->quote = bundle->quote;
    small->signature = bundle->signature;
    small->ak_public = bundle->ak_public;
    small->pcrs_raw = bundle->pcrs_raw;
    if (k->round->claims.quote_proven || bundle->extras.len <= GB_LIMIT_KEPT_UNPROVEN)
        small->extras = bundle->extras;
    gb_buf_init(&out, GB_LIMIT_KEPT);
    envelope_write(&out, small);
    k->kept.head_size = out.len;
    int r = gb_buf_ok(&out) ? pack(k->arena, gb_buf_bytes(&out), &k->kept.head, err)
                            : gb_err_nomem(err);
    gb_buf_done(&out);
    return r;
}

static int name_documents(struct keeping *k, struct gb_err *err)
{
    const struct signed_set *set = snapshot_documents(k->round->snapshot);
    if (snapshot_fault(k->round->snapshot))
        return GB_OK; /* none of them judged */
    struct store_kept_document *documents =
        gb_arena_new_array(k->arena, struct store_kept_document, set->count + 1);
    if (!documents)
        return gb_err_nomem(err);
    for (size_t i = 0; i < set->count; i++)
        documents[i] = (struct store_kept_document){.kind = set->documents[i].kind,
                                                    .name = set->documents[i].name,
                                                    .version = set->documents[i].version};
    k->kept.documents = documents;
    k->kept.document_count = set->count;
    return GB_OK;
}

static int describe(struct keeping *k, struct gb_err *err)
{
    const struct round *round = k->round;
    const struct progress *held = &round->node->progress;
    uint8_t *before = gb_arena_new_array(k->arena, uint8_t, PROGRESS_MAX);
    if (!before)
        return gb_err_nomem(err);
    memcpy(k->kept.node, round->node->id, STORE_ID);
    memcpy(k->kept.quote, round->quote, STORE_HASH);
    memcpy(k->kept.transport, round->node->transport, STORE_HASH);
    k->kept.at_s = round->nonce.issued_s;
    k->kept.judged_s = round->judged_s;
    k->kept.trust_id = round->told.trust_id;
    k->kept.nonce = gb_bytes(round->nonce.bytes, NONCE_SIZE);
    k->kept.before = gb_bytes(before, progress_write(held, before));
    k->kept.facts = facts_json(k->arena, round->node->name, round->node->labels);
    k->kept.parts = k->parts;
    return k->kept.facts ? GB_OK : gb_err_nomem(err);
}

/* The newest chain of the node; *ret_kept stays NULL when there is none. */
static int find_before(struct keeping *k, struct store_kept **ret_kept, struct gb_err *err)
{
    struct store_kept *before = gb_arena_new_one(k->arena, struct store_kept);
    if (!before)
        return gb_err_nomem(err);
    int r = store_kept_newest(k->store, k->arena, k->round->node->id, before, err);
    if (r == GB_OK)
        *ret_kept = before;
    return r == GB_ERR_NOTFOUND ? GB_OK : r;
}

int keep_prepare(struct gb_arena *arena, struct store *store, struct digester *digester,
                 const struct round *round, bool news, const struct store_kept **ret_kept,
                 struct gb_err *err)
{
    const bool whole = !bundle_continues(round->bundle);
    const bool accepted = !claims_refused(&round->claims);
    *ret_kept = NULL;
    if (!news && (!accepted || (!whole && round->bundle->ima.len == 0)))
        return GB_OK; /* the steady state */
    struct keeping *k = gb_arena_new_one(arena, struct keeping);
    struct store_kept *before = NULL;
    if (!k)
        return gb_err_nomem(err);
    *k = (struct keeping){
        .arena = arena,
        .store = store,
        .digester = digester,
        .round = round,
        .kept = {.whole = whole,
                 .accepted = accepted,
                 .ima_from = round->bundle->ima_from,
                 .ima_end = round->after.seen.whole ? round->after.seen.ima.next : 0}};
    k->kept.parts = k->parts;
    int r = whole ? find_before(k, &before, err) : GB_OK;
    if (r == GB_OK)
        r = add_parts(k, before, err);
    if (r < 0 || !(news || is_new(k, before)))
        return r;
    r = pack_parts(k, err);
    if (r == GB_OK)
        r = pack_head(k, err);
    if (r == GB_OK)
        r = describe(k, err);
    if (r == GB_OK)
        r = name_documents(k, err);
    if (r == GB_OK)
        *ret_kept = &k->kept;
    else
        store_blob_discard(store, k->parts, k->kept.part_count);
    return r;
}
