#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "../verify/make_quote.h"
#include "base/arena.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"

static struct make_ak ak;
static struct gb_buf area;

static int setup_all(void **state)
{
    (void)state;
    make_ak_init(&ak, "P-256", 0, KEY_ECDSA, DIGEST_SHA256);
    gb_buf_init(&area, 4096);
    make_ak_public(&ak, MAKE_AK_GOOD, &area);
    return 0;
}

static int teardown_all(void **state)
{
    (void)state;
    make_ak_done(&ak);
    gb_buf_done(&area);
    return 0;
}

static int setup(void **state)
{
    struct nodes *nodes;
    assert_int_equal(nodes_new(&nodes, NULL), GB_OK);
    *state = nodes;
    return 0;
}

static int teardown(void **state)
{
    nodes_free(*state);
    return 0;
}

static void id_of(unsigned number, uint8_t id[STORE_ID])
{
    memset(id, 0x41, STORE_ID);
    memcpy(id + STORE_ID - sizeof number, &number, sizeof number);
}

static void add(struct nodes *nodes, unsigned number, const char *name)
{
    struct store_node facts = {
        .name = name, .ak_public = gb_buf_bytes(&area), .enrolled_s = 100 + number};
    id_of(number, facts.id);
    memset(facts.transport, (int)number, sizeof facts.transport);
    assert_int_equal(nodes_add(nodes, &facts, NULL), GB_OK);
}

static int take(struct nodes *nodes, unsigned number, struct node **ret_node)
{
    uint8_t id[STORE_ID];
    id_of(number, id);
    return nodes_take(nodes, id, ret_node, NULL);
}

static void one_taker_at_a_time(void **state)
{
    struct node *node, *other;
    add(*state, 1, "worker-1");
    assert_int_equal(take(*state, 2, &node), GB_ERR_NOTFOUND);
    assert_int_equal(take(*state, 1, &node), GB_OK);
    assert_string_equal(node->name, "worker-1");
    assert_non_null(node->ak);
    assert_int_equal(take(*state, 1, &other), GB_ERR_AGAIN);
    nodes_give(*state, node);
    assert_int_equal(take(*state, 1, &other), GB_OK);
    nodes_give(*state, other);
}

/* The taker of a round has the labels that it began with; the next one has the new. */
static void labels_change_between_takers(void **state)
{
    struct nodes *nodes = *state;
    struct node *node = NULL;
    struct node_verdict told = {.judged = true};
    struct node_summary summary;
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct store_node added = {
        .name = "a", .ak_public = gb_buf_bytes(&area), .enrolled_s = 1, .labels = "site=fra-2"};
    id_of(1, added.id);
    assert_int_equal(nodes_add(nodes, &added, NULL), GB_OK);
    assert_int_equal(nodes_take(nodes, added.id, &node, NULL), GB_OK);
    assert_string_equal(node->labels, "site=fra-2");
    assert_true(nodes_label(nodes, added.id, "site=ber-1", 2));
    assert_true(nodes_label(nodes, added.id, "site=old", 1)); /* overtaken: changes nothing */
    assert_string_equal(node->labels, "site=fra-2");
    assert_int_equal(nodes_find(nodes, arena, gb_bytes_str("a"), &summary, NULL), GB_OK);
    assert_string_equal(summary.labels, "site=ber-1");
    told.labels_num = node->labels_num;
    assert_true(nodes_tell(nodes, node, &told));
    nodes_told(nodes, node, &told);
    assert_true(told.relabelled);
    nodes_give(nodes, node);
    assert_int_equal(nodes_take(nodes, added.id, &node, NULL), GB_OK);
    assert_string_equal(node->labels, "site=ber-1");
    told.labels_num = node->labels_num;
    assert_true(nodes_tell(nodes, node, &told));
    nodes_told(nodes, node, &told);
    assert_false(told.relabelled);
    nodes_give(nodes, node);
    id_of(9, added.id);
    assert_true(nodes_label(nodes, added.id, "a=b", 1)); /* nobody's */
}

static void a_node_removed_while_taken_lives_until_given_back(void **state)
{
    uint8_t id[STORE_ID];
    struct node *node, *other;
    id_of(1, id);
    add(*state, 1, "worker-1");
    assert_int_equal(take(*state, 1, &node), GB_OK);
    assert_true(nodes_remove(*state, id));
    assert_false(nodes_remove(*state, id));
    assert_int_equal(take(*state, 1, &other), GB_ERR_NOTFOUND);
    node->nonce.outstanding = true; /* still the taker's (sanitizers watch) */
    nodes_give(*state, node);
}

static void enrolled_anew_nothing_is_proven(void **state)
{
    struct node *node;
    struct node_verdict told;
    add(*state, 1, "worker-1");
    assert_int_equal(take(*state, 1, &node), GB_OK);
    assert_int_equal(nonce_issue(&node->nonce, 1, 1, NULL), GB_OK);
    node->progress.trust_id = 5;
    assert_true(nodes_tell(*state, node, &(struct node_verdict){.judged = true, .trusted = true}));
    add(*state, 1, "worker-1");
    nodes_give(*state, node);
    assert_int_equal(take(*state, 1, &node), GB_OK);
    nodes_told(*state, node, &told);
    assert_false(told.judged);
    assert_false(node->nonce.outstanding);
    assert_int_equal(node->progress.trust_id, 0);
    nodes_give(*state, node);
}

static void T02_a_nonce_is_its_own_nodes(void **state)
{
    struct node *one, *two;
    struct nonce taken;
    add(*state, 1, "worker-1");
    add(*state, 2, "worker-2");
    assert_int_equal(take(*state, 1, &one), GB_OK);
    assert_int_equal(take(*state, 2, &two), GB_OK);
    assert_int_equal(nonce_issue(&one->nonce, 1, 1, NULL), GB_OK);
    assert_int_equal(nonce_take(&two->nonce, 1, 1000, 0, &taken), NONCE_NONE);
    assert_int_equal(nonce_issue(&two->nonce, 1, 1, NULL), GB_OK);
    assert_memory_not_equal(one->nonce.bytes, two->nonce.bytes, NONCE_SIZE);
    nodes_give(*state, one);
    nodes_give(*state, two);
}

static bool is_asked(struct nodes *nodes)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct node_summary node;
    assert_int_equal(nodes_find(nodes, arena, gb_bytes_str("worker-1"), &node, NULL), GB_OK);
    return node.asked;
}

static void who_asks_for_fresh_voids_what_is_out(void **state)
{
    uint8_t id[STORE_ID];
    struct node *node;
    id_of(1, id);
    assert_false(nodes_ask(*state, id, 50));
    add(*state, 1, "worker-1");
    assert_true(nodes_ask(*state, id, 50));
    assert_int_equal(take(*state, 1, &node), GB_OK);
    assert_int_equal(node->void_ms, 50);
    struct node_verdict verdict = {.judged = true, .verified_s = 9, .issued_ms = 50};
    assert_true(nodes_tell(*state, node, &verdict)); /* of a nonce of before */
    assert_true(is_asked(*state));
    verdict.issued_ms = 51;
    nodes_proven(*state, node, &verdict);
    assert_false(is_asked(*state));
    nodes_give(*state, node);
}

static void readers_see_what_was_told_and_only_news_since(void **state)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct node_summary *list, one;
    struct node *node;
    size_t count;
    uint64_t revision;
    add(*state, 2, "b");
    add(*state, 1, "a");
    assert_int_equal(nodes_list(*state, arena, 0, &list, &count, &revision, NULL), GB_OK);
    assert_int_equal(count, 2);
    assert_string_equal(list[0].name, "a");
    assert_int_equal(nodes_list(*state, arena, revision, &list, &count, &revision, NULL), GB_OK);
    assert_int_equal(count, 0);

    assert_int_equal(take(*state, 2, &node), GB_OK);
    char reason[] = "an unknown program ran";
    assert_true(nodes_tell(
        *state, node,
        &(struct node_verdict){
            .judged = true, .tier = GB_TIER_CONTRAINDICATED, .verified_s = 9, .reason = reason}));
    memset(reason, 'x', sizeof reason - 1); /* it was copied */
    nodes_give(*state, node);
    assert_int_equal(nodes_list(*state, arena, revision, &list, &count, &revision, NULL), GB_OK);
    assert_int_equal(count, 1);
    assert_string_equal(list[0].verdict.reason, "an unknown program ran");

    char text[NODE_ID_TEXT];
    node_id_text(list[0].id, text);
    assert_int_equal(nodes_find(*state, arena, gb_bytes_str(text), &one, NULL), GB_OK);
    assert_string_equal(one.name, "b");
    assert_int_equal(nodes_find(*state, arena, gb_bytes_str("a"), &one, NULL), GB_OK);
    assert_int_equal(nodes_find(*state, arena, gb_bytes_str("c"), &one, NULL), GB_ERR_NOTFOUND);
}

static void counts_keep_trust_and_liveness_apart(void **state)
{
    const struct liveness_spans spans = {.fresh_s = 10, .unreachable_s = 20};
    struct nodes_count found;
    struct node *node;
    for (unsigned i = 0; i < 1000; i++)
        add(*state, i, "n");
    assert_int_equal(take(*state, 7, &node), GB_OK);
    assert_true(nodes_tell(
        *state, node, &(struct node_verdict){.judged = true, .trusted = true, .verified_s = 9}));
    nodes_give(*state, node);
    nodes_count(*state, &spans, 1000, &found);
    assert_int_equal(found.all, 1000);
    assert_int_equal(found.trusted, 1);
    assert_int_equal(found.unknown, 999);
    assert_int_equal(found.liveness[LIVENESS_UNREACHABLE],
                     1); /* still trusted: time says nothing */
    assert_int_equal(found.liveness[LIVENESS_NEVER], 999);
    assert_int_equal(found.last_verified_s, 9);
}

static void *rounds(void *ctx)
{
    struct nodes *nodes = ctx;
    for (unsigned i = 0; i < 20000; i++) {
        struct node *node;
        if (take(nodes, i % 5, &node) < 0)
            continue;
        node->progress.trust_id++; /* a race here is two takers */
        assert_true(nodes_tell(nodes, node, &(struct node_verdict){.judged = true, .policy = "p"}));
        nodes_give(nodes, node);
    }
    return NULL;
}

static void threads_meet_only_at_locks(void **state)
{
    pthread_t threads[4];
    for (unsigned i = 0; i < 5; i++)
        add(*state, i, "n");
    for (size_t i = 0; i < GB_ARRAY_LEN(threads); i++)
        assert_int_equal(pthread_create(&threads[i], NULL, rounds, *state), 0);
    for (unsigned i = 0; i < 200; i++)
        add(*state, i % 7, "n");
    for (size_t i = 0; i < GB_ARRAY_LEN(threads); i++)
        pthread_join(threads[i], NULL);
}

static void an_id_is_written_one_way(void **state)
{
    (void)state;
    const uint8_t id[NODE_ID_SIZE] = {1, 0x23, 0x45, 0x67, 0x89, 0xab, 0x80, 0, 0x80, [15] = 1};
    uint8_t again[NODE_ID_SIZE];
    char text[NODE_ID_TEXT];
    node_id_text(id, text);
    assert_string_equal(text, "01234567-89ab-8000-8000-000000000001");
    assert_true(node_id_parse(gb_bytes_str(text), again));
    assert_memory_equal(id, again, sizeof id);
    assert_false(node_id_parse(gb_bytes_str("01234567-89AB-7000-8000-000000000000"), again));
    assert_false(node_id_parse(gb_bytes_str("0123456789ab-7000-8000-000000000000-"), again));
    assert_false(node_id_parse(gb_bytes_str("01234567-89ab-7000-8000-00000000000"), again));
    assert_false(node_id_parse(gb_bytes_str("01234567-89ab-7000-8000-00000000000g"), again));
}

#define ON_A_TABLE(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        ON_A_TABLE(one_taker_at_a_time),
        ON_A_TABLE(a_node_removed_while_taken_lives_until_given_back),
        ON_A_TABLE(labels_change_between_takers),
        ON_A_TABLE(enrolled_anew_nothing_is_proven),
        ON_A_TABLE(T02_a_nonce_is_its_own_nodes),
        ON_A_TABLE(who_asks_for_fresh_voids_what_is_out),
        ON_A_TABLE(readers_see_what_was_told_and_only_news_since),
        ON_A_TABLE(counts_keep_trust_and_liveness_apart),
        ON_A_TABLE(threads_meet_only_at_locks),
        cmocka_unit_test(an_id_is_written_one_way),
    };
    return cmocka_run_group_tests(tests, setup_all, teardown_all);
}
