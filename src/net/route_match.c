#include "net/route_match.h"

#include <string.h>

#include "base/text.h"
#include "net/query.h"
#include "net/router.h"

static bool word_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("-._:~", c) != NULL);
}

static bool is_word(struct gb_bytes segment)
{
    for (size_t i = 0; i < segment.len; i++)
        if (!word_char(segment.data[i]))
            return false;
    /* "." and ".." would be something else to whoever makes a file name of it */
    return segment.len > 0 && segment.data[0] != '.';
}

/* "{x*}", which stands last, takes all that is left: whole segments. */
static bool takes_rest(struct gb_bytes wanted)
{
    return wanted.len >= 5 && wanted.data[0] == '/' && wanted.data[1] == '{' &&
           wanted.data[wanted.len - 2] == '*' &&
           memchr(wanted.data + 1, '/', wanted.len - 1) == NULL;
}

static bool are_words(struct gb_bytes path)
{
    if (path.len == 0 || path.data[path.len - 1] == '/')
        return false;
    while (path.len > 0)
        if (!is_word(gb_text_until(&path, '/')))
            return false;
    return true;
}

bool route_match(const char *pattern, struct gb_bytes path,
                 struct gb_bytes params[ROUTE_MAX_PARAMS])
{
    struct gb_bytes rest = gb_bytes_str(pattern);
    struct gb_bytes wanted = query_cut(&rest);
    size_t count = 0;
    while (wanted.len > 0 && path.len > 0) {
        /* both begin with '/': what stands before it is empty, what follows is the segment */
        bool last = memchr(wanted.data + 1, '/', wanted.len - 1) == NULL;
        bool last_too = memchr(path.data + 1, '/', path.len - 1) == NULL;
        if (wanted.data[0] != '/' || path.data[0] != '/')
            return false;
        if (takes_rest(wanted)) {
            struct gb_bytes rest_of_path = gb_bytes_from(path, 1);
            if (count == ROUTE_MAX_PARAMS || !are_words(rest_of_path))
                return false;
            params[count] = rest_of_path;
            return true;
        }
        if (last != last_too)
            return false;
        struct gb_bytes want = gb_bytes_from(wanted, 1);
        struct gb_bytes have = gb_bytes_from(path, 1);
        want = gb_text_until(&want, '/');
        have = gb_text_until(&have, '/');
        bool param = want.len > 0 && want.data[0] == '{';
        if (param ? count == ROUTE_MAX_PARAMS || !is_word(have) : !gb_bytes_equal(want, have))
            return false;
        if (param)
            params[count++] = have;
        wanted = gb_bytes_from(wanted, want.len + 1);
        path = gb_bytes_from(path, have.len + 1);
    }
    return wanted.len == 0 && path.len == 0;
}

static bool cut_prefix(struct gb_bytes *in, const char *prefix)
{
    if (!gb_bytes_starts(*in, gb_bytes_str(prefix)))
        return false;
    *in = gb_bytes_from(*in, strlen(prefix));
    return true;
}

enum route_role route_role(const char *spiffe_id, const char *trust_domain,
                           struct gb_bytes *ret_name)
{
    struct gb_bytes rest = gb_bytes_str(spiffe_id);
    enum route_role role = ROUTE_NOBODY;
    if (trust_domain[0] == '\0' || !cut_prefix(&rest, "spiffe://") ||
        !cut_prefix(&rest, trust_domain))
        return ROUTE_NOBODY;
    if (cut_prefix(&rest, "/node/") || cut_prefix(&rest, "/joining/"))
        role = ROUTE_NODE;
    else if (cut_prefix(&rest, "/operator/"))
        role = ROUTE_PERSON;
    if (role == ROUTE_NOBODY || !is_word(rest) || rest.data[0] == '-') /* "-" begins an option */
        return ROUTE_NOBODY;
    *ret_name = rest;
    return role;
}
