/* The AccessPolicy document: who has which role, whose tokens are believed, what takes two. */
#ifndef GB_POLICY_ACCESS_H
#define GB_POLICY_ACCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "wire/json.h"
#include "wire/yaml.h"

/* X(ID, name) */
#define ACCESS_ROLES(X)                                                                            \
    X(ADMIN, "admin")                                                                              \
    X(SECURITY_OFFICER, "security-officer")                                                        \
    X(TAG_AUTHORITY, "tag-authority")                                                              \
    X(ENROLLER, "enroller")                                                                        \
    X(AUDITOR, "auditor")                                                                          \
    X(ENFORCEMENT_POINT, "enforcement-point")

enum access_role {
    ACCESS_NO_ROLE,
#define X(id, name) ACCESS_##id,
    ACCESS_ROLES(X)
#undef X
        ACCESS_ROLE_COUNT
};

/* Sets of roles (uint32_t) are of these bits; 0 is none. */
#define ACCESS_BIT(role) ((uint32_t)1 << (role))
/* All that there are: what a founder has. */
uint32_t access_all_roles(void);
/* "security-officer"; "none" for ACCESS_NO_ROLE and what is none. */
const char *access_role_name(enum access_role role);

/* What spec.twoPerson may name. X(ID, name). "policy" is judged by the signatures that stand in the
 * documents; all others by who calls. */
#define ACCESS_ACTIONS(X)                                                                          \
    X(POLICY, "policy")                                                                            \
    X(NODE_APPROVE, "node.approve")                                                                \
    X(NODE_REMOVE, "node.remove")                                                                  \
    X(NODE_LABELS, "node.labels")                                                                  \
    X(EK_ADD, "ek.add")                                                                            \
    X(EK_REMOVE, "ek.remove")                                                                      \
    X(TOKEN_CREATE, "token.create")                                                                \
    X(TOKEN_REVOKE, "token.revoke")                                                                \
    X(LEDGER_FORGET, "ledger.forget")

enum access_action {
    ACCESS_NO_ACTION,
#define X(id, name) ACCESS_DO_##id,
    ACCESS_ACTIONS(X)
#undef X
        ACCESS_ACTION_COUNT
};
const char *access_action_name(enum access_action action);

/* Signature algorithms of tokens (RFC 7518). X(ID, name) */
#define ACCESS_ALGORITHMS(X)                                                                       \
    X(ES256, "ES256")                                                                              \
    X(RS256, "RS256")

enum access_algorithm {
    ACCESS_NO_ALGORITHM,
#define X(id, name) ACCESS_##id,
    ACCESS_ALGORITHMS(X)
#undef X
        ACCESS_ALGORITHM_COUNT
};

/* spec.people. Who is named without a token has a certificate spiffe://<td>/operator/<name>. */
struct access_person {
    const char *name;    /* field_name_ok; twice only for one human's certificate and tokens */
    uint32_t roles;      /* ACCESS_BIT of enum access_role; never 0 */
    const char *issuer;  /* NULL: a certificate; else one of the issuers */
    const char *subject; /* the token's sub; NULL: by a claim */
    const char *claim;   /* member of the token's claims, text or a list of texts, */
    const char *value;   /* that is or holds this */
};

/* spec.issuers */
struct access_issuer {
    const char *issuer;   /* https://..., compared byte for byte with iss */
    const char *audience; /* must be in aud */
    const char *jwks_url; /* https://...; NULL: the keys stand in the document */
    const char *jwks;     /* {"keys":[...]} as JSON; NULL: to be fetched */
    uint32_t algorithms;  /* ACCESS_BIT of enum access_algorithm; never 0 */
};

struct access_policy {
    const char *name;
    uint64_t version; /* from 1 */
    const struct access_person *people;
    size_t people_count;
    const struct access_issuer *issuers;
    size_t issuer_count;
    bool two_person[ACCESS_ACTION_COUNT];
};

/* Reads one document into file->arena. A policy with no admin or no security-officer is invalid,
 * and so are a person twice, unknown names, and a token of an issuer that is not there.
 * GB_ERR_CONFIG with file, line and the nearest name; LIMIT, NOMEM. */
GB_MUST_USE int access_read(const struct field_file *file, const struct yaml_node *document,
                            struct access_policy *ret_policy, struct gb_err *err);

/* Roles of the operator whose certificate has this name; 0 when the policy does not know it. */
uint32_t access_of_name(const struct access_policy *policy, struct gb_bytes name);
/*
 * Roles by a token whose signature, times and audience were proven by the caller: all that its
 * issuer, subject and claims match. *ret_name (may be NULL) is the first person's name that
 * matched, for people to read; who a person is, is issuer and subject.
 */
uint32_t access_of_token(const struct access_policy *policy, struct gb_bytes issuer,
                         const struct json *claims, const char **ret_name);
/* NULL when tokens of this issuer are not believed. */
const struct access_issuer *access_issuer(const struct access_policy *policy,
                                          struct gb_bytes issuer);
/* Whether this action takes two people; false without a policy (NULL). */
bool access_needs_two(const struct access_policy *policy, enum access_action action);

#endif
