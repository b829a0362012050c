#include "cli/verdict_text.h"

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
    MOST_SHOWN = 10, /* findings of one link, as offline */
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
    return verdict_is_yes(verdict_text_tier(verdict)) ? CMD_OK : CMD_CONTRAINDICATED;
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

/* One finding, its cursor at the margin already; returns its remedy for the next to compare. */
static const char *print_finding(const struct chain *chain, const struct json *f, const char *told)
{
    output_wrapped(sentence(chain, f), MARGIN);
    if (verdict_text_tier(f) < GB_TIER_WARNING)
        return told;
    printf("%*s%s%s%s\n", MARGIN, "", output_colour(chain->line, GB_TIER_NONE),
           reply_text(chain->arena, f, "code"), output_reset(chain->line));
    const char *remedy = json_get(f, "remedy") ? reply_text(chain->arena, f, "remedy") : "";
    if (*remedy && strcmp(remedy, told) != 0) {
        printf("%*s-> ", MARGIN, "");
        output_wrapped(remedy, MARGIN + 3);
    }
    return remedy;
}

static void print_link(const struct chain *chain, const char *link)
{
    const struct json *result = json_get(json_get(chain->verdict, "links"), link);
    enum gb_tier tier = verdict_text_tier(result);
    const struct json *first = headline(chain, link, tier);
    if (!first)
        return; /* nothing speaks of it */
    printf("  %-*s %s%-*s%s ", LINK_COLUMN, link, output_colour(chain->line, tier), TIER_COLUMN,
           tier == GB_TIER_NONE ? "-" : gb_tier_name(tier), output_reset(chain->line));
    const char *told = print_finding(chain, first, "");
    size_t count = 1;
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        if (f == first || !reply_is(f, "link", link) || verdict_text_tier(f) < GB_TIER_WARNING ||
            ++count > MOST_SHOWN)
            continue;
        printf("%*s", MARGIN, "");
        told = print_finding(chain, f, told);
    }
    if (count > MOST_SHOWN)
        printf("%*s... and %zu more (--format json has all)\n", MARGIN, "", count - MOST_SHOWN);
}

/* What speaks of no link, as that there is no policy, decides all the same. */
static void print_linkless(const struct chain *chain)
{
    const char *told = "";
    for (size_t i = 0; i < json_count(chain->findings); i++) {
        const struct json *f = json_at(chain->findings, i);
        enum gb_tier tier = verdict_text_tier(f);
        if (!reply_is(f, "link", gb_link_name(GB_LINK_NONE)) || tier < GB_TIER_WARNING)
            continue;
        printf("  %-*s %s%-*s%s ", LINK_COLUMN, "-", output_colour(chain->line, tier), TIER_COLUMN,
               gb_tier_name(tier), output_reset(chain->line));
        told = print_finding(chain, f, told);
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
    return output_flush();
}
