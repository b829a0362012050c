#include "cli/evidence/verdict_text.h"

#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "result/verdict.h"
#include "wire/json.h"

enum {
    LINK_COLUMN = 13,
    TIER_COLUMN = 16,
    MARGIN = LINK_COLUMN + TIER_COLUMN + 4,
    MOST_SHOWN = 10, /* findings of one code in a link */
};

struct chain {
    const struct cmd_line *line;
    struct gb_arena *arena;
    const struct json *verdict;
    const struct json *findings;
};

enum gb_tier verdict_text_tier(const struct json *object)
{
    for (int tier = GB_TIER_AFFIRMING; tier <= GB_TIER_CONTRAINDICATED; tier++)
        if (reply_is(object, "tier", gb_tier_name((enum gb_tier)tier)))
            return (enum gb_tier)tier;
    return GB_TIER_NONE;
}

int verdict_text_exit(const struct json *verdict)
{
    bool trusted = reply_is(verdict, "verdict", "trusted"); /* also by mode warn */
    return trusted || verdict_is_yes(verdict_text_tier(verdict)) ? CMD_OK : CMD_CONTRAINDICATED;
}

/* What a link's first line says: why it is not counted, else the first finding of its tier. */
static const struct json *headline(const struct chain *chain, const char *link, enum gb_tier tier)
{
    const struct json *first = NULL;
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        if (!reply_is(f, "link", link))
            continue;
        if (reply_is(f, "code", gb_finding_code_name(GB_FINDING_LINK_RESTS)))
            return f;
        if (!first || (verdict_text_tier(first) != tier && verdict_text_tier(f) == tier))
            first = f;
    }
    return first;
}

/* The sentence, and "[ima entry 12]" when one event decided. */
static const char *sentence(const struct chain *chain, const struct json *f)
{
    const char *message = reply_text(chain->arena, f, "message");
    const struct json *event = json_get(f, "event");
    if (!event)
        return message;
    const char *what = reply_is(event, "log", gb_log_name(GB_LOG_IMA)) ? "entry" : "event";
    const char *whole = gb_arena_printf(chain->arena, "%s [%s %s %s]", message,
                                        reply_text(chain->arena, event, "log"), what,
                                        reply_number(chain->arena, event, "index"));
    return whole ? whole : message;
}

/* Remedies that were said of a link already: ten files of one kind need one. */
struct told {
    const char *items[4 * MOST_SHOWN];
    size_t count;
};

static void print_remedy(struct told *told, const char *remedy)
{
    for (size_t i = 0; i < told->count; i++)
        if (strcmp(told->items[i], remedy) == 0)
            return;
    if (told->count < GB_ARRAY_LEN(told->items))
        told->items[told->count++] = remedy;
    printf("%*s-> ", MARGIN, "");
    output_wrapped(remedy, MARGIN + 3);
}

/* One finding, its cursor at the margin already. */
static void print_finding(const struct chain *chain, const struct json *f, struct told *told)
{
    output_wrapped(sentence(chain, f), MARGIN);
    if (verdict_text_tier(f) < GB_TIER_WARNING)
        return;
    printf("%*s%s%s%s\n", MARGIN, "", output_colour(chain->line, GB_TIER_NONE),
           reply_text(chain->arena, f, "code"), output_reset(chain->line));
    const char *remedy = json_get(f, "remedy") ? reply_text(chain->arena, f, "remedy") : "";
    if (*remedy)
        print_remedy(told, remedy);
}

/* What says why another finding of the link is there: it decides nothing itself. */
static bool explains(const struct json *f)
{
    return reply_is(f, "code", gb_finding_code_name(GB_FINDING_SET_OTHER_LIFE)) ||
           reply_is(f, "code", gb_finding_code_name(GB_FINDING_SET_OTHER_BUILD));
}

/* The set of the verdict that the explanation names ("candidate set NAME ..."), or NULL. */
static const struct json *explaining_set(const struct chain *chain, const struct json *f)
{
    const struct json *sets = json_get(chain->verdict, "sets");
    const char *message = reply_text(chain->arena, f, "message");
    for (size_t i = 0; i < json_count(sets); i++) {
        const struct json *set = json_at(sets, i);
        const char *life = reply_text(chain->arena, set, "life");
        const char *words =
            gb_arena_printf(chain->arena, "%s set %s", life, reply_text(chain->arena, set, "name"));
        const char *at = words ? strstr(message, words) : NULL;
        if (at && strcmp(life, "accepted") != 0 && strchr(" ;,", at[strlen(words)]))
            return set;
    }
    return NULL;
}

static void print_explanation(const struct chain *chain, const struct json *f, struct told *told)
{
    const struct json *set = explaining_set(chain, f);
    printf("%*s", MARGIN, "");
    output_wrapped(sentence(chain, f), MARGIN);
    const char *remedy = reply_text(chain->arena, f, "remedy");
    if (set) {
        const char *name = reply_text(chain->arena, set, "name");
        const char *life = reply_text(chain->arena, set, "life");
        const char *advice =
            strcmp(life, "retired") == 0
                ? gb_arena_printf(chain->arena,
                                  "%s set %s has it: update the node; to go back to the old: "
                                  "garboard reference accept %s",
                                  life, name, name)
                : gb_arena_printf(chain->arena,
                                  "%s set %s has it: accept that set, once you know why: "
                                  "garboard reference accept %s",
                                  life, name, name);
        remedy = advice ? advice : remedy;
    }
    print_remedy(told, remedy);
}

static bool same_event(const struct json *a, const struct json *b)
{
    uint64_t left = 0, right = 0;
    const struct json *ea = json_get(a, "event"), *eb = json_get(b, "event");
    return json_get_number(ea, "index", &left) && json_get_number(eb, "index", &right) &&
           left == right;
}

/* How many findings of one code were shown, and how many there are: a flood of one code must not
 * hide the others. */
struct flood {
    size_t shown, all;
};

/* What explains `of`, which is of the same event; NULL: what explains the whole link. */
static void print_explanations(const struct chain *chain, const char *link, const struct json *of,
                               struct told *told)
{
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        if (explains(f) && reply_is(f, "link", link) &&
            (of ? same_event(f, of) : json_absent(json_get(f, "event"))))
            print_explanation(chain, f, told);
    }
}

/* Whether it is one more than is shown of its code. */
static bool floods(const struct chain *chain, struct flood counts[GB_FINDING_COUNT],
                   const struct json *f)
{
    int code = GB_FINDING_NONE + 1;
    while (code < GB_FINDING_COUNT &&
           !reply_is(f, "code", gb_finding_code_name((enum gb_finding_code)code)))
        code++;
    struct flood *flood = &counts[code < GB_FINDING_COUNT ? code : GB_FINDING_NONE];
    bool hidden = !cmd_has(chain->line, "all") && flood->all >= MOST_SHOWN;
    flood->all++;
    flood->shown += hidden ? 0 : 1;
    return hidden;
}

static void print_more(const struct chain *chain, const struct flood counts[GB_FINDING_COUNT])
{
    for (int code = 0; code < GB_FINDING_COUNT; code++)
        if (counts[code].all > counts[code].shown)
            printf("%*s%s%s%s: and %zu more; --all shows them\n", MARGIN, "",
                   output_colour(chain->line, GB_TIER_NONE),
                   code == GB_FINDING_NONE ? "others"
                                           : gb_finding_code_name((enum gb_finding_code)code),
                   output_reset(chain->line), counts[code].all - counts[code].shown);
}

static void print_link(const struct chain *chain, const char *link)
{
    const struct json *result = json_get(json_get(chain->verdict, "links"), link);
    enum gb_tier tier = verdict_text_tier(result);
    const struct json *first = headline(chain, link, tier);
    struct flood counts[GB_FINDING_COUNT] = {0};
    struct told told = {0};
    if (!first)
        return; /* nothing speaks of it */
    printf("  %-*s %s%-*s%s ", LINK_COLUMN, link, output_colour(chain->line, tier), TIER_COLUMN,
           tier == GB_TIER_NONE ? "-" : gb_tier_name(tier), output_reset(chain->line));
    print_finding(chain, first, &told);
    (void)floods(chain, counts, first);
    print_explanations(chain, link, first, &told);
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        if (f == first || !reply_is(f, "link", link) || verdict_text_tier(f) < GB_TIER_WARNING ||
            floods(chain, counts, f))
            continue;
        printf("%*s", MARGIN, "");
        print_finding(chain, f, &told);
        print_explanations(chain, link, f, &told);
    }
    print_more(chain, counts);
    print_explanations(chain, link, NULL, &told);
}

/* What speaks of no link, as that there is no policy, decides all the same. */
static void print_linkless(const struct chain *chain)
{
    struct told told = {0};
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        enum gb_tier tier = verdict_text_tier(f);
        if (!reply_is(f, "link", gb_link_name(GB_LINK_NONE)) || tier < GB_TIER_WARNING)
            continue;
        printf("  %-*s %s%-*s%s ", LINK_COLUMN, "-", output_colour(chain->line, tier), TIER_COLUMN,
               gb_tier_name(tier), output_reset(chain->line));
        print_finding(chain, f, &told);
    }
}

/* What no link's line says: that it counts in spite of its tier, and who would have said what. */
static void print_judges(const struct cmd_line *line, struct gb_arena *arena,
                         const struct json *verdict)
{
    const struct json *shadows = json_get(verdict, "shadow");
    if (reply_is(json_get(verdict, "judged_by"), "mode", "warn") &&
        reply_is(verdict, "verdict", "trusted") && !verdict_is_yes(verdict_text_tier(verdict)))
        output_warned(line);
    for (size_t i = 0; i < json_count(shadows); i++) {
        const struct json *shadow = json_at(shadows, i);
        uint64_t version = 0;
        (void)json_get_number(shadow, "version", &version);
        output_shadow(line, reply_text(arena, shadow, "name"), version, verdict_text_tier(shadow));
    }
}

int verdict_text_print(const struct cmd_line *line, struct gb_arena *arena,
                       const struct json *verdict)
{
    const struct chain chain = {line, arena, verdict, json_get(verdict, "findings")};
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        print_link(&chain, gb_link_name((enum gb_link)i));
    print_linkless(&chain);
    enum gb_tier tier = verdict_text_tier(verdict);
    printf("\n%s%s%s", output_colour(line, tier), gb_tier_name(tier), output_reset(line));
    if (!json_absent(json_get(verdict, "policy")))
        printf(" under policy %s", reply_text(arena, verdict, "policy"));
    if (!json_absent(json_get(verdict, "verified_at")))
        printf(", verified at %s", reply_text(arena, verdict, "verified_at"));
    if (!json_absent(json_get(verdict, "since")))
        printf(", so since %s", reply_text(arena, verdict, "since"));
    putchar('\n');
    print_judges(line, arena, verdict);
    return output_flush();
}
