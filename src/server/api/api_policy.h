/* What the routes of policy share. */
#ifndef GB_SERVER_API_POLICY_H
#define GB_SERVER_API_POLICY_H

#include <stdbool.h>

#include "base/check.h"
#include "net/http_server.h"
#include "store/store.h"
#include "wire/json.h"

/* {"kind","name","version"}; NULL when out of memory. */
struct json *policy_document_json(const struct store_document *document);
/* ?name=1 or 0; not asked is 0. False for anything else: even memory that is short must not turn a
 * trial into the real thing. */
GB_MUST_USE bool policy_read_switch(struct http_request *request, const char *name, bool *ret_on);

#endif
