#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/cmdline.h"
#include "policy/judge.h"
#include "policy/path_index.h"
#include "policy/policy.h"
#include "policy/refval.h"
#include "policy/standing.h"

enum { SHOWN_PATH = 512 };

/* What the entries come to. */
struct ima_count {
    size_t accepted;
    size_t judged;
    const struct path_index *index; /* the policy's, or made when the first file is unknown */
    struct path_index own;
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

/* The place of the entry's digest in the list, or -1. */
static int64_t find_file(const struct ref_files *files, const struct ima_entry *entry)
{
    if (files->alg != entry->file_alg || entry->file_digest.len != digest_size(files->alg))
        return -1;
    return gb_map_find(&files->map, entry->file_digest.data);
}

/* A fs-verity digest and a file's hash are different things, kept apart by the sets (refval.h). */
static bool is_accepted(const struct judge *judge, const struct ima_entry *entry)
{
    for (const struct ref_set *set = judge_next_set(judge->policy->sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES))
        if (find_file(entry->is_verity ? &set->verity : &set->files, entry) >= 0)
            return true;
    return false;
}

static bool ends_in(struct gb_bytes path, struct gb_bytes name)
{
    return path.len >= name.len && gb_bytes_equal(gb_bytes_from(path, path.len - name.len), name);
}

/* Whether a set knows this digest under the name of an IMA policy. The node's own path is not
 * asked: it may call any accepted file what it likes. */
static bool is_policy_file(const struct judge *judge, const struct ima_entry *entry)
{
    const struct gb_bytes name = gb_bytes_str("/ima-policy");
    for (const struct ref_set *set = judge_next_set(judge->policy->sets, REF_PACKAGES); set;
         set = judge_next_set(set->next, REF_PACKAGES)) {
        int64_t at = find_file(&set->files, entry);
        if (at >= 0 && ends_in(set->files.paths[at], name))
            return true;
    }
    return false;
}

/* systemd and distributions load the policy from a file of this name, and the kernel measures it
 * (func=POLICY_CHECK) before it takes effect. */
static bool has_policy_record(const struct judge *judge)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        if (!entry->is_violation && !entry->is_verity && !entry->buffer.data &&
            is_policy_file(judge, entry))
            return true;
    }
    return false;
}

static int add_unknown(struct judge *judge, struct ima_count *count, size_t index,
                       struct gb_err *err)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    if (judge->links[GB_LINK_OS].count >=
        GB_LIMIT_FINDINGS) { /* counted, and no text made for it */
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN, event_of(judge, index), NULL, NULL,
                  NULL);
        return GB_OK;
    }
    const char *found = digest_text(judge, entry->file_alg, entry->file_digest);
    enum digest_alg alg = DIGEST_NONE;
    if (!count->index) {
        int r = path_index_build(judge->arena, judge->policy->sets, &count->own, err);
        if (r < 0)
            return r;
        count->index = &count->own;
    }
    struct gb_bytes accepted = path_index_find(count->index, entry->path, &alg);
    if (entry->buffer.data)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_CRITICAL, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
    else if (accepted.data && !entry->is_verity)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_CHANGED, event_of(judge, index),
                  shown(judge, entry->path), found, digest_text(judge, alg, accepted));
    else
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_UNKNOWN, event_of(judge, index),
                  shown(judge, entry->path), found, NULL);
    return GB_OK;
}

static int judge_entry(struct judge *judge, struct ima_count *count, size_t index,
                       struct gb_err *err)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    count->judged++;
    if (entry->file_digest.len == 0) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_NO_DIGEST, event_of(judge, index),
                  shown(judge, entry->template_name), shown(judge, entry->path), NULL);
        return GB_OK;
    }
    if (!digest_strong(entry->file_alg)) {
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_WEAK_DIGEST, event_of(judge, index),
                  shown(judge, entry->path),
                  entry->file_alg == DIGEST_NONE ? "an algorithm that is not known here"
                                                 : digest_name(entry->file_alg),
                  NULL);
        return GB_OK;
    }
    if (!is_accepted(judge, entry))
        return add_unknown(judge, count, index, err);
    count->accepted++;
    return GB_OK;
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

static int judge_entries(struct judge *judge, struct ima_count *count, struct gb_err *err)
{
    for (size_t i = 0; i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
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
    struct ima_count count = {.index = judge->policy->paths};
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
    int r = judge_entries(judge, &count, err);
    if (r < 0)
        return r;
    standing->files_judged = standing->files_judged || count.judged > 0;
    if (!standing->files_judged)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_ABSENT, GB_NO_EVENT, NULL, NULL, NULL);
    if (count.accepted > 0)
        judge_add(judge, GB_LINK_OS, GB_FINDING_IMA_MATCH, GB_NO_EVENT,
                  judge_text(judge, gb_arena_printf(judge->arena, "%zu", count.accepted)), NULL,
                  NULL);
    return GB_OK;
}
