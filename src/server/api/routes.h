/* Every route of the service, in one visible place: what is not here is refused. */
#ifndef GB_SERVER_ROUTES_H
#define GB_SERVER_ROUTES_H

#include <stdbool.h>

#include "net/http_server.h"
#include "net/router.h"

/* Of the enrolment listener: strangers, and nobody else. */
extern const struct route routes_enroll[];
/* Of the API listener: whoever has a certificate of our CA. */
extern const struct route routes_api[];
/* Whether it asks for what is a ROUTE_PROBE of the API. */
bool routes_probe(const struct http_request *request);

#endif
