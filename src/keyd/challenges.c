#include "keyd/challenges.h"

#include <pthread.h>
#include <string.h>

#include "base/mem.h"
#include "base/secret.h"
#include "keyd/slots.h"

struct record {
    uint8_t *kept; /* owned: the bytes of `facts` */
    struct challenge_facts facts;
    bool busy;
    int64_t expires_ms; /* while busy: the slot itself must not be taken then */
    uint8_t nonce[32];
    uint8_t request[32]; /* that was answered */
    uint8_t *answer;     /* owned; NULL: not yet */
    size_t answer_len;
};

struct challenges {
    pthread_mutex_t lock;
    struct slots slots;
    struct record *records; /* owned, one a slot */
    struct secret secrets;  /* CHALLENGE_SECRET bytes a slot */
};

int challenges_new(size_t max, struct challenges **ret_challenges, struct gb_err *err)
{
    gb_cleanup(challenges_freep) struct challenges *c = gb_calloc(1, sizeof *c);
    if (!c)
        return gb_err_nomem(err);
    pthread_mutex_init(&c->lock, NULL);
    c->records = gb_calloc(max, sizeof *c->records);
    if (!c->records || !secret_init(&c->secrets, max * CHALLENGE_SECRET))
        return gb_err_nomem(err);
    int r = slots_init(&c->slots, max, err);
    if (r < 0)
        return r;
    *ret_challenges = gb_take(c);
    return GB_OK;
}

static uint8_t *secret_of(struct challenges *c, size_t place)
{
    return c->secrets.data + place * CHALLENGE_SECRET;
}

/* Wipes and frees what a slot keeps. */
static void forget(struct challenges *c, size_t place)
{
    struct record *record = &c->records[place];
    secret_wipe(secret_of(c, place), CHALLENGE_SECRET);
    gb_free(record->kept);
    gb_free(record->answer);
    *record = (struct record){0};
}

void challenges_free(struct challenges *c)
{
    if (!c)
        return;
    for (size_t i = 0; c->records && i < c->slots.count; i++)
        forget(c, i);
    gb_free(c->records);
    secret_done(&c->secrets);
    slots_done(&c->slots);
    pthread_mutex_destroy(&c->lock);
    gb_free(c);
}

void challenges_freep(struct challenges **challenges)
{
    challenges_free(*challenges);
}

void challenges_sweep(struct challenges *c, int64_t now_ms)
{
    pthread_mutex_lock(&c->lock);
    for (size_t i = 0; i < c->slots.count; i++) {
        int64_t expires_ms = c->slots.slots[i].expires_ms;
        if (expires_ms != 0 && expires_ms <= now_ms) {
            forget(c, i);
            slots_drop(&c->slots, i);
        }
    }
    pthread_mutex_unlock(&c->lock);
}

static size_t size_of(const struct challenge_facts *facts)
{
    size_t size = facts->ak_public.len + facts->name.len + facts->labels.len;
    for (size_t i = 0; i < facts->cert_count; i++)
        size += facts->certs[i].len;
    return size;
}

static struct gb_bytes put(uint8_t **at, struct gb_bytes in)
{
    uint8_t *begin = *at;
    if (in.len > 0)
        memcpy(begin, in.data, in.len);
    *at += in.len;
    return gb_bytes(begin, in.len);
}

static int keep(struct record *record, const struct challenge_facts *facts, struct gb_err *err)
{
    size_t size = size_of(facts);
    if (facts->cert_count > CHALLENGE_CERTS || size > CHALLENGE_KEPT)
        return gb_err_set(err, GB_ERR_LIMIT, "keys and certificates of %zu bytes", size);
    uint8_t *at = gb_calloc(1, size ? size : 1);
    if (!at)
        return gb_err_nomem(err);
    record->kept = at;
    record->facts.ak_public = put(&at, facts->ak_public);
    record->facts.name = put(&at, facts->name);
    record->facts.labels = put(&at, facts->labels);
    record->facts.cert_count = facts->cert_count;
    for (size_t i = 0; i < facts->cert_count; i++)
        record->facts.certs[i] = put(&at, facts->certs[i]);
    return GB_OK;
}

static int add(struct challenges *c, int64_t now_ms, struct record *record, const uint8_t *secret,
               uint8_t ret_id[16], struct gb_err *err)
{
    size_t place = 0;
    int r = slots_add(&c->slots, now_ms, CHALLENGE_LIFE_MS, &place, err);
    if (r < 0)
        return r;
    forget(c, place);
    c->records[place] = *record;
    *record = (struct record){0};
    memcpy(secret_of(c, place), secret, CHALLENGE_SECRET);
    memcpy(ret_id, c->slots.slots[place].id, 16);
    return GB_OK;
}

int challenges_add(struct challenges *c, int64_t now_ms, const struct challenge_facts *facts,
                   const uint8_t secret[CHALLENGE_SECRET], const uint8_t nonce[32],
                   uint8_t ret_id[16], struct gb_err *err)
{
    struct record record = {0};
    memcpy(record.nonce, nonce, sizeof record.nonce);
    int r = keep(&record, facts, err);
    if (r < 0)
        return r;
    challenges_sweep(c, now_ms);
    pthread_mutex_lock(&c->lock);
    r = add(c, now_ms, &record, secret, ret_id, err);
    pthread_mutex_unlock(&c->lock);
    gb_free(record.kept);
    return r;
}

static int answered(const struct record *record, struct gb_arena *arena, const uint8_t request[32],
                    struct challenge_try *ret_try, struct gb_err *err)
{
    if (memcmp(record->request, request, sizeof record->request) != 0)
        return gb_err_set(err, GB_ERR_DENIED, "the challenge was answered already");
    struct gb_bytes copy = gb_arena_copy(arena, gb_bytes(record->answer, record->answer_len));
    if (!copy.data)
        return gb_err_nomem(err);
    *ret_try = (struct challenge_try){.answer = copy};
    return GB_OK;
}

static int begin(struct challenges *c, struct gb_arena *arena, int64_t now_ms, const uint8_t id[16],
                 const uint8_t request[32], struct challenge_try *ret_try, struct gb_err *err)
{
    size_t place = 0;
    if (!slots_find(&c->slots, id, 16, now_ms, &place))
        return gb_err_set(err, GB_ERR_AGAIN, "the challenge is unknown, used or expired");
    struct record *record = &c->records[place];
    if (record->busy)
        return gb_err_set(err, GB_ERR_AGAIN, "the challenge is being judged");
    if (record->answer)
        return answered(record, arena, request, ret_try, err);
    record->busy = true;
    record->expires_ms = c->slots.slots[place].expires_ms;
    c->slots.slots[place].expires_ms = INT64_MAX;
    memcpy(record->request, request, sizeof record->request);
    *ret_try = (struct challenge_try){
        .place = place, .secret = secret_of(c, place), .facts = record->facts};
    memcpy(ret_try->nonce, record->nonce, sizeof ret_try->nonce);
    return GB_OK;
}

int challenges_begin(struct challenges *c, struct gb_arena *arena, int64_t now_ms,
                     const uint8_t id[16], const uint8_t request[32], struct challenge_try *ret_try,
                     struct gb_err *err)
{
    pthread_mutex_lock(&c->lock);
    int r = begin(c, arena, now_ms, id, request, ret_try, err);
    pthread_mutex_unlock(&c->lock);
    return r;
}

void challenges_end(struct challenges *c, const struct challenge_try *attempt,
                    struct gb_bytes answer)
{
    struct record *record = &c->records[attempt->place];
    pthread_mutex_lock(&c->lock);
    uint8_t *copy = answer.len > 0 ? gb_calloc(1, answer.len) : NULL;
    if (copy) {
        memcpy(copy, answer.data, answer.len);
        record->answer = copy;
        record->answer_len = answer.len;
        record->busy = false;
        c->slots.slots[attempt->place].expires_ms = record->expires_ms;
        c->slots.full_until_ms = 0;
        secret_wipe(secret_of(c, attempt->place), CHALLENGE_SECRET);
    } else {
        forget(c, attempt->place);
        slots_drop(&c->slots, attempt->place);
    }
    pthread_mutex_unlock(&c->lock);
}
