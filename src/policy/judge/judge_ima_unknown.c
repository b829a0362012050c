#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_ima.h"
#include "policy/judge/judge_rules.h"
#include "policy/sets/file_index.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"

enum { SHOWN_PATH = 512 };

/* Its place in the whole list. */
struct gb_event_ref judge_ima_event(const struct judge *judge, size_t index)
{
    return (struct gb_event_ref){.log = GB_LOG_IMA,
                                 .index = (uint32_t)(judge->claims->ima_from + index)};
}

const char *judge_ima_shown(struct judge *judge, struct gb_bytes text)
{
    if (text.len == 0)
        return "a file without a name";
    return judge_text(judge, gb_text_escape(judge->arena, text, SHOWN_PATH));
}

enum gb_link judge_ima_link(enum ref_class cls)
{
    return cls == REF_ENGINE ? GB_LINK_ENGINE : GB_LINK_OS;
}

static const char *digest_text(struct judge *judge, enum digest_alg alg, struct gb_bytes digest)
{
    const char *hex = judge_text(judge, gb_hex(judge->arena, digest));
    if (!hex)
        return NULL;
    return judge_text(judge, gb_arena_printf(judge->arena, "%s:%s", digest_name(alg), hex));
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
        judge_add(judge, link, GB_FINDING_SET_OTHER_LIFE, judge_ima_event(judge, index),
                  ref_life_name(set->life), set->name, judge_ima_shown(judge, entry->path));
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

void judge_ima_unknown(struct judge *judge, enum ref_class cls, size_t index,
                       const struct file_hit *hit)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    enum gb_link link = judge_ima_link(cls);
    if (judge_ima_exception(judge, index, link))
        return;
    if (judge->links[link].count >= GB_LIMIT_FINDINGS) { /* counted, and no text made for it */
        judge_add(judge, link, GB_FINDING_IMA_UNKNOWN, judge_ima_event(judge, index), NULL, NULL,
                  NULL);
        return;
    }
    const char *found = digest_text(judge, entry->file_alg, entry->file_digest);
    const char *accepted =
        entry->buffer.data || entry->is_verity ? NULL : accepted_text(judge, cls, entry->path);
    if (entry->buffer.data)
        judge_add(judge, link, GB_FINDING_IMA_CRITICAL, judge_ima_event(judge, index),
                  judge_ima_shown(judge, entry->path), found, NULL);
    else if (accepted)
        judge_add(judge, link, GB_FINDING_IMA_CHANGED, judge_ima_event(judge, index),
                  judge_ima_shown(judge, entry->path), found, accepted);
    else
        judge_add(judge, link, GB_FINDING_IMA_UNKNOWN, judge_ima_event(judge, index),
                  judge_ima_shown(judge, entry->path), found, NULL);
    explain(judge, link, index, hit);
}

/* A file without a digest, or with one that proves nothing. */
bool judge_ima_unproven(struct judge *judge, enum gb_link link, size_t index)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    if (entry->file_digest.len == 0) {
        judge_add(judge, link, GB_FINDING_IMA_NO_DIGEST, judge_ima_event(judge, index),
                  judge_ima_shown(judge, entry->template_name), judge_ima_shown(judge, entry->path),
                  NULL);
        return true;
    }
    if (digest_strong(entry->file_alg))
        return false;
    judge_add(judge, link, GB_FINDING_IMA_WEAK_DIGEST, judge_ima_event(judge, index),
              judge_ima_shown(judge, entry->path),
              entry->file_alg == DIGEST_NONE ? "an algorithm that is not known here"
                                             : digest_name(entry->file_alg),
              NULL);
    return true;
}
