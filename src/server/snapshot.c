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
#include "crypto/x509.h"
#include "os/file.h"
#include "policy/policy.h"
#include "store/store.h"

struct snapshot {
    struct gb_arena *arena; /* owned: all that is read at run time */
    struct x509_store *roots;
    struct trust trust;
    const char *policy;
    struct conf_list roots_from;
    size_t holders; /* under `snapshot_lock` */
};

struct snapshot_holder {
    struct snapshot *current;
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
static int read_roots(struct gb_arena *scratch, const struct conf_list *paths,
                      struct trust_parts *parts, struct gb_err *err)
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
    parts->roots = files;
    parts->root_count = paths->count;
    return GB_OK;
}

static int by_name(const void *a, const void *b)
{
    const struct policy_file *left = a;
    const struct policy_file *right = b;
    return strcmp(left->name, right->name);
}

/* Sorted: the same documents are the same trust, however they came together. */
static int name_documents(struct gb_arena *arena, const struct store_document *documents,
                          size_t count, struct trust_parts *parts, struct gb_err *err)
{
    struct policy_file *files = gb_arena_new_array(arena, struct policy_file, count + 1);
    if (!files)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        files[i].bytes = documents[i].text;
        files[i].name = gb_arena_printf(arena, "%s/%s", documents[i].kind, documents[i].name);
        if (!files[i].name)
            return gb_err_nomem(err);
    }
    qsort(files, count, sizeof *files, by_name);
    parts->policies = files;
    parts->policy_count = count;
    return GB_OK;
}

static int read_trust(const struct conf_list *roots, const struct store_document *documents,
                      size_t count, struct snapshot *snapshot, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct trust_parts parts = {.many = true};
    if (!scratch)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = read_roots(scratch, roots, &parts, err);
    if (r == GB_OK)
        r = name_documents(snapshot->arena, documents, count, &parts, err);
    if (r == GB_OK)
        r = rand_bytes((uint8_t *)&parts.seed, sizeof parts.seed, err);
    return r < 0 ? r
                 : trust_read(snapshot->arena, digester, &parts, &snapshot->trust, &snapshot->roots,
                              err);
}

static int name_policy(struct snapshot *snapshot, struct gb_err *err)
{
    const struct node_policy *node = snapshot->trust.policy.node;
    if (!node)
        return GB_OK;
    snapshot->policy =
        gb_arena_printf(snapshot->arena, "%s version %" PRIu64, node->name, node->version);
    return snapshot->policy ? GB_OK : gb_err_nomem(err);
}

/* A change of documents keeps the roots that a reload brought. */
static int keep_roots(struct snapshot *snapshot, const struct conf_list *roots, struct gb_err *err)
{
    const char **items = gb_arena_new_array(snapshot->arena, const char *, roots->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < roots->count; i++) {
        items[i] = (const char *)gb_arena_copy(snapshot->arena, gb_bytes_str(roots->items[i])).data;
        if (!items[i])
            return gb_err_nomem(err);
    }
    snapshot->roots_from = (struct conf_list){.items = items, .count = roots->count};
    return GB_OK;
}

int snapshot_new(const struct conf_list *roots, const struct store_document *documents,
                 size_t count, struct snapshot **ret_snapshot, struct gb_err *err)
{
    struct snapshot *snapshot = gb_calloc(1, sizeof *snapshot);
    if (!snapshot)
        return gb_err_nomem(err);
    snapshot->holders = 1;
    snapshot->arena = gb_arena_new();
    int r =
        snapshot->arena ? read_trust(roots, documents, count, snapshot, err) : gb_err_nomem(err);
    if (r == GB_OK)
        r = keep_roots(snapshot, roots, err);
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
    if (!holder)
        return gb_err_nomem(err);
    *ret_holder = holder;
    return GB_OK;
}

void snapshot_holder_free(struct snapshot_holder *holder)
{
    if (!holder)
        return;
    snapshot_unref(holder->current);
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
    pthread_mutex_lock(&snapshot_lock);
    struct snapshot *old = holder->current;
    holder->current = snapshot;
    pthread_mutex_unlock(&snapshot_lock);
    snapshot_unref(old);
}
