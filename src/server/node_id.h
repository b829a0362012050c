/* A node's id: a UUIDv7 (RFC 9562), made by the server, for ever. */
#ifndef GB_SERVER_NODE_ID_H
#define GB_SERVER_NODE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"

enum { NODE_ID_SIZE = 16, NODE_ID_TEXT = 37 }; /* "018f...-...": 36 and a NUL */

/* `now_ms`: milliseconds since 1970. GB_ERR_IO: no randomness. */
GB_MUST_USE int node_id_new(int64_t now_ms, uint8_t ret_id[NODE_ID_SIZE], struct gb_err *err);
void node_id_text(const uint8_t id[NODE_ID_SIZE], char out[NODE_ID_TEXT]);
/* Lower case, dashes in their places; false for anything else. */
GB_MUST_USE bool node_id_parse(struct gb_bytes text, uint8_t ret_id[NODE_ID_SIZE]);

#endif
