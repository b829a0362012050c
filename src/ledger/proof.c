#include "ledger/proof.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/rounds.h"
#include "wire/cbor.h"
#include "wire/json.h"

static const char magic[] = "c2sp.org/tlog-proof@v1";

enum { EXTRA_ENTRY = 1, EXTRA_LEAF, EXTRA_INDEX, EXTRA_INCLUSION };
enum { EXTRA_KEYS = 4 };

static void put_line(struct gb_arena *arena, const char *before, struct gb_bytes value,
                     struct gb_buf *out)
{
    const char *text = arena ? gb_base64(arena, value) : NULL;
    if (text)
        gb_buf_printf(out, "%s%s\n", before, text);
    else
        out->failed = true;
}

void ledger_proof_write(const struct ledger_proof *proof, struct gb_buf *out)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_buf_printf(out, "%s\n", magic);
    if (proof->extra.len > 0)
        put_line(arena, "extra ", proof->extra, out);
    gb_buf_printf(out, "index %llu\n", (unsigned long long)proof->index);
    for (size_t i = 0; i < proof->inclusion.count; i++)
        put_line(arena, "", gb_bytes(proof->inclusion.hashes[i], MERKLE_HASH), out);
    gb_buf_u8(out, '\n');
    gb_buf_add(out, proof->checkpoint.data, proof->checkpoint.len);
}

/* The next line without its newline; false when the text ends before one. */
static bool cut_line(struct gb_bytes *rest, struct gb_bytes *ret_line)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    if (!end)
        return false;
    size_t len = (size_t)(end - rest->data);
    *ret_line = gb_bytes(rest->data, len);
    *rest = gb_bytes_from(*rest, len + 1);
    return true;
}

/* What follows `word` and a blank. */
static bool cut_word(struct gb_bytes line, const char *word, struct gb_bytes *ret_value)
{
    if (!gb_bytes_starts(line, gb_bytes_str(word)))
        return false;
    *ret_value = gb_bytes_from(line, strlen(word));
    return true;
}

static int read_hashes(struct gb_bytes *rest, struct merkle_proof *proof, struct gb_err *err)
{
    struct gb_bytes line;
    while (cut_line(rest, &line)) {
        if (line.len == 0)
            return GB_OK;
        if (proof->count == MERKLE_PROOF)
            return gb_err_set(err, GB_ERR_LIMIT, "more than %d hashes", MERKLE_PROOF);
        if (!gb_base64_decode_exact(line, proof->hashes[proof->count], MERKLE_HASH))
            return gb_err_set(err, GB_ERR_INPUT, "hash %zu of the inclusion is none", proof->count);
        proof->count++;
    }
    return gb_err_set(err, GB_ERR_INPUT, "the proof ends before its checkpoint");
}

static int read_extra(struct gb_arena *arena, struct gb_bytes text, struct gb_bytes *ret_extra,
                      struct gb_err *err)
{
    size_t len = gb_base64_len(text);
    uint8_t *out = len > 0 ? gb_arena_alloc_raw(arena, len, 1) : NULL;
    if (len > 0 && !out)
        return gb_err_nomem(err);
    if (!out || !gb_base64_decode_exact(text, out, len))
        return gb_err_set(err, GB_ERR_INPUT, "the proof's extra data are no base64");
    *ret_extra = gb_bytes(out, len);
    return GB_OK;
}

int ledger_proof_read(struct gb_arena *arena, struct gb_bytes in, struct ledger_proof *ret_proof,
                      struct gb_err *err)
{
    struct ledger_proof proof = {0};
    struct gb_bytes rest = in;
    struct gb_bytes line;
    struct gb_bytes value;
    if (in.len > GB_LIMIT_PROOF)
        return gb_err_set(err, GB_ERR_LIMIT, "a proof longer than %d bytes", GB_LIMIT_PROOF);
    if (!cut_line(&rest, &line) || !gb_bytes_is(line, magic))
        return gb_err_set(err, GB_ERR_INPUT, "no proof: the first line is not %s", magic);
    if (!cut_line(&rest, &line))
        return gb_err_set(err, GB_ERR_INPUT, "the proof ends before its index");
    if (cut_word(line, "extra ", &value)) {
        int r = read_extra(arena, value, &proof.extra, err);
        if (r < 0)
            return r;
        if (!cut_line(&rest, &line))
            return gb_err_set(err, GB_ERR_INPUT, "the proof ends before its index");
    }
    if (!cut_word(line, "index ", &value) || value.len == 0 ||
        (value.len > 1 && value.data[0] == '0') ||
        !gb_text_u64(value, MERKLE_SIZE_MAX, &proof.index))
        return gb_err_set(err, GB_ERR_INPUT, "the proof has no index");
    int r = read_hashes(&rest, &proof.inclusion, err);
    if (r < 0)
        return r;
    proof.checkpoint = rest;
    *ret_proof = proof;
    return GB_OK;
}

void ledger_proof_extra_write(const struct ledger_proof_extra *extra, struct gb_buf *out)
{
    bool leaf = extra->leaf.len > 0;
    cbor_map(out, leaf ? EXTRA_KEYS : 1);
    cbor_uint(out, EXTRA_ENTRY);
    cbor_bytes(out, extra->entry);
    if (!leaf)
        return;
    cbor_uint(out, EXTRA_LEAF);
    cbor_bytes(out, extra->leaf);
    cbor_uint(out, EXTRA_INDEX);
    cbor_uint(out, extra->leaf_index);
    cbor_uint(out, EXTRA_INCLUSION);
    cbor_array(out, extra->leaf_inclusion.count);
    for (size_t i = 0; i < extra->leaf_inclusion.count; i++)
        cbor_bytes(out, gb_bytes(extra->leaf_inclusion.hashes[i], MERKLE_HASH));
}

static void take_key(struct cbor_reader *r, unsigned key)
{
    if (cbor_read_uint(r) != key)
        cbor_fail(r, GB_ERR_INPUT, "key %u is not where it belongs", key);
}

static void take_leaf(struct cbor_reader *r, struct ledger_proof_extra *extra)
{
    take_key(r, EXTRA_LEAF);
    extra->leaf = cbor_read_bytes(r, ROUNDS_LEAF);
    if (extra->leaf.len != ROUNDS_LEAF)
        cbor_fail(r, GB_ERR_INPUT, "a leaf of %zu bytes", extra->leaf.len);
    take_key(r, EXTRA_INDEX);
    extra->leaf_index = cbor_read_uint(r);
    take_key(r, EXTRA_INCLUSION);
    extra->leaf_inclusion.count = cbor_read_array(r, MERKLE_PROOF);
    for (size_t i = 0; cbor_ok(r) && i < extra->leaf_inclusion.count; i++) {
        struct gb_bytes hash = cbor_read_bytes(r, MERKLE_HASH);
        if (hash.len != MERKLE_HASH)
            cbor_fail(r, GB_ERR_INPUT, "a hash of %zu bytes", hash.len);
        else
            memcpy(extra->leaf_inclusion.hashes[i], hash.data, MERKLE_HASH);
    }
}

int ledger_proof_extra_read(struct gb_bytes in, struct ledger_proof_extra *ret_extra,
                            struct gb_err *err)
{
    struct ledger_proof_extra extra = {0};
    struct cbor_reader r;
    cbor_reader_init(&r, in);
    size_t pairs = cbor_read_map(&r, EXTRA_KEYS);
    if (pairs != 1 && pairs != EXTRA_KEYS)
        cbor_fail(&r, GB_ERR_INPUT, "neither an entry nor a leaf");
    take_key(&r, EXTRA_ENTRY);
    extra.entry = cbor_read_bytes(&r, GB_LIMIT_ENTRY);
    if (cbor_ok(&r) && pairs == EXTRA_KEYS)
        take_leaf(&r, &extra);
    int code = cbor_finish(&r, err);
    if (code == GB_OK)
        *ret_extra = extra;
    return code;
}

int ledger_proof_judge(struct gb_arena *arena, struct digester *digester,
                       const struct ledger_proof *proof, const uint8_t leaf[MERKLE_HASH],
                       const struct checkpoint_trust *trust, struct ledger_proof_answer *ret_answer,
                       struct gb_err *err)
{
    struct checkpoint_opened opened;
    struct ledger_proof_answer answer = {0};
    bool valid = false;
    int r = checkpoint_open(arena, trust, proof->checkpoint, &opened, err);
    if (r < 0)
        return r;
    answer.head = opened.head;
    answer.cosigned = opened.cosigned;
    answer.fault = opened.fault;
    answer.whose = opened.whose;
    if (merkle_verify_inclusion(digester, proof->index, opened.head.size, leaf,
                                (const uint8_t(*)[MERKLE_HASH])proof->inclusion.hashes,
                                proof->inclusion.count, opened.head.root, &valid) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    if (!answer.fault && !valid)
        answer.fault = "the entry does not stand at this index of the log";
    *ret_answer = answer;
    return GB_OK;
}

static int read_sealed(struct gb_bytes line, struct rounds_sealed *ret_sealed, struct gb_err *err)
{
    struct entry entry;
    gb_cleanup(json_freep) struct json *tree = NULL;
    int r = entry_read(line, &entry, NULL, &tree, err);
    if (r < 0)
        return r;
    if (entry.what != ENTRY_ROUNDS)
        return gb_err_set(err, GB_ERR_INPUT, "the entry beside the leaf seals no minute");
    return rounds_sealed_read(entry.data, ret_sealed, err);
}

int ledger_proof_judge_leaf(struct digester *digester, const struct ledger_proof_extra *extra,
                            const char **ret_fault, struct gb_err *err)
{
    struct rounds_sealed sealed;
    uint8_t hash[MERKLE_HASH];
    bool valid = false;
    int r = read_sealed(extra->entry, &sealed, err);
    if (r < 0)
        return r;
    if (merkle_leaf(digester, extra->leaf, hash) < 0 ||
        merkle_verify_inclusion(digester, extra->leaf_index, sealed.count, hash,
                                (const uint8_t(*)[MERKLE_HASH])extra->leaf_inclusion.hashes,
                                extra->leaf_inclusion.count, sealed.root, &valid) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    *ret_fault = valid ? NULL : "the attestation does not stand in the minute that was sealed";
    return GB_OK;
}
