#include "server/ledger/record.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/limits.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "crypto/rand.h"
#include "ledger/entry.h"
#include "server/nodes/node_id.h"
#include "store/store.h"
#include "wire/json.h"

enum { PARTIES = 4 }; /* who, whom, why, body */

struct making {
    struct gb_arena *arena;
    struct digester *digester;
    struct store_opening openings[PARTIES];
    size_t count;
};

struct record_party record_node(struct gb_arena *arena, const uint8_t id[STORE_ID])
{
    char text[NODE_ID_TEXT];
    node_id_text(id, text);
    return record_text(gb_arena_printf(arena, "node/%s", text));
}

static int commit(struct making *m, const char *value, struct entry_party *party,
                  struct gb_err *err)
{
    struct store_opening *opening = &m->openings[m->count++];
    opening->value = value;
    int r = rand_bytes(opening->salt, sizeof opening->salt, err);
    if (r == GB_OK)
        r = entry_commit(m->digester, opening->salt, gb_bytes_str(value), opening->commitment, err);
    party->personal = true;
    memcpy(party->commitment, opening->commitment, sizeof party->commitment);
    return r;
}

static int put(struct making *m, const struct record_party *given, struct entry_party *party,
               struct gb_err *err)
{
    if (!given->text)
        return GB_OK;
    if (given->personal)
        return commit(m, given->text, party, err);
    party->text = gb_bytes_str(given->text);
    return GB_OK;
}

static int put_body(struct making *m, const struct record *record, struct gb_err *err)
{
    struct entry_party party;
    if (!record->body)
        return GB_OK;
    int r = commit(m, record->body, &party, err);
    if (r < 0)
        return r;
    struct json *body = json_new_object();
    json_set(body, "commitment", json_hex(gb_bytes(party.commitment, sizeof party.commitment)));
    json_set(record->data, "body", body);
    return GB_OK;
}

static int write_text(struct making *m, const struct record *record, int64_t at_ms,
                      struct gb_bytes *ret_text, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    struct entry entry = {.at_ms = at_ms, .what = record->what, .data = record->data};
    gb_buf_init(&out, GB_LIMIT_ENTRY);
    int r = put(m, &record->who, &entry.who, err);
    if (r == GB_OK)
        r = put(m, &record->whom, &entry.whom, err);
    if (r == GB_OK)
        r = put(m, &record->why, &entry.why, err);
    if (r == GB_OK)
        r = put_body(m, record, err);
    if (r == GB_OK)
        r = entry_write(&entry, &out, err);
    if (r < 0)
        return r;
    *ret_text = gb_arena_copy(m->arena, gb_buf_bytes(&out));
    return ret_text->data ? GB_OK : gb_err_nomem(err);
}

const struct store_entry *record_make(struct gb_arena *arena, struct digester *digester,
                                      struct record *record)
{
    struct making m = {.arena = arena, .digester = digester};
    struct store_entry *entry = gb_arena_new_one(arena, struct store_entry);
    struct store_opening *openings = gb_arena_new_array(arena, struct store_opening, PARTIES);
    struct gb_err err;
    int64_t at_ms = gb_clock_utc_ms();
    int r =
        entry && openings ? write_text(&m, record, at_ms, &entry->text, &err) : gb_err_nomem(&err);
    json_free(record->data);
    record->data = NULL;
    if (r < 0 || !openings) {
        gb_log_err(GB_LOG_ERROR, "record-failed", &err);
        return NULL;
    }
    memcpy(openings, m.openings, sizeof m.openings);
    entry->openings = openings;
    entry->opening_count = m.count;
    entry->at_s = at_ms / 1000;
    return entry;
}
