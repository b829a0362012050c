/* What an enrolment asks of listed and approved EKs, within the writer's transaction. Private to
 * store/. */
#ifndef GB_STORE_GRANT_H
#define GB_STORE_GRANT_H

#include <stdint.h>

#include "base/check.h"
#include "base/err.h"
#include "store/db.h"
#include "store/store.h"

/* Takes its life. DENIED: gone, expired, given for another name. */
GB_MUST_USE int grant_use(struct db *db, const uint8_t ek[STORE_HASH], const char *node_name,
                          int64_t now_s, struct gb_err *err);

#endif
