#include "made.h"

#include <ftw.h>
#include <stdio.h>
#include <string.h>

struct gb_err made_said;

int made_setup(void **state)
{
    struct made *made = calloc(1, sizeof *made);
    assert_non_null(made);
    snprintf(made->folder, sizeof made->folder, "%s", "/tmp/garboard-store-XXXXXX");
    assert_non_null(mkdtemp(made->folder));
    snprintf(made->path, sizeof made->path, "%s/garboard.db", made->folder);
    made->arena = gb_arena_new();
    made_open(made);
    *state = made;
    return 0;
}

static int remove_one(const char *path, const struct stat *st, int what, struct FTW *at)
{
    (void)st;
    (void)what;
    (void)at;
    return remove(path);
}

int made_teardown(void **state)
{
    struct made *made = *state;
    made_close(made);
    gb_arena_free(made->arena);
    nftw(made->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
    free(made);
    return 0;
}

static struct store_conf conf(const struct made *made)
{
    return (struct store_conf){.path = made->path,
                               .trust_domain = "example.org",
                               .tenant = "default",
                               .cluster = "default",
                               .flush_ms = 10};
}

void made_open(struct made *made)
{
    struct store_conf c = conf(made);
    struct gb_err err;
    if (store_open(&c, &made->store, &err) < 0)
        fail_msg("%s", err.text);
}

void made_close(struct made *made)
{
    store_close(made->store);
    made->store = NULL;
}

void made_refused(struct made *made, const char *words)
{
    struct store_conf c = conf(made);
    struct store *store = NULL;
    struct gb_err err;
    assert_int_equal(store_open(&c, &store, &err), GB_ERR_CONFIG);
    assert_null(store);
    if (!strstr(err.text, words))
        fail_msg("\"%s\" does not say \"%s\"", err.text, words);
}

void answer_init(struct answer *answer)
{
    *answer = (struct answer){.lock = PTHREAD_MUTEX_INITIALIZER, .told = PTHREAD_COND_INITIALIZER};
}

void answer_done(void *ctx, int result, const struct gb_err *err)
{
    struct answer *answer = ctx;
    pthread_mutex_lock(&answer->lock);
    answer->count++;
    answer->refused += result < 0;
    answer->result = result;
    if (err)
        answer->err = *err;
    pthread_cond_signal(&answer->told);
    pthread_mutex_unlock(&answer->lock);
}

void answer_wait(struct answer *answer, size_t count)
{
    pthread_mutex_lock(&answer->lock);
    while (answer->count < count)
        pthread_cond_wait(&answer->told, &answer->lock);
    pthread_mutex_unlock(&answer->lock);
}

static int wait_for(struct answer *answer)
{
    answer_wait(answer, 1);
    made_said = answer->err;
    return answer->result;
}

int made_token(struct store *store, uint8_t id, uint32_t uses, int64_t expires_s, const char *name)
{
    struct answer answer;
    struct store_token token = {.node_name = name,
                                .created_by = "operator/alice",
                                .created_s = 100,
                                .expires_s = expires_s,
                                .uses_left = uses};
    memset(token.id, id, sizeof token.id);
    memset(token.secret_hash, id, sizeof token.secret_hash);
    answer_init(&answer);
    store_token_add(store, &token, made_entry("token.create"), answer_done, &answer);
    return wait_for(&answer);
}

int made_grant(struct store *store, uint8_t ek, const char *name, int64_t expires_s)
{
    struct answer answer;
    struct store_grant grant = {.node_name = name, .approval = true, .expires_s = expires_s};
    memset(grant.ek, ek, sizeof grant.ek);
    answer_init(&answer);
    store_grant_add(store, &grant, made_entry("ek.add"), answer_done, &answer);
    return wait_for(&answer);
}

const struct store_entry *made_entry(const char *text)
{
    static _Thread_local struct store_entry entry;
    entry = (struct store_entry){.text = gb_bytes_str(text), .at_s = 5};
    return &entry;
}

int made_event(struct store *store, const char *text)
{
    struct answer answer;
    answer_init(&answer);
    store_entry_add(store, made_entry(text), answer_done, &answer);
    return wait_for(&answer);
}

int made_document(struct store *store, const char *name, uint64_t version, const char *text)
{
    struct answer answer;
    struct store_document d = {.kind = "NodePolicy",
                               .name = name,
                               .version = version,
                               .text = gb_bytes_str(text),
                               .applied_by = "operator/alice"};
    answer_init(&answer);
    store_document_apply(store, &d, 1, made_entry("policy.apply"), answer_done, &answer);
    return wait_for(&answer);
}

int made_verdict(struct store *store, uint8_t node, int64_t at_s, const char *json)
{
    struct answer answer;
    struct store_verdict v = {.at_s = at_s, .tier = 2, .trusted = true, .json = gb_bytes_str(json)};
    memset(v.node, node, sizeof v.node);
    answer_init(&answer);
    store_verdict_add(store, &v, gb_bytes_str("progress"), made_entry("verdict"), answer_done,
                      &answer);
    return wait_for(&answer);
}

struct store_node made_node(uint8_t id, const char *name, uint8_t ek, uint8_t transport)
{
    struct store_node node = {.name = name,
                              .ak_public = gb_bytes_str("ak"),
                              .ek_count = 1,
                              .ek_certs = gb_bytes_str("certs"),
                              .cert_pem = gb_bytes_str("pem"),
                              .enrolled_s = 7};
    memset(node.id, id, sizeof node.id);
    memset(node.transport, transport, sizeof node.transport);
    memset(node.eks[0], ek, sizeof node.eks[0]);
    return node;
}

int made_enrol(struct store *store, const struct store_node *node, const uint8_t *token,
               const uint8_t *grant)
{
    struct answer answer;
    struct store_enrolment e = {.node = node, .token_id = token, .grant_ek = grant, .now_s = 1000};
    answer_init(&answer);
    store_enrol(store, &e, made_entry("node.enrol"), answer_done, &answer);
    return wait_for(&answer);
}
