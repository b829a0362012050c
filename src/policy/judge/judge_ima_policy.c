/* T15: what the IMA policy leaves out is not in the list, so something proven must name it. */
#include "evidence/ima.h"
#include "policy/chain/chain.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_ima.h"
#include "policy/rules/cmdline.h"
#include "policy/rules/cmdline_bound.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"

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
bool judge_ima_policy_named(const struct judge *judge)
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
