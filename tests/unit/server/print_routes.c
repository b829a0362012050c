/* Prints the table of routes, a line each: listener, method, path, query, roles, summary. For
 * tests/integration/test_openapi.py. */

#include <stdio.h>
#include <string.h>

#include "server/routes.h"

static const char *method_name(enum http_method method)
{
    switch (method) {
    case HTTP_GET:
        return "get";
    case HTTP_POST:
        return "post";
    case HTTP_PUT:
        return "put";
    case HTTP_DELETE:
        return "delete";
    case HTTP_NONE:
    case HTTP_OTHER:
        break;
    }
    return "none";
}

/* The keys that it takes, '&' between them. */
static const char *query_of(const struct route *route)
{
    const char *mark = strchr(route->pattern, '?');
    return mark ? mark + 1 : "";
}

static void print(const char *listener, const struct route *route)
{
    for (; route->pattern; route++)
        printf("%s\t%s\t%.*s\t%s\t%s%s%s\t%s\n", listener, method_name(route->method),
               (int)strcspn(route->pattern, "?"), route->pattern, query_of(route),
               route->roles & ROUTE_STRANGER ? "stranger " : "",
               route->roles & ROUTE_NODE ? "node " : "",
               route->roles & ROUTE_OPERATOR ? "operator " : "", route->summary);
}

int main(void)
{
    print("enroll", routes_enroll);
    print("api", routes_api);
    return 0;
}
