#include "policy/judge/judge_ima.h"

#include "base/check.h"
#include "base/encode.h"
#include "evidence/ima.h"
#include "policy/judge/engine.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_signature.h"
#include "policy/judge/standing.h"
#include "policy/policy.h"
#include "policy/select.h"
#include "policy/sets/file_index.h"
#include "policy/sets/refval.h"

enum { AHEAD = 8 };

/* What the entries come to. */
struct ima_count {
    bool has_packages; /* sets of these classes count */
    bool has_engine;
    size_t accepted;   /* of `os` */
    size_t engine;     /* of `engine` */
    size_t *by_signer; /* of `os`: no set knows them, but this signer vouches for them */
    size_t judged;
    struct set_mask packages; /* accepted sets of these classes */
    struct set_mask engines;
    struct set_mask others; /* sets that explain, of both classes */
};

static struct set_mask mask_of(const struct set_list *sets, enum ref_class cls)
{
    struct set_mask mask = {0};
    const struct ref_set *set;
    for (size_t at = 0; (set = judge_next_set(sets, cls, &at));)
        set_mask_add(&mask, set);
    return mask;
}

/* Sets that decide nothing: packages and engine alike, since they only explain. */
static struct set_mask other_sets(const struct judge *judge)
{
    struct set_mask mask = mask_of(&judge->sets.others, REF_PACKAGES);
    struct set_mask engines = mask_of(&judge->sets.others, REF_ENGINE);
    for (size_t i = 0; i < GB_ARRAY_LEN(mask.words); i++)
        mask.words[i] |= engines.words[i];
    return mask;
}

/* Memory is slower than hashing: asks for what will be looked up soon. */
static void look_ahead(const struct judge *judge, size_t index)
{
    if (index + AHEAD >= judge->claims->ima_count)
        return;
    const struct ima_entry *entry = &judge->claims->ima[index + AHEAD];
    file_index_prefetch(judge->policy->files, entry->is_verity, entry->file_alg,
                        entry->file_digest);
}

/* Which class must know the file: where a set of class engine counts, what lies in the engine's
 * places is the engine's, what such a set knows, wherever it lies, and what does not say where it
 * lies: the list's template names, which no PCR covers, can hide a path. */
static enum ref_class class_of(const struct judge *judge, const struct ima_count *count,
                               const struct ima_entry *entry, const struct file_hit *hit)
{
    if (!count->has_engine || entry->buffer.data)
        return REF_PACKAGES;
    if (entry->path.len == 0 || engine_path(judge->node, entry->path) ||
        file_hit_in(hit, &count->engines))
        return REF_ENGINE;
    return REF_PACKAGES;
}

/* Notes which sets know it; whether one of those that may accept it does. */
static bool note(struct judge *judge, const struct set_mask *accepted,
                 const struct set_mask *others, const struct file_hit *hit)
{
    struct standing_sets *seen = judge->seen;
    uint64_t only = 0;
    size_t count = 0, word = 0;
    for (size_t i = 0; i < hit->count; i++) {
        uint64_t yes = hit->words[i] & accepted->words[i];
        if (i < GB_ARRAY_LEN(seen->matched))
            seen->matched[i] |= yes | (hit->words[i] & others->words[i]);
        if (yes == 0)
            continue;
        count += (yes & (yes - 1)) == 0 ? 1 : 2;
        only = yes;
        word = i;
    }
    if (count == 1 && word < GB_ARRAY_LEN(seen->needed))
        seen->needed[word] |= only;
    return count > 0;
}

/* What no accepted set knows: a signer may vouch for it. Not for the engine, which has sets of its
 * own: that a distribution signed it does not make it the one that is meant. */
static int judge_signed(struct judge *judge, struct ima_count *count, enum ref_class cls,
                        size_t index, const struct file_hit *hit, struct gb_err *err)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    struct signed_file file = {0};
    enum gb_link link = judge_ima_link(cls);
    int r = cls == REF_PACKAGES ? judge_signature(judge, entry, &file, err) : GB_OK;
    if (r < 0)
        return r;
    if (file.signer) {
        count->by_signer[file.signer - judge->node->rules.ima.signers.items]++;
        return GB_OK;
    }
    if (file.why_not && judge->links[link].count < GB_LIMIT_FINDINGS)
        judge_add(judge, link, GB_FINDING_IMA_SIGNATURE, judge_ima_event(judge, index),
                  judge_ima_shown(judge, entry->path), file.why_not, NULL);
    judge_ima_unknown(judge, cls, index, hit);
    return GB_OK;
}

static int judge_entry(struct judge *judge, struct ima_count *count, size_t index,
                       struct gb_err *err)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    struct file_hit hit = {0};
    bool known = file_index_find(judge->policy->files, entry->is_verity, entry->file_alg,
                                 entry->file_digest, &hit);
    enum ref_class cls = class_of(judge, count, entry, &hit);
    bool engine = cls == REF_ENGINE;
    if (!engine && !count->has_packages)
        return GB_OK; /* no set speaks of it: told once, by the link's reference.not-judged */
    count->judged++;
    if (judge_ima_unproven(judge, judge_ima_link(cls), index))
        return GB_OK;
    if (!known || !note(judge, engine ? &count->engines : &count->packages, &count->others, &hit))
        return judge_signed(judge, count, cls, index, &hit, err);
    if (engine)
        count->engine++;
    else
        count->accepted++;
    return GB_OK;
}

static int judge_entries(struct judge *judge, struct ima_count *count, struct gb_err *err)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        look_ahead(judge, i);
        /* boot_aggregate is judged against the replayed PCRs, by verify/. */
        if (entry->is_violation || ima_is_boot_aggregate(entry))
            continue;
        int r = judge_entry(judge, count, i, err);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

/* How many of a link's files were found. */
static void add_count(struct judge *judge, enum gb_link link, size_t count)
{
    if (count > 0)
        judge_add(judge, link, GB_FINDING_IMA_MATCH, GB_NO_EVENT,
                  judge_text(judge, gb_arena_printf(judge->arena, "%zu", count)), NULL, NULL);
}

/* What speaks of the whole list comes first: a flood of files must not push it over the ceiling. */
static void judge_list(struct judge *judge)
{
    struct standing *standing = &judge->standing;
    bool blamed = judge->links[GB_LINK_CMDLINE].worst == GB_TIER_CONTRAINDICATED ||
                  standing->links[GB_LINK_CMDLINE].worst == GB_TIER_CONTRAINDICATED;
    standing->policy_named = standing->policy_named || judge_ima_policy_named(judge);
    if (!blamed && !standing->policy_named) /* a broken command line is blamed where it stands */
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_POLICY, GB_NO_EVENT, NULL, NULL, NULL);
    judge_violations(judge);
}

static void judge_counts(struct judge *judge, const struct ima_count *count)
{
    struct standing *standing = &judge->standing;
    standing->files_judged = standing->files_judged || count->judged > 0;
    if (!standing->files_judged)
        judge_add(judge, count->has_packages ? GB_LINK_OS : GB_LINK_ENGINE, GB_FINDING_IMA_ABSENT,
                  GB_NO_EVENT, NULL, NULL, NULL);
    add_count(judge, GB_LINK_OS, count->accepted);
    add_count(judge, GB_LINK_ENGINE, count->engine);
    for (size_t i = 0; i < judge->node->rules.ima.signers.count; i++)
        if (count->by_signer[i] > 0)
            judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_SIGNED, GB_NO_EVENT,
                      judge_text(judge, gb_arena_printf(judge->arena, "%zu", count->by_signer[i])),
                      judge->node->rules.ima.signers.items[i].name, NULL);
    if (count->has_engine && judge->links[GB_LINK_ENGINE].worst == GB_TIER_NONE &&
        standing->links[GB_LINK_ENGINE].worst == GB_TIER_NONE)
        judge_add(judge, GB_LINK_ENGINE, GB_FINDING_ENGINE_NONE, GB_NO_EVENT, NULL, NULL, NULL);
}

int judge_ima(struct judge *judge, struct gb_err *err)
{
    const struct ima_signers *signers = &judge->node->rules.ima.signers;
    struct ima_count count = {.has_packages =
                                  judge_has_set(judge, REF_PACKAGES) || signers->count > 0,
                              .has_engine = judge_has_set(judge, REF_ENGINE),
                              .packages = mask_of(&judge->sets.accepted, REF_PACKAGES),
                              .engines = mask_of(&judge->sets.accepted, REF_ENGINE),
                              .others = other_sets(judge)};
    if (!count.has_packages)
        judge_no_set(judge, REF_PACKAGES, GB_LINK_OS);
    if (!count.has_engine)
        judge_no_set(judge, REF_ENGINE, GB_LINK_ENGINE);
    if (!count.has_packages && !count.has_engine) {
        judge_violations(judge);
        return GB_OK;
    }
    if (!judge->claims->has_ima) {
        judge_add(judge, count.has_packages ? GB_LINK_OS : GB_LINK_ENGINE, GB_FINDING_IMA_ABSENT,
                  GB_NO_EVENT, NULL, NULL, NULL);
        return GB_OK;
    }
    count.by_signer = gb_arena_new_array(judge->arena, size_t, signers->count + 1);
    if (!count.by_signer)
        return gb_err_nomem(err);
    judge_list(judge);
    int r = judge_entries(judge, &count, err);
    if (r < 0)
        return r;
    judge_counts(judge, &count);
    return judge->failed ? gb_err_nomem(err) : GB_OK;
}
