#include "cli/ledger/ledger_report.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/encode.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_rounds.h"
#include "cli/output.h"
#include "ledger/checkpoint.h"
#include "ledger/merkle.h"
#include "ledger/verify.h"
#include "wire/json.h"

enum { SHOWN = 200 }; /* of a name from the folder */

const char *ledger_report_shown(struct gb_arena *arena, struct gb_bytes text)
{
    const char *safe = gb_text_escape(arena, text, SHOWN);
    return safe ? safe : "";
}

static struct json *minute_json(int64_t minute_s)
{
    char text[GB_CLOCK_TEXT];
    if (minute_s < 0)
        return json_text(NULL);
    gb_clock_text(minute_s, text);
    return json_text(text);
}

static struct json *rounds_json(const struct ledger_rounds *rounds)
{
    struct json *out = json_new_object();
    json_set(out, "minutes", json_number(rounds->minutes));
    json_set(out, "from", minute_json(rounds->from_s));
    json_set(out, "to", minute_json(rounds->from_s < 0 ? -1 : rounds->sealed_s));
    json_set(out, "minutes_gone", json_number(rounds->minutes_gone));
    json_set(out, "attestations", json_number(rounds->leaves));
    if (rounds->quotes) {
        json_set(out, "quotes", json_number(rounds->quotes_proven));
        json_set(out, "quotes_from", minute_json(rounds->quotes_from_s));
        json_set(out, "quotes_gone", json_number(rounds->quotes_gone));
    }
    return out;
}

void ledger_report_head(struct gb_arena *arena, const struct checkpoint *head, struct json *out)
{
    json_set(out, "origin", json_text(ledger_report_shown(arena, head->origin)));
    json_set(out, "size", json_number(head->size));
    json_set(out, "root", json_hex(gb_bytes(head->root, MERKLE_HASH)));
}

static int print_json(struct gb_arena *arena, const struct ledger_asked *asked,
                      const struct ledger_report *report, const struct ledger_rounds *rounds,
                      const char *fault, const uint64_t *index)
{
    struct json *out = json_new_object();
    json_set(out, "verified", json_bool(!fault));
    json_set(out, "fault", json_text(fault));
    json_set(out, "index", index ? json_number(*index) : json_text(NULL));
    ledger_report_head(arena, &report->opened.head, out);
    json_set(out, "clock_back", json_number(report->back));
    json_set(out, "entries", json_number(report->done));
    json_set(out, "signed_by",
             json_text(report->opened.signer ? report->opened.signer->name : NULL));
    json_set(out, "cosigned", json_number(report->opened.cosigned));
    json_set(out, "quorum", json_number(asked->trust.quorum));
    json_set(out, "since", asked->since.len > 0 ? json_number(report->since) : json_text(NULL));
    if (rounds)
        json_set(out, "rounds", rounds_json(rounds));
    return output_json(out);
}

static void print_span(int64_t from_s, int64_t to_s)
{
    char from[GB_CLOCK_TEXT];
    char to[GB_CLOCK_TEXT];
    if (from_s < 0)
        return;
    gb_clock_text(from_s, from);
    gb_clock_text(to_s, to);
    printf(", %s to %s", from, to);
}

static void print_rounds(const struct ledger_rounds *rounds)
{
    printf("minutes     %llu sealed minutes hold %llu attestations",
           (unsigned long long)rounds->minutes, (unsigned long long)rounds->leaves);
    print_span(rounds->from_s, rounds->sealed_s);
    printf(rounds->minutes_gone ? "; of %llu older ones the leaves are no longer kept\n" : "\n",
           (unsigned long long)rounds->minutes_gone);
    if (!rounds->quotes)
        return;
    printf("quotes      %llu proven again", (unsigned long long)rounds->quotes_proven);
    print_span(rounds->quotes_from_s, rounds->sealed_s);
    printf(rounds->quotes_gone ? "; of %llu older minutes they are no longer kept\n" : "\n",
           (unsigned long long)rounds->quotes_gone);
}

static void print_text(struct gb_arena *arena, const struct ledger_asked *asked,
                       const struct ledger_report *report, const struct ledger_rounds *rounds)
{
    const struct checkpoint *head = &report->opened.head;
    char root[2 * MERKLE_HASH + 1];
    gb_hex_encode(gb_bytes(head->root, MERKLE_HASH), root);
    printf("ledger      %s\n", ledger_report_shown(arena, head->origin));
    printf("entries     %llu\n", (unsigned long long)head->size);
    if (report->back > 0)
        printf("clock       went back before %llu of them\n", (unsigned long long)report->back);
    printf("root        %s\n", root);
    if (report->opened.signer)
        printf("signed by   %s\n", report->opened.signer->name);
    if (asked->trust.witness_count > 0)
        printf("cosigned    by %zu of %zu witnesses (%zu asked for)\n", report->opened.cosigned,
               asked->trust.witness_count, asked->trust.quorum);
    if (asked->since.len > 0)
        printf("older       a checkpoint of %llu entries\n", (unsigned long long)report->since);
    if (rounds)
        print_rounds(rounds);
}

void ledger_report_end(const struct cmd_line *line, const char *fault, const uint64_t *index)
{
    enum gb_tier tier = fault ? GB_TIER_CONTRAINDICATED : GB_TIER_AFFIRMING;
    fputs(output_colour(line, tier), stdout);
    if (!fault)
        fputs("\nverified", stdout);
    else if (index)
        printf("\nDOES NOT VERIFY: entry %llu: %s", (unsigned long long)*index, fault);
    else
        printf("\nDOES NOT VERIFY: %s", fault);
    puts(output_reset(line));
}

int ledger_report_print(const struct cmd_line *line, struct gb_arena *arena,
                        const struct ledger_asked *asked, const struct ledger_report *report,
                        const struct ledger_rounds *rounds)
{
    const char *fault = report->fault;
    const uint64_t *index = report->has_index ? &report->index : NULL;
    int code = CMD_OK;
    if (!fault && rounds && rounds->fault) {
        fault = rounds->fault;
        index = &rounds->index;
    }
    if (line->json) {
        code = print_json(arena, asked, report, rounds, fault, index);
    } else {
        print_text(arena, asked, report, rounds);
        ledger_report_end(line, fault, index);
        code = output_flush();
    }
    return code != CMD_OK ? code : fault ? CMD_CONTRAINDICATED : CMD_OK;
}
