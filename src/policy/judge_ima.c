#include "base/check.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/chain.h"
#include "policy/cmdline.h"
#include "policy/cmdline_bound.h"
#include "policy/engine.h"
#include "policy/file_index.h"
#include "policy/judge.h"
#include "policy/judge_rules.h"
#include "policy/judge_signature.h"
#include "policy/policy.h"
#include "policy/ref_files.h"
#include "policy/refval.h"
#include "policy/select.h"
#include "policy/standing.h"

enum { SHOWN_PATH = 512, AHEAD = 8 };

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

/* Its place in the whole list. */
static struct gb_event_ref event_of(const struct judge *judge, size_t index)
{
    return (struct gb_event_ref){.log = GB_LOG_IMA,
                                 .index = (uint32_t)(judge->claims->ima_from + index)};
}

static const char *shown(struct judge *judge, struct gb_bytes text)
{
    if (text.len == 0)
        return "a file without a name";
    return judge_text(judge, gb_text_escape(judge->arena, text, SHOWN_PATH));
}

static const char *digest_text(struct judge *judge, enum digest_alg alg, struct gb_bytes digest)
{
    const char *hex = judge_text(judge, gb_hex(judge->arena, digest));
    if (!hex)
        return NULL;
    return judge_text(judge, gb_arena_printf(judge->arena, "%s:%s", digest_name(alg), hex));
}

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

static enum gb_link link_of(enum ref_class cls)
{
    return cls == REF_ENGINE ? GB_LINK_ENGINE : GB_LINK_OS;
}

/* Whether a set knows this digest under the name of an IMA policy. The node's own path is not
 * asked: it may call any accepted file what it likes. */
static bool is_policy_file(const struct ref_files *files, const struct ima_entry *entry)
{
    if (files->alg != entry->file_alg)
        return false;
    for (size_t i = 0; i < files->ima_policy_count; i++)
        if (gb_bytes_equal(ref_files_digest(files, files->ima_policies[i]), entry->file_digest))
            return true;
    return false;
}

/* systemd and distributions load the policy from a file of this name, and the kernel measures it
 * (func=POLICY_CHECK) before it takes effect. */
static bool has_policy_record(const struct judge *judge)
{
    const struct ref_set *set;
    for (size_t at = 0; (set = judge_next_set(&judge->sets.accepted, REF_PACKAGES, &at));) {
        size_t count = set->files.ima_policy_count > 0 ? judge->claims->ima_count : 0;
        for (size_t i = 0; i < count; i++) {
            const struct ima_entry *entry = &judge->claims->ima[i];
            if (!entry->is_violation && !entry->is_verity && !entry->buffer.data &&
                is_policy_file(&set->files, entry))
                return true;
        }
    }
    return false;
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

/* Where it is known after all, by a set that does not count. */
static void explain(struct judge *judge, enum gb_link link, size_t index,
                    const struct file_hit *hit)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    for (size_t i = 0; i < judge->sets.others.count; i++) {
        const struct ref_set *set = judge->sets.others.items[i];
        if (!file_hit_by(hit, set))
            continue;
        judge_add(judge, link, GB_FINDING_SET_OTHER_LIFE, event_of(judge, index),
                  ref_life_name(set->life), set->name, shown(judge, entry->path));
        return;
    }
}

/* The digest that a counting set has for a path, as text: only for messages ("changed" rather than
 * "unknown"). NULL when none knows the path. */
static const char *accepted_text(struct judge *judge, enum ref_class cls, struct gb_bytes path)
{
    const struct ref_set *set;
    for (size_t next = 0; (set = judge_next_set(&judge->sets.accepted, cls, &next));) {
        int64_t at = ref_files_find_path(&set->files, path);
        if (at >= 0)
            return digest_text(judge, set->files.alg, ref_files_digest(&set->files, (size_t)at));
    }
    return NULL;
}

static void add_unknown(struct judge *judge, enum ref_class cls, size_t index,
                        const struct file_hit *hit)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    enum gb_link link = link_of(cls);
    if (judge_ima_exception(judge, index, link))
        return;
    if (judge->links[link].count >= GB_LIMIT_FINDINGS) { /* counted, and no text made for it */
        judge_add(judge, link, GB_FINDING_IMA_UNKNOWN, event_of(judge, index), NULL, NULL, NULL);
        return;
    }
    const char *found = digest_text(judge, entry->file_alg, entry->file_digest);
    const char *accepted =
        entry->buffer.data || entry->is_verity ? NULL : accepted_text(judge, cls, entry->path);
    if (entry->buffer.data)
        judge_add(judge, link, GB_FINDING_IMA_CRITICAL, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
    else if (accepted)
        judge_add(judge, link, GB_FINDING_IMA_CHANGED, event_of(judge, index),
                  shown(judge, entry->path), found, accepted);
    else
        judge_add(judge, link, GB_FINDING_IMA_UNKNOWN, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
    explain(judge, link, index, hit);
}

/* A file without a digest, or with one that proves nothing. */
static bool add_unproven(struct judge *judge, enum gb_link link, size_t index)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    if (entry->file_digest.len == 0) {
        judge_add(judge, link, GB_FINDING_IMA_NO_DIGEST, event_of(judge, index),
                  shown(judge, entry->template_name), shown(judge, entry->path), NULL);
        return true;
    }
    if (digest_strong(entry->file_alg))
        return false;
    judge_add(judge, link, GB_FINDING_IMA_WEAK_DIGEST, event_of(judge, index),
              shown(judge, entry->path),
              entry->file_alg == DIGEST_NONE ? "an algorithm that is not known here"
                                             : digest_name(entry->file_alg),
              NULL);
    return true;
}

/* What no accepted set knows: a signer may vouch for it. Not for the engine, which has sets of its
 * own: that a distribution signed it does not make it the one that is meant. */
static int judge_signed(struct judge *judge, struct ima_count *count, enum ref_class cls,
                        size_t index, const struct file_hit *hit, struct gb_err *err)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    struct signed_file file = {0};
    enum gb_link link = link_of(cls);
    int r = cls == REF_PACKAGES ? judge_signature(judge, entry, &file, err) : GB_OK;
    if (r < 0)
        return r;
    if (file.signer) {
        count->by_signer[file.signer - judge->node->rules.ima.signers.items]++;
        return GB_OK;
    }
    if (file.why_not && judge->links[link].count < GB_LIMIT_FINDINGS)
        judge_add(judge, link, GB_FINDING_IMA_SIGNATURE, event_of(judge, index),
                  shown(judge, entry->path), file.why_not, NULL);
    add_unknown(judge, cls, index, hit);
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
    if (add_unproven(judge, link_of(cls), index))
        return GB_OK;
    if (!known || !note(judge, engine ? &count->engines : &count->packages, &count->others, &hit))
        return judge_signed(judge, count, cls, index, &hit, err);
    if (engine)
        count->engine++;
    else
        count->accepted++;
    return GB_OK;
}

/* Whose file it was: nothing but the path tells, which here not even a template digest covers. So
 * it chooses whom to blame, and nothing else. */
static enum gb_link violated(const struct judge *judge, const struct ima_entry *entry)
{
    bool engine =
        judge->node && judge_has_set(judge, REF_ENGINE) && engine_path(judge->node, entry->path);
    return engine ? GB_LINK_ENGINE : GB_LINK_OS;
}

/* T14: the file was open for writing, so its digest says nothing and the kernel recorded none. A
 * warning where no policy forbids it. */
void judge_violations(struct judge *judge)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        if (!entry->is_violation)
            continue;
        enum gb_link link = violated(judge, entry);
        struct gb_findings *list = &judge->links[link];
        enum gb_tier worst = list->worst;
        struct gb_finding *finding =
            gb_finding_add(list, GB_FINDING_IMA_VIOLATION, event_of(judge, i),
                           shown(judge, entry->path), NULL, NULL);
        const struct node_policy *node = judge->node;
        if (finding)
            finding->link = link;
        if (node && !node->rules.ima.allow_violations)
            continue;
        list->worst = worst > GB_TIER_WARNING ? worst : GB_TIER_WARNING;
        if (finding)
            finding->tier = GB_TIER_WARNING;
    }
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

/* The accepted text of the command line that was matched by digest. */
static bool set_names_policy(const struct ref_set *set, bool *ret_has_text)
{
    bool names = false;
    for (const struct ref_event *event = set->events; event; event = event->next) {
        if (event->link != GB_LINK_CMDLINE || !event->value)
            continue;
        *ret_has_text = true;
        names = names || cmdline_names_ima_policy(gb_bytes_str(event->value));
    }
    return names;
}

/*
 * T15: what the IMA policy leaves out is not in the list, so something proven must say which policy
 * was in force. Where the words of the command line are not known but its digest is the accepted
 * one, who made the set vouches for them.
 */
static bool names_policy(const struct judge *judge)
{
    bool has_text = false, named = false;
    if (has_policy_record(judge))
        return true;
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        const struct chain_event *event = &judge->events[i];
        if (!event->text.data)
            continue;
        has_text = true;
        if (cmdline_names_ima_policy(event->text))
            named = true;
        else if (cmdline_is_whole(event)) /* whatever others say that were measured */
            return false;
    }
    if (named && cmdline_is_bound(judge->claims, judge->events))
        return true;
    if (!judge->cmdline_set)
        return false;
    return set_names_policy(judge->cmdline_set, &has_text) || !has_text;
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
    standing->policy_named = standing->policy_named || names_policy(judge);
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
