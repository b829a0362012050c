/* spec.deny (T30): a digest on the list is refused, whatever sets accept it. */
#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/chain/chain.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/rules/rules.h"
#include "verify/claims.h"

enum { SHOWN_PATH = 512 };

static void add_denied(struct judge *judge, enum gb_link link, struct gb_event_ref event,
                       const char *what, struct gb_bytes digest, const char *reason)
{
    judge_add(judge, link, GB_FINDING_DENIED, event, what,
              judge_text(judge, gb_hex(judge->arena, digest)), reason);
}

static void judge_event(struct judge *judge, const struct chain_event *event)
{
    const struct measured *m = event->measured;
    enum gb_link link = event->link == GB_LINK_NONE ? GB_LINK_BOOTLOADER : event->link;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        struct gb_bytes digest = measured_digest(m, i);
        const struct deny_rule *rule = deny_rules_find(&judge->node->rules.deny, digest);
        if (!rule)
            continue;
        add_denied(judge, link, (struct gb_event_ref){.log = m->log, .index = m->index},
                   event->about, digest, rule->reason);
        return;
    }
}

/* Whether every measurement has a digest in one of the algorithms that the rule has: who chooses
 * the quoted bank must not choose what can be compared. */
static bool is_comparable(const struct judge *judge, const struct deny_rule *rule)
{
    for (size_t alg = 0; alg < DIGEST_ALGS; alg++) {
        bool all = rule->digest[alg].len > 0 && judge->claims->boot_count > 0;
        for (size_t i = 0; all && i < judge->claims->boot_count; i++)
            all = measured_digest(&judge->claims->boot[i], alg).len > 0;
        if (all)
            return true;
    }
    return false;
}

/* One finding tells of all: they share the reason. */
static void judge_comparable(struct judge *judge)
{
    const struct deny_rules *rules = &judge->node->rules.deny;
    for (size_t i = 0; i < rules->count; i++) {
        const struct deny_rule *rule = &rules->items[i];
        size_t alg = 0;
        if (is_comparable(judge, rule))
            continue;
        while (rule->digest[alg].len == 0)
            alg++;
        judge_add(judge, GB_LINK_BOOTLOADER, GB_FINDING_DENY_UNPROVEN, GB_NO_EVENT,
                  judge_text(judge, gb_hex(judge->arena, rule->digest[alg])),
                  digest_name(digest_algs[alg]), NULL);
        return;
    }
}

void judge_denied_boot(struct judge *judge)
{
    if (judge->node->rules.deny.count == 0)
        return;
    for (size_t i = 0; i < judge->claims->boot_count; i++)
        judge_event(judge, &judge->events[i]);
    judge_comparable(judge);
}

void judge_denied_files(struct judge *judge)
{
    const struct deny_rules *rules = &judge->node->rules.deny;
    for (size_t i = 0; rules->count > 0 && i < judge->claims->ima_count; i++) {
        const struct ima_entry *entry = &judge->claims->ima[i];
        const struct deny_rule *rule = deny_rules_find(rules, entry->file_digest);
        if (!rule || entry->is_violation)
            continue;
        const struct gb_event_ref event = {.log = GB_LOG_IMA,
                                           .index = (uint32_t)(judge->claims->ima_from + i)};
        add_denied(judge, GB_LINK_OS, event,
                   judge_text(judge, gb_text_escape(judge->arena, entry->path, SHOWN_PATH)),
                   entry->file_digest, rule->reason);
    }
}
