/* What was of a node: its verdicts and what evidence of them is kept, and that evidence as it was
 * at one moment. Both in the pool: they read much. */

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "evidence/kept.h"
#include "net/http_server.h"
#include "net/router.h"
#include "os/file.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/kept/kept_load.h"
#include "server/ledger/round.h"
#include "server/nodes/facts.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/work.h"
#include "store/kept.h"
#include "store/store.h"
#include "wire/json.h"

enum { MAX_RECORDS = 4096 };

/* The node that the path names, and work for the pool. */
struct looking {
    struct work work; /* first */
    struct node_summary node;
    int64_t at_s;
    struct json *body; /* owned */
    struct gb_buf out; /* owned */
    bool too_large;
};

static struct looking *look(struct thread *thread, const struct route_call *call,
                            void (*run)(struct work *work, struct worker_parts *parts),
                            void (*then)(struct work *work))
{
    struct looking *l = work_new_of(thread, call->request, struct looking);
    if (!l)
        return NULL;
    int r = nodes_find(thread->server->nodes, l->work.arena, call->params[0], &l->node, NULL);
    if (r < 0) {
        answer_refuse(thread, call->request,
                      r == GB_ERR_NOTFOUND ? REFUSAL_NODE_NOT_FOUND : REFUSAL_NO_MEMORY, NULL);
        return NULL;
    }
    l->work.run = run;
    l->work.then = then;
    return l;
}

static void begin(struct looking *l)
{
    if (!work_start(&l->work))
        answer_refuse(l->work.thread, l->work.request, REFUSAL_OVERLOADED, NULL);
}

/* ---- history ---- */

/* One moment: a change of verdict, evidence that was kept, or both. */
struct event {
    int64_t at_s;
    const struct store_verdict *verdict;
    const struct store_kept *kept;
};

static int newest_first(const void *a, const void *b)
{
    const struct event *left = a;
    const struct event *right = b;
    if (left->at_s != right->at_s)
        return left->at_s > right->at_s ? -1 : 1;
    if (left->kept && right->kept && left->kept->num != right->kept->num)
        return left->kept->num > right->kept->num ? -1 : 1;
    return 0;
}

static struct event *find_quote(struct event *events, size_t count, const uint8_t *quote)
{
    for (size_t i = 0; i < count; i++)
        if (!events[i].kept && memcmp(events[i].verdict->quote, quote, STORE_HASH) == 0)
            return &events[i];
    return NULL;
}

static struct json *evidence_json(struct gb_arena *arena, const struct store_kept *kept)
{
    if (!kept)
        return json_text(NULL);
    struct json *json = json_new_object();
    json_set(json, "what",
             json_text(!kept->accepted ? "refused"
                       : kept->whole   ? "whole"
                                       : "continued"));
    json_set(json, "judged_at", answer_time(kept->judged_s));
    json_set(json, "ima_entries", json_number(kept->ima_end));
    json_set(json, "quote", answer_digest(arena, kept->quote));
    return json;
}

static struct json *event_json(struct gb_arena *arena, const struct event *event)
{
    struct node_verdict told;
    struct json *json = json_new_object();
    json_set(json, "at", answer_time(event->at_s));
    if (event->verdict) {
        json_set(json, "verdict", json_text(event->verdict->trusted ? "trusted" : "untrusted"));
        json_set(json, "tier", json_text(gb_tier_name((enum gb_tier)event->verdict->tier)));
        json_set(json, "policy", json_text(event->verdict->policy));
        json_set(json, "reason",
                 json_text(round_read(arena, event->verdict, &told) ? told.reason : NULL));
    }
    json_set(json, "evidence", evidence_json(arena, event->kept));
    return json;
}

static int list_events(struct looking *l, struct gb_err *err)
{
    struct store *store = l->work.thread->server->store;
    struct store_verdict *verdicts;
    struct store_kept *kept;
    size_t verdict_count = 0, kept_count = 0, count = 0;
    int r = store_verdict_list(store, l->work.arena, l->node.id, STORE_KEEP_VERDICTS, &verdicts,
                               &verdict_count, err);
    if (r == GB_OK)
        r = store_kept_list(store, l->work.arena, l->node.id, MAX_RECORDS, &kept, &kept_count, err);
    if (r < 0)
        return r;
    struct event *events =
        gb_arena_new_array(l->work.arena, struct event, verdict_count + kept_count + 1);
    if (!events)
        return gb_err_nomem(err);
    for (; count < verdict_count; count++)
        events[count] = (struct event){.at_s = verdicts[count].at_s, .verdict = &verdicts[count]};
    for (size_t i = 0; i < kept_count; i++) {
        struct event *event = find_quote(events, verdict_count, kept[i].quote);
        if (event)
            event->kept = &kept[i];
        else
            events[count++] = (struct event){.at_s = kept[i].at_s, .kept = &kept[i]};
    }
    qsort(events, count, sizeof *events, newest_first);
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++)
        json_push(list, event_json(l->work.arena, &events[i]));
    json_set(l->body, "events", list);
    return GB_OK;
}

static void history_in_pool(struct work *work, struct worker_parts *parts)
{
    struct looking *l = (struct looking *)work;
    char id[NODE_ID_TEXT];
    (void)parts;
    node_id_text(l->node.id, id);
    l->body = json_new_object();
    json_set(l->body, "node", json_text(l->node.name));
    json_set(l->body, "id", json_text(id));
    work->result = list_events(l, &work->err);
}

static void answer_history(struct work *work)
{
    struct looking *l = (struct looking *)work;
    if (work->result == GB_OK) {
        answer_json(work->thread, work->request, 200, l->body);
        return;
    }
    json_free(l->body);
    answer_refuse(work->thread, work->request,
                  answer_of_store(work->thread, work->result, &work->err), NULL);
}

void api_node_history(void *ctx, const struct route_call *call)
{
    struct looking *l = look(ctx, call, history_in_pool, answer_history);
    if (l)
        begin(l);
}

/* ---- evidence ---- */

static int put_documents(struct gb_arena *arena, const struct store_document *documents,
                         size_t count, struct kept_documents *ret_documents, struct gb_err *err)
{
    struct kept_document *items = gb_arena_new_array(arena, struct kept_document, count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < count; i++) {
        char *name = gb_arena_printf(arena, "%s/%s", documents[i].kind, documents[i].name);
        if (!name)
            return gb_err_nomem(err);
        items[i] = (struct kept_document){.name = gb_bytes_str(name), .text = documents[i].text};
    }
    *ret_documents = (struct kept_documents){.items = items, .count = count};
    return GB_OK;
}

static int put_roots(struct gb_arena *arena, const struct conf_list *paths,
                     struct kept_documents *ret_documents, struct gb_err *err)
{
    struct kept_document *items = gb_arena_new_array(arena, struct kept_document, paths->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (size_t i = 0; i < paths->count; i++) {
        items[i].name = gb_bytes_str(paths->items[i]);
        int r = file_read(arena, paths->items[i], GB_LIMIT_CERT, &items[i].text, err);
        if (r < 0)
            return r;
    }
    *ret_documents = (struct kept_documents){.items = items, .count = paths->count};
    return GB_OK;
}

/* What stood when this evidence was judged: its own verdict, or that which it confirmed. */
static int put_verdict(struct looking *l, struct kept *kept, struct gb_err *err)
{
    struct store_verdict *verdicts;
    size_t count;
    int r = store_verdict_list(l->work.thread->server->store, l->work.arena, l->node.id,
                               STORE_KEEP_VERDICTS, &verdicts, &count, err);
    for (size_t i = 0; r == GB_OK && i < count; i++) {
        if (verdicts[i].at_s > kept->issued_s)
            continue;
        kept->verdict = verdicts[i].json;
        break;
    }
    return r;
}

static int put_trust(struct looking *l, struct kept *kept, struct gb_err *err)
{
    struct server *server = l->work.thread->server;
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(server->trust);
    struct store_document *documents;
    size_t count;
    int r =
        store_kept_documents(server->store, l->work.arena, kept->trust_id, &documents, &count, err);
    if (r == GB_OK)
        r = put_documents(l->work.arena, documents, count, &kept->then, err);
    if (r == GB_OK)
        r = store_document_list(server->store, l->work.arena, &documents, &count, err);
    if (r == GB_OK)
        r = put_documents(l->work.arena, documents, snapshot_fault(snapshot) ? 0 : count,
                          &kept->now, err);
    if (r == GB_OK)
        r = put_roots(l->work.arena, snapshot_roots(snapshot), &kept->roots, err);
    return r;
}

static int write_evidence(struct looking *l, struct gb_err *err)
{
    struct server *server = l->work.thread->server;
    struct store_kept row;
    struct kept *kept = gb_arena_new_one(l->work.arena, struct kept);
    const char *facts = facts_json(l->work.arena, l->node.name, l->node.labels);
    if (!kept || !facts)
        return gb_err_nomem(err);
    int r = store_kept_at(server->store, l->work.arena, l->node.id, l->at_s, &row, err);
    if (r == GB_OK)
        r = kept_load(l->work.arena, server->store, NULL, &row, kept, err);
    if (r == GB_OK)
        r = put_trust(l, kept, err);
    if (r == GB_OK)
        r = put_verdict(l, kept, err);
    if (r < 0)
        return r;
    kept->facts_now = gb_bytes_str(facts);
    gb_buf_init(&l->out, GB_LIMIT_KEPT);
    kept_write(&l->out, kept);
    l->too_large = !gb_buf_ok(&l->out);
    return GB_OK;
}

static void evidence_in_pool(struct work *work, struct worker_parts *parts)
{
    (void)parts;
    work->result = write_evidence((struct looking *)work, &work->err);
}

static void answer_evidence(struct work *work)
{
    struct looking *l = (struct looking *)work;
    struct gb_buf out = l->out; /* the answer ends `l` */
    if (work->result == GB_ERR_NOTFOUND)
        answer_refuse(work->thread, work->request, REFUSAL_EVIDENCE_NOT_KEPT, NULL);
    else if (work->result < 0)
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
    else if (l->too_large)
        answer_refuse(work->thread, work->request, REFUSAL_EVIDENCE_TOO_LARGE, NULL);
    else
        http_answer(work->request, 200, KEPT_MEDIA_TYPE, gb_buf_bytes(&out));
    gb_buf_done(&out);
}

void api_node_evidence(void *ctx, const struct route_call *call)
{
    struct gb_bytes text;
    struct looking *l = look(ctx, call, evidence_in_pool, answer_evidence);
    if (!l)
        return;
    if (http_request_queries(call->request).len > 0 &&
        (!http_request_query(call->request, "at", &text) || !gb_clock_parse(text, &l->at_s))) {
        answer_refuse(ctx, call->request, REFUSAL_MALFORMED,
                      "at: must be a time like 2026-11-29T08:00:00Z");
        return;
    }
    begin(l);
}
