#include <string.h>
#include <strings.h>

#include "base/utf8.h"
#include "wire/yaml.h"

static bool alnum(uint8_t c)
{
    return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* What YAML 1.1 or 1.2 would read as a number, a time, a truth value or nothing. */
static bool looks_typed(struct gb_bytes text)
{
    static const char *const words[] = {"y",  "n",   "yes",  "no",   "true", "false",
                                        "on", "off", "null", ".nan", ".inf"};
    for (size_t i = 0; i < GB_ARRAY_LEN(words); i++)
        if (text.len == strlen(words[i]) &&
            strncasecmp((const char *)text.data, words[i], text.len) == 0)
            return true;
    if (text.len > 1 && text.data[0] == '0' && (text.data[1] == 'x' || text.data[1] == 'X'))
        return true;
    for (size_t i = 0; i < text.len; i++)
        if (!strchr("0123456789.eE+-_:oO", text.data[i]))
            return false;
    return true;
}

/* A colon or a blank at the end, ": " and " #" would end the scalar; brackets and commas do so in
 * flow style. We allow what paths, digests and command lines are made of. */
static bool safe_plain(struct gb_bytes text)
{
    if (text.len == 0 || (!alnum(text.data[0]) && text.data[0] != '/' && text.data[0] != '_'))
        return false;
    for (size_t i = 0; i < text.len; i++) {
        uint8_t c = text.data[i];
        bool last = i + 1 == text.len;
        if (c == ':' || c == ' ') {
            if (last || text.data[i + 1] == ' ')
                return false;
        } else if (!alnum(c) && (c == 0 || !strchr("/_.+=@~-", c))) {
            return false;
        }
    }
    return !looks_typed(text);
}

static void write_quoted(struct gb_buf *out, struct gb_bytes text)
{
    gb_buf_u8(out, '"');
    for (size_t i = 0, n; i < text.len; i += n) {
        uint32_t code = 0;
        n = gb_utf8_at(text, i, &code);
        if (n == 0 || code == 0) {
            out->failed = true;
            return;
        }
        if (code == '"' || code == '\\') {
            const uint8_t pair[] = {'\\', (uint8_t)code};
            gb_buf_add(out, pair, sizeof pair);
        } else if (gb_utf8_printable(code)) {
            gb_buf_add(out, text.data + i, n);
        } else {
            /* YAML 1.2, 5.7: these name code points, not bytes. */
            gb_buf_printf(out,
                          code < 0x100     ? "\\x%02x"
                          : code < 0x10000 ? "\\u%04x"
                                           : "\\U%08x",
                          (unsigned)code);
        }
    }
    gb_buf_u8(out, '"');
}

bool yaml_write_scalar(struct gb_buf *out, struct gb_bytes text)
{
    if (text.len > GB_LIMIT_YAML_SCALAR)
        out->failed = true;
    else if (safe_plain(text))
        gb_buf_add(out, text.data, text.len);
    else
        write_quoted(out, text);
    return gb_buf_ok(out);
}
