/* A node's id as text: a UUID that its EK gives it (verify/binding.h), for ever. */
#ifndef GB_SERVER_NODE_ID_H
#define GB_SERVER_NODE_ID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"

enum { NODE_ID_SIZE = 16, NODE_ID_TEXT = 37 }; /* "018f...-...": 36 and a NUL */

void node_id_text(const uint8_t id[NODE_ID_SIZE], char out[NODE_ID_TEXT]);
/* Lower case, dashes in their places; false for anything else. */
GB_MUST_USE bool node_id_parse(struct gb_bytes text, uint8_t ret_id[NODE_ID_SIZE]);

#endif
