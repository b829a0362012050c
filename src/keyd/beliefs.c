#include "keyd/beliefs.h"

#include <pthread.h>
#include <stdatomic.h>

#include "attest/trust.h"
#include "base/encode.h"
#include "base/limits.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "crypto/sig_cache.h"
#include "crypto/x509.h"
#include "evidence/bundle.h"
#include "keyd/config.h"
#include "keyd/papers.h"
#include "os/file.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"

/* The snapshot and what it is made of. */
struct snapshot {
    struct beliefs beliefs; /* first: what is handed out */
    atomic_uint users;
    struct gb_arena *arena;   /* owned */
    struct x509_store *roots; /* owned; NULL: none */
};

static void snapshot_free(struct snapshot *s)
{
    if (!s)
        return;
    x509_store_free(s->roots);
    gb_arena_free(s->arena);
    gb_free(s);
}

static void snapshot_freep(struct snapshot **s)
{
    snapshot_free(*s);
}

static int read_files(struct gb_arena *arena, const struct conf_list *paths, size_t max,
                      struct policy_file **ret_files, struct gb_err *err)
{
    struct policy_file *files =
        gb_arena_new_array(arena, struct policy_file, paths->count ? paths->count : 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        files[i].name = paths->items[i];
        int r = file_read(arena, paths->items[i], max, &files[i].bytes, err);
        if (r < 0)
            return r;
    }
    *ret_files = files;
    return GB_OK;
}

/* As files, for the readers; texts are the caller's. */
static int name_papers(struct gb_arena *arena, const struct papers *papers,
                       struct policy_file **ret_files, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(arena, struct policy_file, papers->count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < papers->count; i++) {
        files[i].bytes = papers->documents[i];
        files[i].name = gb_arena_printf(arena, "document %zu", i + 1);
        if (!files[i].name)
            return gb_err_nomem(err);
    }
    *ret_files = files;
    return GB_OK;
}

static int keep_paths(struct gb_arena *arena, struct conf_list *paths, struct gb_err *err)
{
    const char **items = gb_arena_new_array(arena, const char *, paths->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        items[i] = (const char *)gb_arena_copy(arena, gb_bytes_str(paths->items[i])).data;
        if (!items[i])
            return gb_err_nomem(err);
    }
    paths->items = items;
    return GB_OK;
}

/* What a later request makes the next beliefs from. */
static int keep_config(struct snapshot *s, const struct keyd_config *config, struct gb_err *err)
{
    struct keyd_config *kept = &s->beliefs.config;
    *kept = *config;
    int r = keep_paths(s->arena, &kept->tpm_roots, err);
    if (r == 0)
        r = keep_paths(s->arena, &kept->tpm_intermediates, err);
    return r < 0 ? r : keep_paths(s->arena, &kept->officer_keys, err);
}

static int name_officers(struct snapshot *s, const struct officers *officers, struct gb_err *err)
{
    const char *text = "";
    for (size_t i = 0; text && i < officers_count(officers); i++) {
        const char *hex = gb_hex(s->arena, gb_bytes(officers_id(officers, i), SIGNATURE_KEY_LEN));
        text = hex ? gb_arena_printf(s->arena, "%s%s\n", text, hex) : NULL;
    }
    s->beliefs.officers = text;
    return text ? GB_OK : gb_err_nomem(err);
}

/* By keyd's own officers: never a part of the documents. */
static int judge_signatures(struct snapshot *s, const struct keyd_config *config,
                            const struct policy_file *files, size_t count, struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *officers = NULL;
    struct policy_file *pems = NULL;
    int r = read_files(s->arena, &config->officer_keys, GB_LIMIT_CERT, &pems, err);
    if (r == 0)
        r = officers_read(pems, config->officer_keys.count, &officers, err);
    if (r == 0)
        r = name_officers(s, officers, err);
    if (r == 0)
        r = signed_set_read(s->arena, files, count, officers, &s->beliefs.documents, err);
    return r < 0 ? r : signed_set_fault(s->arena, &s->beliefs.documents, 0, &s->beliefs.fault, err);
}

static int read_trust(struct snapshot *s, const struct keyd_config *config,
                      const struct papers *papers, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct policy_file *policies = NULL;
    struct policy_file *roots = NULL;
    uint64_t seed = 0;
    int r = name_papers(s->arena, papers, &policies, err);
    if (r == 0)
        r = judge_signatures(s, config, policies, papers->count, err);
    if (r == 0)
        r = read_files(s->arena, &config->tpm_roots, GB_LIMIT_CERT, &roots, err);
    if (r == 0)
        r = rand_bytes((uint8_t *)&seed, sizeof seed, err);
    if (r == 0)
        r = digester_new(&digester, err);
    if (r < 0)
        return r;
    const struct trust_parts parts = {.policies = policies,
                                      .policy_count = s->beliefs.fault ? 0 : papers->count,
                                      .roots = roots,
                                      .root_count = config->tpm_roots.count,
                                      .seed = seed};
    return trust_read(s->arena, digester, &parts, &s->beliefs.trust, &s->roots, err);
}

/* Each must be what it is said to be now, not at the first enrolment. */
static int check_intermediate(const struct policy_file *file, struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *store = NULL;
    int r = x509_store_new(&store, err);
    if (r == 0)
        r = x509_store_add(store, file->bytes, err);
    if (r == GB_ERR_INPUT)
        r = gb_err_set(err, GB_ERR_CONFIG, "%s: no certificates", file->name);
    return r;
}

static int read_intermediates(struct snapshot *s, const struct keyd_config *config,
                              struct gb_err *err)
{
    struct policy_file *files = NULL;
    enum { MOST = BUNDLE_MAX_INTERMEDIATES / 2 }; /* nodes bring some, too */
    if (config->tpm_intermediates.count > MOST)
        return gb_err_set(err, GB_ERR_CONFIG, "more than %d files of tpm_intermediate", MOST);
    int r = read_files(s->arena, &config->tpm_intermediates, GB_LIMIT_CERT, &files, err);
    for (size_t i = 0; r == 0 && i < config->tpm_intermediates.count; i++) {
        r = check_intermediate(&files[i], err);
        s->beliefs.intermediates[i] =
            (struct bundle_file){.name = files[i].name, .bytes = files[i].bytes};
        s->beliefs.intermediate_count = i + 1;
    }
    return r;
}

int beliefs_make(const struct keyd_config *config, const struct papers *papers,
                 const struct beliefs **ret_beliefs, struct gb_err *err)
{
    gb_cleanup(snapshot_freep) struct snapshot *s = gb_calloc(1, sizeof *s);
    if (!s)
        return gb_err_nomem(err);
    atomic_init(&s->users, 1);
    s->arena = gb_arena_new();
    if (!s->arena)
        return gb_err_nomem(err);
    int r = keep_config(s, config, err);
    if (r == 0)
        r = read_trust(s, config, papers, err);
    if (r == 0)
        r = read_intermediates(s, config, err);
    if (r < 0)
        return r;
    *ret_beliefs = &gb_take(s)->beliefs;
    return GB_OK;
}

int beliefs_read(const struct keyd_config *config, const struct beliefs **ret_beliefs,
                 struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    struct papers papers;
    if (!arena)
        return gb_err_nomem(err);
    int r = papers_read(arena, config->state, &papers, err);
    return r < 0 ? r : beliefs_make(config, &papers, ret_beliefs, err);
}

void beliefs_tell(const struct beliefs *beliefs)
{
    const struct node_policy *node = beliefs->trust.policy.policies;
    if (beliefs->fault)
        gb_log_event(GB_LOG_ERROR, "policy-does-not-count", GB_LOG_TEXT("reason", beliefs->fault),
                     GB_LOG_TEXT("remedy", "apply documents that officers of keyd.conf signed"));
    gb_log_event(GB_LOG_INFO, "policy-loaded", GB_LOG_TEXT("policy", node ? node->name : NULL),
                 GB_LOG_NUMBER("version", node ? node->version : 0),
                 GB_LOG_NUMBER("documents", beliefs->documents.count),
                 GB_LOG_NUMBER("officers", beliefs->config.officer_keys.count));
}

/* The snapshot around what was handed out. */
static struct snapshot *around(const struct beliefs *beliefs)
{
    return (struct snapshot *)(uintptr_t)beliefs;
}

void beliefs_unref(const struct beliefs *beliefs)
{
    if (beliefs && atomic_fetch_sub(&around(beliefs)->users, 1) == 1)
        snapshot_free(around(beliefs));
}

void beliefs_unrefp(const struct beliefs **beliefs)
{
    beliefs_unref(*beliefs);
}

struct beliefs_holder {
    pthread_mutex_t lock;     /* held for a count */
    pthread_mutex_t deciding; /* held while the next ones are made */
    const struct beliefs *now;
    struct sig_cache *signatures; /* of files, verified for any node: outlives each snapshot */
};

/* Nobody else knows `next` yet. */
static void lend_signatures(struct beliefs_holder *holder, const struct beliefs *next)
{
    around(next)->beliefs.trust.policy.signatures = holder->signatures;
}

int beliefs_holder_new(const struct beliefs *first, struct beliefs_holder **ret_holder,
                       struct gb_err *err)
{
    struct beliefs_holder *holder = gb_calloc(1, sizeof *holder);
    uint64_t seed = 0;
    int r = holder ? rand_bytes((uint8_t *)&seed, sizeof seed, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = sig_cache_new(seed, &holder->signatures, err);
    if (r < 0 || !holder) {
        beliefs_unref(first);
        gb_free(holder);
        return r;
    }
    lend_signatures(holder, first);
    pthread_mutex_init(&holder->lock, NULL);
    pthread_mutex_init(&holder->deciding, NULL);
    holder->now = first;
    *ret_holder = holder;
    return GB_OK;
}

void beliefs_holder_free(struct beliefs_holder *holder)
{
    if (!holder)
        return;
    beliefs_unref(holder->now);
    sig_cache_free(holder->signatures);
    pthread_mutex_destroy(&holder->lock);
    pthread_mutex_destroy(&holder->deciding);
    gb_free(holder);
}

void beliefs_hold(struct beliefs_holder *holder)
{
    pthread_mutex_lock(&holder->deciding);
}

void beliefs_release(struct beliefs_holder *holder)
{
    pthread_mutex_unlock(&holder->deciding);
}

const struct beliefs *beliefs_get(struct beliefs_holder *holder)
{
    pthread_mutex_lock(&holder->lock);
    const struct beliefs *beliefs = holder->now;
    atomic_fetch_add(&around(beliefs)->users, 1);
    pthread_mutex_unlock(&holder->lock);
    return beliefs;
}

void beliefs_swap(struct beliefs_holder *holder, const struct beliefs *next)
{
    lend_signatures(holder, next);
    pthread_mutex_lock(&holder->lock);
    const struct beliefs *old = holder->now;
    holder->now = next;
    pthread_mutex_unlock(&holder->lock);
    beliefs_unref(old);
}
