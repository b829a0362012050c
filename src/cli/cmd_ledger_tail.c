/* garboard ledger tail: the newest entries in words: when, who, what, whom, why. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

enum { LINES = 20, MAX_LINES = 1000, SHOWN = 160, AGAIN_S = 2 };

/* A text; or a name, where its opening is kept. */
static const char *party(struct gb_arena *arena, const struct json *item, const char *key)
{
    struct gb_bytes text;
    const struct json *entry = json_get(item, "entry");
    const struct json *opening = json_get(json_get(item, "openings"), key);
    if (json_get_text(opening, "value", &text) || json_get_text(entry, key, &text)) {
        const char *shown = gb_text_escape(arena, text, SHOWN);
        return shown ? shown : "-";
    }
    return "(forgotten)";
}

/* What is told of the data, in a word or two. */
static const char *detail(struct gb_arena *arena, const struct json *entry)
{
    static const char *const keys[] = {"verdict", "name", "policy", "path", "minute", "version"};
    const struct json *data = json_get(entry, "data");
    struct gb_bytes text;
    const char *line = "";
    for (size_t i = 0; i < GB_ARRAY_LEN(keys); i++) {
        if (!json_get_text(data, keys[i], &text))
            continue;
        const char *shown = gb_text_escape(arena, text, SHOWN);
        const char *more = shown ? gb_arena_printf(arena, "%s %s=%s", line, keys[i], shown) : NULL;
        line = more ? more : line;
    }
    return line;
}

/* This very command asks, and each time that is an entry: following it would never end. */
static bool is_our_asking(const struct json *entry)
{
    struct gb_bytes what, path;
    return json_get_text(entry, "what", &what) && gb_bytes_is(what, "call") &&
           json_get_text(json_get(entry, "data"), "path", &path) &&
           gb_bytes_is(path, "/v1/ledger/entries");
}

static void print_one(struct gb_arena *arena, const struct json *item)
{
    const struct json *entry = json_get(item, "entry");
    const char *whom = party(arena, item, "whom"), *why = party(arena, item, "why");
    printf("%s  %s  %s", reply_text(arena, entry, "at"), party(arena, item, "who"),
           reply_text(arena, entry, "what"));
    if (*whom)
        printf("  %s", whom);
    printf("%s", detail(arena, entry));
    if (*why)
        printf("  (%s)", why);
    putchar('\n');
}

struct tail {
    const struct cmd_line *line;
    struct server_client *client;
    uint64_t from;
    uint64_t size;
};

static int ask(struct tail *tail, struct gb_arena *arena, uint64_t max, struct json **ret_reply,
               struct gb_err *err)
{
    char *path =
        gb_arena_printf(arena, "/v1/ledger/entries?from=%" PRIu64 "&max=%" PRIu64, tail->from, max);
    int r = path ? server_get(tail->client, path, ret_reply, err) : gb_err_nomem(err);
    if (r == GB_OK && !json_get_number(*ret_reply, "size", &tail->size))
        return gb_err_set(err, GB_ERR_INPUT, "the server's answer has no size");
    return r;
}

/* A page of what is new. */
static int print_new(struct tail *tail, uint64_t max, bool following, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = arena ? ask(tail, arena, max, &reply, err) : gb_err_nomem(err);
    const struct json *entries = json_get(reply, "entries");
    size_t count = r == GB_OK ? json_count(entries) : 0;
    for (size_t i = 0; i < count; i++)
        if (!following || !is_our_asking(json_get(json_at(entries, i), "entry")))
            print_one(arena, json_at(entries, i));
    tail->from += count;
    return r == GB_OK && count > 0 ? output_flush() : r;
}

static int print_json(struct tail *tail, struct gb_arena *arena, uint64_t max, struct gb_err *err)
{
    struct json *reply = NULL;
    int r = ask(tail, arena, max, &reply, err);
    if (r == GB_OK)
        return output_json(reply);
    json_free(reply);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    gb_cleanup(json_freep) struct json *reply = NULL;
    const char *given = cmd_value(line, "lines");
    uint64_t lines = LINES;
    if (given && !gb_text_u64(gb_bytes_str(given), MAX_LINES, &lines))
        return output_usage(line, "--lines: must be a number to %d", MAX_LINES);
    int r = server_client_new(arena, line, &client, err);
    struct tail tail = {.line = line, .client = client};
    if (r == GB_OK)
        r = ask(&tail, arena, 0, &reply, err);
    if (r != GB_OK)
        return r;
    tail.from = tail.size > lines ? tail.size - lines : 0;
    if (line->json)
        return print_json(&tail, arena, lines, err);
    r = print_new(&tail, lines, false, err);
    while (r == GB_OK && cmd_has(line, "follow")) {
        sleep(AGAIN_S);
        r = print_new(&tail, MAX_LINES, true, err);
    }
    return r;
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {"lines", "N", "so many of the newest (default: 20)", false, 'n'},
    {"follow", NULL, "go on with what comes", false, 'f'},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ledger_tail = {
    .name = "ledger tail",
    .args = "",
    .summary = "show the newest entries of the ledger in words",
    .examples = "  garboard ledger tail -n 50\n  garboard ledger tail --follow\n",
    .options = options,
    .run = run,
};
