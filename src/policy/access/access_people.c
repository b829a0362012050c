#include <string.h>

#include "base/limits.h"
#include "policy/access/access.h"
#include "policy/access/access_read.h"
#include "policy/documents/field.h"
#include "wire/yaml.h"

/* A required text that is not empty. */
static int read_text(const struct field_file *file, const struct yaml_node *mapping,
                     const char *key, const char **ret_text, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, mapping, key, YAML_SCALAR, true, &node, err);
    if (r < 0)
        return r;
    if (node->text.len == 0)
        return field_wrong(file, node->line, err, "field \"%s\" is empty", key);
    return field_printable(file, node, ret_text, err);
}

static int read_issuer(const struct field_file *file, const struct yaml_node *token,
                       const struct access_policy *policy, const char **ret_issuer,
                       struct gb_err *err)
{
    const char *names[GB_LIMIT_ISSUERS];
    const struct yaml_node *node;
    int r = field_get(file, token, "issuer", YAML_SCALAR, true, &node, err);
    if (r < 0)
        return r;
    const struct access_issuer *issuer = access_issuer(policy, node->text);
    for (size_t i = 0; i < policy->issuer_count; i++)
        names[i] = policy->issuers[i].issuer;
    if (!issuer)
        return field_unknown(file, node->line, "issuer", node->text,
                             (struct field_names){names, policy->issuer_count}, err);
    *ret_issuer = issuer->issuer;
    return GB_OK;
}

/* {issuer, subject} or {issuer, claim, value}. */
static int read_token(const struct field_file *file, const struct yaml_node *token,
                      const struct access_policy *policy, struct access_person *person,
                      struct gb_err *err)
{
    static const char *const known[] = {"issuer", "subject", "claim", "value"};
    int r = field_mapping(file, token, "token", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = read_issuer(file, token, policy, &person->issuer, err);
    if (r < 0)
        return r;
    bool by_subject = yaml_get(token, "subject");
    if (by_subject == (yaml_get(token, "claim") || yaml_get(token, "value")))
        return field_wrong(file, token->line, err,
                           "a token needs a subject, or else a claim and its value");
    if (by_subject)
        return read_text(file, token, "subject", &person->subject, err);
    r = read_text(file, token, "claim", &person->claim, err);
    return r < 0 ? r : read_text(file, token, "value", &person->value, err);
}

static int read_person(const struct field_file *file, const struct yaml_node *node,
                       const struct access_policy *policy, struct access_person *person,
                       struct gb_err *err)
{
    static const char *const known[] = {"name", "token", "roles"};
    const struct yaml_node *name = NULL, *roles = NULL, *token = NULL;
    int r = field_mapping(file, node, "a person", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, node, "name", YAML_SCALAR, true, &name, err);
    if (r == GB_OK)
        r = field_name(file, name, &person->name, err);
    if (r == GB_OK)
        r = field_get(file, node, "roles", YAML_SEQUENCE, true, &roles, err);
    if (r == GB_OK)
        r = access_roles_read(file, roles, &person->roles, err);
    if (r == GB_OK)
        r = field_get(file, node, "token", YAML_MAPPING, false, &token, err);
    if (r == GB_OK && token)
        r = read_token(file, token, policy, person, err);
    return r;
}

static bool same(const char *a, const char *b)
{
    return a == b || (a && b && strcmp(a, b) == 0);
}

/* A certificate and tokens of one human, who stays one for the two-person rule. */
static bool one_human(const struct access_person *a, const struct access_person *b)
{
    return !a->claim && !b->claim && (a->issuer || b->issuer);
}

/* The same name, or the same token under two names: which roles would count? */
static int refuse_twice(const struct field_file *file, const struct yaml_node *node,
                        const struct access_person *people, size_t at, struct gb_err *err)
{
    const struct access_person *person = &people[at];
    for (size_t i = 0; i < at; i++) {
        const struct access_person *other = &people[i];
        if (strcmp(other->name, person->name) == 0 && !one_human(other, person))
            return field_wrong(file, node->line, err, "%s stands twice", person->name);
        if (person->issuer && other->issuer == person->issuer &&
            same(other->subject, person->subject) && same(other->claim, person->claim) &&
            same(other->value, person->value))
            return field_wrong(file, node->line, err, "%s has the same token as %s", person->name,
                               other->name);
    }
    return GB_OK;
}

int access_people_read(const struct field_file *file, const struct yaml_node *spec,
                       struct access_policy *policy, struct gb_err *err)
{
    const struct yaml_node *list;
    int r = field_get(file, spec, "people", YAML_SEQUENCE, true, &list, err);
    if (r < 0)
        return r;
    if (list->count > GB_LIMIT_PEOPLE)
        return field_wrong(file, list->key_line, err, "more than %d people: use a group's claim",
                           GB_LIMIT_PEOPLE);
    struct access_person *people =
        gb_arena_new_array(file->arena, struct access_person, list->count + 1);
    if (!people)
        return gb_err_nomem(err);
    size_t count = 0;
    for (const struct yaml_node *node = list->first; node; node = node->next, count++) {
        r = read_person(file, node, policy, &people[count], err);
        if (r == GB_OK)
            r = refuse_twice(file, node, people, count, err);
        if (r < 0)
            return r;
    }
    policy->people = people;
    policy->people_count = count;
    return GB_OK;
}
