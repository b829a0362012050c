#include <sqlite3.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "made.h"

enum { LATER = 100000 };

static const uint8_t *id8(uint8_t byte)
{
    static uint8_t id[8];
    memset(id, byte, sizeof id);
    return id;
}

static const uint8_t *hash(uint8_t byte)
{
    static uint8_t h[STORE_HASH];
    memset(h, byte, sizeof h);
    return h;
}

static void a_token_is_kept_as_it_was_made(void **state)
{
    struct made *m = *state;
    struct store_token token;
    assert_int_equal(made_token(m->store, 1, 3, LATER, "worker-1"), GB_OK);
    assert_int_equal(made_token(m->store, 1, 3, LATER, NULL), GB_ERR_DENIED); /* the id is taken */
    assert_int_equal(store_token_get(m->store, m->arena, id8(1), &token, NULL), GB_OK);
    assert_string_equal(token.node_name, "worker-1");
    assert_string_equal(token.created_by, "operator/alice");
    assert_null(token.pool);
    assert_int_equal(token.uses_left, 3);
    assert_int_equal(token.expires_s, LATER);
    assert_memory_equal(token.secret_hash, hash(1), STORE_HASH);
    assert_int_equal(store_token_get(m->store, m->arena, id8(2), &token, NULL), GB_ERR_NOTFOUND);
}

static void tokens_are_listed_and_revoked(void **state)
{
    struct made *m = *state;
    struct store_token *tokens;
    size_t count;
    struct answer answer;
    for (uint8_t i = 0; i < 100; i++)
        assert_int_equal(made_token(m->store, i, 1, LATER, NULL), GB_OK);
    assert_int_equal(store_token_list(m->store, m->arena, &tokens, &count, NULL), GB_OK);
    assert_int_equal(count, 100);
    for (uint8_t i = 0; i < 100; i++)
        assert_int_equal(tokens[i].id[0], i);
    answer_init(&answer);
    store_token_revoke(m->store, id8(4), made_entry("token.revoke"), answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_OK);
    store_token_revoke(m->store, id8(4), made_entry("token.revoke"), answer_done, &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_ERR_NOTFOUND);
    assert_int_equal(store_token_list(m->store, m->arena, &tokens, &count, NULL), GB_OK);
    assert_int_equal(count, 99);
}

static void grants_are_listed_replaced_and_removed(void **state)
{
    struct made *m = *state;
    struct store_grant grant, *grants;
    size_t count;
    struct answer answer;
    assert_int_equal(made_grant(m->store, 1, "a", 0), GB_OK);
    assert_int_equal(made_grant(m->store, 1, "b", 9), GB_OK);
    assert_int_equal(made_grant(m->store, 2, "a", 0), GB_OK);
    assert_int_equal(store_grant_get(m->store, m->arena, hash(1), &grant, NULL), GB_OK);
    assert_string_equal(grant.node_name, "b");
    assert_int_equal(grant.expires_s, 9);
    assert_true(grant.approval);
    assert_int_equal(store_grant_list(m->store, m->arena, &grants, &count, NULL), GB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(grants[0].node_name, "a");
    answer_init(&answer);
    store_grant_remove(m->store, hash(1), made_entry("ek.remove"), answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_OK);
    store_grant_remove(m->store, hash(1), made_entry("ek.remove"), answer_done, &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_ERR_NOTFOUND);
    assert_int_equal(store_grant_get(m->store, m->arena, hash(1), &grant, NULL), GB_ERR_NOTFOUND);
}

static void a_node_is_found_by_id_ek_and_name(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    node.ek_count = 2;
    memset(node.eks[1], 11, STORE_HASH);
    node.tpm = "id:49465800 SLB9670 7.85";
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    made_close(m);
    made_open(m);
    assert_int_equal(store_node_by_ek(m->store, m->arena, hash(11), &got, NULL), GB_OK);
    assert_memory_equal(got.id, node.id, STORE_ID);
    assert_string_equal(got.name, "w1");
    assert_string_equal(got.tpm, node.tpm);
    assert_true(gb_bytes_is(got.ak_public, "ak"));
    assert_true(gb_bytes_is(got.ek_certs, "certs"));
    assert_true(gb_bytes_is(got.cert_pem, "pem"));
    assert_memory_equal(got.transport, hash(20), STORE_HASH);
    assert_int_equal(got.ek_count, 2);
    assert_memory_equal(got.eks[0], hash(10), STORE_HASH);
    assert_memory_equal(got.eks[1], hash(11), STORE_HASH);
    assert_int_equal(got.enrolled_s, 7);
    assert_false(got.removed);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_int_equal(store_node_by_name(m->store, m->arena, "w1", &got, NULL), GB_OK);
    assert_int_equal(store_node_by_name(m->store, m->arena, "w2", &got, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(store_node_by_ek(m->store, m->arena, hash(12), &got, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(store_node_by_id(m->store, m->arena, hash(9), &got, NULL), GB_ERR_NOTFOUND);
}

static bool count_nodes(void *ctx, const struct store_node *node)
{
    char(*names)[8] = ctx;
    size_t i = 0;
    while (names[i][0])
        i++;
    snprintf(names[i], sizeof names[i], "%s", node->name);
    return i < 2;
}

static int remove_node(struct made *m, const uint8_t *id)
{
    struct answer answer;
    answer_init(&answer);
    store_node_remove(m->store, id, made_entry("node.remove"), answer_done, &answer);
    answer_wait(&answer, 1);
    return answer.result;
}

static int label(struct made *m, uint8_t id, const char *const *changes, size_t count)
{
    struct answer answer;
    answer_init(&answer);
    store_node_label(m->store, made_node(id, "", 0, 0).id, changes, count,
                     made_entry("node.labels"), answer_done, &answer);
    answer_wait(&answer, 1);
    return answer.result;
}

static uint64_t entries(struct made *m)
{
    uint64_t first, next;
    store_entry_range(m->store, &first, &next);
    return next;
}

static void labels_change_with_their_entry_or_not_at_all(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    const char *const set[] = {"site=fra-2", "rack=7"}, *const more[] = {"rack-", "pool=a"};
    const char *const bad[] = {"site=x", "a b=c"};
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    uint64_t before = entries(m);
    assert_int_equal(label(m, 1, set, 2), GB_OK);
    assert_int_equal(label(m, 1, set, 2), GB_OK); /* nothing new: no entry */
    assert_int_equal(entries(m), before + 1);
    assert_int_equal(label(m, 1, bad, 2), GB_ERR_INPUT);
    assert_int_equal(label(m, 9, set, 2), GB_ERR_NOTFOUND);
    assert_int_equal(entries(m), before + 1);
    assert_int_equal(label(m, 1, more, 2), GB_OK);
    assert_int_equal(entries(m), before + 2);
    made_close(m);
    made_open(m);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_string_equal(got.labels, "pool=a,site=fra-2");
    assert_int_equal(got.labels_num, 2);
}

/* A node that joins again keeps its labels, unless its token gives others; a removed one has none.
 */
static void labels_live_as_long_as_the_node(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    node.labels = "site=fra-2";
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    memset(node.transport, 21, STORE_HASH);
    node.labels = NULL;
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_string_equal(got.labels, "site=fra-2");
    assert_int_equal(got.labels_num, 1);
    memset(node.transport, 22, STORE_HASH);
    node.labels = "site=ber-1";
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_string_equal(got.labels, "site=ber-1");
    struct answer answer;
    answer_init(&answer);
    store_node_remove(m->store, node.id, made_entry("node.remove"), answer_done, &answer);
    answer_wait(&answer, 1);
    const char *const set[] = {"a=b"};
    assert_int_equal(label(m, 1, set, 1), GB_ERR_NOTFOUND);
    node.labels = NULL;
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_string_equal(got.labels, "");
}

static void nodes_come_by_name_until_one_says_stop(void **state)
{
    struct made *m = *state;
    char names[8][8] = {{0}};
    const char *const make[] = {"d", "b", "c", "a", "e"};
    for (uint8_t i = 0; i < 5; i++) {
        struct store_node node =
            made_node((uint8_t)(i + 1), make[i], (uint8_t)(i + 30), (uint8_t)(i + 60));
        assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    }
    assert_int_equal(remove_node(m, made_node(4, "a", 0, 0).id), GB_OK);
    assert_int_equal(store_node_each(m->store, count_nodes, names, NULL), GB_OK);
    assert_string_equal(names[0], "b");
    assert_string_equal(names[1], "c");
    assert_string_equal(names[2], "d");
    assert_string_equal(names[3], "");
}

static void a_removed_node_leaves_its_name_and_keeps_its_eks(void **state)
{
    struct made *m = *state;
    struct store_node first = made_node(1, "w1", 10, 20), got;
    struct store_node second = made_node(2, "w1", 11, 21);
    struct store_node thief = made_node(3, "w3", 10, 23);
    assert_int_equal(made_enrol(m->store, &first, NULL, NULL), GB_OK);
    assert_int_equal(remove_node(m, first.id), GB_OK);
    assert_int_equal(remove_node(m, first.id), GB_ERR_NOTFOUND);
    assert_int_equal(made_enrol(m->store, &second, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &thief, NULL, NULL), GB_ERR_DENIED);
    assert_int_equal(made_enrol(m->store, &first, NULL, NULL),
                     GB_ERR_DENIED); /* its name is gone */
    first.name = "w1b";
    assert_int_equal(made_enrol(m->store, &first, NULL, NULL), GB_OK); /* the same machine again */
    assert_int_equal(store_node_by_ek(m->store, m->arena, hash(10), &got, NULL), GB_OK);
    assert_string_equal(got.name, "w1b");
    assert_false(got.removed);
}

static void a_certificate_is_renewed(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    struct answer answer;
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    answer_init(&answer);
    store_node_cert(m->store, node.id, gb_bytes_str("renewed"), made_entry("node.renew"),
                    answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_OK);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_true(gb_bytes_is(got.cert_pem, "renewed"));
    store_node_cert(m->store, hash(9), gb_bytes_str("x"), made_entry("node.renew"), answer_done,
                    &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_ERR_NOTFOUND);
}

static void enrolling_again_replaces_keys_and_keeps_the_id(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(made_verdict(m->store, 1, 50, "{}"), GB_OK);
    memset(node.transport, 21, STORE_HASH);
    memset(node.eks[1], 12, STORE_HASH); /* a second EK of the same TPM is seen */
    node.ek_count = 2;
    node.ak_public = gb_bytes_str("new ak");
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(store_node_by_ek(m->store, m->arena, hash(12), &got, NULL), GB_OK);
    assert_memory_equal(got.id, node.id, STORE_ID);
    assert_true(gb_bytes_is(got.ak_public, "new ak"));
    assert_int_equal(got.ek_count, 2);
    /* its id cannot be had with another TPM */
    struct store_node other = made_node(1, "w1", 13, 22);
    assert_int_equal(made_enrol(m->store, &other, NULL, NULL), GB_ERR_DENIED);
}

static void the_same_finish_again_brings_a_certificate_only(void **state)
{
    struct made *m = *state;
    struct store_token token;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    assert_int_equal(made_token(m->store, 5, 2, LATER, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &node, id8(5), NULL), GB_OK);
    node.cert_pem = gb_bytes_str("another");
    assert_int_equal(made_enrol(m->store, &node, id8(5), NULL), GB_OK);
    assert_int_equal(store_token_get(m->store, m->arena, id8(5), &token, NULL), GB_OK);
    assert_int_equal(token.uses_left, 1);
    assert_int_equal(store_node_by_id(m->store, m->arena, node.id, &got, NULL), GB_OK);
    assert_true(gb_bytes_is(got.cert_pem, "another"));
    memset(node.id, 2, STORE_ID); /* two first enrolments of one machine at once */
    assert_int_equal(made_enrol(m->store, &node, id8(5), NULL), GB_ERR_AGAIN);
}

static void T18_an_ek_belongs_to_one_node_for_good(void **state)
{
    struct made *m = *state;
    struct store_node first = made_node(1, "w1", 10, 20), got;
    struct store_node thief = made_node(2, "w2", 10, 21);
    assert_int_equal(made_token(m->store, 5, 1, LATER, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &first, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &thief, id8(5), NULL), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "EK belongs to another node"));
    /* hidden behind an EK of its own */
    memset(thief.eks[0], 11, STORE_HASH);
    memset(thief.eks[1], 10, STORE_HASH);
    thief.ek_count = 2;
    assert_int_equal(made_enrol(m->store, &thief, id8(5), NULL), GB_ERR_DENIED);
    assert_int_equal(store_node_by_ek(m->store, m->arena, hash(11), &got, NULL), GB_ERR_NOTFOUND);
    /* and a refused enrolment takes no token */
    struct store_token token;
    assert_int_equal(store_token_get(m->store, m->arena, id8(5), &token, NULL), GB_OK);
    /* EKs of two nodes */
    struct store_node second = made_node(2, "w2", 11, 21);
    assert_int_equal(made_enrol(m->store, &second, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &thief, NULL, NULL), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "two nodes"));
    memset(thief.eks[0], 10, STORE_HASH); /* and in the order in which its own comes last */
    memset(thief.eks[1], 11, STORE_HASH);
    assert_int_equal(made_enrol(m->store, &thief, NULL, NULL), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "two nodes"));
    struct store_node namesake = made_node(3, "w1", 12, 22);
    assert_int_equal(made_enrol(m->store, &namesake, NULL, NULL), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "name belongs"));
}

/* Two threads, each with many enrolments at once; of each pair that contends exactly one may win.
 */
struct racer {
    struct store *store;
    uint8_t side;
    const char *kind; /* "ek" or "token" */
    struct answer answers[50];
    pthread_t thread;
};

static void *race(void *ctx)
{
    struct racer *r = ctx;
    bool ek = strcmp(r->kind, "ek") == 0;
    for (uint8_t i = 0; i < 50; i++) {
        char name[16];
        snprintf(name, sizeof name, "w%u-%u", i, r->side);
        uint8_t own = (uint8_t)(1 + i + 100 * r->side);
        struct store_node node =
            made_node(own, name, ek ? (uint8_t)(1 + i) : own, (uint8_t)(own ^ 0xff));
        uint8_t token[8];
        memset(token, i, sizeof token);
        struct store_enrolment e = {.node = &node, .token_id = ek ? NULL : token, .now_s = 1};
        answer_init(&r->answers[i]);
        store_enrol(r->store, &e, made_entry("node.enrol"), answer_done, &r->answers[i]);
        if (i % 7 == 0)
            answer_wait(&r->answers[i], 1);
    }
    for (size_t i = 0; i < 50; i++)
        answer_wait(&r->answers[i], 1);
    return NULL;
}

static void exactly_one_wins(struct made *m, const char *kind)
{
    static struct racer racers[2];
    for (uint8_t i = 0; i < 2; i++) {
        racers[i] = (struct racer){.store = m->store, .side = i, .kind = kind};
        assert_int_equal(pthread_create(&racers[i].thread, NULL, race, &racers[i]), 0);
    }
    for (size_t i = 0; i < 2; i++)
        pthread_join(racers[i].thread, NULL);
    for (size_t i = 0; i < 50; i++) {
        int a = racers[0].answers[i].result, b = racers[1].answers[i].result;
        assert_true((a == GB_OK) != (b == GB_OK));
        assert_int_equal(a == GB_OK ? b : a, GB_ERR_DENIED);
    }
}

static void T18_of_two_that_claim_one_ek_at_once_one_wins(void **state)
{
    exactly_one_wins(*state, "ek");
}

static void T21_of_two_that_use_one_token_at_once_one_wins(void **state)
{
    struct made *m = *state;
    struct store_token *tokens;
    size_t count;
    for (uint8_t i = 0; i < 50; i++)
        assert_int_equal(made_token(m->store, i, 1, LATER, NULL), GB_OK);
    exactly_one_wins(m, "token");
    assert_int_equal(store_token_list(m->store, m->arena, &tokens, &count, NULL), GB_OK);
    assert_int_equal(count, 0);
}

static void T21_a_token_is_used_up_in_the_transaction_that_enrols(void **state)
{
    struct made *m = *state;
    struct store_token token;
    struct store_node a = made_node(1, "a", 10, 20), b = made_node(2, "b", 11, 21),
                      c = made_node(3, "c", 12, 22);
    assert_int_equal(made_token(m->store, 5, 2, LATER, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &a, id8(5), NULL), GB_OK);
    assert_int_equal(store_token_get(m->store, m->arena, id8(5), &token, NULL), GB_OK);
    assert_int_equal(token.uses_left, 1);
    assert_int_equal(made_enrol(m->store, &b, id8(5), NULL), GB_OK);
    assert_int_equal(store_token_get(m->store, m->arena, id8(5), &token, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(made_enrol(m->store, &c, id8(5), NULL), GB_ERR_DENIED);
    assert_int_equal(made_token(m->store, 6, 1, 1000, NULL), GB_OK); /* enrolments are at 1000 */
    assert_int_equal(made_enrol(m->store, &c, id8(6), NULL), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "expired"));
    assert_int_equal(made_token(m->store, 7, 1, LATER, "d"), GB_OK);
    assert_int_equal(made_enrol(m->store, &c, id8(7), NULL), GB_ERR_DENIED);
    assert_int_equal(store_node_by_id(m->store, m->arena, c.id, &c, NULL), GB_ERR_NOTFOUND);
}

static void a_grant_admits_once_by_name_and_while_it_lives(void **state)
{
    struct made *m = *state;
    struct store_node a = made_node(1, "a", 10, 20), b = made_node(2, "b", 11, 21);
    assert_int_equal(made_grant(m->store, 10, "other", 0), GB_OK);
    assert_int_equal(made_enrol(m->store, &a, NULL, hash(10)), GB_ERR_DENIED);
    assert_int_equal(made_grant(m->store, 10, "a", 1000), GB_OK);
    assert_int_equal(made_enrol(m->store, &a, NULL, hash(10)), GB_ERR_DENIED);
    assert_int_equal(made_grant(m->store, 10, "a", 1001), GB_OK);
    assert_int_equal(made_enrol(m->store, &a, NULL, hash(10)), GB_OK);
    struct store_grant grant;
    assert_int_equal(store_grant_get(m->store, m->arena, hash(10), &grant, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(made_grant(m->store, 12, "b", 0), GB_OK); /* of an EK that b does not have */
    assert_int_equal(made_enrol(m->store, &b, NULL, hash(12)), GB_ERR_DENIED);
}

static void the_newest_verdict_is_read_and_all_are_kept(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20);
    struct store_verdict v, *all;
    size_t count;
    assert_int_equal(made_verdict(m->store, 1, 5, "{}"), GB_ERR_NOTFOUND);
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(store_verdict_get(m->store, m->arena, node.id, &v, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(made_verdict(m->store, 1, 5, "first"), GB_OK);
    assert_int_equal(made_verdict(m->store, 1, 6, "second"), GB_OK);
    assert_int_equal(made_verdict(m->store, 1, 4, "third"), GB_OK); /* somebody set the clock */
    assert_int_equal(store_verdict_get(m->store, m->arena, node.id, &v, NULL), GB_OK);
    assert_true(gb_bytes_is(v.json, "third"));
    assert_int_equal(v.at_s, 4);
    assert_int_equal(v.tier, 2);
    assert_true(v.trusted);
    assert_null(v.policy);
    assert_memory_equal(v.node, node.id, STORE_ID);
    assert_int_equal(store_verdict_list(m->store, m->arena, node.id, 2, &all, &count, NULL), GB_OK);
    assert_int_equal(count, 2);
    assert_true(gb_bytes_is(all[1].json, "second"));
}

struct lives {
    size_t count;
    int64_t verified_s[256];
    char progress[256][64];
};

static bool take_live(void *ctx, const struct store_live *live)
{
    struct lives *lives = ctx;
    lives->count++;
    lives->verified_s[live->node[0]] = live->verified_s;
    snprintf(lives->progress[live->node[0]], 64, "%.*s", (int)live->progress.len,
             (const char *)live->progress.data);
    return true;
}

static void of_verdicts_the_newest_are_kept(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), other = made_node(2, "w2", 11, 21);
    struct store_verdict *verdicts;
    size_t count;
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &other, NULL, NULL), GB_OK);
    assert_int_equal(made_verdict(m->store, 2, 1, "{}"), GB_OK);
    for (int64_t i = 1; i <= STORE_KEEP_VERDICTS + 5; i++)
        assert_int_equal(made_verdict(m->store, 1, i, "{}"), GB_OK);
    assert_int_equal(store_verdict_list(m->store, m->arena, node.id, 9999, &verdicts, &count, NULL),
                     GB_OK);
    assert_int_equal(count, STORE_KEEP_VERDICTS);
    assert_int_equal(verdicts[0].at_s, STORE_KEEP_VERDICTS + 5);
    assert_int_equal(verdicts[count - 1].at_s, 6);
    assert_int_equal(
        store_verdict_list(m->store, m->arena, other.id, 9999, &verdicts, &count, NULL), GB_OK);
    assert_int_equal(count, 1); /* each node's own */
}

static void set_live(struct made *m, uint8_t node, int64_t verified_s, const char *progress)
{
    struct store_live live = {.verified_s = verified_s, .progress = gb_bytes_str(progress)};
    memset(live.node, node, STORE_ID);
    assert_true(store_live_set(m->store, &live));
}

static void of_liveness_the_newest_is_there_after_a_restart(void **state)
{
    struct made *m = *state;
    struct lives *lives = gb_arena_new_one(m->arena, struct lives);
    for (uint8_t i = 1; i <= 200; i++) {
        char name[8];
        snprintf(name, sizeof name, "w%u", i);
        struct store_node node = made_node(i, name, i, i);
        assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    }
    for (int round = 1; round <= 20; round++)
        for (uint8_t i = 1; i <= 200; i++) {
            char text[16];
            snprintf(text, sizeof text, "%.*s", round % 13, "progress.....");
            set_live(m, i, round * 100 + i, text);
        }
    set_live(m, 201, 1, "never enrolled");
    made_close(m);
    made_open(m);
    assert_int_equal(store_live_each(m->store, take_live, lives, NULL), GB_OK);
    assert_int_equal(lives->count, 200);
    for (uint8_t i = 1; i <= 200; i++) {
        assert_int_equal(lives->verified_s[i], 2000 + i);
        assert_string_equal(lives->progress[i], "progres");
    }
    uint8_t large[1025] = {0};
    struct store_live live = {.progress = gb_bytes(large, sizeof large)};
    assert_false(store_live_set(m->store, &live));
}

static void a_verdict_and_liveness_are_written_in_the_order_they_were_given(void **state)
{
    struct made *m = *state;
    struct lives *lives = gb_arena_new_one(m->arena, struct lives);
    struct store_node a = made_node(1, "a", 10, 20), b = made_node(2, "b", 11, 21);
    assert_int_equal(made_enrol(m->store, &a, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &b, NULL, NULL), GB_OK);
    set_live(m, 1, 10, "older");
    assert_int_equal(made_verdict(m->store, 1, 11, "{}"), GB_OK);
    assert_int_equal(made_verdict(m->store, 2, 11, "{}"), GB_OK);
    set_live(m, 2, 12, "newer");
    made_close(m);
    made_open(m);
    assert_int_equal(store_live_each(m->store, take_live, lives, NULL), GB_OK);
    assert_int_equal(lives->verified_s[1], 11);
    assert_string_equal(lives->progress[1], "progress");
    assert_int_equal(lives->verified_s[2], 12);
    assert_string_equal(lives->progress[2], "newer");
}

static void new_keys_and_removal_end_what_was_replayed(void **state)
{
    struct made *m = *state;
    struct lives *lives = gb_arena_new_one(m->arena, struct lives);
    struct store_node a = made_node(1, "a", 10, 20), b = made_node(2, "b", 11, 21);
    assert_int_equal(made_enrol(m->store, &a, NULL, NULL), GB_OK);
    assert_int_equal(made_enrol(m->store, &b, NULL, NULL), GB_OK);
    assert_int_equal(made_verdict(m->store, 1, 11, "{}"), GB_OK);
    assert_int_equal(made_verdict(m->store, 2, 11, "{}"), GB_OK);
    assert_int_equal(remove_node(m, b.id), GB_OK);
    memset(a.transport, 22, STORE_HASH);
    assert_int_equal(made_enrol(m->store, &a, NULL, NULL), GB_OK);
    assert_int_equal(store_live_each(m->store, take_live, lives, NULL), GB_OK);
    assert_int_equal(lives->count, 0);
}

static void T17_versions_of_a_document_only_go_up(void **state)
{
    struct made *m = *state;
    struct store_document *d;
    size_t count;
    assert_int_equal(made_document(m->store, "web", 3, "three"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 3, "three"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 3, "changed"), GB_ERR_DENIED);
    assert_int_equal(made_document(m->store, "web", 2, "two"), GB_ERR_DENIED);
    assert_non_null(strstr(made_said.text, "NodePolicy web: version 2"));
    assert_int_equal(made_document(m->store, "web", 4, "four"), GB_OK);
    assert_int_equal(made_document(m->store, "web", 3, "three"), GB_ERR_DENIED);
    assert_int_equal(made_document(m->store, "web", UINT64_MAX, "x"), GB_ERR_LIMIT);
    assert_int_equal(store_document_list(m->store, m->arena, &d, &count, NULL), GB_OK);
    assert_int_equal(count, 1);
    assert_int_equal(d[0].version, 4);
    assert_true(gb_bytes_is(d[0].text, "four"));
    assert_string_equal(d[0].applied_by, "operator/alice");
}

static void T17_documents_are_applied_all_or_none(void **state)
{
    struct made *m = *state;
    struct store_document *got;
    size_t count;
    struct answer answer;
    struct store_document d[] = {
        {.kind = "ReferenceSet", .name = "kernel", .version = 1, .text = gb_bytes_str("k")},
        {.kind = "NodePolicy", .name = "web", .version = 1, .text = gb_bytes_str("old")},
    };
    assert_int_equal(made_document(m->store, "web", 2, "two"), GB_OK);
    answer_init(&answer);
    store_document_apply(m->store, d, 2, made_entry("policy.apply"), answer_done, &answer);
    answer_wait(&answer, 1);
    assert_int_equal(answer.result, GB_ERR_DENIED);
    assert_int_equal(store_document_list(m->store, m->arena, &got, &count, NULL), GB_OK);
    assert_int_equal(count, 1);
    d[1].version = 3;
    store_document_apply(m->store, d, 2, made_entry("policy.apply"), answer_done, &answer);
    answer_wait(&answer, 2);
    assert_int_equal(answer.result, GB_OK);
    assert_int_equal(store_document_list(m->store, m->arena, &got, &count, NULL), GB_OK);
    assert_int_equal(count, 2);
}

static void what_was_queued_is_done_before_it_closes(void **state)
{
    struct made *m = *state;
    struct answer answer;
    struct store_row *rows;
    size_t count;
    answer_init(&answer);
    for (int i = 0; i < 1000; i++)
        store_entry_add(m->store, made_entry("x"), answer_done, &answer);
    made_close(m);
    assert_int_equal(answer.count, 1000);
    assert_int_equal(answer.refused, 0);
    made_open(m);
    assert_int_equal(store_entry_list(m->store, m->arena, 0, 9999, &rows, &count, NULL), GB_OK);
    assert_int_equal(count, 1000);
}

static void a_scope_does_not_see_another(void **state)
{
    struct made *m = *state;
    struct store_node node = made_node(1, "w1", 10, 20), got;
    struct store *other;
    struct store_conf conf = {.path = m->path,
                              .trust_domain = "example.org",
                              .tenant = "default",
                              .cluster = "second",
                              .flush_ms = 10};
    assert_int_equal(made_enrol(m->store, &node, NULL, NULL), GB_OK);
    made_close(m);
    assert_int_equal(store_open(&conf, &other, NULL), GB_OK);
    assert_int_equal(store_node_by_id(other, m->arena, node.id, &got, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(made_enrol(other, &node, NULL, NULL), GB_OK);
    store_close(other);
}

static void the_file_is_the_owners_alone(void **state)
{
    struct made *m = *state;
    struct stat st;
    assert_int_equal(made_event(m->store, "one"), GB_OK);
    const char *const suffix[] = {"", "-wal", "-shm", ".lock"};
    for (size_t i = 0; i < GB_ARRAY_LEN(suffix); i++) {
        char path[128];
        snprintf(path, sizeof path, "%s%s", m->path, suffix[i]);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);
    }
    made_close(m);
    assert_int_equal(chmod(m->path, 0644), 0);
    made_open(m);
    assert_int_equal(stat(m->path, &st), 0);
    assert_int_equal(st.st_mode & 0777, 0600);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, made_setup, made_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        TEST(a_token_is_kept_as_it_was_made),
        TEST(tokens_are_listed_and_revoked),
        TEST(grants_are_listed_replaced_and_removed),
        TEST(a_node_is_found_by_id_ek_and_name),
        TEST(nodes_come_by_name_until_one_says_stop),
        TEST(labels_change_with_their_entry_or_not_at_all),
        TEST(labels_live_as_long_as_the_node),
        TEST(a_removed_node_leaves_its_name_and_keeps_its_eks),
        TEST(a_certificate_is_renewed),
        TEST(enrolling_again_replaces_keys_and_keeps_the_id),
        TEST(the_same_finish_again_brings_a_certificate_only),
        TEST(T18_an_ek_belongs_to_one_node_for_good),
        TEST(T18_of_two_that_claim_one_ek_at_once_one_wins),
        TEST(T21_of_two_that_use_one_token_at_once_one_wins),
        TEST(T21_a_token_is_used_up_in_the_transaction_that_enrols),
        TEST(a_grant_admits_once_by_name_and_while_it_lives),
        TEST(the_newest_verdict_is_read_and_all_are_kept),
        TEST(of_verdicts_the_newest_are_kept),
        TEST(of_liveness_the_newest_is_there_after_a_restart),
        TEST(a_verdict_and_liveness_are_written_in_the_order_they_were_given),
        TEST(new_keys_and_removal_end_what_was_replayed),
        TEST(T17_versions_of_a_document_only_go_up),
        TEST(T17_documents_are_applied_all_or_none),
        TEST(what_was_queued_is_done_before_it_closes),
        TEST(a_scope_does_not_see_another),
        TEST(the_file_is_the_owners_alone),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
