#include "base/finding.h"

#include "base/buf.h"
#include "base/limits.h"

struct entry {
    const char *code;
    enum gb_tier tier;
    enum gb_link link;
    const char *sentence;
    const char *remedy;
};

static const struct entry catalogue[GB_FINDING_COUNT] = {
    [GB_FINDING_NONE] = {"none", GB_TIER_NONE, GB_LINK_NONE, "", ""},
#define X(id, code, tier, link, sentence, remedy)                                                  \
    [GB_FINDING_##id] = {code, GB_TIER_##tier, GB_LINK_##link, sentence, remedy},
#include "base/finding_codes.h"
#undef X
};

static const char *const tiers[] = {"none", "affirming", "warning", "contraindicated"};
static const char *const logs[] = {"none", "boot", "systemd", "ima"};
static const char *const links[GB_LINK_COUNT] = {
    "none",        "evidence",   "identity",   "firmware", "option-roms",
    "boot-policy", "bootloader", "kernel",     "initrd",   "cmdline",
    "os",          "engine",     "containers", "posture",  "location",
};

const char *gb_tier_name(enum gb_tier tier)
{
    return tiers[tier];
}

const char *gb_link_name(enum gb_link link)
{
    return links[link];
}

const char *gb_log_name(enum gb_log log)
{
    return logs[log];
}

enum gb_link gb_link_from_name(struct gb_bytes name)
{
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        if (gb_bytes_is(name, links[i]))
            return (enum gb_link)i;
    return GB_LINK_NONE;
}

struct gb_finding *gb_finding_add(struct gb_findings *list, enum gb_finding_code code,
                                  struct gb_event_ref event, const char *arg0, const char *arg1,
                                  const char *arg2)
{
    const struct entry *e = &catalogue[code];
    if (e->tier > list->worst)
        list->worst = e->tier;
    if (list->count >= GB_LIMIT_FINDINGS) {
        list->dropped++;
        return NULL;
    }
    struct gb_finding *f = gb_arena_new_one(list->arena, struct gb_finding);
    if (!f) {
        list->failed = true;
        return NULL;
    }
    *f = (struct gb_finding){
        .code = code, .tier = e->tier, .link = e->link, .event = event, .args = {arg0, arg1, arg2}};
    if (list->last)
        list->last->next = f;
    else
        list->first = f;
    list->last = f;
    list->count++;
    return f;
}

const char *gb_finding_code_name(enum gb_finding_code code)
{
    return catalogue[code].code;
}

/* Replaces {0} {1} {2} in `text` by the finding's parameters. */
static char *fill(struct gb_arena *arena, const char *text, const struct gb_finding *f)
{
    struct gb_buf buf;
    gb_buf_init(&buf, 64 << 10);
    for (const char *p = text; *p; p++) {
        if (p[0] == '{' && p[1] >= '0' && p[1] < '0' + GB_FINDING_ARGS && p[2] == '}') {
            const char *arg = f->args[p[1] - '0'];
            gb_buf_puts(&buf, arg ? arg : "?");
            p += 2;
        } else {
            gb_buf_add(&buf, p, 1);
        }
    }
    struct gb_bytes out = gb_bytes(NULL, 0);
    if (gb_buf_ok(&buf))
        out = gb_arena_copy(arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return (char *)(uintptr_t)out.data;
}

char *gb_finding_message(struct gb_arena *arena, const struct gb_finding *finding)
{
    return fill(arena, catalogue[finding->code].sentence, finding);
}

char *gb_finding_remedy(struct gb_arena *arena, const struct gb_finding *finding)
{
    return fill(arena, catalogue[finding->code].remedy, finding);
}
