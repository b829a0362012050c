#include "server/api/refused_tell.h"

#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/check.h"
#include "base/clock.h"
#include "base/err.h"
#include "base/log.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "server/api/refused.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/store_wait.h"
#include "store/store.h"
#include "wire/json.h"

enum { AT_ONCE = 16 }; /* the main loop has signals to hear */

static int tell(struct server *server, const char *identity, uint64_t more, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct store_wait wait;
    if (!arena)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r < 0)
        return r;
    struct record record = {.what = ENTRY_CALL_REFUSED,
                            .who = identity[0] ? record_person(identity) : record_server(),
                            .data = json_new_object()};
    json_set(record.data, "more", json_number(more));
    store_wait_init(&wait);
    store_entry_add(server->store, record_make(arena, digester, &record), store_wait_told, &wait);
    return store_wait_for(&wait, err);
}

void refused_tell(struct server *server, bool all)
{
    char identity[REFUSED_IDENTITY];
    uint64_t more;
    struct gb_err err;
    for (size_t i = 0; all || i < AT_ONCE; i++) {
        if (!refused_due(server->refused, gb_clock_ms(), all, identity, &more))
            return;
        if (tell(server, identity, more, &err) < 0) {
            gb_log_err(GB_LOG_ERROR, "refusals-not-recorded", &err);
            return;
        }
    }
}
