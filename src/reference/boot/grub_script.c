#include "reference/boot/grub_script.h"

#include <string.h>

#include "base/limits.h"

struct script {
    struct gb_arena *arena;
    struct gb_bytes in;
    size_t at;
    size_t line;
    unsigned depth;
    struct gb_err *err;
};

static int read_list(struct script *s, struct grub_node **ret_list);

static int refuse(struct script *s, const char *what)
{
    return gb_err_set(s->err, GB_ERR_CONFIG, "line %zu: %s", s->line, what);
}

static int peek(const struct script *s)
{
    return s->at < s->in.len ? s->in.data[s->at] : -1;
}

static void step(struct script *s)
{
    s->line += s->in.data[s->at] == '\n';
    s->at++;
}

static bool is_one_of(int c, const char *set)
{
    return c > 0 && strchr(set, c);
}

static bool is_digit(int c)
{
    return c >= '0' && c <= '9';
}

static bool is_name(int c)
{
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || is_digit(c) || c == '_';
}

/* Blanks, and lines that go on behind a backslash. */
static void skip_blanks(struct script *s)
{
    for (;;) {
        int c = peek(s);
        bool joined = c == '\\' && s->at + 1 < s->in.len && s->in.data[s->at + 1] == '\n';
        if (!joined && !is_one_of(c, " \t"))
            return;
        if (joined)
            step(s);
        step(s);
    }
}

/* What may lie between two commands: blanks, comments, semicolons, ends of lines. */
static void skip_between(struct script *s)
{
    for (;;) {
        skip_blanks(s);
        int c = peek(s);
        if (c == '#')
            while (peek(s) >= 0 && peek(s) != '\n')
                step(s);
        else if (is_one_of(c, ";\n\r"))
            step(s);
        else
            return;
    }
}

static int add_part(struct script *s, struct grub_part ***tail, struct gb_bytes text, bool variable,
                    bool quoted)
{
    struct grub_part *part = gb_arena_new_one(s->arena, struct grub_part);
    if (!part)
        return gb_err_nomem(s->err);
    *part = (struct grub_part){.text = text, .variable = variable, .quoted = quoted};
    **tail = part;
    *tail = &part->next;
    return GB_OK;
}

static struct gb_bytes since(const struct script *s, size_t from)
{
    return gb_bytes(s->in.data + from, s->at - from);
}

/* "$name", "${name}", "$1", "$?". */
static int read_variable(struct script *s, struct grub_part ***tail, bool quoted)
{
    step(s);
    bool braced = peek(s) == '{';
    if (braced)
        step(s);
    size_t from = s->at;
    bool argument = is_digit(peek(s)); /* "$1st" is "$1" and "st" */
    if (is_one_of(peek(s), "?#*@"))
        step(s);
    else
        while (argument ? is_digit(peek(s)) : is_name(peek(s)))
            step(s);
    struct gb_bytes name = since(s, from);
    if (name.len == 0 || (braced && peek(s) != '}'))
        return refuse(s, "a variable's name that cannot be read");
    if (braced)
        step(s);
    return add_part(s, tail, name, true, quoted);
}

static int read_single(struct script *s, struct grub_part ***tail)
{
    step(s);
    size_t from = s->at;
    while (peek(s) >= 0 && peek(s) != '\'')
        step(s);
    if (peek(s) < 0)
        return refuse(s, "a quote that does not end");
    int r = add_part(s, tail, since(s, from), false, true);
    step(s);
    return r;
}

/* Inside double quotes a backslash stands for itself unless it guards one of $ " \ or an end of
 * line. */
static int read_double(struct script *s, struct grub_part ***tail)
{
    step(s);
    int r = add_part(s, tail, gb_bytes("", 0), false, true);
    while (r == 0 && peek(s) != '"') {
        size_t from = s->at;
        while (peek(s) >= 0 && !is_one_of(peek(s), "\"$\\"))
            step(s);
        if (s->at > from)
            r = add_part(s, tail, since(s, from), false, true);
        if (r < 0 || peek(s) == '"')
            continue;
        if (peek(s) < 0)
            return refuse(s, "a quote that does not end");
        if (peek(s) == '$') {
            r = read_variable(s, tail, true);
            continue;
        }
        from = s->at;
        step(s);
        if (is_one_of(peek(s), "$\"\\")) {
            from = s->at;
            step(s);
        } else if (peek(s) == '\n') {
            step(s);
            continue;
        }
        r = add_part(s, tail, since(s, from), false, true);
    }
    if (r == 0)
        step(s);
    return r;
}

static int read_plain(struct script *s, struct grub_part ***tail)
{
    size_t from = s->at;
    while (peek(s) >= 0 && !is_one_of(peek(s), " \t\r\n;\"'$\\{}|&<>*?"))
        step(s);
    if (s->at == from)
        return refuse(s,
                      "syntax that is not known here (wildcards, pipes and braces within words)");
    return add_part(s, tail, since(s, from), false, false);
}

static int read_escaped(struct script *s, struct grub_part ***tail)
{
    step(s);
    if (peek(s) < 0 || peek(s) == '\n')
        return refuse(s, "a backslash with nothing behind it");
    size_t from = s->at;
    step(s);
    return add_part(s, tail, since(s, from), false, true);
}

static int read_parts(struct script *s, struct grub_word *word)
{
    struct grub_part **tail = &word->parts;
    int r = GB_OK;
    while (r == 0 && peek(s) >= 0 && !is_one_of(peek(s), " \t\r\n;")) {
        switch (peek(s)) {
        case '\'':
            r = read_single(s, &tail);
            break;
        case '"':
            r = read_double(s, &tail);
            break;
        case '$':
            r = read_variable(s, &tail, false);
            break;
        case '\\':
            if (s->at + 1 < s->in.len && s->in.data[s->at + 1] == '\n')
                return GB_OK;
            r = read_escaped(s, &tail);
            break;
        default:
            r = read_plain(s, &tail);
        }
    }
    return r;
}

/* "{ ... }", of which GRUB keeps the text and runs it later. */
static int read_block(struct script *s, struct grub_word *word)
{
    size_t from = s->at;
    step(s);
    int r = read_list(s, &word->body);
    if (r < 0)
        return r;
    if (peek(s) != '}')
        return refuse(s, "a block that does not end");
    step(s);
    word->block = since(s, from);
    return GB_OK;
}

static int read_words(struct script *s, struct grub_word **tail)
{
    for (skip_blanks(s); peek(s) >= 0 && !is_one_of(peek(s), "\r\n;#}"); skip_blanks(s)) {
        struct grub_word *word = gb_arena_new_one(s->arena, struct grub_word);
        if (!word)
            return gb_err_nomem(s->err);
        int r = peek(s) == '{' ? read_block(s, word) : read_parts(s, word);
        if (r < 0)
            return r;
        *tail = word;
        tail = &word->next;
        if (word->block.data)
            return GB_OK;
    }
    return GB_OK;
}

/* Whether a reserved word stands here as a word of its own. */
static bool at_word(const struct script *s, const char *text)
{
    struct gb_bytes rest = gb_bytes_from(s->in, s->at);
    size_t len = strlen(text);
    return gb_bytes_starts(rest, gb_bytes_str(text)) &&
           (rest.len == len || is_one_of(rest.data[len], " \t\r\n;"));
}

static bool take_word(struct script *s, const char *text)
{
    if (!at_word(s, text))
        return false;
    for (size_t i = strlen(text); i > 0; i--)
        step(s);
    return true;
}

/* Behind "if" or "elif". */
static int read_if(struct script *s, struct grub_node *node)
{
    node->kind = GRUB_IF;
    if (++s->depth > GB_LIMIT_GRUB_DEPTH)
        return gb_err_set(s->err, GB_ERR_LIMIT, "line %zu: nested too deeply", s->line);
    int r = read_list(s, &node->condition);
    if (r < 0)
        return r;
    if (!take_word(s, "then"))
        return refuse(s, "an if without then");
    r = read_list(s, &node->body);
    if (r == 0 && take_word(s, "elif")) {
        node->otherwise = gb_arena_new_one(s->arena, struct grub_node);
        if (!node->otherwise)
            return gb_err_nomem(s->err);
        node->otherwise->line = s->line;
        r = read_if(s, node->otherwise);
    } else if (r == 0) {
        if (take_word(s, "else"))
            r = read_list(s, &node->otherwise);
        if (r == 0 && !take_word(s, "fi"))
            r = refuse(s, "an if without fi");
    }
    s->depth--;
    return r;
}

static int read_function(struct script *s, struct grub_node *node)
{
    node->kind = GRUB_FUNCTION;
    int r = read_words(s, &node->words);
    if (r < 0)
        return r;
    struct grub_word *name = node->words;
    if (!name || !name->parts || name->parts->next || name->parts->variable || !name->next ||
        !name->next->block.data)
        return refuse(s, "a function without a plain name and a block");
    node->body = name->next->body;
    return GB_OK;
}

/* Behind "for", "while" or "until". */
static int read_loop(struct script *s, struct grub_node *node, bool words)
{
    node->kind = GRUB_LOOP;
    int r = words ? read_words(s, &node->words) : read_list(s, &node->condition);
    skip_between(s);
    if (r == 0 && !take_word(s, "do"))
        r = refuse(s, "a loop without do");
    if (r == 0)
        r = read_list(s, &node->body);
    if (r == 0 && !take_word(s, "done"))
        r = refuse(s, "a loop without done");
    return r;
}

static int read_node(struct script *s, struct grub_node *node)
{
    node->line = s->line;
    if (at_word(s, "select") || at_word(s, "time"))
        return refuse(s, "a word that GRUB keeps for itself");
    if (take_word(s, "if"))
        return read_if(s, node);
    if (take_word(s, "function"))
        return read_function(s, node);
    if (take_word(s, "for"))
        return read_loop(s, node, true);
    if (take_word(s, "while") || take_word(s, "until"))
        return read_loop(s, node, false);
    node->kind = GRUB_COMMAND;
    return read_words(s, &node->words);
}

/* Until a word that closes it, a brace, or the end. */
static int read_list(struct script *s, struct grub_node **ret_list)
{
    static const char *const closing[] = {"then", "else", "elif", "fi", "do", "done"};
    struct grub_node **tail = ret_list;
    if (++s->depth > GB_LIMIT_GRUB_DEPTH)
        return gb_err_set(s->err, GB_ERR_LIMIT, "line %zu: nested too deeply", s->line);
    for (skip_between(s); peek(s) >= 0 && peek(s) != '}'; skip_between(s)) {
        bool closed = false;
        for (size_t i = 0; i < GB_ARRAY_LEN(closing); i++)
            closed = closed || at_word(s, closing[i]);
        if (closed)
            break;
        struct grub_node *node = gb_arena_new_one(s->arena, struct grub_node);
        if (!node)
            return gb_err_nomem(s->err);
        int r = read_node(s, node);
        if (r < 0)
            return r;
        *tail = node;
        tail = &node->next;
    }
    s->depth--;
    return GB_OK;
}

int grub_script_read(struct gb_arena *arena, struct gb_bytes in, struct grub_node **ret_script,
                     struct gb_err *err)
{
    struct script s = {.arena = arena, .in = in, .line = 1, .err = err};
    struct grub_node *list = NULL;
    if (in.len > GB_LIMIT_GRUB_CONFIG)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d bytes", GB_LIMIT_GRUB_CONFIG);
    if (in.len > 0 && memchr(in.data, 0, in.len))
        return gb_err_set(err, GB_ERR_CONFIG, "a NUL: this is no script");
    int r = read_list(&s, &list);
    if (r < 0)
        return r;
    if (s.at < in.len)
        return refuse(&s, "a word or brace that closes nothing");
    *ret_script = list;
    return GB_OK;
}
