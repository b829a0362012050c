/* The ledger's entries with what opens their commitments, and how an opening is forgotten. */

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "ledger/entry.h"
#include "ledger/folder.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/change.h"
#include "server/api/refusals.h"
#include "server/ledger/scribe.h"
#include "server/nodes/node_id.h"
#include "server/nodes/nodes.h"
#include "server/server.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

enum { DEFAULT_ENTRIES = 100, MAX_ENTRIES = 1000, MAX_NAME = 512 };

struct listing {
    struct work work; /* first */
    uint64_t from;
    uint64_t max;
    uint64_t size; /* entries that there are */
    uint64_t signed_size;
    struct json *list; /* owned */
};

/* What the store still has; a forgotten one is left out. */
static void put_opening(struct listing *l, const struct entry_party *party, const char *key,
                        struct json *openings)
{
    struct store_opening opening;
    if (!party->personal || store_opening_get(l->work.thread->server->store, l->work.arena,
                                              party->commitment, &opening, NULL) < 0)
        return;
    struct json *json = json_new_object();
    json_set(json, "value", json_text(opening.value));
    json_set(json, "salt", json_hex(gb_bytes(opening.salt, sizeof opening.salt)));
    json_set(openings, key, json);
}

/* Of "node/<uuid>", as the node is called now. */
static void put_name(struct listing *l, const struct entry_party *party, const char *key,
                     struct json *names)
{
    static const char node[] = "node/";
    const size_t len = sizeof node - 1;
    uint8_t id[STORE_ID];
    if (party->personal || party->text.len < len || memcmp(party->text.data, node, len) != 0 ||
        !node_id_parse(gb_bytes_from(party->text, len), id))
        return;
    const char *name = nodes_name(l->work.thread->server->nodes, l->work.arena, id);
    if (name)
        json_set(names, key, json_text(name));
}

/* The one of a call's body, which stands in the data. */
static struct entry_party body_of(const struct entry *entry)
{
    struct entry_party party = {0};
    struct gb_bytes hex;
    party.personal = json_get_text(json_get(entry->data, "body"), "commitment", &hex) &&
                     gb_hex_decode(hex, party.commitment, sizeof party.commitment);
    return party;
}

static int put_entry(struct listing *l, uint64_t index, struct gb_bytes text, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *tree = NULL;
    struct entry entry;
    struct gb_bytes word;
    int r = entry_read(text, &entry, &word, &tree, err);
    if (r < 0)
        return r == GB_ERR_NOMEM ? r : GB_ERR_BUG;
    struct json *openings = json_new_object();
    put_opening(l, &entry.who, "who", openings);
    put_opening(l, &entry.whom, "whom", openings);
    put_opening(l, &entry.why, "why", openings);
    struct json *names = json_new_object();
    put_name(l, &entry.who, "who", names);
    put_name(l, &entry.whom, "whom", names);
    const struct entry_party sent = body_of(&entry);
    put_opening(l, &sent, "body", openings);
    struct json *json = json_new_object();
    json_set(json, "index", json_number(index));
    json_set(json, "signed", json_bool(index < l->signed_size));
    json_set(json, "entry", gb_take(tree));
    json_set(json, "openings", openings);
    json_set(json, "names", names);
    json_push(l->list, json);
    return GB_OK;
}

/* Those whose rows are gone stand in the files. */
static int list_files(struct listing *l, uint64_t end, struct gb_err *err)
{
    gb_cleanup(folder_freep) struct folder *folder = NULL;
    const char *path =
        gb_arena_printf(l->work.arena, "%s/ledger", l->work.thread->server->config->state);
    if (!path)
        return gb_err_nomem(err);
    int r = folder_open(path, &folder, err);
    for (; r == GB_OK && l->from < end && l->max > 0; l->max--) {
        struct gb_bytes text;
        r = folder_entry(folder, l->work.arena, l->from, l->signed_size, &text, err);
        if (r == GB_OK)
            r = put_entry(l, l->from++, text, err);
    }
    return r;
}

static int list_rows(struct listing *l, struct gb_err *err)
{
    struct store_row *rows;
    size_t count;
    int r = store_entry_list(l->work.thread->server->store, l->work.arena, l->from, l->max, &rows,
                             &count, err);
    for (size_t i = 0; r == GB_OK && i < count; i++)
        r = put_entry(l, rows[i].seq, rows[i].text, err);
    return r;
}

static void list(struct work *work, struct worker_parts *parts)
{
    struct listing *l = (struct listing *)work;
    struct server *server = work->thread->server;
    struct scribe_health health;
    uint64_t first;
    (void)parts;
    scribe_health(server->scribe, &health);
    store_entry_range(server->store, &first, &l->size);
    l->signed_size = health.signed_size;
    work->result = l->from < first ? list_files(l, first, &work->err) : GB_OK;
    if (work->result == GB_OK && l->max > 0)
        work->result = list_rows(l, &work->err);
}

static void answer_list(struct work *work)
{
    struct listing *l = (struct listing *)work;
    if (work->result < 0) {
        json_free(l->list);
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
        return;
    }
    struct json *body = json_new_object();
    json_set(body, "size", json_number(l->size));
    json_set(body, "signed", json_number(l->signed_size));
    json_set(body, "entries", l->list);
    answer_json(work->thread, work->request, 200, body);
}

static bool read_query(struct http_request *request, const char *key, uint64_t max,
                       uint64_t *ret_value)
{
    struct gb_bytes text;
    return !http_request_query(request, key, &text) || gb_text_u64(text, max, ret_value);
}

void api_entry_list(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct listing *l = work_new_of(thread, call->request, struct listing);
    if (!l)
        return;
    l->max = DEFAULT_ENTRIES;
    if (!read_query(call->request, "from", INT64_MAX, &l->from) ||
        !read_query(call->request, "max", MAX_ENTRIES, &l->max)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED,
                      "from: must be an entry's number; max: a number to 1000");
        return;
    }
    l->list = json_new_array();
    l->work.run = list;
    l->work.then = answer_list;
    if (work_start(&l->work))
        return;
    json_free(l->list);
    answer_refuse(thread, call->request, REFUSAL_OVERLOADED, NULL);
}

/* The entry says that, and not whom: the name must not come back by it. */
void api_opening_forget(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    struct gb_bytes name;
    struct change *change = change_new(thread, call, ENTRY_LEDGER_FORGET);
    if (!change)
        return;
    if (!http_request_query(call->request, "name", &name) || name.len == 0 || name.len > MAX_NAME) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED,
                      "name: must say whose openings to forget");
        return;
    }
    struct gb_bytes copy = gb_arena_copy(change->work.arena, name);
    if (!copy.data || memchr(copy.data, 0, copy.len)) {
        answer_refuse(thread, call->request, REFUSAL_MALFORMED, NULL);
        return;
    }
    change->not_found = REFUSAL_OPENING_NOT_FOUND;
    store_opening_forget(thread->server->store, (const char *)copy.data, change_entry(change),
                         work_stored, change);
}
