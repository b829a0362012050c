#include <assert.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "policy/documents/diff.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_edit.h"
#include "policy/select.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

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

static int compare(struct judge *judge, const struct ref_set *set, enum gb_link link,
                   struct comparison *ret, struct gb_err *err)
{
    *ret = (struct comparison){.set = set, .bank = bank_of(judge->claims, set)};
    int r = diff_link(judge->arena, judge->events, judge->claims->boot_count, set, link, ret->bank,
                      &ret->diff, err);
    if (r == GB_OK && judge->secure_boot_on && lacks_inner_kernel_only(set, link, &ret->diff))
        ret->diff.count = 0;
    return r;
}

/* The accepted set of the class that differs least in this link; *ret_matches is how many do not
 * differ at all. */
static int nearest(struct judge *judge, enum ref_class cls, enum gb_link link,
                   struct comparison *ret_best, size_t *ret_matches, struct gb_err *err)
{
    const struct ref_set *set;
    *ret_matches = 0;
    for (size_t at = 0; (set = judge_next_set(&judge->sets.accepted, cls, &at));) {
        struct comparison now;
        int r = compare(judge, set, link, &now, err);
        if (r < 0)
            return r;
        *ret_matches += now.diff.count == 0;
        if (!ret_best->set || now.diff.count < ret_best->diff.count)
            *ret_best = now;
        else if (now.diff.count == 0)
            judge_matched(judge, set, false);
    }
    return GB_OK;
}

/* What the set's events of this link are called: the first that says which build it is. */
static const char *build_of(const struct ref_set *set, enum gb_link link, bool *ret_known)
{
    for (const struct ref_event *event = set->events; event; event = event->next)
        if (event->link == link && event->about) {
            *ret_known = true;
            return event->about;
        }
    *ret_known = false;
    return "another";
}

/* `best` is what is accepted and does not match; a set of another life does. */
static void explain(struct judge *judge, enum gb_link link, const struct comparison *other,
                    const struct comparison *best)
{
    bool known = false, accepted_known = false;
    const char *life = ref_life_name(other->set->life);
    const char *build = build_of(other->set, link, &known);
    const char *accepted = best->set ? build_of(best->set, link, &accepted_known) : "";
    const char *whose =
        judge_text(judge, gb_arena_printf(judge->arena, "%s set %s", life, other->set->name));
    if (known && accepted_known && strcmp(build, accepted) != 0)
        judge_add(judge, link, GB_FINDING_SET_OTHER_BUILD, GB_NO_EVENT, build, whose, accepted);
    else
        judge_add(judge, link, GB_FINDING_SET_OTHER_LIFE, GB_NO_EVENT, life, other->set->name,
                  gb_link_name(link));
}

/* Sets that decide nothing: shadow sets are compared always, so that it is known who would match;
 * the others where the accepted ones fail. */
static int judge_others(struct judge *judge, enum ref_class cls, enum gb_link link,
                        const struct comparison *best, struct gb_err *err)
{
    bool failed = !best->set || best->diff.count > 0, told = false;
    const struct ref_set *set;
    for (size_t at = 0; (set = judge_next_set(&judge->sets.others, cls, &at));) {
        struct comparison now;
        if (!failed && set->life != REF_SHADOW)
            continue;
        int r = compare(judge, set, link, &now, err);
        if (r < 0)
            return r;
        if (now.diff.count > 0 || now.diff.accepted_count == 0)
            continue;
        judge_matched(judge, set, false);
        if (failed && !told)
            explain(judge, link, &now, best);
        told = failed;
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
    size_t matches;
    int r = nearest(judge, cls, link, &best, &matches, err);
    if (r < 0)
        return r;
    assert(best.set); /* only classes that have sets come here */
    if (ref_class_of_link(link) != cls && best.diff.found_count + best.diff.accepted_count == 0)
        return GB_OK;
    for (size_t i = 0; i < best.diff.count; i++)
        judge_edit(judge, link, &best.diff.edits[i], best.set, best.bank);
    r = judge_others(judge, cls, link, &best, err);
    if (r < 0 || best.diff.count > 0)
        return r;
    judge_add(judge, link, GB_FINDING_REF_MATCH, GB_NO_EVENT, best.set->name, NULL, NULL);
    judge_matched(judge, best.set, matches == 1 && best.diff.accepted_count > 0);
    if (link == GB_LINK_CMDLINE && cls == REF_OS)
        judge->cmdline_set = best.set;
    return GB_OK;
}

/* No accepted set of this class speaks for the node; one of another life may know the boot. */
static int without_sets(struct judge *judge, enum ref_class cls, enum gb_link link,
                        struct gb_err *err)
{
    static const struct comparison none;
    if (ref_class_of_link(link) != cls)
        return GB_OK;
    judge_no_set(judge, cls, link);
    return judge->claims->has_boot ? judge_others(judge, cls, link, &none, err) : GB_OK;
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
        bool has_sets = judge_has_set(judge, classes[i]);
        for (int l = GB_LINK_FIRMWARE; l <= GB_LINK_OS; l++) {
            enum gb_link link = (enum gb_link)l;
            int r = has_sets ? judge_link(judge, classes[i], link, err)
                             : without_sets(judge, classes[i], link, err);
            if (r < 0)
                return r;
        }
    }
    return GB_OK;
}
