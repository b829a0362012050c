#include "ledger/checkpoint.h"

#include <stdio.h>
#include <string.h>

#include "base/arena.h"
#include "base/encode.h"
#include "base/text.h"
#include "crypto/ed25519.h"
#include "ledger/merkle.h"
#include "ledger/note.h"

/* The next whole line, without its newline; false when there is none or it is empty. */
static bool cut_line(struct gb_bytes *rest, struct gb_bytes *ret_line)
{
    const uint8_t *end = rest->len > 0 ? memchr(rest->data, '\n', rest->len) : NULL;
    if (!end || end == rest->data)
        return false;
    size_t len = (size_t)(end - rest->data);
    *ret_line = gb_bytes(rest->data, len);
    *rest = gb_bytes_from(*rest, len + 1);
    return true;
}

/* Decimal without zeros in front. */
static bool read_size(struct gb_bytes line, uint64_t *ret_size)
{
    return (line.len == 1 || line.data[0] != '0') && gb_text_u64(line, MERKLE_SIZE_MAX, ret_size);
}

int checkpoint_read(struct gb_bytes text, struct checkpoint *ret_checkpoint, struct gb_err *err)
{
    struct checkpoint read = {0};
    struct gb_bytes rest = text;
    struct gb_bytes size;
    struct gb_bytes root;
    struct gb_bytes line;
    if (!cut_line(&rest, &read.origin))
        return gb_err_set(err, GB_ERR_INPUT, "no checkpoint: line 1 is not an origin");
    if (!cut_line(&rest, &size) || !read_size(size, &read.size))
        return gb_err_set(err, GB_ERR_INPUT, "no checkpoint: line 2 is not a size");
    if (!cut_line(&rest, &root) || !gb_base64_decode_exact(root, read.root, MERKLE_HASH))
        return gb_err_set(err, GB_ERR_INPUT, "no checkpoint: line 3 is not a root hash");
    read.extensions = rest;
    while (rest.len > 0)
        if (!cut_line(&rest, &line))
            return gb_err_set(err, GB_ERR_INPUT, "no checkpoint: an extension line is empty");
    *ret_checkpoint = read;
    return GB_OK;
}

void checkpoint_write(const struct checkpoint *checkpoint, struct gb_buf *out)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    const char *root = arena ? gb_base64(arena, gb_bytes(checkpoint->root, MERKLE_HASH)) : NULL;
    if (!root) {
        out->failed = true;
        return;
    }
    gb_buf_add(out, checkpoint->origin.data, checkpoint->origin.len);
    gb_buf_printf(out, "\n%llu\n%s\n", (unsigned long long)checkpoint->size, root);
    gb_buf_add(out, checkpoint->extensions.data, checkpoint->extensions.len);
}

static void find_fault(struct checkpoint_opened *opened, const char *fault, const char *whose)
{
    if (opened->fault)
        return;
    opened->fault = fault;
    opened->whose = whose;
}

enum { IDS = 8, IDS_TEXT = 96 }; /* so many are named: of a log's keys two sign at most */

static void add_id(char list[IDS_TEXT], size_t at, uint32_t id)
{
    size_t len = strlen(list);
    snprintf(list + len, IDS_TEXT - len, "%s%08x", at == 0 ? "" : ", ", (unsigned)id);
}

/* "signed by 1a2b3c4d; known: 5e6f7a8b": of the note's lines those in the log's own name. */
static const char *tell_ids(struct gb_arena *arena, const struct checkpoint_trust *trust,
                            const struct checkpoint_opened *opened)
{
    char by[IDS_TEXT] = "", known[IDS_TEXT] = "";
    for (size_t i = 0, told = 0; i < opened->note.count && told < IDS; i++) {
        const struct note_line *line = &opened->note.lines[i];
        if (gb_bytes_equal(line->name, opened->head.origin))
            add_id(by, told++, line->id);
    }
    for (size_t i = 0; i < trust->key_count && i < IDS; i++)
        add_id(known, i, trust->keys[i].id);
    return gb_arena_printf(arena, "signed by %s; known: %s", *by ? by : "none of its name",
                           *known ? known : "none");
}

/* The log's own signature: of one of its keys, and no wrong one of any. */
static int judge_signer(struct gb_arena *arena, const struct checkpoint_trust *trust,
                        struct checkpoint_opened *opened, struct gb_err *err)
{
    for (size_t i = 0; i < trust->key_count; i++) {
        enum note_standing standing = NOTE_UNSIGNED;
        const struct note_key *key = &trust->keys[i];
        if (key->kind != NOTE_ED25519)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: not a log's key but a witness's", key->name);
        int r = note_verify(&opened->note, key, &standing, NULL, err);
        if (r < 0)
            return r;
        if (standing == NOTE_WRONG)
            find_fault(opened, "a signature of the log's key is wrong", key->name);
        else if (standing == NOTE_SIGNED && !opened->signer)
            opened->signer = key;
    }
    if (!opened->signer)
        find_fault(opened, "not signed by the log's key", tell_ids(arena, trust, opened));
    return GB_OK;
}

/* Whether an earlier one in the list has the same key: it counts once. */
static bool is_again(const struct checkpoint_trust *trust, size_t at)
{
    for (size_t i = 0; i < at; i++)
        if (memcmp(trust->witnesses[i].public, trust->witnesses[at].public, ED25519_PUBLIC) == 0)
            return true;
    return false;
}

static int judge_witnesses(const struct checkpoint_trust *trust, struct checkpoint_opened *opened,
                           struct gb_err *err)
{
    for (size_t i = 0; i < trust->witness_count; i++) {
        enum note_standing standing = NOTE_UNSIGNED;
        const struct note_key *key = &trust->witnesses[i];
        if (key->kind != NOTE_COSIGNATURE)
            return gb_err_set(err, GB_ERR_CONFIG, "%s: not a witness's key (cosignature/v1)",
                              key->name);
        int r = note_verify(&opened->note, key, &standing, NULL, err);
        if (r < 0)
            return r;
        if (standing == NOTE_WRONG)
            find_fault(opened, "a cosignature of a known witness is wrong", key->name);
        else if (standing == NOTE_SIGNED && !is_again(trust, i))
            opened->cosigned++;
    }
    if (opened->cosigned < trust->quorum)
        find_fault(opened, "too few known witnesses cosigned it", NULL);
    return GB_OK;
}

int checkpoint_open(struct gb_arena *arena, const struct checkpoint_trust *trust,
                    struct gb_bytes in, struct checkpoint_opened *ret_opened, struct gb_err *err)
{
    struct checkpoint_opened opened = {0};
    int r = note_read(arena, in, &opened.note, err);
    if (r == GB_OK)
        r = checkpoint_read(opened.note.text, &opened.head, err);
    if (r == GB_OK)
        r = judge_signer(arena, trust, &opened, err);
    if (r == GB_OK)
        r = judge_witnesses(trust, &opened, err);
    if (r < 0)
        return r;
    const char *origin = trust->origin ? trust->origin : opened.signer ? opened.signer->name : NULL;
    if (origin && !gb_bytes_is(opened.head.origin, origin))
        find_fault(&opened, "it is another log's: its origin is not", origin);
    *ret_opened = opened;
    return GB_OK;
}
