/* Prints the table of routes, a line each: listener, method, path, query, callers, action, summary.
 * For tests/integration/test_openapi.py. */

#include <stdio.h>
#include <string.h>

#include "policy/access/access.h"
#include "server/api/routes.h"

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

static void print_people(unsigned people)
{
    for (enum access_role role = ACCESS_NO_ROLE + 1; role < ACCESS_ROLE_COUNT; role++)
        if (people & ACCESS_BIT(role))
            printf("%s ", access_role_name(role));
}

static void print(const char *listener, const struct route *route)
{
    for (; route->pattern; route++) {
        printf("%s\t%s\t%.*s\t%s\t%s%s", listener, method_name(route->method),
               (int)strcspn(route->pattern, "?"), route->pattern, query_of(route),
               route->callers & ROUTE_STRANGER ? "stranger " : "",
               route->callers & ROUTE_NODE ? "node " : "");
        print_people(route->callers & ROUTE_PERSON ? route->people : 0);
        printf("\t%s\t%s\n", access_action_name((enum access_action)route->action), route->summary);
    }
}

int main(void)
{
    print("enroll", routes_enroll);
    print("api", routes_api);
    return 0;
}
