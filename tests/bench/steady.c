#include "steady.h"

#include <stdio.h>
#include <stdlib.h>

#include "evidence/envelope.h"
#include "policy/sets/said.h"
#include "verify/binding.h"
#include "verify/rounds.h"

struct steady {
    struct gb_bytes envelope;
    struct gb_bytes nonce;
    uint8_t transport[32];
    struct gb_bytes ak_public;
    struct key *ak;
    struct progress held;
};

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "bench: steady: %s failed\n", what);
    abort();
}

/* What was held before the last entries came. */
static void hold(struct steady *s, struct gb_arena *arena, struct digester *digester,
                 const struct node *node, struct ima_log seen)
{
    struct gb_arena *own = gb_arena_new();
    struct evidence *e = gb_arena_new_one(arena, struct evidence);
    struct seen *held = &s->held.seen;
    bool matched;
    must(own && e && bundle_read(own, &node->bundle, e, NULL) == 0, "bundle_read");
    *held = (struct seen){.known = true,
                          .whole = true,
                          .bank = DIGEST_SHA256,
                          .clock_ms = e->attest.clock_ms,
                          .reset_count = e->attest.reset_count,
                          .restart_count = e->attest.restart_count};
    must(digest_of(digester, DIGEST_SHA256, node->bundle.boot_log, held->boot_log) == 0, "digest");
    must(rounds_hash_values(digester, &e->pcrs, held->boot_values, NULL) == 0, "values");
    replay_ima_init(&held->ima, DIGEST_SHA256, false);
    must(replay_ima_run(digester, &seen, NULL, &held->ima, &matched, NULL) == 0, "replay");
    must(said_digest(digester, &(struct claims){0}, s->held.said, NULL) == 0, "words");
    s->held.standings.own.policy_named = s->held.standings.own.files_judged = true;
    gb_arena_free(own);
}

static struct gb_bytes make_envelope(struct gb_arena *arena, const struct steady *s,
                                     const struct node *node, struct gb_bytes tail)
{
    struct gb_buf out;
    const struct bundle bundle = {.quote = node->bundle.quote,
                                  .signature = node->bundle.signature,
                                  .pcrs_raw = node->pcrs_raw,
                                  .boot_log_digest = gb_bytes(s->held.seen.boot_log, 32),
                                  .ima = tail,
                                  .ima_from = s->held.seen.ima.next};
    gb_buf_init(&out, 1 << 20);
    envelope_write(&out, &bundle);
    must(gb_buf_ok(&out), "envelope");
    struct gb_bytes kept = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return kept;
}

static struct floor *make_floor(const struct node *node, const struct ima_log *log, size_t from)
{
    struct floor *floor = floor_new();
    floor_set_signature(floor, node->ak_pem, node->digest, node->plain);
    floor_add_digest(floor, DIGEST_SHA256, node->bundle.quote);
    floor_add_digest(floor, DIGEST_SHA256, node->pcrs_raw);
    for (size_t i = from; i < log->count; i++) {
        floor_add_digest(floor, DIGEST_SHA256, log->entries[i].template_data);
        floor_add_extend(floor, DIGEST_SHA256);
    }
    return floor;
}

struct steady *steady_new(struct gb_arena *arena, enum node_key kind, size_t entries,
                          size_t new_count, struct node *ret_node)
{
    struct steady *s = calloc(1, sizeof *s);
    struct digester *digester = NULL;
    struct ima_log log;
    uint8_t binding[BINDING_SIZE];
    must(s && digester_new(&digester, NULL) == 0, "memory");
    s->nonce = gb_bytes_str("0123456789abcdef0123456789abcdef");
    must(binding_of(digester, s->nonce, s->transport, gb_bytes(NULL, 0), binding, NULL) == 0,
         "binding");
    make_node(arena, kind, entries, NULL, gb_arena_copy(arena, gb_bytes(binding, sizeof binding)),
              ret_node);
    must(ima_read(arena, ret_node->bundle.ima, DIGEST_NONE, &log, NULL) == 0, "ima_read");
    struct ima_log seen = log;
    seen.count -= new_count;
    hold(s, arena, digester, ret_node, seen);
    size_t at = (size_t)(log.entries[seen.count].template_digest - ret_node->bundle.ima.data) - 4;
    s->envelope = make_envelope(arena, s, ret_node, gb_bytes_from(ret_node->bundle.ima, at));
    s->ak_public = ret_node->bundle.ak_public;
    must(key_from_pem(ret_node->ak_pem, &s->ak, NULL) == 0, "key");
    floor_free(ret_node->floor);
    ret_node->floor = make_floor(ret_node, &log, seen.count);
    digester_free(digester);
    return s;
}

void steady_free(struct steady *steady)
{
    if (steady)
        key_free(steady->ak);
    free(steady);
}

int steady_run(struct steady *steady, struct gb_arena *arena, struct digester *digester,
               const struct trust *trust, struct verdict *ret_verdict, struct gb_err *err)
{
    const struct asked asked = {.has_nonce = true,
                                .nonce = steady->nonce,
                                .transport = steady->transport,
                                .ak = steady->ak};
    struct progress after;
    struct bundle bundle;
    int r = envelope_read(arena, steady->envelope, &bundle, err);
    if (r < 0)
        return r;
    bundle.ak_public = steady->ak_public;
    r = attest_next(arena, digester, trust, &asked, &bundle, &steady->held, &after, NULL,
                    ret_verdict, err);
    if (r == 0)
        must(after.seen.ima.next > steady->held.seen.ima.next, "the round");
    return r;
}
