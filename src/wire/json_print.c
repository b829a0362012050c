#include "base/buf.h"
#include "base/utf8.h"
#include "wire/json.h"
#include "wire/json_node.h"

/* The depth of a value that is printed on one line. */
enum { ONE_LINE = -1 };

static void print_value(struct gb_buf *out, const struct json *value, int depth);

static void print_code(struct gb_buf *out, uint32_t code)
{
    if (code >= 0x10000) { /* JSON escapes are UTF-16 (RFC 8259, 7) */
        gb_buf_printf(out, "\\u%04x", (unsigned)(0xd800 + ((code - 0x10000) >> 10)));
        code = 0xdc00 + ((code - 0x10000) & 0x3ff);
    }
    gb_buf_printf(out, "\\u%04x", (unsigned)code);
}

static void print_text(struct gb_buf *out, struct gb_bytes text)
{
    gb_buf_u8(out, '"');
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(text, i, &code);
        if (n == 0) {
            gb_buf_puts(out, "\\ufffd");
            n = 1;
        } else if (code == '"' || code == '\\') {
            const uint8_t pair[] = {'\\', (uint8_t)code};
            gb_buf_add(out, pair, sizeof pair);
        } else if (gb_utf8_printable(code)) {
            gb_buf_add(out, text.data + i, n);
        } else {
            print_code(out, code);
        }
    }
    gb_buf_u8(out, '"');
}

static void print_indent(struct gb_buf *out, int depth)
{
    if (depth == ONE_LINE)
        return;
    gb_buf_u8(out, '\n');
    for (int i = 0; i < depth; i++)
        gb_buf_puts(out, "  ");
}

static void print_items(struct gb_buf *out, const struct json *value, int depth)
{
    bool object = value->kind == JSON_NODE_OBJECT;
    int below = depth == ONE_LINE ? ONE_LINE : depth + 1;
    gb_buf_u8(out, object ? '{' : '[');
    for (size_t i = 0; i < value->count; i++) {
        if (i > 0)
            gb_buf_u8(out, ',');
        print_indent(out, below);
        if (object) {
            print_text(out, gb_bytes_str(value->items[i]->key));
            gb_buf_puts(out, depth == ONE_LINE ? ":" : ": ");
        }
        print_value(out, value->items[i], below);
    }
    if (value->count > 0)
        print_indent(out, depth);
    gb_buf_u8(out, object ? '}' : ']');
}

static void print_value(struct gb_buf *out, const struct json *value, int depth)
{
    out->failed |= value->failed;
    switch (value->kind) {
    case JSON_NODE_NULL:
        gb_buf_puts(out, "null");
        break;
    case JSON_NODE_BOOL:
        gb_buf_puts(out, value->number ? "true" : "false");
        break;
    case JSON_NODE_NUMBER:
        gb_buf_printf(out, "%llu", (unsigned long long)value->number);
        break;
    case JSON_NODE_TEXT:
        print_text(out, gb_bytes(value->text, value->text_len));
        break;
    case JSON_NODE_ARRAY:
    case JSON_NODE_OBJECT:
        print_items(out, value, depth);
        break;
    case JSON_NODE_OTHER: /* was read, never built: it has no text to print */
        out->failed = true;
        break;
    }
}

int json_print(const struct json *value, char **ret_text, struct gb_err *err)
{
    if (!value)
        return gb_err_nomem(err);
    struct gb_buf out;
    gb_buf_init(&out, SIZE_MAX);
    print_value(&out, value, 0);
    gb_buf_add(&out, "\n", 2); /* and its NUL */
    if (!gb_buf_ok(&out)) {
        gb_buf_done(&out);
        return gb_err_nomem(err);
    }
    *ret_text = (char *)out.data;
    return GB_OK;
}

void json_line(const struct json *value, struct gb_buf *out)
{
    if (value)
        print_value(out, value, ONE_LINE);
    else
        out->failed = true;
}

void json_line_text(struct gb_bytes text, struct gb_buf *out)
{
    print_text(out, text);
}
