#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "result/verdict.h"

enum {
    LINK_COLUMN = 13,
    TIER_COLUMN = 16,
    MARGIN = LINK_COLUMN + TIER_COLUMN + 4,
    NARROWEST = MARGIN + 40,
    MOST_SHOWN = 10, /* findings of one link: who has more looks for the first cause anyway */
};

const char *output_colour(const struct cmd_line *line, enum gb_tier tier)
{
    static const char *const colours[] = {"\033[2m", "\033[32m", "\033[33m", "\033[1;31m"};
    return line->colour ? colours[tier] : "";
}

const char *output_reset(const struct cmd_line *line)
{
    return line->colour ? "\033[0m" : "";
}

/* Columns of the terminal; none when the output is a file or a pipe, whose lines are left whole. */
static size_t columns(void)
{
    struct winsize size;
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) != 0 || size.ws_col == 0)
        return SIZE_MAX;
    return size.ws_col < NARROWEST ? NARROWEST : size.ws_col;
}

void output_wrapped(const char *text, size_t margin)
{
    size_t width = columns();
    size_t at = margin;
    for (const char *word = text; *word;) {
        size_t len = strcspn(word, " ");
        if (at > margin && at + 1 + len > width) {
            printf("\n%*s", (int)margin, "");
            at = margin;
        } else if (at > margin) {
            putchar(' ');
            at++;
        }
        printf("%.*s", (int)len, word);
        at += len;
        word += len + (word[len] == ' ');
    }
    putchar('\n');
}

/* The sentence, and "[ima entry 12]" when one event decided. */
static char *sentence(struct gb_arena *arena, const struct gb_finding *f)
{
    char *message = gb_finding_message(arena, f);
    if (!message || f->event.log == GB_LOG_NONE)
        return message;
    const char *what = f->event.log == GB_LOG_IMA ? "entry" : "event";
    return gb_arena_printf(arena, "%s [%s %s %u]", message, gb_log_name(f->event.log), what,
                           f->event.index);
}

/* One finding, its cursor at the margin already: the sentence, and beneath what is not affirming
 * its code, and its remedy unless `told` is the same. Returns the remedy, or NULL on failure. */
static const char *print_finding(const struct cmd_line *line, struct gb_arena *arena,
                                 const struct gb_finding *f, size_t margin, const char *told)
{
    const char *text = sentence(arena, f);
    const char *remedy = gb_finding_remedy(arena, f);
    if (!text || !remedy)
        return NULL;
    output_wrapped(text, margin);
    if (f->tier < GB_TIER_WARNING)
        return told;
    printf("%*s%s%s%s\n", (int)margin, "", output_colour(line, GB_TIER_NONE),
           gb_finding_code_name(f->code), output_reset(line));
    if (*remedy && strcmp(remedy, told) != 0) {
        printf("%*s-> ", (int)margin, "");
        output_wrapped(remedy, margin + 3);
    }
    return remedy;
}

int output_findings(const struct cmd_line *line, struct gb_arena *arena,
                    const struct gb_findings *findings)
{
    for (const struct gb_finding *f = findings->first; f; f = f->next) {
        printf("  %s%-*s%s ", output_colour(line, f->tier), TIER_COLUMN, gb_tier_name(f->tier),
               output_reset(line));
        if (!print_finding(line, arena, f, TIER_COLUMN + 3, ""))
            return CMD_SYSTEM;
    }
    if (findings->dropped > 0)
        printf("  ... and %zu more (the worst %s)\n", findings->dropped,
               gb_tier_name(findings->worst));
    return output_flush();
}

/* What a link's first line says: why it is not counted, else the first finding of its tier. */
static const struct gb_finding *headline(const struct verdict *v, enum gb_link link)
{
    const struct gb_finding *first = NULL;
    for (const struct gb_finding *f = v->findings.first; f; f = f->next) {
        if (f->link != link)
            continue;
        if (f->code == GB_FINDING_LINK_RESTS)
            return f;
        if (!first || (first->tier != v->links[link].tier && f->tier == v->links[link].tier))
            first = f;
    }
    return first;
}

/* A good link takes one line. Others show all that is wrong with them. */
static int print_link(const struct cmd_line *line, struct gb_arena *arena, const struct verdict *v,
                      enum gb_link link, const struct gb_finding *first)
{
    enum gb_tier tier = v->links[link].tier;
    printf("  %-*s %s%-*s%s ", LINK_COLUMN, gb_link_name(link), output_colour(line, tier),
           TIER_COLUMN, tier == GB_TIER_NONE ? "-" : gb_tier_name(tier), output_reset(line));
    const char *told = print_finding(line, arena, first, MARGIN, "");
    size_t count = 1;
    for (const struct gb_finding *f = v->findings.first; f && told; f = f->next) {
        if (f->link != link || f == first || f->tier < GB_TIER_WARNING || ++count > MOST_SHOWN)
            continue;
        printf("%*s", MARGIN, "");
        told = print_finding(line, arena, f, MARGIN, told);
    }
    if (count > MOST_SHOWN)
        printf("%*s... and %zu more (--format json has all)\n", MARGIN, "", count - MOST_SHOWN);
    return told ? CMD_OK : CMD_SYSTEM;
}

void output_warned(const struct cmd_line *line)
{
    printf("%sTRUSTED ALTHOUGH CONTRAINDICATED%s: the policy's mode is warn, so it only tells\n",
           output_colour(line, GB_TIER_CONTRAINDICATED), output_reset(line));
}

void output_shadow(const struct cmd_line *line, const char *name, uint64_t version,
                   enum gb_tier tier)
{
    printf("In the shadow, deciding nothing: policy %s version %" PRIu64 ": %s%s%s\n", name,
           version, output_colour(line, tier), gb_tier_name(tier), output_reset(line));
}

/* What speaks of no link, as that two policies are for the node, decides all the same. */
static void print_linkless(const struct cmd_line *line, struct gb_arena *arena,
                           const struct verdict *v)
{
    for (const struct gb_finding *f = v->findings.first; f; f = f->next) {
        if (f->link != GB_LINK_NONE || f->tier < GB_TIER_WARNING)
            continue;
        printf("  %-*s %s%-*s%s ", LINK_COLUMN, "-", output_colour(line, f->tier), TIER_COLUMN,
               gb_tier_name(f->tier), output_reset(line));
        print_finding(line, arena, f, MARGIN, "");
    }
}

int output_verdict(const struct cmd_line *line, struct gb_arena *arena,
                   const struct verdict *verdict)
{
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        /* Links that nothing speaks of are left out, so that the eye finds the broken one. */
        const struct gb_finding *first = headline(verdict, (enum gb_link)i);
        if (first && print_link(line, arena, verdict, (enum gb_link)i, first) != CMD_OK)
            return CMD_SYSTEM;
    }
    if (verdict->findings.dropped > 0)
        printf("  ... and %zu more findings\n", verdict->findings.dropped);
    print_linkless(line, arena, verdict);
    printf("\n%s%s%s", output_colour(line, verdict->tier), gb_tier_name(verdict->tier),
           output_reset(line));
    if (verdict->policy)
        printf(" under policy %s\n", verdict->policy);
    else if (verdict_is_yes(verdict->tier))
        puts(" in itself; no policy was given, so what was measured was not judged");
    else
        puts("; no policy judged it");
    if (verdict->warns_only && !verdict_is_yes(verdict->tier) && verdict_is_trusted(verdict))
        output_warned(line);
    for (size_t i = 0; i < verdict->shadow_count; i++) {
        const struct verdict_shadow *shadow = &verdict->shadows[i];
        output_shadow(line, shadow->name, shadow->version, shadow->verdict->tier);
    }
    return output_flush();
}
