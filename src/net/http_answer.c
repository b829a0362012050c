/* What we say: the status line, few headers, the body; and the one shape of every refusal. */
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "net/http_conn.h"

static const char *reason(int status)
{
    static const struct {
        int status;
        const char *reason;
    } reasons[] = {{200, "OK"},
                   {201, "Created"},
                   {202, "Accepted"},
                   {204, "No Content"},
                   {304, "Not Modified"},
                   {400, "Bad Request"},
                   {401, "Unauthorized"},
                   {403, "Forbidden"},
                   {404, "Not Found"},
                   {405, "Method Not Allowed"},
                   {409, "Conflict"},
                   {410, "Gone"},
                   {411, "Length Required"},
                   {413, "Content Too Large"},
                   {415, "Unsupported Media Type"},
                   {417, "Expectation Failed"},
                   {422, "Unprocessable Content"},
                   {429, "Too Many Requests"},
                   {431, "Request Header Fields Too Large"},
                   {500, "Internal Server Error"},
                   {503, "Service Unavailable"},
                   {505, "HTTP Version Not Supported"}};
    for (size_t i = 0; i < GB_ARRAY_LEN(reasons); i++)
        if (reasons[i].status == status)
            return reasons[i].reason;
    return "Status"; /* RFC 9112, 4: the words mean nothing */
}

/* RFC 9110, 5.6.7. The names are English in every locale. */
static const char *date(struct http_server *server)
{
    static const char *const days[] = {"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
    static const char *const months[] = {"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                         "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
    time_t now_s = (time_t)gb_clock_s();
    struct tm t;
    if (now_s != server->date_s && gmtime_r(&now_s, &t)) {
        server->date_s = now_s;
        (void)snprintf(server->date, sizeof server->date, "%s, %02d %s %04d %02d:%02d:%02d GMT",
                       days[t.tm_wday], t.tm_mday, months[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                       t.tm_min, t.tm_sec);
    }
    return server->date;
}

/* RFC 9110, 8.6 and 15.4.5: a length would be that of another answer. */
static bool has_body(int status)
{
    return status != 204 && status != 304;
}

/* What a handler allows to be kept it says itself. */
static bool says_cache(struct gb_bytes headers)
{
    static const char name[] = "Cache-Control:";
    return headers.len > 0 && memmem(headers.data, headers.len, name, sizeof name - 1) != NULL;
}

bool conn_answer_write(struct http_conn *conn, int status, const char *content_type,
                       struct gb_bytes extra, struct gb_bytes body)
{
    struct gb_buf *out = &conn->out;
    gb_buf_printf(out, "HTTP/1.1 %d %s\r\n", status, reason(status));
    if (content_type && body.len > 0)
        gb_buf_printf(out, "Content-Type: %s\r\n", content_type);
    if (has_body(status))
        gb_buf_printf(out, "Content-Length: %zu\r\n", body.len);
    gb_buf_printf(out, "Date: %s\r\n", date(conn->server));
    if (!says_cache(extra))
        gb_buf_puts(out, "Cache-Control: no-store\r\n");
    if (conn->close_after || conn->server->stopping) {
        conn->close_after = true;
        gb_buf_puts(out, "Connection: close\r\n");
    }
    gb_buf_add(out, extra.data, extra.len);
    gb_buf_puts(out, "\r\n");
    if (has_body(status))
        gb_buf_add(out, body.data, body.len);
    return gb_buf_ok(out);
}

static void write_string(struct gb_buf *out, const char *text)
{
    struct gb_bytes in = gb_bytes_str(text ? text : "");
    gb_buf_u8(out, '"');
    for (size_t i = 0, n; i < in.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(in, i, &code);
        if (n == 0 || !gb_utf8_printable(code)) {
            gb_buf_puts(out, "\\ufffd");
            n = n ? n : 1;
        } else {
            if (code == '"' || code == '\\')
                gb_buf_u8(out, '\\');
            gb_buf_add(out, in.data + i, n);
        }
    }
    gb_buf_u8(out, '"');
}

void conn_refusal_write(struct gb_buf *out, const char *code, const char *message,
                        const char *remedy)
{
    gb_buf_puts(out, "{\"error\":{\"code\":");
    write_string(out, code);
    gb_buf_puts(out, ",\"message\":");
    write_string(out, message);
    gb_buf_puts(out, ",\"remedy\":");
    write_string(out, remedy);
    gb_buf_puts(out, "}}\n");
}

/* Out of memory, or past the ceiling: a refusal needs little. */
static bool write_poor(struct http_conn *conn)
{
    static const char body[] =
        "{\"error\":{\"code\":\"answer-too-long\",\"message\":\"The answer could not be "
        "made.\",\"remedy\":\"\"}}\n";
    gb_buf_done(&conn->out);
    gb_buf_init(&conn->out, 4096);
    return conn_answer_write(conn, 500, "application/json", gb_bytes(NULL, 0),
                             gb_bytes(body, sizeof body - 1));
}

void http_answer(struct http_request *request, int status, const char *content_type,
                 struct gb_bytes body)
{
    struct http_conn *conn = request->conn;
    if (conn->state == CONN_DEAD) {
        conn_free(conn);
        return;
    }
    struct gb_buf *extra = &request->extra;
    bool ok = (gb_buf_ok(extra) &&
               conn_answer_write(conn, status, content_type, gb_buf_bytes(extra), body)) ||
              write_poor(conn);
    gb_buf_done(extra);
    *extra = (struct gb_buf){0};
    gb_arena_free(gb_take(request->arena));
    request->kept = NULL;
    conn->close_after |= !ok; /* nothing is sent, and that is the end of it */
    if (!ok)
        conn->out.len = 0;
    conn_answered(conn);
}

void http_refuse(struct http_request *request, int status, const char *code, const char *message,
                 const char *remedy)
{
    struct gb_buf body;
    gb_buf_init(&body, 64 << 10);
    conn_refusal_write(&body, code, message, remedy);
    http_answer(request, gb_buf_ok(&body) ? status : 500, "application/json",
                gb_buf_ok(&body) ? gb_buf_bytes(&body) : gb_bytes(NULL, 0));
    gb_buf_done(&body);
}

static bool plain_line(const char *text)
{
    for (; *text; text++)
        if (*text < 0x20 || *text == 0x7f)
            return false;
    return true;
}

void http_answer_header(struct http_request *request, const char *name, const char *value)
{
    struct gb_buf *extra = &request->extra;
    if (extra->max == 0)
        gb_buf_init(extra, 4096);
    if (plain_line(name) && plain_line(value))
        gb_buf_printf(extra, "%s: %s\r\n", name, value);
}
