#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/cmdline.h"
#include "policy/file_index.h"
#include "policy/judge.h"
#include "policy/policy.h"
#include "policy/ref_files.h"
#include "policy/refval.h"
#include "policy/standing.h"

enum { SHOWN_PATH = 512, AHEAD = 8 };

/* What the entries come to. */
struct ima_count {
    size_t accepted;
    size_t judged;
    struct set_mask sets; /* that count */
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

/* Which sets count. */
static struct set_mask counting(const struct judge *judge)
{
    struct set_mask sets = {0};
    for (const struct ref_set *set = judge_next_set(judge->policy->sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES))
        set_mask_add(&sets, set);
    return sets;
}

/* A fs-verity digest and a file's hash are different things, kept apart by the sets (refval.h). */
static bool is_accepted(const struct judge *judge, const struct ima_count *count,
                        const struct ima_entry *entry)
{
    struct file_hit hit;
    return file_index_find(judge->policy->files, entry->is_verity, entry->file_alg,
                           entry->file_digest, &hit) &&
           file_hit_in(&hit, &count->sets);
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
    for (const struct ref_set *set = judge_next_set(judge->policy->sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES)) {
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

/* The digest that a counting set has for a path, as text: only for messages ("changed" rather than
 * "unknown"). NULL when none knows the path. */
static const char *accepted_text(struct judge *judge, struct gb_bytes path)
{
    for (const struct ref_set *set = judge_next_set(judge->policy->sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES)) {
        int64_t at = ref_files_find_path(&set->files, path);
        if (at >= 0)
            return digest_text(judge, set->files.alg, ref_files_digest(&set->files, (size_t)at));
    }
    return NULL;
}

static void add_unknown(struct judge *judge, size_t index)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    if (judge->links[GB_LINK_OS].count >=
        GB_LIMIT_FINDINGS) { /* counted, and no text made for it */
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN, event_of(judge, index), NULL, NULL,
                  NULL);
        return;
    }
    const char *found = digest_text(judge, entry->file_alg, entry->file_digest);
    const char *accepted =
        entry->buffer.data || entry->is_verity ? NULL : accepted_text(judge, entry->path);
    if (entry->buffer.data)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_CRITICAL, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
    else if (accepted)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_CHANGED, event_of(judge, index),
                  shown(judge, entry->path), found, accepted);
    else
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
}

static void judge_entry(struct judge *judge, struct ima_count *count, size_t index)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    count->judged++;
    if (entry->file_digest.len == 0) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_NO_DIGEST, event_of(judge, index),
                  shown(judge, entry->template_name), shown(judge, entry->path), NULL);
        return;
    }
    if (!digest_strong(entry->file_alg)) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_WEAK_DIGEST, event_of(judge, index),
                  shown(judge, entry->path),
                  entry->file_alg == DIGEST_NONE ? "an algorithm that is not known here"
                                                 : digest_name(entry->file_alg),
                  NULL);
        return;
    }
    if (is_accepted(judge, count, entry))
        count->accepted++;
    else
        add_unknown(judge, index);
}

/* T14: the file was open for writing, so its digest says nothing and the kernel recorded none. A
 * warning where no policy forbids it. */
void judge_violations(struct judge *judge)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        if (!entry->is_violation)
            continue;
        struct gb_findings *os = &judge->links[GB_LINK_OS];
        enum gb_tier worst = os->worst;
        struct gb_finding *finding =
            gb_finding_add(os, GB_FINDING_IMA_VIOLATION, event_of(judge, i),
                           shown(judge, entry->path), NULL, NULL);
        const struct node_policy *node = judge->policy->node;
        if (node && !node->ima_allow_violations)
            continue;
        os->worst = worst > GB_TIER_WARNING ? worst : GB_TIER_WARNING;
        if (finding)
            finding->tier = GB_TIER_WARNING;
    }
}

static void judge_entries(struct judge *judge, struct ima_count *count)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        look_ahead(judge, i);
        /* boot_aggregate is judged against the replayed PCRs, by verify/. */
        if (!entry->is_violation && !ima_is_boot_aggregate(entry))
            judge_entry(judge, count, i);
    }
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
    bool has_text = false;
    if (has_policy_record(judge))
        return true;
    for (size_t i = 0; i < judge->claims->boot_count; i++) {
        if (!judge->events[i].text.data)
            continue;
        has_text = true;
        if (cmdline_names_ima_policy(judge->events[i].text))
            return true;
    }
    if (has_text || !judge->cmdline_set)
        return false;
    return set_names_policy(judge->cmdline_set, &has_text) || !has_text;
}

int judge_ima(struct judge *judge, struct gb_err *err)
{
    struct ima_count count = {.sets = counting(judge)};
    if (!judge_next_set(judge->policy->sets, REF_PACKAGES)) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_REF_UNJUDGED, GB_NO_EVENT, NULL, NULL, NULL);
        judge_violations(judge);
        return GB_OK;
    }
    if (!judge->claims->has_ima) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_ABSENT, GB_NO_EVENT, NULL, NULL, NULL);
        return GB_OK;
    }
    /* What speaks of the whole list comes first: a flood of files must not push it over the
     * ceiling. */
    struct standing *standing = &judge->standing;
    bool blamed = judge->links[GB_LINK_CMDLINE].worst == GB_TIER_CONTRAINDICATED ||
                  standing->links[GB_LINK_CMDLINE].worst == GB_TIER_CONTRAINDICATED;
    standing->policy_named = standing->policy_named || names_policy(judge);
    if (!blamed && !standing->policy_named) /* a broken command line is blamed where it stands */
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_POLICY, GB_NO_EVENT, NULL, NULL, NULL);
    judge_violations(judge);
    judge_entries(judge, &count);
    standing->files_judged = standing->files_judged || count.judged > 0;
    if (!standing->files_judged)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_ABSENT, GB_NO_EVENT, NULL, NULL, NULL);
    if (count.accepted > 0)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_MATCH, GB_NO_EVENT,
                  judge_text(judge, gb_arena_printf(judge->arena, "%zu", count.accepted)), NULL,
                  NULL);
    return judge->failed ? gb_err_nomem(err) : GB_OK;
}
