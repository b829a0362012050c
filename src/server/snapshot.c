#include "server/snapshot.h"

#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

#include "attest/attest.h"
#include "attest/trust.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "crypto/sig_cache.h"
#include "crypto/x509.h"
#include "os/file.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "server/documents.h"

struct snapshot {
    struct gb_arena *arena; /* owned: all that is read at run time */
    struct x509_store *roots;
    struct trust trust;
    const char *policy;
    struct signed_set documents;
    const char *fault;   /* NULL: the documents count */
    const char *refused; /* NULL: not by keyd */
    struct conf_list roots_from;
    struct conf_list officers_from;
    size_t holders; /* under `snapshot_lock` */
};

struct snapshot_holder {
    struct snapshot *current;
    struct sig_cache *signatures; /* of files, verified for any node: outlives each snapshot */
};

/* One for all: it is held for a count. */
static pthread_mutex_t snapshot_lock = PTHREAD_MUTEX_INITIALIZER;

static void snapshot_free(struct snapshot *snapshot)
{
    x509_store_free(snapshot->roots);
    gb_arena_free(snapshot->arena);
    gb_free(snapshot);
}

/* In the arena that is thrown away afterwards. */
static int read_files(struct gb_arena *scratch, const struct conf_list *paths,
                      const struct policy_file **ret_files, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(scratch, struct policy_file, paths->count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        files[i].name = paths->items[i];
        int r = file_read(scratch, paths->items[i], GB_LIMIT_CERT, &files[i].bytes, err);
        if (r < 0)
            return r;
    }
    *ret_files = files;
    return GB_OK;
}

/* Who signed what; with a fault, `trust` gets no documents at all. */
static int judge_signatures(struct gb_arena *scratch, const struct snapshot_parts *parts,
                            struct snapshot *snapshot, struct trust_parts *trust,
                            struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *officers = NULL;
    const struct policy_file *pems = NULL;
    int r = read_files(scratch, parts->officers, &pems, err);
    if (r == GB_OK)
        r = officers_read(pems, parts->officers->count, &officers, err);
    if (r == GB_OK)
        r = signed_set_read(snapshot->arena, trust->policies, trust->policy_count, officers,
                            &snapshot->documents, err);
    if (r == GB_OK)
        r = signed_set_fault(snapshot->arena, &snapshot->documents, parts->at_least,
                             &snapshot->fault, err);
    if (r == GB_OK && parts->refused) {
        snapshot->refused =
            (const char *)gb_arena_copy(snapshot->arena, gb_bytes_str(parts->refused)).data;
        if (!snapshot->refused)
            return gb_err_nomem(err);
    }
    if (r == GB_OK && !snapshot->fault)
        snapshot->fault = snapshot->refused;
    if (r == GB_OK && snapshot->fault)
        trust->policy_count = 0;
    return r;
}

static int read_trust(const struct snapshot_parts *from, struct snapshot *snapshot,
                      struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct trust_parts parts = {.root_count = from->roots->count};
    if (!scratch)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = read_files(scratch, from->roots, &parts.roots, err);
    if (r == GB_OK)
        r = documents_name(snapshot->arena, from->documents, from->count, &parts.policies, err);
    parts.policy_count = from->count;
    if (r == GB_OK)
        r = judge_signatures(scratch, from, snapshot, &parts, err);
    if (r == GB_OK)
        r = rand_bytes((uint8_t *)&parts.seed, sizeof parts.seed, err);
    return r < 0 ? r
                 : trust_read(snapshot->arena, digester, &parts, &snapshot->trust, &snapshot->roots,
                              err);
}

/* "nodes version 3, edge version 1": by priority, as many as fit a line. */
static int name_policy(struct snapshot *snapshot, struct gb_err *err)
{
    enum { SHOWN = 4 };
    const char *names = NULL;
    size_t shown = 0;
    const struct node_policy *node = snapshot->trust.policy.policies;
    for (; node && shown < SHOWN; node = node->next, shown++) {
        names = gb_arena_printf(snapshot->arena, "%s%s%s", names ? names : "", names ? ", " : "",
                                node->title);
        if (!names)
            return gb_err_nomem(err);
    }
    if (node)
        names = gb_arena_printf(snapshot->arena, "%s, and more", names);
    snapshot->policy = names;
    return names || !node ? GB_OK : gb_err_nomem(err);
}

/* A change of documents keeps the files that a reload brought. */
static int keep_paths(struct gb_arena *arena, const struct conf_list *paths,
                      struct conf_list *ret_paths, struct gb_err *err)
{
    const char **items = gb_arena_new_array(arena, const char *, paths->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        items[i] = (const char *)gb_arena_copy(arena, gb_bytes_str(paths->items[i])).data;
        if (!items[i])
            return gb_err_nomem(err);
    }
    *ret_paths = (struct conf_list){.items = items, .count = paths->count};
    return GB_OK;
}

int snapshot_new(const struct snapshot_parts *parts, struct snapshot **ret_snapshot,
                 struct gb_err *err)
{
    struct snapshot *snapshot = gb_calloc(1, sizeof *snapshot);
    if (!snapshot)
        return gb_err_nomem(err);
    snapshot->holders = 1;
    snapshot->arena = gb_arena_new();
    int r = snapshot->arena ? read_trust(parts, snapshot, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = keep_paths(snapshot->arena, parts->roots, &snapshot->roots_from, err);
    if (r == GB_OK)
        r = keep_paths(snapshot->arena, parts->officers, &snapshot->officers_from, err);
    if (r == GB_OK)
        r = name_policy(snapshot, err);
    if (r < 0) {
        snapshot_free(snapshot);
        return r;
    }
    *ret_snapshot = snapshot;
    return GB_OK;
}

const struct trust *snapshot_trust(const struct snapshot *snapshot)
{
    return &snapshot->trust;
}

const struct conf_list *snapshot_roots(const struct snapshot *snapshot)
{
    return &snapshot->roots_from;
}

const struct access_policy *snapshot_access(const struct snapshot *snapshot)
{
    return snapshot->trust.policy.access;
}

const struct conf_list *snapshot_officers(const struct snapshot *snapshot)
{
    return &snapshot->officers_from;
}

const char *snapshot_fault(const struct snapshot *snapshot)
{
    return snapshot->fault;
}

const char *snapshot_refused(const struct snapshot *snapshot)
{
    return snapshot->refused;
}

const struct signed_set *snapshot_documents(const struct snapshot *snapshot)
{
    return &snapshot->documents;
}

const char *snapshot_policy(const struct snapshot *snapshot)
{
    return snapshot->policy;
}

void snapshot_unref(struct snapshot *snapshot)
{
    if (!snapshot)
        return;
    pthread_mutex_lock(&snapshot_lock);
    bool last = --snapshot->holders == 0;
    pthread_mutex_unlock(&snapshot_lock);
    if (last)
        snapshot_free(snapshot);
}

void snapshot_unrefp(struct snapshot **snapshot)
{
    snapshot_unref(*snapshot);
}

int snapshot_holder_new(struct snapshot_holder **ret_holder, struct gb_err *err)
{
    struct snapshot_holder *holder = gb_calloc(1, sizeof *holder);
    uint64_t seed = 0;
    if (!holder)
        return gb_err_nomem(err);
    int r = rand_bytes((uint8_t *)&seed, sizeof seed, err);
    if (r == GB_OK)
        r = sig_cache_new(seed, &holder->signatures, err);
    if (r < 0) {
        gb_free(holder);
        return r;
    }
    *ret_holder = holder;
    return GB_OK;
}

void snapshot_holder_free(struct snapshot_holder *holder)
{
    if (!holder)
        return;
    snapshot_unref(holder->current);
    sig_cache_free(holder->signatures);
    gb_free(holder);
}

struct snapshot *snapshot_get(struct snapshot_holder *holder)
{
    pthread_mutex_lock(&snapshot_lock);
    struct snapshot *snapshot = holder->current;
    if (snapshot)
        snapshot->holders++;
    pthread_mutex_unlock(&snapshot_lock);
    return snapshot;
}

void snapshot_set(struct snapshot_holder *holder, struct snapshot *snapshot)
{
    if (snapshot) /* nobody else knows it yet */
        snapshot->trust.policy.signatures = holder->signatures;
    pthread_mutex_lock(&snapshot_lock);
    struct snapshot *old = holder->current;
    holder->current = snapshot;
    pthread_mutex_unlock(&snapshot_lock);
    snapshot_unref(old);
}
