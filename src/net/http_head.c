#include "net/http_head.h"

#include <string.h>
#include <strings.h>

#include "base/text.h"
#include "net/http_server.h"

enum http_end http_head_end(struct gb_bytes in, size_t *scanned)
{
    size_t i = *scanned;
    for (; i < in.len; i++) {
        uint8_t c = in.data[i];
        bool after_cr = i > 0 && in.data[i - 1] == '\r';
        if (after_cr != (c == '\n') || c == 0x7f ||
            (c < 0x20 && c != '\r' && c != '\n' && c != '\t'))
            break;
        if (c != '\n')
            continue;
        if (i == 1)
            break; /* RFC 9112, 2.2 would let a server skip it: nobody whom we know sends it */
        if (i >= 3 && in.data[i - 2] == '\n') {
            *scanned = i + 1;
            return HTTP_END_FOUND;
        }
    }
    *scanned = i;
    return i < in.len ? HTTP_END_BAD : HTTP_END_MORE;
}

/* RFC 9110, 5.6.2. */
static bool token_char(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') ||
           (c != '\0' && strchr("!#$%&'*+-.^_`|~", c) != NULL);
}

static size_t token_len(struct gb_bytes in)
{
    size_t n = 0;
    while (n < in.len && token_char(in.data[n]))
        n++;
    return n;
}

static enum http_method method_of(struct gb_bytes name)
{
    static const struct {
        const char *name;
        enum http_method method;
    } methods[] = {
        {"GET", HTTP_GET}, {"POST", HTTP_POST}, {"PUT", HTTP_PUT}, {"DELETE", HTTP_DELETE}};
    for (size_t i = 0; i < GB_ARRAY_LEN(methods); i++)
        if (gb_bytes_is(name, methods[i].name))
            return methods[i].method;
    return HTTP_OTHER;
}

/* Only the origin form, "/path?query" (RFC 9112, 3.2.1): we are no proxy. */
static bool target_ok(struct gb_bytes target)
{
    if (target.len == 0 || target.data[0] != '/')
        return false;
    for (size_t i = 0; i < target.len; i++)
        if (target.data[i] <= 0x20 || target.data[i] >= 0x7f || target.data[i] == '#')
            return false;
    return true;
}

/* "GET /v1/nodes HTTP/1.1", blanks single. */
static int read_request_line(struct gb_bytes line, struct http_head *head, const char **ret_why)
{
    size_t method = token_len(line);
    *ret_why = "the request line is malformed";
    if (method == 0 || method >= line.len || line.data[method] != ' ')
        return 400;
    struct gb_bytes rest = gb_bytes_from(line, method + 1);
    const uint8_t *blank = memchr(rest.data, ' ', rest.len);
    if (!blank)
        return 400;
    struct gb_bytes target = gb_bytes(rest.data, (size_t)(blank - rest.data));
    struct gb_bytes version = gb_bytes_from(rest, target.len + 1);
    if (!target_ok(target))
        return 400;
    if (!gb_bytes_is(version, "HTTP/1.1")) {
        *ret_why = "only HTTP/1.1 is spoken here";
        return gb_bytes_starts(version, gb_bytes_str("HTTP/")) ? 505 : 400;
    }
    head->method = method_of(gb_bytes(line.data, method));
    head->target = (uint32_t)(target.data - line.data); /* the line is the head's first */
    head->target_len = (uint32_t)target.len;
    return 0;
}

static struct gb_bytes trim_blanks(struct gb_bytes in)
{
    while (in.len > 0 && (in.data[0] == ' ' || in.data[0] == '\t'))
        in = gb_bytes_from(in, 1);
    while (in.len > 0 && (in.data[in.len - 1] == ' ' || in.data[in.len - 1] == '\t'))
        in.len--;
    return in;
}

static bool plain_value(struct gb_bytes value)
{
    for (size_t i = 0; i < value.len; i++)
        if ((value.data[i] < 0x20 && value.data[i] != '\t') || value.data[i] >= 0x7f)
            return false;
    return true;
}

/* "Name: value": no blank before the colon, no folded line (it would begin with a blank, and so
 * have no name). */
static int read_field(struct gb_bytes in, struct gb_bytes line, struct http_head *head,
                      const char **ret_why)
{
    size_t name = token_len(line);
    *ret_why = "a header line is malformed";
    if (name == 0 || name >= line.len || line.data[name] != ':')
        return 400;
    struct gb_bytes value = trim_blanks(gb_bytes_from(line, name + 1));
    if (!plain_value(value))
        return 400;
    *ret_why = "there are too many header lines";
    if (head->count == GB_LIMIT_HTTP_FIELDS)
        return 431;
    head->fields[head->count++] = (struct http_field){.name = (uint32_t)(line.data - in.data),
                                                      .name_len = (uint32_t)name,
                                                      .value = (uint32_t)(value.data - in.data),
                                                      .value_len = (uint32_t)value.len};
    return 0;
}

static bool same_name(struct gb_bytes in, const struct http_field *field, const char *name)
{
    return field->name_len == strlen(name) &&
           strncasecmp((const char *)in.data + field->name, name, field->name_len) == 0;
}

static size_t count_fields(const struct http_head *head, struct gb_bytes in, const char *name)
{
    size_t count = 0;
    for (size_t i = 0; i < head->count; i++)
        count += same_name(in, &head->fields[i], name);
    return count;
}

struct gb_bytes http_head_field(const struct http_head *head, struct gb_bytes in, const char *name)
{
    for (size_t i = 0; i < head->count; i++)
        if (same_name(in, &head->fields[i], name))
            return gb_bytes(in.data + head->fields[i].value, head->fields[i].value_len);
    return gb_bytes(NULL, 0);
}

static bool host_ok(struct gb_bytes host)
{
    for (size_t i = 0; i < host.len; i++)
        if (!token_char(host.data[i]) && !strchr(":[]", host.data[i]))
            return false;
    return host.len > 0;
}

/* Where does the body end? Only Content-Length tells, once, in digits. A chunked body would be a
 * second answer to the same question: RFC 9110, 15.5.12 lets us ask for the length. */
static int read_length(struct gb_bytes in, struct http_head *head, const char **ret_why)
{
    size_t lengths = count_fields(head, in, "Content-Length");
    struct gb_bytes coding = http_head_field(head, in, "Transfer-Encoding");
    if (coding.data) {
        *ret_why = "only bodies with a Content-Length are taken";
        return lengths == 0 && coding.len == 7 &&
                       strncasecmp((const char *)coding.data, "chunked", 7) == 0 &&
                       count_fields(head, in, "Transfer-Encoding") == 1
                   ? 411
                   : 400;
    }
    *ret_why = "Content-Length is not one plain number";
    if (lengths > 1)
        return 400;
    struct gb_bytes length = http_head_field(head, in, "Content-Length");
    if (lengths == 1 && !gb_text_u64(length, INT64_MAX, &head->content_length))
        return 400;
    return 0;
}

/* A list of words, of which only one matters to us. */
static bool has_word(struct gb_bytes list, const char *word)
{
    while (list.len > 0) {
        struct gb_bytes item = trim_blanks(gb_text_until(&list, ','));
        if (item.len == strlen(word) && strncasecmp((const char *)item.data, word, item.len) == 0)
            return true;
    }
    return false;
}

static int read_meaning(struct gb_bytes in, struct http_head *head, const char **ret_why)
{
    *ret_why = "there is not exactly one Host";
    if (count_fields(head, in, "Host") != 1 || !host_ok(http_head_field(head, in, "Host")))
        return 400;
    *ret_why = "a header line stands twice that may stand once";
    if (count_fields(head, in, "Content-Type") > 1 || count_fields(head, in, "Expect") > 1 ||
        count_fields(head, in, "Connection") > 1 || count_fields(head, in, "Authorization") > 1)
        return 400;
    struct gb_bytes expect = http_head_field(head, in, "Expect");
    head->expects_continue = has_word(expect, "100-continue");
    *ret_why = "that Expect is unknown here";
    if (expect.data && !head->expects_continue)
        return 417;
    head->close = has_word(http_head_field(head, in, "Connection"), "close");
    return read_length(in, head, ret_why);
}

/* Cuts a line and its CR LF; http_head_end saw to it that they come in pairs. */
static struct gb_bytes cut_line(struct gb_bytes *rest)
{
    struct gb_bytes line = gb_text_until(rest, '\n');
    if (line.len > 0)
        line.len--;
    return line;
}

int http_head_read(struct gb_bytes in, struct http_head *ret_head, const char **ret_why)
{
    ret_head->count = 0;
    ret_head->content_length = 0;
    struct gb_bytes rest = in;
    int status = read_request_line(cut_line(&rest), ret_head, ret_why);
    for (struct gb_bytes line = cut_line(&rest); status == 0 && line.len > 0;
         line = cut_line(&rest))
        status = read_field(in, line, ret_head, ret_why);
    return status ? status : read_meaning(in, ret_head, ret_why);
}
