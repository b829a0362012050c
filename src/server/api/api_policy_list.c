/* Policy: what is in force. */
#include <string.h>

#include "base/encode.h"
#include "base/err.h"
#include "base/text.h"
#include "net/http_server.h"
#include "net/router.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/api_policy.h"
#include "server/api/refusals.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "wire/json.h"

struct json *policy_document_json(const struct store_document *document)
{
    struct json *json = json_new_object();
    json_set(json, "kind", json_text(document->kind));
    json_set(json, "name", json_text(document->name));
    json_set(json, "version", json_number(document->version));
    return json;
}

static struct json *signers_json(struct gb_arena *arena, const struct signed_document *document)
{
    struct json *list = json_new_array();
    for (size_t i = 0; i < document->signatures.count; i++) {
        const struct signature *signature = &document->signatures.items[i];
        const char *hex = gb_hex(arena, gb_bytes(signature->key, SIGNATURE_KEY_LEN));
        if (signature->state == SIGNATURE_GOOD)
            json_push(list, json_text(hex ? gb_arena_printf(arena, "sha256:%s", hex) : NULL));
    }
    return list;
}

/* Of a set that counts; null for other kinds. */
static struct json *life_json(const struct snapshot *snapshot,
                              const struct store_document *document)
{
    const struct ref_set *set = snapshot_trust(snapshot)->policy.sets;
    if (strcmp(document->kind, "ReferenceSet") != 0)
        return json_text(NULL);
    while (set && strcmp(set->name, document->name) != 0)
        set = set->next;
    return json_text(set ? ref_life_name(set->life) : NULL);
}

/* What it says, and who has signed that. */
static void add_signatures(struct gb_arena *arena, const struct snapshot *snapshot,
                           const struct store_document *document, struct json *item)
{
    const struct signed_document *known =
        signed_set_find(snapshot_documents(snapshot), document->kind, document->name);
    char digest[72] = "sha256:";
    if (!known)
        return; /* applied this very moment */
    gb_hex_encode(gb_bytes(known->digest, sizeof known->digest), digest + 7);
    json_set(item, "deleted", json_bool(known->deleted));
    json_set(item, "digest", json_text(digest));
    json_set(item, "signed_by", signers_json(arena, known));
}

static bool is_asked(struct http_request *request, const char *name)
{
    struct gb_bytes rest = http_request_queries(request);
    bool found = false;
    while (!found && rest.len > 0) {
        struct gb_bytes item = gb_text_until(&rest, '&');
        found = gb_bytes_is(gb_text_until(&item, '='), name);
    }
    return found;
}

bool policy_read_switch(struct http_request *request, const char *name, bool *ret_on)
{
    struct gb_bytes text;
    if (!is_asked(request, name)) {
        *ret_on = false;
        return true;
    }
    if (!http_request_query(request, name, &text))
        return false;
    *ret_on = gb_bytes_is(text, "1");
    return *ret_on || gb_bytes_is(text, "0");
}

void api_policy_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_arena *arena = http_request_arena(call->request);
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = snapshot_get(thread->server->trust);
    struct store_document *documents;
    size_t count;
    struct gb_err err;
    bool with_text;
    if (!policy_read_switch(call->request, "text", &with_text)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, "text: must be 0 or 1");
        return;
    }
    int r = store_document_list(thread->server->store, arena, &documents, &count, &err);
    if (r < 0) {
        answer_refuse(thread, call->request, answer_of_store(thread, r, &err), NULL);
        return;
    }
    struct json *list = json_new_array();
    for (size_t i = 0; i < count; i++) {
        struct json *item = policy_document_json(&documents[i]);
        json_set(item, "applied_by", json_text(documents[i].applied_by));
        json_set(item, "applied_at", answer_time(documents[i].applied_s));
        json_set(item, "life", life_json(snapshot, &documents[i]));
        add_signatures(arena, snapshot, &documents[i], item);
        if (with_text)
            json_set(item, "text",
                     json_text((const char *)gb_arena_copy(arena, documents[i].text).data));
        json_push(list, item);
    }
    struct json *body = json_new_object();
    json_set(body, "documents", list);
    json_set(body, "policy", json_text(snapshot_policy(snapshot)));
    json_set(body, "fault", json_text(snapshot_fault(snapshot)));
    answer_json(thread, call->request, 200, body);
}
