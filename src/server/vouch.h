/* Whether the service stands by a node now: what is signed for others must not say more. */
#ifndef GB_SERVER_VOUCH_H
#define GB_SERVER_VOUCH_H

#include <stdbool.h>

#include "server/server.h"

/* NULL: the node's last verdict is trusted, by the documents in force, and fresh. Otherwise why
 * not, in words. garboard-keyd judges one quote; that a TPM was rolled back (T12), or what earlier
 * rounds of this boot found, only we remember. The node is taken. Any thread. */
const char *vouch_refusal(struct server *server, const struct node *node);

#endif
