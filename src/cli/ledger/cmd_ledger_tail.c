/* garboard ledger tail: the newest entries in words: when, who, what, whom, why. Calls that only
 * read are very many and change nothing: they are left out unless asked for. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <unistd.h>

#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_words.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

enum { LINES = 20, MAX_LINES = 1000, AGAIN_S = 2 };

/* How far back those are looked for that are shown: the rest may be calls that only read. */
enum { PAGES = 64 };

struct tail {
    const struct cmd_line *line;
    struct server_client *client;
    bool all;      /* those that only read, too */
    uint64_t from; /* the next that was not asked for */
    uint64_t size;
    uint64_t signed_size;
    uint64_t left_out;
    size_t wanted;
    size_t first;                  /* in `items`, filled from its end */
    struct json *items[MAX_LINES]; /* owned */
    struct gb_arena *arena;        /* borrowed */
};

/* This very command asks, and each time that is an entry: following it would never end. */
static bool is_our_asking(const struct json *item)
{
    const struct json *entry = json_get(item, "entry");
    return reply_is(entry, "what", "call") &&
           reply_is(json_get(entry, "data"), "path", "/v1/ledger/entries");
}

static int ask(struct tail *tail, struct gb_arena *arena, uint64_t from, uint64_t max,
               struct json **ret_reply, struct gb_err *err)
{
    char *path =
        gb_arena_printf(arena, "/v1/ledger/entries?from=%" PRIu64 "&max=%" PRIu64, from, max);
    int r = path ? server_get(tail->client, path, ret_reply, err) : gb_err_nomem(err);
    if (r == GB_OK && (!json_get_number(*ret_reply, "size", &tail->size) ||
                       !json_get_number(*ret_reply, "signed", &tail->signed_size)))
        return gb_err_set(err, GB_ERR_INPUT, "the server's answer has no size");
    return r;
}

/* The newest of a page that are shown, before those that are there already. */
static int take_page(struct tail *tail, uint64_t from, uint64_t max, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = arena ? ask(tail, arena, from, max, &reply, err) : gb_err_nomem(err);
    gb_cleanup(json_freep) struct json *entries = r == GB_OK ? json_take(reply, "entries") : NULL;
    for (size_t i = json_count(entries); i-- > 0 && MAX_LINES - tail->first < tail->wanted;) {
        if (!tail->all && ledger_words_only_reads(json_at(entries, i)))
            tail->left_out++;
        else
            tail->items[--tail->first] = json_take_at(entries, i);
    }
    return r;
}

/* From the end backwards until there are as many as are wanted. */
static int take_newest(struct tail *tail, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = ask(tail, tail->arena, 0, 0, &reply, err);
    uint64_t max = tail->wanted < MAX_LINES / 4 && !tail->all ? 4 * tail->wanted : tail->wanted;
    tail->from = tail->size;
    for (uint64_t to = tail->size, page = 0;
         r == GB_OK && to > 0 && page < PAGES && MAX_LINES - tail->first < tail->wanted; page++) {
        uint64_t from = to > max ? to - max : 0;
        r = take_page(tail, from, to - from, err);
        to = from;
        max = MAX_LINES;
    }
    return r;
}

static void print_one(const struct json *item)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    puts(arena ? ledger_words(arena, item) : "-");
}

static int print_newest(struct tail *tail)
{
    for (size_t i = tail->first; i < MAX_LINES; i++)
        print_one(tail->items[i]);
    int code = output_flush();
    if (tail->left_out > 0)
        fprintf(stderr,
                "garboard: %" PRIu64 " calls that only read are left out; --all shows them\n",
                tail->left_out);
    return code;
}

static int print_json(struct tail *tail)
{
    struct json *list = json_new_array(), *out = json_new_object();
    for (size_t i = tail->first; i < MAX_LINES; i++)
        json_push(list, gb_take(tail->items[i]));
    json_set(out, "size", json_number(tail->size));
    json_set(out, "signed", json_number(tail->signed_size));
    json_set(out, "left_out", json_number(tail->left_out));
    json_set(out, "entries", list);
    return output_json(out);
}

/* What came since. */
static int print_new(struct tail *tail, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(json_freep) struct json *reply = NULL;
    int r = arena ? ask(tail, arena, tail->from, MAX_LINES, &reply, err) : gb_err_nomem(err);
    const struct json *entries = json_get(reply, "entries");
    size_t count = r == GB_OK ? json_count(entries) : 0;
    for (size_t i = 0; i < count; i++) {
        const struct json *item = json_at(entries, i);
        if (!is_our_asking(item) && (tail->all || !ledger_words_only_reads(item)))
            print_one(item);
    }
    tail->from += count;
    return r == GB_OK && count > 0 ? output_flush() : r;
}

static void done(struct tail *tail)
{
    for (size_t i = 0; i < MAX_LINES; i++)
        json_free(tail->items[i]);
    server_client_freep(&tail->client);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(done) struct tail tail = {
        .line = line, .arena = arena, .all = cmd_has(line, "all"), .first = MAX_LINES};
    const char *given = cmd_value(line, "lines");
    uint64_t lines = LINES;
    if (given && !gb_text_u64(gb_bytes_str(given), MAX_LINES, &lines))
        return output_usage(line, "--lines: must be a number to %d", MAX_LINES);
    tail.wanted = (size_t)lines;
    int r = server_client_new(arena, line, &tail.client, err);
    if (r == GB_OK)
        r = take_newest(&tail, err);
    if (r == GB_OK)
        r = line->json ? print_json(&tail) : print_newest(&tail);
    while (r == GB_OK && !line->json && cmd_has(line, "follow")) {
        sleep(AGAIN_S);
        r = print_new(&tail, err);
    }
    return r;
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {"lines", "N", "so many of the newest that are shown (default: 20)", false, 'n'},
    {"all", NULL, "calls that only read (GET), too", false, 0},
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
