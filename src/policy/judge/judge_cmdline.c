/* spec.cmdline: words, judged on text that a measurement proves. */
#include "base/encode.h"
#include "policy/chain/chain.h"
#include "policy/judge/judge.h"
#include "policy/judge/judge_rules.h"
#include "policy/rules/cmdline.h"
#include "policy/rules/cmdline_bound.h"
#include "policy/rules/pattern.h"
#include "policy/rules/rules.h"

enum { SHOWN_WORD = 256, GRUB_PCR = 8, WORD_MAX = 4096 };

/* A word without the quotes that the kernel takes off (lib/cmdline.c, next_arg), and with every
 * dash as an underscore: to the kernel the two are the same in names (kernel/params.c,
 * dash2underscore). */
struct plain_word {
    uint8_t bytes[WORD_MAX];
    size_t len;
};

static bool plain(struct gb_bytes word, bool fold, struct plain_word *ret_word)
{
    ret_word->len = 0;
    if (word.len > WORD_MAX)
        return false;
    for (size_t i = 0; i < word.len; i++) {
        uint8_t c = word.data[i];
        if (c != '"')
            ret_word->bytes[ret_word->len++] = fold && c == '-' ? '_' : c;
    }
    return true;
}

static bool matches(const char *pattern, struct gb_bytes word, bool fold)
{
    struct plain_word p, w;
    /* What is too long to be a word of the kernel's is matched as it stands. */
    if (!plain(gb_bytes_str(pattern), fold, &p) || !plain(word, fold, &w))
        return pattern_matches(gb_bytes_str(pattern), word);
    return pattern_matches(gb_bytes(p.bytes, p.len), gb_bytes(w.bytes, w.len));
}

/* The pattern that the word matches, or NULL. `fold` errs on the side of matching: for what is
 * denied. */
static const char *find(const struct rule_words *words, struct gb_bytes word, bool fold)
{
    for (size_t i = 0; i < words->count; i++)
        if (matches(words->items[i], word, fold))
            return words->items[i];
    return NULL;
}

static struct gb_event_ref event_of(const struct chain_event *event)
{
    return (struct gb_event_ref){.log = event->measured->log, .index = event->measured->index};
}

static void judge_word(struct judge *judge, const struct chain_event *event, struct gb_bytes word)
{
    const struct cmdline_rule *rule = &judge->node->rules.cmdline;
    const char *denied = find(&rule->deny, word, true);
    bool allowed = !rule->has_allow || find(&rule->allow, word, false) ||
                   find(&rule->require, word, false) ||
                   gb_bytes_starts(word, gb_bytes_str("BOOT_IMAGE=")); /* GRUB's own */
    if (denied || !allowed)
        judge_add(judge, GB_LINK_CMDLINE,
                  denied ? GB_FINDING_CMDLINE_DENIED : GB_FINDING_CMDLINE_NOT_ALLOWED,
                  event_of(event),
                  judge_text(judge, gb_text_escape(judge->arena, word, SHOWN_WORD)), denied, NULL);
}

/* GRUB logs the kernel's path before the words. */
static struct gb_bytes words_of(const struct chain_event *event)
{
    struct gb_bytes text = event->text, rest = text;
    struct gb_bytes first = cmdline_word(&rest);
    bool is_path = first.len > 0 && (first.data[0] == '/' || first.data[0] == '(');
    return event->measured->pcr == GRUB_PCR && is_path ? rest : text;
}

static void judge_required(struct judge *judge, const struct chain_event *event)
{
    const struct rule_words *require = &judge->node->rules.cmdline.require;
    for (size_t i = 0; i < require->count; i++) {
        struct gb_bytes rest = words_of(event);
        struct gb_bytes word = cmdline_word(&rest);
        /* Words behind "--" are init's, and the kernel does not see them. */
        while (word.len > 0 && !gb_bytes_is(word, "--") && !matches(require->items[i], word, false))
            word = cmdline_word(&rest);
        if (word.len == 0 || gb_bytes_is(word, "--"))
            judge_add(judge, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_LACKS, event_of(event),
                      require->items[i], NULL, NULL);
    }
}

/* `whole`: what is required must stand in it. */
static void judge_text_of(struct judge *judge, const struct chain_event *event, bool whole)
{
    struct gb_bytes rest = words_of(event);
    for (struct gb_bytes word = cmdline_word(&rest); word.len > 0; word = cmdline_word(&rest))
        judge_word(judge, event, word);
    if (whole)
        judge_required(judge, event);
}

void judge_cmdline(struct judge *judge)
{
    const struct gb_findings *list = &judge->links[GB_LINK_CMDLINE];
    if (!judge->node->rules.cmdline.given)
        return;
    if (!cmdline_is_bound(judge->claims, judge->events)) {
        judge_add(judge, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_UNPROVEN, GB_NO_EVENT, NULL, NULL,
                  NULL);
        return;
    }
    size_t before = list->count + list->dropped;
    bool any_whole = false;
    for (size_t i = 0; i < judge->claims->boot_count; i++)
        any_whole = any_whole || cmdline_is_whole(&judge->events[i]);
    for (size_t i = 0; i < judge->claims->boot_count; i++)
        if (judge->events[i].text.data)
            judge_text_of(judge, &judge->events[i],
                          !any_whole || cmdline_is_whole(&judge->events[i]));
    if (list->count + list->dropped == before)
        judge_add(judge, GB_LINK_CMDLINE, GB_FINDING_CMDLINE_OK, GB_NO_EVENT, NULL, NULL, NULL);
}
