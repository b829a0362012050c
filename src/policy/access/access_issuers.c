#include <assert.h>
#include <string.h>

#include "base/limits.h"
#include "base/mem.h"
#include "policy/access/access.h"
#include "policy/access/access_read.h"
#include "policy/documents/field.h"
#include "wire/json.h"
#include "wire/yaml.h"

static const char *const algorithm_names[] = {
#define X(id, name) name,
    ACCESS_ALGORITHMS(X)
#undef X
};

/* Keys and claims come by it: nobody between may change them. */
static int read_url(const struct field_file *file, const struct yaml_node *node,
                    const char **ret_url, struct gb_err *err)
{
    static const char https[] = "https://";
    struct gb_bytes prefix = gb_bytes(https, sizeof https - 1);
    if (!gb_bytes_starts(node->text, prefix) || node->text.len == prefix.len)
        return field_wrong(file, node->line, err, "field \"%s\" must begin with https://",
                           field_shown(file, node->key));
    return field_printable(file, node, ret_url, err);
}

/* Every member of a JWK (RFC 7517, 4) is a text or a list of texts. */
static struct json *to_json(const struct yaml_node *node)
{
    if (node->kind == YAML_SCALAR)
        return json_text((const char *)node->text.data);
    struct json *json = node->kind == YAML_MAPPING ? json_new_object() : json_new_array();
    for (const struct yaml_node *child = node->first; child; child = child->next) {
        if (node->kind == YAML_MAPPING)
            json_set(json, (const char *)child->key.data, to_json(child));
        else
            json_push(json, to_json(child));
    }
    return json;
}

static int read_inline(const struct field_file *file, const struct yaml_node *node,
                       const char **ret_jwks, struct gb_err *err)
{
    static const char *const known[] = {"keys"};
    const struct yaml_node *keys = NULL;
    int r = field_mapping(file, node, "jwks", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, node, "keys", YAML_SEQUENCE, true, &keys, err);
    if (r < 0)
        return r;
    gb_cleanup(json_freep) struct json *json = to_json(node);
    char *text = NULL;
    r = json_print(json, &text, err);
    if (r < 0)
        return r;
    struct gb_bytes copy = gb_arena_copy(file->arena, gb_bytes_str(text));
    gb_free(text);
    if (!copy.data)
        return gb_err_nomem(err);
    if (copy.len > GB_LIMIT_JWKS)
        return field_wrong(file, node->line, err, "more than %d bytes of keys", GB_LIMIT_JWKS);
    *ret_jwks = (const char *)copy.data;
    return GB_OK;
}

static int read_jwks(const struct field_file *file, const struct yaml_node *node,
                     struct access_issuer *issuer, struct gb_err *err)
{
    const struct yaml_node *jwks = yaml_get(node, "jwks");
    if (!jwks)
        return field_wrong(file, node->line, err, "missing field \"jwks\"");
    if (jwks->kind == YAML_SCALAR)
        return read_url(file, jwks, &issuer->jwks_url, err);
    return read_inline(file, jwks, &issuer->jwks, err);
}

/* Not given: all that we know. */
static int read_algorithms(const struct field_file *file, const struct yaml_node *node,
                           uint32_t *ret_algorithms, struct gb_err *err)
{
    const struct yaml_node *list = NULL;
    uint32_t chosen = 0;
    int r = field_get(file, node, "algorithms", YAML_SEQUENCE, false, &list, err);
    if (r < 0)
        return r;
    for (int i = ACCESS_NO_ALGORITHM + 1; !list && i < ACCESS_ALGORITHM_COUNT; i++)
        chosen |= ACCESS_BIT(i);
    for (const struct yaml_node *name = list ? list->first : NULL; name; name = name->next) {
        size_t index = 0;
        r = field_choice(file, name, "algorithm", FIELD_NAMES(algorithm_names), &index, err);
        if (r < 0)
            return r;
        chosen |= ACCESS_BIT(index + 1);
    }
    if (chosen == 0)
        return field_wrong(file, list->line, err, "no algorithm: leave the list out for all");
    *ret_algorithms = chosen;
    return GB_OK;
}

static int read_issuer(const struct field_file *file, const struct yaml_node *node,
                       struct access_issuer *issuer, struct gb_err *err)
{
    static const char *const known[] = {"issuer", "audience", "jwks", "algorithms"};
    const struct yaml_node *url = NULL, *audience = NULL;
    int r = field_mapping(file, node, "an issuer", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, node, "issuer", YAML_SCALAR, true, &url, err);
    if (r == GB_OK)
        r = read_url(file, url, &issuer->issuer, err);
    if (r == GB_OK)
        r = field_get(file, node, "audience", YAML_SCALAR, true, &audience, err);
    if (r < 0)
        return r;
    assert(audience); /* it is required */
    if (audience->text.len == 0)
        return field_wrong(file, audience->line, err, "field \"audience\" is empty");
    r = field_printable(file, audience, &issuer->audience, err);
    if (r == GB_OK)
        r = read_jwks(file, node, issuer, err);
    return r < 0 ? r : read_algorithms(file, node, &issuer->algorithms, err);
}

int access_issuers_read(const struct field_file *file, const struct yaml_node *spec,
                        struct access_policy *policy, struct gb_err *err)
{
    const struct yaml_node *list = NULL;
    int r = field_get(file, spec, "issuers", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    if (list->count > GB_LIMIT_ISSUERS)
        return field_wrong(file, list->key_line, err, "more than %d issuers", GB_LIMIT_ISSUERS);
    struct access_issuer *issuers =
        gb_arena_new_array(file->arena, struct access_issuer, list->count + 1);
    if (!issuers)
        return gb_err_nomem(err);
    policy->issuers = issuers;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        struct access_issuer *issuer = &issuers[policy->issuer_count];
        r = read_issuer(file, node, issuer, err);
        if (r < 0)
            return r;
        if (access_issuer(policy, gb_bytes_str(issuer->issuer)))
            return field_wrong(file, node->line, err, "this issuer stands twice");
        policy->issuer_count++;
    }
    return GB_OK;
}
