/* spec.ima: files and buffers that no set knows, and that the policy itself speaks of. */
#include "base/encode.h"
#include "evidence/ima.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/judge/standing.h"
#include "policy/rules/pattern.h"
#include "policy/rules/rules.h"

enum { SHOWN_PATH = 512 };

static void add(struct judge *judge, enum gb_link link, enum gb_finding_code code, size_t index,
                const char *reason)
{
    const struct ima_entry *entry = &judge->claims->ima[index];
    const struct gb_event_ref event = {.log = GB_LOG_IMA,
                                       .index = (uint32_t)(judge->claims->ima_from + index)};
    judge_add(judge, link, code, event,
              judge_text(judge, gb_text_escape(judge->arena, entry->path, SHOWN_PATH)), reason,
              NULL);
}

/* One with a last day holds only where it is known which day it is. */
static bool holds(const struct ima_exception *exception, int64_t time_s)
{
    return !exception->until || (time_s > 0 && time_s < exception->until_s);
}

bool judge_ima_exception(struct judge *judge, size_t index, enum gb_link link)
{
    const struct ima_rule *rule = &judge->node->rules.ima;
    const struct ima_entry *entry = &judge->claims->ima[index];
    if (entry->buffer.data) {
        if (rule->critical == CRITICAL_ALLOW)
            add(judge, link, GB_FINDING_IMA_CRITICAL_ALLOWED, index, NULL);
        return rule->critical == CRITICAL_ALLOW;
    }
    for (size_t i = 0; i < rule->exception_count; i++) {
        const struct ima_exception *exception = &rule->exceptions[i];
        if (!holds(exception, judge->claims->time_s) ||
            !pattern_matches(gb_bytes_str(exception->path), entry->path))
            continue;
        add(judge, link, GB_FINDING_IMA_EXCEPTED, index, exception->reason);
        if (exception->until) /* a round after its last day judges the file again */
            standing_until(&judge->standing, exception->until_s);
        return true;
    }
    return false;
}

void judge_ima_critical(struct judge *judge)
{
    if (judge->node->rules.ima.critical != CRITICAL_REFUSE)
        return;
    for (size_t i = 0; i < judge->claims->ima_count; i++)
        if (judge->claims->ima[i].buffer.data)
            add(judge, GB_LINK_OS, GB_FINDING_IMA_CRITICAL_REFUSED, i, NULL);
}
