#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_report.h"
#include "cli/ledger/ledger_words.h"
#include "cli/output.h"
#include "crypto/digest.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/merkle.h"
#include "ledger/proof.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "wire/json.h"

/* "0b0b0b0b-0b0b-..." */
static const char *node_text(struct gb_arena *arena, const uint8_t node[ROUNDS_NODE])
{
    char hex[2 * ROUNDS_NODE + 1];
    gb_hex_encode(gb_bytes(node, ROUNDS_NODE), hex);
    const char *text = gb_arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%.12s", hex, hex + 8, hex + 12,
                                       hex + 16, hex + 20);
    return text ? text : "-";
}

static const char *shown_entry(struct gb_arena *arena, struct gb_bytes entry)
{
    const char *safe = gb_text_escape(arena, entry, GB_LIMIT_ENTRY);
    return safe ? safe : "";
}

/* In words; what is no entry of ours as it stands there. */
static const char *told_entry(struct gb_arena *arena, struct gb_bytes entry)
{
    gb_cleanup(json_freep) struct json *tree = NULL;
    gb_cleanup(json_freep) struct json *item = json_new_object();
    struct entry read;
    if (entry_read(entry, &read, NULL, &tree, NULL) < 0)
        return shown_entry(arena, entry);
    json_set(item, "entry", gb_take(tree));
    return ledger_words(arena, item);
}

struct proven {
    struct ledger_proof proof;
    struct ledger_proof_extra extra;
    struct gb_bytes entry; /* the one that is proven */
    struct ledger_proof_answer answer;
    const char *fault;
};

static int read_proof(struct gb_arena *arena, const char *path, struct gb_bytes entry,
                      struct proven *proven, struct gb_err *err)
{
    struct gb_bytes bytes;
    int r = file_read(arena, path, GB_LIMIT_PROOF, &bytes, err);
    if (r < 0)
        return r;
    r = ledger_proof_read(arena, bytes, &proven->proof, err);
    if (r == GB_OK && proven->proof.extra.len > 0)
        r = ledger_proof_extra_read(proven->proof.extra, &proven->extra, err);
    if (r < 0) {
        gb_err_prefix(err, "%s: ", path);
        return r;
    }
    proven->entry = entry.data ? entry : proven->extra.entry;
    if (!proven->entry.data)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: the proof does not carry its entry: give the entry's file behind it",
                          path);
    return GB_OK;
}

static int judge_proof(struct gb_arena *arena, const struct checkpoint_trust *trust,
                       struct proven *proven, struct gb_err *err)
{
    uint8_t hash[MERKLE_HASH];
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    int r = digester_new(&digester, err);
    if (r < 0)
        return r;
    if (merkle_leaf(digester, proven->entry, hash) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    r = ledger_proof_judge(arena, digester, &proven->proof, hash, trust, &proven->answer, err);
    if (r < 0)
        return r;
    proven->fault = proven->answer.fault;
    if (proven->fault && proven->answer.whose)
        proven->fault = gb_arena_printf(arena, "%s (%s)", proven->fault, proven->answer.whose);
    if (proven->fault || proven->extra.leaf.len == 0)
        return GB_OK;
    if (!gb_bytes_equal(proven->entry, proven->extra.entry))
        proven->fault = "the attestation belongs to another entry";
    else
        r = ledger_proof_judge_leaf(digester, &proven->extra, &proven->fault, err);
    return r;
}

static struct json *leaf_json(struct gb_arena *arena, struct gb_bytes in)
{
    struct rounds_leaf leaf;
    struct json *out = json_new_object();
    if (rounds_leaf_read(in, &leaf, NULL) < 0)
        return out;
    char at[GB_CLOCK_TEXT];
    gb_clock_text((int64_t)leaf.verified_at_s, at);
    json_set(out, "node", json_text(node_text(arena, leaf.node)));
    json_set(out, "verified_at", json_text(at));
    json_set(out, "trusted", json_bool(leaf.trusted));
    json_set(out, "quote", json_hex(gb_bytes(leaf.quote, sizeof leaf.quote)));
    json_set(out, "policy_version", json_number(leaf.policy_version));
    return out;
}

static int proof_json(struct gb_arena *arena, const struct proven *proven)
{
    struct json *out = json_new_object();
    json_set(out, "verified", json_bool(!proven->fault));
    json_set(out, "fault", json_text(proven->fault));
    json_set(out, "index", json_number(proven->proof.index));
    ledger_report_head(arena, &proven->answer.head, out);
    json_set(out, "cosigned", json_number(proven->answer.cosigned));
    json_set(out, "entry", json_text(shown_entry(arena, proven->entry)));
    if (proven->extra.leaf.len > 0)
        json_set(out, "attestation", leaf_json(arena, proven->extra.leaf));
    return output_json(out);
}

static int proof_text(const struct cmd_line *line, struct gb_arena *arena,
                      const struct proven *proven)
{
    struct rounds_leaf leaf;
    printf("ledger      %s\n", ledger_report_shown(arena, proven->answer.head.origin));
    printf("entry       %llu of %llu\n", (unsigned long long)proven->proof.index,
           (unsigned long long)proven->answer.head.size);
    printf("cosigned    by %zu known witnesses\n", proven->answer.cosigned);
    if (proven->extra.leaf.len > 0 && rounds_leaf_read(proven->extra.leaf, &leaf, NULL) == 0) {
        char at[GB_CLOCK_TEXT];
        gb_clock_text((int64_t)leaf.verified_at_s, at);
        printf("node        %s\n", node_text(arena, leaf.node));
        printf("attested    %s: %s\n", at, leaf.trusted ? "trusted" : "untrusted");
    } else {
        printf("says        %s\n", told_entry(arena, proven->entry));
    }
    ledger_report_end(line, proven->fault, NULL);
    return output_flush();
}

int ledger_report_proof(const struct cmd_line *line, struct gb_arena *arena,
                        const struct checkpoint_trust *trust, const char *path,
                        struct gb_bytes entry, struct gb_err *err)
{
    struct proven proven = {0};
    int r = read_proof(arena, path, entry, &proven, err);
    if (r == GB_OK)
        r = judge_proof(arena, trust, &proven, err);
    if (r < 0)
        return r;
    r = line->json ? proof_json(arena, &proven) : proof_text(line, arena, &proven);
    return r != CMD_OK ? r : proven.fault ? CMD_CONTRAINDICATED : CMD_OK;
}
