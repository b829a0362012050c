#include "server/reload.h"

#include <stdatomic.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "server/config.h"
#include "server/courier.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/start.h"
#include "server/threads.h"
#include "server/tls_pair.h"

/* What may fail comes first; the new trust is in force last. */
static int reload_all(struct server *server, struct threads *threads, const char *path,
                      struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(snapshot_unrefp) struct snapshot *snapshot = NULL;
    struct config config;
    struct listeners_tls tls;
    if (!arena)
        return gb_err_nomem(err);
    int r = config_read(arena, path, &config, err);
    if (r == GB_OK)
        r = start_read_tls(arena, &config, &tls, err);
    if (r == GB_OK)
        r = start_read_trust(server, &config, &snapshot, err);
    if (r == GB_OK)
        r = threads_reload(threads, &tls, err);
    if (r < 0)
        return r;
    start_set_trust(server, gb_take(snapshot));
    atomic_store(&server->courier.again, true);
    gb_log_setup("garboardd", (enum gb_log_form)config.log_format,
                 (enum gb_log_level)config.log_level);
    return GB_OK;
}

int reload(struct server *server, struct threads *threads, const char *path, struct gb_err *err)
{
    if (atomic_exchange(&server->applying, true))
        return gb_err_set(err, GB_ERR_AGAIN, "a change of policy is under way");
    int r = reload_all(server, threads, path, err);
    atomic_store(&server->applying, false);
    return r;
}
