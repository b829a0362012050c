/* Labels of nodes and join tokens as the API shows and takes them. */
#ifndef GB_SERVER_LABELS_H
#define GB_SERVER_LABELS_H

#include <stddef.h>

#include "base/labels.h"
#include "server/nodes/ask.h"
#include "wire/json.h"

/* "rack=7,site=fra-2" as ["rack=7","site=fra-2"]; NULL as []. */
struct json *labels_json(const char *text);
/* The member `key`, a list of "key=value", as one text in the arena; NULL when it is empty or
 * absent. What is none fails the ask, and says which. */
const char *labels_ask(struct ask *ask, const char *key);
/* The member `key`, a list of "key=value" and "key-", tried on `old`; *ret_count of them. None at
 * all fails the ask, and so does one that is none. */
const char **labels_ask_changes(struct ask *ask, const char *key, const char *old,
                                size_t *ret_count);

#endif
