/*
 * garboardd's own certificate. garboard-keyd renews it before it ends; the new one stands in the
 * state folder (server.pem), because the folder of the configuration is not garboardd's to write.
 */
#ifndef GB_SERVER_OWN_CERT_H
#define GB_SERVER_OWN_CERT_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "server/config.h"

/* The certificate of the configuration, or the renewed one where that is of the same CA and key and
 * ends later. In the arena. */
GB_MUST_USE int own_cert_read(struct gb_arena *arena, const struct config *config,
                              struct gb_bytes *ret_pem, struct gb_err *err);

/* When a third of its life or less is left at `now_s`: asks keyd for another for the same key, and
 * keeps it. *ret_renewed says whether there is a new one. Blocks for as long as keyd takes. */
GB_MUST_USE int own_cert_renew(struct gb_arena *arena, const struct config *config, int64_t now_s,
                               bool *ret_renewed, struct gb_err *err);

#endif
