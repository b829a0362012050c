#include "cli/ledger/ledger_words.h"

#include <string.h>

#include "base/buf.h"
#include "base/check.h"
#include "base/encode.h"
#include "base/finding.h"
#include "cli/reply.h"
#include "wire/json.h"

enum { LINE = 64 << 10, SHOWN = 160, KEY_SHOWN = 12 };

/* A text; or a name, where its opening is kept. */
static const char *party(struct gb_arena *arena, const struct json *item, const char *key)
{
    struct gb_bytes text;
    const struct json *openings = json_get(item, "openings");
    if (!json_get_text(json_get(openings, key), "value", &text) &&
        !json_get_text(json_get(item, "entry"), key, &text))
        return openings ? "(forgotten)" : "(a person)";
    const char *shown = gb_text_escape(arena, text, SHOWN);
    return shown ? shown : "-";
}

/* With the node's name, where the server knows it. */
static void add_party(struct gb_buf *out, struct gb_arena *arena, const struct json *item,
                      const char *key)
{
    const char *shown = party(arena, item, key);
    if (*shown)
        gb_buf_printf(out, "  %s", shown);
    if (*shown && json_get(json_get(item, "names"), key))
        gb_buf_printf(out, " (%s)", reply_text(arena, json_get(item, "names"), key));
}

/* ---- what is told of the data ---- */

/* "DELETE /v1/nodes/x", and why it was refused to whom. */
static void add_call(struct gb_buf *out, struct gb_arena *arena, const struct json *data)
{
    if (json_get(data, "method"))
        gb_buf_printf(out, "  %s", reply_text(arena, data, "method"));
    if (json_get(data, "path"))
        gb_buf_printf(out, " %s", reply_text(arena, data, "path"));
    if (json_get(data, "param"))
        gb_buf_printf(out, " (%s)", reply_text(arena, data, "param"));
    if (json_get(data, "query"))
        gb_buf_printf(out, "?%s", reply_text(arena, data, "query"));
    if (json_get(data, "refused"))
        gb_buf_printf(out, " refused: %s", reply_text(arena, data, "refused"));
    if (json_get(data, "refused") && json_get(data, "roles"))
        gb_buf_printf(out, " (roles: %s)",
                      json_count(json_get(data, "roles")) > 0 ? reply_list(arena, data, "roles")
                                                              : "none");
}

static void add_signers(struct gb_buf *out, struct gb_arena *arena, const struct json *signers)
{
    for (size_t i = 0; i < json_count(signers); i++)
        gb_buf_printf(out, "%s%.*s…", i == 0 ? " signed by " : ", ", KEY_SHOWN,
                      reply_item(arena, json_at(signers, i)));
}

/* "AccessPolicy people v2 signed by 019bbf…"; of many the first. */
static void add_documents(struct gb_buf *out, struct gb_arena *arena, const struct json *data)
{
    const struct json *documents = json_get(data, "documents");
    uint64_t count = 0;
    for (size_t i = 0; i < json_count(documents); i++) {
        const struct json *document = json_at(documents, i);
        gb_buf_printf(out, "%s%s %s v%s", i == 0 ? "  " : "; ", reply_text(arena, document, "kind"),
                      reply_text(arena, document, "name"),
                      reply_number(arena, document, "version"));
        add_signers(out, arena, json_get(document, "signers"));
    }
    if (json_get_number(data, "count", &count) && count > json_count(documents))
        gb_buf_printf(out, "; and %llu more", (unsigned long long)(count - json_count(documents)));
    if (json_get(data, "refused"))
        gb_buf_printf(out, " refused: %s", reply_text(arena, data, "refused"));
    if (json_get(data, "dry_run"))
        gb_buf_puts(out, " (a trial)");
}

/* "untrusted: broken: firmware, boot: ..." */
static void add_verdict(struct gb_buf *out, struct gb_arena *arena, const struct json *data)
{
    const struct json *told = json_get(data, "links");
    const char *before = "; broken: ";
    gb_buf_printf(out, "  %s", reply_text(arena, data, "verdict"));
    for (enum gb_link link = GB_LINK_NONE + 1; link < GB_LINK_COUNT; link++) {
        if (!reply_is(told, gb_link_name(link), gb_tier_name(GB_TIER_CONTRAINDICATED)))
            continue;
        gb_buf_printf(out, "%s%s", before, gb_link_name(link));
        before = ", ";
    }
    if (json_get(data, "reason"))
        gb_buf_printf(out, ": %s", reply_text(arena, data, "reason"));
}

/* "node.remove  DELETE /v1/nodes/worker-1" */
static void add_two_person(struct gb_buf *out, struct gb_arena *arena, const struct json *data)
{
    gb_buf_printf(out, "  %s", reply_text(arena, data, "action"));
    add_call(out, arena, data);
}

static void add_rest(struct gb_buf *out, struct gb_arena *arena, const struct json *data)
{
    static const char *const keys[] = {"name",  "pool",   "uses",    "how",       "tpm",
                                       "count", "minute", "version", "not_after", "policy"};
    const char *before = "  ";
    for (size_t i = 0; i < GB_ARRAY_LEN(keys); i++) {
        struct gb_bytes text;
        const char *shown = json_get_text(data, keys[i], &text)
                                ? reply_text(arena, data, keys[i])
                                : reply_number(arena, data, keys[i]);
        if (strcmp(shown, "-") == 0)
            continue;
        gb_buf_printf(out, "%s%s=%s", before, keys[i], shown);
        before = " ";
    }
}

static const struct {
    const char *what;
    void (*add)(struct gb_buf *out, struct gb_arena *arena, const struct json *data);
} tellers[] = {
    {"call", add_call},
    {"call.refused", add_call},
    {"policy.apply", add_documents},
    {"policy.refused", add_documents},
    {"verdict", add_verdict},
    {"two-person.ask", add_two_person},
    {"two-person.agree", add_two_person},
    {"two-person.withdraw", add_two_person},
};

static void add_data(struct gb_buf *out, struct gb_arena *arena, const struct json *entry)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(tellers); i++)
        if (reply_is(entry, "what", tellers[i].what)) {
            tellers[i].add(out, arena, json_get(entry, "data"));
            return;
        }
    add_rest(out, arena, json_get(entry, "data"));
}

const char *ledger_words(struct gb_arena *arena, const struct json *item)
{
    const struct json *entry = json_get(item, "entry");
    const char *why = party(arena, item, "why");
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, LINE);
    gb_buf_puts(&out, reply_text(arena, entry, "at"));
    add_party(&out, arena, item, "who");
    gb_buf_printf(&out, "  %s", reply_text(arena, entry, "what"));
    add_party(&out, arena, item, "whom");
    add_data(&out, arena, entry);
    if (*why)
        gb_buf_printf(&out, "  (%s)", why);
    gb_buf_u8(&out, 0);
    const char *line =
        gb_buf_ok(&out) ? (const char *)gb_arena_copy(arena, gb_buf_bytes(&out)).data : NULL;
    return line ? line : "-";
}

bool ledger_words_only_reads(const struct json *item)
{
    const struct json *entry = json_get(item, "entry");
    return reply_is(entry, "what", "call") && reply_is(json_get(entry, "data"), "method", "GET");
}
