#include "server/apply.h"

#include "base/limits.h"
#include "os/file.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "rpc/keyd.h"
#include "server/api/refusals.h"
#include "server/courier.h"
#include "server/documents.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"

static int read_officers(struct gb_arena *arena, const struct conf_list *paths,
                         struct officers **ret_officers, struct gb_err *err)
{
    struct policy_file *pems = gb_arena_new_array(arena, struct policy_file, paths->count + 1);
    if (!pems)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        pems[i].name = paths->items[i];
        int r = file_read(arena, paths->items[i], GB_LIMIT_CERT, &pems[i].bytes, err);
        if (r < 0)
            return r;
    }
    return officers_read(pems, paths->count, ret_officers, err);
}

/* Who signed what was sent, before it is mixed with what was there. */
static int read_fresh(struct gb_arena *arena, const struct snapshot *current,
                      const struct apply_plan *plan, struct signed_set *ret_set, struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *officers = NULL;
    const struct policy_file *files = NULL;
    int r = documents_name(arena, plan->fresh, plan->count, &files, err);
    if (r == GB_OK)
        r = read_officers(arena, snapshot_officers(current), &officers, err);
    return r < 0 ? r : signed_set_read(arena, files, plan->count, officers, ret_set, err);
}

/* The rule that is stored judges who would lift it. */
static int make_snapshot(const struct snapshot *current, struct apply_plan *plan,
                         struct gb_err *err)
{
    const struct snapshot_parts parts = {.roots = snapshot_roots(current),
                                         .officers = snapshot_officers(current),
                                         .documents = plan->all,
                                         .count = plan->all_count,
                                         .at_least = snapshot_documents(current)->needed};
    int r = snapshot_new(&parts, &plan->snapshot, err);
    if (r < 0 || !snapshot_fault(plan->snapshot))
        return r;
    plan->why = REFUSAL_POLICY_UNSIGNED;
    return gb_err_set(err, GB_ERR_DENIED, "%s", snapshot_fault(plan->snapshot));
}

static enum refusal why(int result)
{
    switch (result) {
    case GB_ERR_DENIED:
        return REFUSAL_POLICY_VERSION;
    case GB_ERR_NOMEM:
        return REFUSAL_NO_MEMORY;
    case GB_ERR_IO:
        return REFUSAL_STORE;
    case GB_ERR_BUG:
        return REFUSAL_INTERNAL;
    default:
        return REFUSAL_POLICY_INVALID;
    }
}

int apply_prepare(struct server *server, struct gb_arena *arena, struct gb_bytes body,
                  struct apply_plan *plan, struct gb_err *err)
{
    gb_cleanup(snapshot_unrefp) struct snapshot *current = snapshot_get(server->trust);
    struct signed_set fresh;
    int r = store_document_list(server->store, arena, &plan->stored, &plan->stored_count, err);
    if (r == GB_OK)
        r = documents_split(arena, body, &plan->fresh, &plan->count, err);
    if (r == GB_OK)
        r = read_fresh(arena, current, plan, &fresh, err);
    if (r == GB_OK)
        r = documents_settle(snapshot_documents(current), &fresh, plan->stored, plan->stored_count,
                             plan->fresh, plan->count, err);
    if (r == GB_OK)
        r = documents_merge(arena, plan->stored, plan->stored_count, plan->fresh, plan->count,
                            &plan->all, &plan->all_count, err);
    plan->why = why(r);
    if (r < 0)
        return r;
    r = make_snapshot(current, plan, err);
    if (r < 0 && plan->why != REFUSAL_POLICY_UNSIGNED)
        plan->why = why(r);
    return r;
}

int apply_try(struct keyd_client *keyd, struct gb_arena *arena, struct apply_plan *plan,
              struct gb_err *err)
{
    int r = courier_send(keyd, arena, plan->all, plan->all_count, true, err);
    if (r < 0)
        plan->why = r == GB_ERR_DENIED  ? REFUSAL_KEYD_DENIED
                    : r == GB_ERR_LIMIT ? REFUSAL_POLICY_INVALID
                    : r == GB_ERR_NOMEM ? REFUSAL_NO_MEMORY
                                        : REFUSAL_KEYD_AWAY;
    return r;
}

const char *apply_word(const struct apply_plan *plan, const struct store_document *fresh)
{
    const struct store_document *old =
        documents_find(plan->stored, plan->stored_count, fresh->kind, fresh->name);
    if (!old)
        return fresh->deleted ? "deleted" : "new";
    if (fresh->deleted && !fresh->resigned && !gb_bytes_equal(old->text, fresh->text))
        return "deleted";
    if (fresh->resigned)
        return "signed";
    return gb_bytes_equal(old->text, fresh->text) ? "same" : "changed";
}
