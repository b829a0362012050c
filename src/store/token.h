/* What an enrolment asks of join tokens, within the writer's transaction. Private to store/. */
#ifndef GB_STORE_TOKEN_H
#define GB_STORE_TOKEN_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"

/* Takes one use; the last removes the token. DENIED: gone, expired, another node's. */
GB_MUST_USE int token_use(struct db *db, const uint8_t id[8], const char *node_name, int64_t now_s,
                          struct gb_err *err);

#endif
