#include <string.h>

#include "../test.h"
#include "server/nodes/tickets.h"

static struct ticket *begin(struct tickets *tickets, uint8_t number, int64_t now_ms)
{
    struct ticket *ticket;
    uint8_t challenge[TICKET_CHALLENGE];
    memset(challenge, number, sizeof challenge);
    if (tickets_reserve(tickets, NULL, 0, now_ms, &ticket, NULL) < 0)
        return NULL;
    tickets_open(tickets, ticket, challenge);
    return ticket;
}

static int take(struct tickets *tickets, uint8_t number, int64_t now_ms, struct ticket **ret_ticket)
{
    uint8_t challenge[TICKET_CHALLENGE];
    memset(challenge, number, sizeof challenge);
    return tickets_take(tickets, challenge, now_ms, ret_ticket, NULL);
}

static void a_full_table_gives_up_answers_but_no_challenge(void **state)
{
    (void)state;
    struct tickets *tickets;
    struct ticket *ticket;
    assert_int_equal(tickets_new(3, 1000, &tickets, NULL), GB_OK);
    for (uint8_t i = 1; i <= 3; i++)
        assert_non_null(begin(tickets, i, i));
    assert_null(begin(tickets, 4, 4)); /* none is done: who began may finish */
    for (uint8_t i = 2; i <= 3; i++) {
        assert_int_equal(take(tickets, i, 5, &ticket), GB_OK);
        tickets_finish(tickets, ticket);
    }
    assert_non_null(begin(tickets, 4, 6));
    assert_int_equal(take(tickets, 2, 7, &ticket), GB_ERR_NOTFOUND); /* the older answer */
    assert_int_equal(take(tickets, 3, 7, &ticket), GB_OK);
    assert_true(ticket->done);
    assert_null(begin(tickets, 5, 8)); /* somebody has the other */
    tickets_give(tickets, ticket);
    assert_int_equal(take(tickets, 1, 9, &ticket), GB_OK);
    tickets_free(tickets);
}

static void a_token_is_reserved_until_its_ticket_ends(void **state)
{
    (void)state;
    static const uint8_t token[8] = {1};
    struct tickets *tickets;
    struct ticket *first, *second;
    assert_int_equal(tickets_new(3, 1000, &tickets, NULL), GB_OK);
    assert_int_equal(tickets_reserve(tickets, token, 1, 0, &first, NULL), GB_OK);
    assert_int_equal(tickets_reserve(tickets, token, 1, 0, &second, NULL), GB_ERR_AGAIN);
    tickets_drop(tickets, first);
    assert_int_equal(tickets_reserve(tickets, token, 1, 0, &second, NULL), GB_OK);
    tickets_free(tickets);
}

static void an_ek_has_one_ticket(void **state)
{
    (void)state;
    struct tickets *tickets;
    struct ticket *ticket;
    const uint8_t ek[STORE_HASH] = {1}, other[STORE_HASH] = {2};
    const uint8_t first[TICKET_CHALLENGE] = {1}, second[TICKET_CHALLENGE] = {2};
    assert_int_equal(tickets_new(2, 1000, &tickets, NULL), GB_OK);
    assert_int_equal(tickets_reserve_ek(tickets, ek, 0, &ticket, NULL), GB_OK);
    assert_int_equal(tickets_reserve_ek(tickets, ek, 0, &ticket, NULL), GB_ERR_AGAIN);
    assert_true(ticket->has_grant);
    assert_memory_equal(ticket->grant_ek, ek, sizeof ek);
    tickets_open(tickets, ticket, first);
    for (int i = 0; i < 10; i++) { /* and takes nobody's room */
        assert_int_equal(tickets_reserve_ek(tickets, ek, 0, &ticket, NULL), GB_OK);
        tickets_open(tickets, ticket, second);
    }
    assert_int_equal(tickets_reserve_ek(tickets, other, 0, &ticket, NULL), GB_OK);
    assert_int_equal(tickets_take(tickets, first, 0, &ticket, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(tickets_take(tickets, second, 0, &ticket, NULL), GB_OK);
    tickets_free(tickets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_full_table_gives_up_answers_but_no_challenge),
        cmocka_unit_test(a_token_is_reserved_until_its_ticket_ends),
        cmocka_unit_test(an_ek_has_one_ticket),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
