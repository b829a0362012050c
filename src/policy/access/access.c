#include "policy/access/access.h"

#include <string.h>

#include "policy/access/access_read.h"
#include "policy/documents/field.h"
#include "policy/documents/metadata.h"
#include "wire/json.h"
#include "wire/yaml.h"

static const char *const role_names[ACCESS_ROLE_COUNT] = {[ACCESS_NO_ROLE] = "none",
#define X(id, name) [ACCESS_##id] = (name),
                                                          ACCESS_ROLES(X)
#undef X
};

static const char *const action_names[ACCESS_ACTION_COUNT] = {[ACCESS_NO_ACTION] = "none",
#define X(id, name) [ACCESS_DO_##id] = (name),
                                                              ACCESS_ACTIONS(X)
#undef X
};

uint32_t access_all_roles(void)
{
    uint32_t all = 0;
    for (int role = ACCESS_NO_ROLE + 1; role < ACCESS_ROLE_COUNT; role++)
        all |= ACCESS_BIT(role);
    return all;
}

const char *access_role_name(enum access_role role)
{
    return (unsigned)role < ACCESS_ROLE_COUNT ? role_names[role] : role_names[ACCESS_NO_ROLE];
}

const char *access_action_name(enum access_action action)
{
    return (unsigned)action < ACCESS_ACTION_COUNT ? action_names[action]
                                                  : action_names[ACCESS_NO_ACTION];
}

int access_roles_read(const struct field_file *file, const struct yaml_node *list,
                      uint32_t *ret_roles, struct gb_err *err)
{
    static const struct field_names known = {&role_names[ACCESS_NO_ROLE + 1],
                                             ACCESS_ROLE_COUNT - 1};
    uint32_t roles = 0;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        size_t index = 0;
        int r = field_choice(file, node, "role", known, &index, err);
        if (r < 0)
            return r;
        roles |= ACCESS_BIT(index + 1);
    }
    if (roles == 0)
        return field_wrong(file, list->line, err, "a person without a role: leave it out");
    *ret_roles = roles;
    return GB_OK;
}

static int read_two_person(const struct field_file *file, const struct yaml_node *spec,
                           struct access_policy *policy, struct gb_err *err)
{
    static const struct field_names known = {&action_names[ACCESS_NO_ACTION + 1],
                                             ACCESS_ACTION_COUNT - 1};
    const struct yaml_node *list;
    int r = field_get(file, spec, "twoPerson", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        size_t index = 0;
        r = field_choice(file, node, "action", known, &index, err);
        if (r < 0)
            return r;
        policy->two_person[index + 1] = true;
    }
    return GB_OK;
}

/* Who could mend a policy that locks everybody out? */
static int check_whole(const struct field_file *file, const struct yaml_node *spec,
                       const struct access_policy *policy, struct gb_err *err)
{
    static const enum access_role needed[] = {ACCESS_ADMIN, ACCESS_SECURITY_OFFICER};
    uint32_t roles = 0;
    for (size_t i = 0; i < policy->people_count; i++)
        roles |= policy->people[i].roles;
    for (size_t i = 0; i < GB_ARRAY_LEN(needed); i++)
        if (!(roles & ACCESS_BIT(needed[i])))
            return field_wrong(file, spec->line, err, "nobody has the role %s",
                               access_role_name(needed[i]));
    return GB_OK;
}

static int read_spec(const struct field_file *file, const struct yaml_node *document,
                     struct access_policy *policy, struct gb_err *err)
{
    static const char *const known[] = {"people", "issuers", "twoPerson"};
    const struct yaml_node *spec;
    int r = field_get(file, document, "spec", YAML_MAPPING, true, &spec, err);
    if (r == GB_OK)
        r = field_mapping(file, spec, "spec", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = access_issuers_read(file, spec, policy, err);
    if (r == GB_OK)
        r = access_people_read(file, spec, policy, err);
    if (r == GB_OK)
        r = read_two_person(file, spec, policy, err);
    return r < 0 ? r : check_whole(file, spec, policy, err);
}

int access_read(const struct field_file *file, const struct yaml_node *document,
                struct access_policy *ret_policy, struct gb_err *err)
{
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec"};
    struct access_policy policy = {0};
    struct metadata metadata = {0};
    int r = field_mapping(file, document, "a document", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = metadata_read(file, document, true, &metadata, err);
    if (r == GB_OK)
        r = read_spec(file, document, &policy, err);
    if (r < 0)
        return r;
    policy.name = metadata.name;
    policy.version = metadata.version;
    *ret_policy = policy;
    return GB_OK;
}

uint32_t access_of_name(const struct access_policy *policy, struct gb_bytes name)
{
    for (size_t i = 0; i < policy->people_count; i++)
        if (!policy->people[i].issuer && gb_bytes_is(name, policy->people[i].name))
            return policy->people[i].roles;
    return 0;
}

static bool holds(const struct json *claim, const char *value)
{
    struct gb_bytes text;
    if (json_as_text(claim, &text))
        return gb_bytes_is(text, value);
    for (size_t i = 0; i < json_count(claim); i++)
        if (json_as_text(json_at(claim, i), &text) && gb_bytes_is(text, value))
            return true;
    return false;
}

static bool matches(const struct access_person *person, struct gb_bytes issuer,
                    const struct json *claims)
{
    struct gb_bytes subject;
    if (!person->issuer || !gb_bytes_is(issuer, person->issuer))
        return false;
    if (person->subject)
        return json_get_text(claims, "sub", &subject) && gb_bytes_is(subject, person->subject);
    return holds(json_get(claims, person->claim), person->value);
}

uint32_t access_of_token(const struct access_policy *policy, struct gb_bytes issuer,
                         const struct json *claims, const char **ret_name)
{
    const char *name = NULL;
    uint32_t roles = 0;
    for (size_t i = 0; i < policy->people_count; i++) {
        if (!matches(&policy->people[i], issuer, claims))
            continue;
        roles |= policy->people[i].roles;
        name = name ? name : policy->people[i].name;
    }
    if (ret_name)
        *ret_name = name;
    return roles;
}

const struct access_issuer *access_issuer(const struct access_policy *policy,
                                          struct gb_bytes issuer)
{
    for (size_t i = 0; i < policy->issuer_count; i++)
        if (gb_bytes_is(issuer, policy->issuers[i].issuer))
            return &policy->issuers[i];
    return NULL;
}

bool access_needs_two(const struct access_policy *policy, enum access_action action)
{
    return policy && (unsigned)action < ACCESS_ACTION_COUNT && policy->two_person[action];
}
