#include "policy/judge/judge_edit.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/chain/chain.h"
#include "policy/documents/diff.h"
#include "policy/judge/judge.h"
#include "policy/rules/cmdline.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

enum { SHOWN_CMDLINE = 2048 };

static struct gb_event_ref event_of(const struct chain_event *found)
{
    return (struct gb_event_ref){.log = found->measured->log, .index = found->measured->index};
}

/* "name (hex)", or the digest alone. */
static const char *found_text(struct judge *judge, const struct chain_event *found, size_t bank,
                              bool with_about)
{
    struct gb_bytes digest = measured_digest(found->measured, bank);
    const char *hex = judge_text(judge, gb_hex(judge->arena, digest));
    if (!hex || !with_about)
        return hex;
    return judge_text(judge, gb_arena_printf(judge->arena, "%s (%s)", found->about, hex));
}

static const char *digest_text(struct judge *judge, const struct ref_event *accepted, size_t bank)
{
    if (accepted->digest[bank].len > 0)
        return judge_text(judge, gb_hex(judge->arena, accepted->digest[bank]));
    return judge_text(
        judge, gb_arena_printf(judge->arena, "no %s digest", digest_name(digest_algs[bank])));
}

static const char *accepted_text(struct judge *judge, const struct ref_event *accepted,
                                 const struct ref_set *set, size_t bank, bool with_about)
{
    const char *hex = digest_text(judge, accepted, bank);
    if (!hex)
        return NULL;
    if (with_about)
        return judge_text(judge, gb_arena_printf(judge->arena, "%s (%s, set %s)", accepted->about,
                                                 hex, set->name));
    return judge_text(judge, gb_arena_printf(judge->arena, "%s (set %s)", hex, set->name));
}

static const char *place_text(struct judge *judge, const struct chain_event *found)
{
    char room[11];
    return judge_text(judge, gb_arena_printf(judge->arena, "%s in PCR %u",
                                             event_type_name(found->measured->type, room),
                                             found->measured->pcr));
}

static const char *quoted(struct judge *judge, struct gb_bytes text)
{
    const char *shown = judge_text(judge, gb_text_escape(judge->arena, text, SHOWN_CMDLINE));
    return shown ? judge_text(judge, gb_arena_printf(judge->arena, "\"%s\"", shown)) : NULL;
}

/* A command line that is another one: the words that were added or removed, when the text of what
 * was measured is proven. */
static void add_cmdline(struct judge *judge, const struct diff_edit *edit,
                        const struct ref_set *set, size_t bank)
{
    const struct chain_event *found = edit->found;
    const struct ref_event *accepted = edit->accepted;
    const char *difference =
        found->text.data ? "the accepted text is not known" : "its text is not proven";
    const char *found_shown = found_text(judge, found, bank, false);
    const char *accepted_shown = accepted_text(judge, accepted, set, bank, false);
    if (found->text.data)
        found_shown = quoted(judge, found->text);
    if (accepted->value)
        accepted_shown = quoted(judge, gb_bytes_str(accepted->value));
    if (found->text.data && accepted->value)
        difference = judge_text(
            judge, cmdline_difference(judge->arena, gb_bytes_str(accepted->value), found->text));
    judge_add(judge, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_CHANGED, event_of(found), difference,
              found_shown, accepted_shown);
}

static void add_changed(struct judge *judge, enum gb_link link, const struct diff_edit *edit,
                        const struct ref_set *set, size_t bank)
{
    const struct chain_event *found = edit->found;
    const struct ref_event *accepted = edit->accepted;
    if (link == GB_LINK_CMDLINE && (found->text.data || accepted->value)) {
        add_cmdline(judge, edit, set, bank);
        return;
    }
    bool differ = strcmp(found->about, accepted->about) != 0;
    judge_add(judge, link, GB_FINDING_REF_CHANGED, event_of(found),
              differ ? place_text(judge, found) : found->about,
              found_text(judge, found, bank, differ),
              accepted_text(judge, accepted, set, bank, differ));
}

void judge_edit(struct judge *judge, enum gb_link link, const struct diff_edit *edit,
                const struct ref_set *set, size_t bank)
{
    if (edit->found && edit->accepted)
        add_changed(judge, link, edit, set, bank);
    else if (edit->found)
        judge_add(judge, link, GB_FINDING_REF_UNEXPECTED, event_of(edit->found), edit->found->about,
                  found_text(judge, edit->found, bank, false), NULL);
    else
        judge_add(judge, link, GB_FINDING_REF_ABSENT, GB_NO_EVENT, edit->accepted->about,
                  accepted_text(judge, edit->accepted, set, bank, false), NULL);
}
