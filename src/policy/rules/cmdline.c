#include "policy/rules/cmdline.h"

#include "base/buf.h"
#include "base/encode.h"
#include "base/text.h"

/* The kernel takes 2048 bytes on x86, 4096 at most elsewhere (COMMAND_LINE_SIZE); words of longer
 * texts are not counted against each other. */
enum { SHOWN_WORD = 120, SHOWN_WORDS = 24, SHOWN_MAX = 16 << 10, COMPARED_MAX = 8 << 10 };

/* isspace() of the kernel. */
static bool is_space(uint8_t c)
{
    return c == ' ' || (c >= '\t' && c <= '\r') || c == 0xa0;
}

struct gb_bytes cmdline_word(struct gb_bytes *rest)
{
    size_t from = 0;
    while (from < rest->len && is_space(rest->data[from]))
        from++;
    bool quoted = false;
    size_t to = from;
    for (; to < rest->len && (quoted || !is_space(rest->data[to])); to++)
        if (rest->data[to] == '"')
            quoted = !quoted;
    struct gb_bytes word = gb_bytes(to > from ? rest->data + from : NULL, to - from);
    *rest = gb_bytes_from(*rest, to);
    return word;
}

static size_t times(struct gb_bytes text, struct gb_bytes word)
{
    size_t count = 0;
    for (struct gb_bytes w = cmdline_word(&text); w.len > 0; w = cmdline_word(&text))
        count += gb_bytes_equal(w, word);
    return count;
}

/* Appends the words that stand more often in `in` than in `other`, each as often as it is more; the
 * last ones, since what is added usually comes last. */
static size_t add_surplus(struct gb_arena *arena, struct gb_buf *out, const char *title,
                          struct gb_bytes in, struct gb_bytes other)
{
    size_t shown = 0;
    struct gb_bytes rest = in;
    for (struct gb_bytes word = cmdline_word(&rest); word.len > 0; word = cmdline_word(&rest)) {
        struct gb_bytes before = gb_bytes(in.data, (size_t)(word.data - in.data));
        if (times(before, word) < times(other, word))
            continue;
        if (shown++ == 0)
            gb_buf_printf(out, "%s%s:", out->len > 0 ? "; " : "", title);
        if (shown > SHOWN_WORDS)
            break;
        const char *text = gb_text_escape(arena, word, SHOWN_WORD);
        gb_buf_printf(out, " %s", text ? text : "?");
        out->failed = out->failed || !text;
    }
    if (shown > SHOWN_WORDS)
        gb_buf_puts(out, " ...");
    return shown;
}

const char *cmdline_difference(struct gb_arena *arena, struct gb_bytes accepted,
                               struct gb_bytes found)
{
    if (accepted.len > COMPARED_MAX || found.len > COMPARED_MAX)
        return "a text too long to compare word by word";
    struct gb_buf out;
    gb_buf_init(&out, SHOWN_MAX);
    size_t words = add_surplus(arena, &out, "added", found, accepted);
    words += add_surplus(arena, &out, "removed", accepted, found);
    if (words == 0)
        gb_buf_puts(&out, "the order of its words, or blanks");
    struct gb_bytes text = gb_bytes(NULL, 0);
    if (gb_buf_ok(&out))
        text = gb_arena_copy(arena, gb_buf_bytes(&out));
    gb_buf_done(&out);
    return (const char *)text.data;
}

static bool has_tcb(struct gb_bytes names)
{
    while (names.len > 0)
        if (gb_bytes_is(gb_text_until(&names, '|'), "tcb"))
            return true;
    return false;
}

bool cmdline_names_ima_policy(struct gb_bytes cmdline)
{
    const struct gb_bytes key = gb_bytes_str("ima_policy=");
    struct gb_bytes rest = cmdline;
    for (struct gb_bytes word = cmdline_word(&rest); word.len > 0; word = cmdline_word(&rest)) {
        if (gb_bytes_is(word, "--"))
            return false;
        if (gb_bytes_is(word, "ima_tcb"))
            return true;
        if (gb_bytes_starts(word, key) && has_tcb(gb_bytes_from(word, key.len)))
            return true;
    }
    return false;
}
