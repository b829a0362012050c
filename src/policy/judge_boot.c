#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/chain.h"
#include "policy/cmdline.h"
#include "policy/diff.h"
#include "policy/judge.h"
#include "policy/refval.h"
#include "verify/claims.h"

enum { SHOWN_CMDLINE = 2048 };

const struct ref_set *judge_next_set(const struct ref_set *set, enum ref_class cls)
{
    while (set && set->cls != cls)
        set = set->next;
    return set;
}

void judge_add(struct judge *judge, enum gb_link link, enum gb_finding_code code,
               struct gb_event_ref event, const char *arg0, const char *arg1, const char *arg2)
{
    struct gb_finding *finding = gb_finding_add(&judge->links[link], code, event, arg0, arg1, arg2);
    if (finding)
        finding->link = link;
}

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

static void add_edit(struct judge *judge, enum gb_link link, const struct diff_edit *edit,
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

/*
 * Under Secure Boot, systemd-stub 252 starts the kernel inside a UKI without asking firmware, which
 * then does not measure it into PCR 4. The stub itself, an accepted image, measured that kernel
 * into PCR 11: where this matched, nothing differs.
 */
static bool lacks_inner_kernel_only(const struct ref_set *set, enum gb_link link,
                                    const struct diff *diff)
{
    bool has_section = false;
    if (link != GB_LINK_KERNEL || set->cls != REF_OS)
        return false;
    for (const struct ref_event *e = set->events; e; e = e->next)
        has_section = has_section || (e->link == link && e->pcr == 11);
    for (size_t i = 0; i < diff->count; i++)
        if (diff->edits[i].found || diff->edits[i].accepted->pcr != 4)
            return false;
    return has_section;
}

static bool speaks_in(const struct ref_set *set, size_t bank)
{
    for (const struct ref_event *e = set->events; e; e = e->next)
        if (e->digest[bank].len == 0)
            return false;
    return true;
}

static bool proven_in(const struct claims *claims, size_t bank)
{
    for (size_t i = 0; i < claims->boot_count; i++)
        if (measured_digest(&claims->boot[i], bank).len == 0)
            return false;
    return true;
}

/* The claims' own bank, unless the set lacks it and both have another SHA-2 bank whole. */
static size_t bank_of(const struct claims *claims, const struct ref_set *set)
{
    size_t own = ref_digest_position(claims->bank);
    if (speaks_in(set, own))
        return own;
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (digest_strong(digest_algs[i]) && speaks_in(set, i) && proven_in(claims, i))
            return i;
    return own;
}

/* What a set says of a link. */
struct comparison {
    const struct ref_set *set;
    size_t bank;
    struct diff diff;
};

/* The set of the class that differs least in this link. */
static int nearest(struct judge *judge, enum ref_class cls, enum gb_link link,
                   struct comparison *ret_best, struct gb_err *err)
{
    const struct ref_set *set = judge_next_set(judge->policy->sets, cls);
    for (bool first = true; set; set = judge_next_set(set->next, cls), first = false) {
        struct comparison now = {.set = set, .bank = bank_of(judge->claims, set)};
        int r = diff_link(judge->arena, judge->events, judge->claims->boot_count, set, link,
                          now.bank, &now.diff, err);
        if (r < 0)
            return r;
        if (judge->secure_boot_on && lacks_inner_kernel_only(set, link, &now.diff))
            now.diff.count = 0;
        if (!first && now.diff.count >= ret_best->diff.count)
            continue;
        *ret_best = now;
        if (now.diff.count == 0)
            break;
    }
    return GB_OK;
}

/* One link in one class that has sets. Where the class only helps (GPT for the boot loader) and
 * neither side has anything, there is nothing to say. */
static int judge_link(struct judge *judge, enum ref_class cls, enum gb_link link,
                      struct gb_err *err)
{
    struct comparison best = {0};
    if (!judge->claims->has_boot) {
        if (ref_class_of_link(link) == cls)
            judge_add(judge, link, GB_FINDING_REF_NO_BOOT, GB_NO_EVENT, NULL, NULL, NULL);
        return GB_OK;
    }
    int r = nearest(judge, cls, link, &best, err);
    if (r < 0)
        return r;
    if (ref_class_of_link(link) != cls && best.diff.found_count + best.diff.accepted_count == 0)
        return GB_OK;
    for (size_t i = 0; i < best.diff.count; i++)
        add_edit(judge, link, &best.diff.edits[i], best.set, best.bank);
    if (best.diff.count > 0)
        return GB_OK;
    assert(best.set); /* only classes that have sets come here */
    judge_add(judge, link, GB_FINDING_REF_MATCH, GB_NO_EVENT, best.set->name, NULL, NULL);
    if (link == GB_LINK_CMDLINE && cls == REF_OS)
        judge->cmdline_set = best.set;
    return GB_OK;
}

int judge_boot(struct judge *judge, struct gb_err *err)
{
    static const enum ref_class classes[] = {REF_OS, REF_PLATFORM};
    if (!digest_strong(judge->claims->bank))
        return gb_err_set(err, GB_ERR_BUG, "boot measurements of no bank");
    int known = judge_secure_boot_is_on(judge, &judge->secure_boot_on, err);
    if (known < 0)
        return known;
    for (size_t i = 0; i < GB_ARRAY_LEN(classes); i++) {
        bool has_sets = judge_next_set(judge->policy->sets, classes[i]);
        for (int l = GB_LINK_FIRMWARE; l <= GB_LINK_OS; l++) {
            enum gb_link link = (enum gb_link)l;
            int r = has_sets ? judge_link(judge, classes[i], link, err) : GB_OK;
            if (r < 0)
                return r;
            if (!has_sets && ref_class_of_link(link) == classes[i])
                judge_add(judge, link, GB_FINDING_REF_UNJUDGED, GB_NO_EVENT, NULL, NULL, NULL);
        }
    }
    return GB_OK;
}
