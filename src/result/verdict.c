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

struct json *verdict_json(struct gb_arena *arena, const struct verdict *verdict)
{
    struct json *findings = json_new_array();
    for (const struct gb_finding *f = verdict->findings.first; f; f = f->next)
        json_push(findings, finding_json(arena, f, true));

    struct json *object = json_new_object();
    json_set(object, "tier", json_text(gb_tier_name(verdict->tier)));
    json_set(object, "links", links_json(verdict));
    json_set(object, "findings", findings);
    return object;
}
