#include "result/ear.h"

#include <string.h>

#include "base/encode.h"
#include "base/finding.h"
#include "result/verdict.h"
#include "wire/json.h"

static const char *const claim_names[EAR_CLAIM_COUNT] = {
    [EAR_CLAIM_NONE] = "none",
    [EAR_INSTANCE_IDENTITY] = "instance-identity",
    [EAR_CONFIGURATION] = "configuration",
    [EAR_EXECUTABLES] = "executables",
    [EAR_FILE_SYSTEM] = "file-system",
    [EAR_HARDWARE] = "hardware",
    [EAR_RUNTIME_OPAQUE] = "runtime-opaque",
    [EAR_STORAGE_OPAQUE] = "storage-opaque",
    [EAR_SOURCED_DATA] = "sourced-data",
};

/* Why each value: docs/tokens.md. Measurements of boot can say "approved boot" (3); only IMA's list
 * speaks of what ran since (2). Identity has no value between recognised and not. */
const struct ear_link ear_links[GB_LINK_COUNT] = {
    [GB_LINK_EVIDENCE] = {EAR_INSTANCE_IDENTITY, 2, 0, 99},
    [GB_LINK_IDENTITY] = {EAR_INSTANCE_IDENTITY, 2, 0, 97},
    [GB_LINK_FIRMWARE] = {EAR_HARDWARE, 2, 32, 97},
    [GB_LINK_OPTION_ROMS] = {EAR_HARDWARE, 2, 32, 97},
    [GB_LINK_BOOT_POLICY] = {EAR_CONFIGURATION, 2, 36, 96},
    [GB_LINK_BOOTLOADER] = {EAR_EXECUTABLES, 3, 32, 96},
    [GB_LINK_KERNEL] = {EAR_EXECUTABLES, 3, 32, 96},
    [GB_LINK_INITRD] = {EAR_EXECUTABLES, 3, 32, 96},
    [GB_LINK_CMDLINE] = {EAR_CONFIGURATION, 2, 36, 96},
    [GB_LINK_OS] = {EAR_EXECUTABLES, 2, 33, 96},
    [GB_LINK_ENGINE] = {EAR_EXECUTABLES, 2, 33, 96},
    [GB_LINK_CONTAINERS] = {EAR_EXECUTABLES, 2, 33, 96},
    [GB_LINK_POSTURE] = {EAR_CONFIGURATION, 2, 36, 96},
    [GB_LINK_LOCATION] = {EAR_CLAIM_NONE, 0, 0, 0},
};

/* AR4SI, 2.3.4. */
static const struct {
    enum ear_claim claim; /* none: whatever the claim is */
    uint8_t value;
    const char *words;
} meanings[] = {
    {EAR_CLAIM_NONE, 0, "no claim"},
    {EAR_CLAIM_NONE, 1, "evidence holds what was not expected"},
    {EAR_CLAIM_NONE, 99, "the evidence's signatures do not verify"},
    {EAR_INSTANCE_IDENTITY, 2, "recognised"},
    {EAR_INSTANCE_IDENTITY, 96, "recognised, and not to be trusted"},
    {EAR_INSTANCE_IDENTITY, 97, "not recognised"},
    {EAR_CONFIGURATION, 2, "approved"},
    {EAR_CONFIGURATION, 3, "no known weakness"},
    {EAR_CONFIGURATION, 32, "has known weaknesses"},
    {EAR_CONFIGURATION, 36, "some of it could not be seen"},
    {EAR_CONFIGURATION, 96, "not acceptable"},
    {EAR_EXECUTABLES, 2, "approved at boot and since"},
    {EAR_EXECUTABLES, 3, "approved at boot"},
    {EAR_EXECUTABLES, 32, "recognised, with known weaknesses"},
    {EAR_EXECUTABLES, 33, "some are not recognised"},
    {EAR_EXECUTABLES, 96, "some are not acceptable"},
    {EAR_FILE_SYSTEM, 2, "approved"},
    {EAR_FILE_SYSTEM, 32, "some files are not recognised"},
    {EAR_FILE_SYSTEM, 96, "some files are not acceptable"},
    {EAR_HARDWARE, 2, "genuine, its firmware approved"},
    {EAR_HARDWARE, 32, "genuine, with known weaknesses"},
    {EAR_HARDWARE, 96, "genuine, and not to be trusted"},
    {EAR_HARDWARE, 97, "not recognised"},
    {EAR_RUNTIME_OPAQUE, 2, "memory is encrypted"},
    {EAR_RUNTIME_OPAQUE, 32, "memory is isolated"},
    {EAR_RUNTIME_OPAQUE, 96, "memory is open"},
    {EAR_STORAGE_OPAQUE, 2, "secrets are encrypted by keys in hardware"},
    {EAR_STORAGE_OPAQUE, 32, "secrets are encrypted"},
    {EAR_STORAGE_OPAQUE, 96, "secrets are open"},
    {EAR_SOURCED_DATA, 2, "from trusted sources"},
    {EAR_SOURCED_DATA, 32, "from sources that are not trusted"},
    {EAR_SOURCED_DATA, 96, "from sources that are not acceptable"},
};

const char *ear_claim_name(enum ear_claim claim)
{
    return (unsigned)claim < EAR_CLAIM_COUNT ? claim_names[claim] : claim_names[0];
}

enum ear_claim ear_claim_of(struct gb_bytes name)
{
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++)
        if (gb_bytes_is(name, claim_names[i]))
            return (enum ear_claim)i;
    return EAR_CLAIM_NONE;
}

enum gb_tier ear_value_tier(uint64_t value)
{
    if (value < 2 || value > 127)
        return GB_TIER_NONE;
    return value < 32 ? GB_TIER_AFFIRMING : value < 96 ? GB_TIER_WARNING : GB_TIER_CONTRAINDICATED;
}

const char *ear_value_words(enum ear_claim claim, uint64_t value)
{
    for (size_t i = 0; i < GB_ARRAY_LEN(meanings); i++)
        if (meanings[i].value == value &&
            (meanings[i].claim == claim || meanings[i].claim == EAR_CLAIM_NONE))
            return meanings[i].words;
    return gb_tier_name(ear_value_tier(value));
}

/* Whether a link that ought to be measured went unjudged. When the whole is affirming there was
 * nothing to measure (no option ROM, no IMA list that a policy asks for). */
static bool is_gap(const struct verdict *verdict, int link)
{
    return verdict->links[link].tier == GB_TIER_NONE && verdict->tier != GB_TIER_AFFIRMING &&
           link <= GB_LINK_OS;
}

static uint8_t value_of(const struct ear_link *row, enum gb_tier tier)
{
    switch (tier) {
    case GB_TIER_AFFIRMING:
        return row->affirming;
    case GB_TIER_WARNING:
        return row->warning;
    case GB_TIER_CONTRAINDICATED:
        return row->contraindicated;
    case GB_TIER_NONE:
        break;
    }
    return 0;
}

static uint8_t value_of_claim(const struct verdict *verdict, enum ear_claim claim)
{
    enum gb_tier worst = GB_TIER_NONE;
    uint8_t value = 0;
    bool gap = false;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        enum gb_tier tier = verdict->links[i].tier;
        if (ear_links[i].claim != claim)
            continue;
        gap = gap || is_gap(verdict, i);
        if (tier == GB_TIER_NONE || tier < worst)
            continue;
        worst = tier;
        value = value_of(&ear_links[i], tier);
    }
    return gap && worst == GB_TIER_AFFIRMING ? 0 : value;
}

void ear_vector(const struct verdict *verdict, uint8_t ret_vector[EAR_CLAIM_COUNT])
{
    ret_vector[EAR_CLAIM_NONE] = 0;
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++)
        ret_vector[i] = value_of_claim(verdict, (enum ear_claim)i);
}

enum gb_tier ear_status(const struct verdict *verdict)
{
    uint8_t vector[EAR_CLAIM_COUNT];
    enum gb_tier worst = verdict->tier;
    ear_vector(verdict, vector);
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++)
        if (ear_value_tier(vector[i]) > worst)
            worst = ear_value_tier(vector[i]);
    return !verdict->policy && verdict_is_yes(worst) ? GB_TIER_NONE : worst;
}

static struct json *vector_json(const struct verdict *verdict)
{
    uint8_t vector[EAR_CLAIM_COUNT];
    struct json *object = json_new_object();
    ear_vector(verdict, vector);
    for (int i = EAR_CLAIM_NONE + 1; i < EAR_CLAIM_COUNT; i++)
        if (vector[i] != 0)
            json_set(object, claim_names[i], json_number(vector[i]));
    return object;
}

static bool has_vector(const struct verdict *verdict)
{
    static const uint8_t nothing[EAR_CLAIM_COUNT];
    uint8_t vector[EAR_CLAIM_COUNT];
    ear_vector(verdict, vector);
    return memcmp(vector, nothing, sizeof vector) != 0;
}

/* EAR, 3.1. A vector holds at least one claim, or it is left out. */
static struct json *submod_json(const struct ear_attester *attester)
{
    const struct verdict *verdict = attester->verdict;
    struct json *object = json_new_object();
    json_set(object, "ear_status", json_text(gb_tier_name(ear_status(verdict))));
    if (has_vector(verdict))
        json_set(object, "ear_trustworthiness_vector", vector_json(verdict));
    if (verdict->policy) {
        struct json *ids = json_new_array();
        json_push(ids, json_text(verdict->policy));
        json_set(object, "ear_appraisal_policy_ids", ids);
    }
    return object;
}

static struct json *links_json(const struct verdict *verdict)
{
    struct json *links = json_new_object();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        json_set(links, gb_link_name((enum gb_link)i),
                 json_text(gb_tier_name(verdict->links[i].tier)));
    return links;
}

/* Our own claim, all that the standard ones are too coarse for: of the first attester. */
static struct json *own_json(const struct ear *ear)
{
    const struct verdict *verdict = ear->attesters[0].verdict;
    struct json *object = json_new_object();
    json_set(object, "node", json_text(ear->node));
    json_set(object, "tier", json_text(gb_tier_name(verdict->tier)));
    json_set(object, "trusted", json_bool(ear->trusted));
    json_set(object, "links", links_json(verdict));
    json_set(object, "policy", json_text(verdict->policy));
    json_set(object, "trust_id", json_text(ear->trust_id));
    json_set(object, "quote", json_hex(ear->quote));
    json_set(object, "nonce", json_hex(ear->nonce));
    json_set(object, "verified_at", json_text(ear->verified_at));
    if (ear->facts.len > 0)
        json_set(object, "facts", json_hex(ear->facts));
    return object;
}

static struct json *verifier_json(const struct ear *ear)
{
    struct json *object = json_new_object();
    json_set(object, "developer", json_text("https://garboard.dev"));
    json_set(object, "build", json_text(ear->build));
    return object;
}

static struct json *text_or_fail(const char *text)
{
    return text ? json_text(text) : NULL;
}

/* RFC 7519, 4.1; RFC 9711, 4.1 (eat_nonce: base64url in JSON). */
struct json *ear_json(struct gb_arena *arena, const struct ear *ear)
{
    const uint64_t issued_s = ear->issued_s > 0 ? (uint64_t)ear->issued_s : 0;
    struct json *submods = json_new_object();
    struct json *claims = json_new_object();
    for (size_t i = 0; i < ear->attester_count; i++)
        json_set(submods, ear->attesters[i].name, submod_json(&ear->attesters[i]));
    json_set(claims, "eat_profile", json_text(EAR_PROFILE));
    json_set(claims, "iss", text_or_fail(ear->issuer));
    json_set(claims, "sub", text_or_fail(ear->subject));
    json_set(claims, "iat", json_number(issued_s));
    json_set(claims, "nbf", json_number(issued_s));
    json_set(claims, "exp", json_number(issued_s + (uint64_t)ear->life_s));
    json_set(claims, "jti", json_hex(ear->id));
    json_set(claims, "eat_nonce", text_or_fail(gb_base64url(arena, ear->nonce)));
    json_set(claims, "ear_verifier_id", verifier_json(ear));
    json_set(claims, "submods", submods);
    json_set(claims, EAR_OWN, own_json(ear));
    return claims;
}
