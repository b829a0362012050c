#include "result/verdict.h"

#include "wire/json.h"

/* The finding's sentence, or its remedy; a failed allocation yields NULL, which json_print refuses.
 */
static struct json *sentence(char *text)
{
    return text ? json_text(text) : NULL;
}

static struct json *event_json(struct gb_event_ref event)
{
    struct json *object = json_new_object();
    json_set(object, "log", json_text(gb_log_name(event.log)));
    json_set(object, "index", json_number(event.index));
    return object;
}

struct json *finding_json(struct gb_arena *arena, const struct gb_finding *finding, bool with_link)
{
    struct json *object = json_new_object();
    json_set(object, "tier", json_text(gb_tier_name(finding->tier)));
    if (with_link)
        json_set(object, "link", json_text(gb_link_name(finding->link)));
    json_set(object, "code", json_text(gb_finding_code_name(finding->code)));
    json_set(object, "message", sentence(gb_finding_message(arena, finding)));
    char *remedy = gb_finding_remedy(arena, finding);
    if (!remedy || *remedy)
        json_set(object, "remedy", sentence(remedy));
    if (finding->event.log != GB_LOG_NONE)
        json_set(object, "event", event_json(finding->event));
    return object;
}

/* The codes of one link's findings, each once, in order of discovery. */
static struct json *codes_json(const struct gb_findings *findings, enum gb_link link)
{
    struct json *codes = json_new_array();
    bool seen[GB_FINDING_COUNT] = {false};
    for (const struct gb_finding *f = findings->first; f; f = f->next) {
        if (f->link != link || seen[f->code])
            continue;
        seen[f->code] = true;
        json_push(codes, json_text(gb_finding_code_name(f->code)));
    }
    return codes;
}

static struct json *links_json(const struct verdict *verdict)
{
    struct json *links = json_new_object();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        enum gb_link link = (enum gb_link)i;
        struct json *object = json_new_object();
        json_set(object, "tier", json_text(gb_tier_name(verdict->links[link].tier)));
        json_set(object, "codes", codes_json(&verdict->findings, link));
        json_set(links, gb_link_name(link), object);
    }
    return links;
}

/* null when no policy judged. */
static struct json *policy_json(const struct verdict *verdict)
{
    if (!verdict->policy_name)
        return json_text(NULL);
    struct json *object = json_new_object();
    json_set(object, "name", json_text(verdict->policy_name));
    json_set(object, "version", json_number(verdict->policy_version));
    json_set(object, "mode", json_text(verdict->mode));
    if (verdict->freshness_s > 0)
        json_set(object, "freshness_s", json_number((uint64_t)verdict->freshness_s));
    return object;
}

/* null when the TPM's maker is not proven, or not known. */
static struct json *hardware_json(const struct verdict *verdict)
{
    return verdict->tpm == VERDICT_TPM_UNKNOWN ? json_text(NULL)
                                               : json_bool(verdict->tpm == VERDICT_TPM_HARDWARE);
}

static struct json *sets_json(const struct verdict *verdict)
{
    struct json *sets = json_new_array();
    for (size_t i = 0; i < verdict->set_count; i++) {
        const struct verdict_set *set = &verdict->sets[i];
        struct json *object = json_new_object();
        json_set(object, "name", json_text(set->name));
        json_set(object, "version", json_number(set->version > 0 ? set->version : 1));
        json_set(object, "class", json_text(set->cls));
        json_set(object, "life", json_text(set->life));
        json_set(object, "needed", json_bool(set->needed));
        json_push(sets, object);
    }
    return sets;
}

static struct json *findings_json(struct gb_arena *arena, const struct verdict *verdict)
{
    struct json *findings = json_new_array();
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next)
        json_push(findings, finding_json(arena, f, true));
    return findings;
}

static struct json *shadows_json(struct gb_arena *arena, const struct verdict *verdict)
{
    struct json *shadows = json_new_array();
    for (size_t i = 0; i < verdict->shadow_count; i++) {
        const struct verdict_shadow *shadow = &verdict->shadows[i];
        struct json *object = json_new_object();
        json_set(object, "name", json_text(shadow->name));
        json_set(object, "version", json_number(shadow->version));
        json_set(object, "tier", json_text(gb_tier_name(shadow->verdict->tier)));
        json_set(object, "links", links_json(shadow->verdict));
        json_set(object, "findings", findings_json(arena, shadow->verdict));
        json_push(shadows, object);
    }
    return shadows;
}

struct json *verdict_json(struct gb_arena *arena, const struct verdict *verdict)
{
    struct json *object = json_new_object();
    json_set(object, "tier", json_text(gb_tier_name(verdict->tier)));
    json_set(object, "judged_by", policy_json(verdict));
    json_set(object, "hardware", hardware_json(verdict));
    json_set(object, "sets", sets_json(verdict));
    json_set(object, "links", links_json(verdict));
    json_set(object, "findings", findings_json(arena, verdict));
    json_set(object, "shadow", shadows_json(arena, verdict));
    return object;
}
