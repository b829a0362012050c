#include "server/nodes/admit.h"

#include <string.h>

#include "base/clock.h"
#include "base/secret.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "evidence/tpm_wire.h"
#include "server/api/answer.h"
#include "server/api/refusals.h"
#include "server/nodes/join_token.h"
#include "server/nodes/tickets.h"
#include "server/nodes/waiting.h"
#include "server/server.h"
#include "store/store.h"

bool admit_name(const char *node_name, const char *pool, const char *name)
{
    if (node_name)
        return strcmp(node_name, name) == 0;
    if (!pool)
        return true;
    const char *star = strchr(pool, '*');
    return star ? strncmp(pool, name, (size_t)(star - pool)) == 0 : strcmp(pool, name) == 0;
}

static enum admit_answer refused(enum refusal *ret_refusal, enum refusal why)
{
    *ret_refusal = why;
    return ADMIT_REFUSED;
}

static enum admit_answer reserve(struct thread *thread, const uint8_t *token, uint32_t uses,
                                 enum refusal *ret_refusal, struct ticket **ret_ticket)
{
    int r = tickets_reserve(thread->server->tickets, token, uses, gb_clock_ms(), ret_ticket, NULL);
    if (r == GB_OK)
        return ADMIT_OK;
    return refused(ret_refusal, r == GB_ERR_AGAIN   ? REFUSAL_TOKEN_RESERVED
                                : r == GB_ERR_LIMIT ? REFUSAL_ENROLMENTS_FULL
                                                    : REFUSAL_NO_MEMORY);
}

/* Whether the token exists, and its secret is that one. What it may do is judged after that. */
static bool token_known(struct thread *thread, struct gb_arena *arena,
                        const struct join_token *given, struct store_token *ret_token)
{
    uint8_t hash[STORE_HASH];
    if (digest_of(thread->digester, DIGEST_SHA256, gb_bytes(given->secret, sizeof given->secret),
                  hash) < 0)
        return false;
    if (store_token_get(thread->server->store, arena, given->id, ret_token, NULL) < 0)
        return false;
    return secret_equal(gb_bytes(hash, sizeof hash), gb_bytes(ret_token->secret_hash, sizeof hash));
}

/* The ticket outlives the request. */
static enum admit_answer give_labels(struct thread *thread, const struct store_token *token,
                                     enum refusal *ret_refusal, struct ticket **ret_ticket)
{
    struct ticket *ticket = *ret_ticket;
    if (!token->labels)
        return ADMIT_OK;
    ticket->labels = (const char *)gb_arena_copy(ticket->arena, gb_bytes_str(token->labels)).data;
    if (ticket->labels)
        return ADMIT_OK;
    tickets_drop(thread->server->tickets, ticket);
    return refused(ret_refusal, REFUSAL_NO_MEMORY);
}

static enum admit_answer by_token(struct thread *thread, struct gb_arena *arena,
                                  const struct admit_ask *ask, enum refusal *ret_refusal,
                                  struct ticket **ret_ticket)
{
    struct join_token given;
    struct store_token token;
    bool known =
        join_token_parse(arena, ask->token, &given) && token_known(thread, arena, &given, &token);
    secret_wipe(given.secret, sizeof given.secret);
    if (!known)
        return refused(ret_refusal, REFUSAL_TOKEN_INVALID);
    if (token.expires_s <= gb_clock_s())
        return refused(ret_refusal, REFUSAL_TOKEN_EXPIRED);
    if (token.uses_left == 0)
        return refused(ret_refusal, REFUSAL_TOKEN_USED);
    if (!admit_name(token.node_name, token.pool, ask->name))
        return refused(ret_refusal, REFUSAL_TOKEN_NAME);
    enum admit_answer answer = reserve(thread, token.id, token.uses_left, ret_refusal, ret_ticket);
    return answer == ADMIT_OK ? give_labels(thread, &token, ret_refusal, ret_ticket) : answer;
}

int admit_ek(struct gb_bytes ek_public, uint8_t ret_ek[32])
{
    struct tpm_public area;
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = tpm_public_read(ek_public, &area, NULL);
    if (r == GB_OK)
        r = tpm_public_key(&area, &key, NULL);
    return r < 0 ? r : key_fingerprint(key, ret_ek, NULL);
}

static enum admit_answer wait_for_operator(struct thread *thread, const struct admit_ask *ask,
                                           const char *remote, const uint8_t ek[32],
                                           enum refusal *ret_refusal)
{
    bool noted =
        waiting_ask(thread->server->waiting, ask->name, ek, remote, gb_clock_ms(), gb_clock_s());
    return noted ? ADMIT_WAITING : refused(ret_refusal, REFUSAL_WAITING_FULL);
}

static enum admit_answer by_ek(struct thread *thread, struct gb_arena *arena,
                               const struct admit_ask *ask, const char *remote,
                               enum refusal *ret_refusal, uint8_t ret_ek[32],
                               struct ticket **ret_ticket)
{
    struct store_grant grant;
    struct gb_err err;
    if (admit_ek(ask->ek_public, ret_ek) < 0)
        return refused(ret_refusal, REFUSAL_MALFORMED);
    int r = store_grant_get(thread->server->store, arena, ret_ek, &grant, &err);
    if (r == GB_ERR_NOTFOUND)
        return wait_for_operator(thread, ask, remote, ret_ek, ret_refusal);
    if (r < 0)
        return refused(ret_refusal, answer_of_store(thread, r, &err));
    if (grant.expires_s != 0 && grant.expires_s <= gb_clock_s())
        return wait_for_operator(thread, ask, remote, ret_ek, ret_refusal);
    if (!admit_name(grant.node_name, NULL, ask->name))
        return refused(ret_refusal, REFUSAL_GRANT_NAME);
    r = tickets_reserve_ek(thread->server->tickets, ret_ek, gb_clock_ms(), ret_ticket, NULL);
    if (r == GB_OK)
        return ADMIT_OK;
    return refused(ret_refusal, r == GB_ERR_AGAIN   ? REFUSAL_BUSY
                                : r == GB_ERR_LIMIT ? REFUSAL_ENROLMENTS_FULL
                                                    : REFUSAL_NO_MEMORY);
}

enum admit_answer admit(struct thread *thread, struct gb_arena *arena, const struct admit_ask *ask,
                        const char *remote, enum refusal *ret_refusal, uint8_t ret_ek[32],
                        struct ticket **ret_ticket)
{
    return ask->token ? by_token(thread, arena, ask, ret_refusal, ret_ticket)
                      : by_ek(thread, arena, ask, remote, ret_refusal, ret_ek, ret_ticket);
}
