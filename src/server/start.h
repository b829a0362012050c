/* From a configuration to a service that can run, and back: what is opened, loaded and started, in
 * order. */
#ifndef GB_SERVER_START_H
#define GB_SERVER_START_H

#include "base/arena.h"
#include "base/check.h"
#include "base/conf.h"
#include "base/err.h"
#include "server/server.h"
#include "server/snapshot.h"
#include "server/threads.h"

/* Certificate chain, key and CA as the listeners take them; in the arena. */
GB_MUST_USE int start_read_tls(struct gb_arena *arena, const struct config *config,
                               struct listeners_tls *ret_tls, struct gb_err *err);
/* After witnessed_new: opens the store and loads nodes, liveness, verdicts and policy from it.
 * `config` is borrowed. server_close undoes it, also after a failure. */
GB_MUST_USE int start_open(struct server *server, struct gb_arena *arena,
                           const struct config *config, struct gb_err *err);
/* Roots, officers and documents read anew; nothing is in force by that. */
GB_MUST_USE int start_read_trust(struct server *server, const struct config *config,
                                 struct snapshot **ret_snapshot, struct gb_err *err);
/* In force from now on, for everybody; takes it over. */
void start_set_trust(struct server *server, struct snapshot *snapshot);
/* After the threads have ended. */
void start_close(struct server *server);

#endif
