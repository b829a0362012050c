#include "policy/documents/signed.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "wire/yaml.h"

struct officers {
    size_t count;
    struct officer {
        uint8_t id[SIGNATURE_KEY_LEN];
        struct key *key; /* owned */
    } items[GB_LIMIT_OFFICERS];
};

static const struct officer *find(const struct officers *officers, const uint8_t *id)
{
    for (size_t i = 0; i < officers->count; i++)
        if (memcmp(officers->items[i].id, id, SIGNATURE_KEY_LEN) == 0)
            return &officers->items[i];
    return NULL;
}

static int read_officer(const struct policy_file *pem, struct officers *officers,
                        struct gb_err *err)
{
    gb_cleanup(key_freep) struct key *key = NULL;
    struct officer *next = &officers->items[officers->count];
    int r = key_from_pem(pem->bytes, &key, err);
    if (r == GB_OK && (key_kind(key) != KEY_EC || key_curve(key) != KEY_P256))
        r = gb_err_set(err, GB_ERR_INPUT, "not a key of P-256: make one with garboard officer");
    if (r == GB_OK)
        r = key_fingerprint(key, next->id, err);
    if (r == GB_ERR_INPUT) { /* the operator's own file */
        gb_err_prefix(err, "%s: ", pem->name);
        if (err)
            err->code = GB_ERR_CONFIG;
        return GB_ERR_CONFIG;
    }
    if (r < 0 || find(officers, next->id))
        return r;
    next->key = gb_take(key);
    officers->count++;
    return GB_OK;
}

int officers_read(const struct policy_file *pems, size_t count, struct officers **ret_officers,
                  struct gb_err *err)
{
    gb_cleanup(officers_freep) struct officers *officers = gb_calloc(1, sizeof *officers);
    if (!officers)
        return gb_err_nomem(err);
    if (count > GB_LIMIT_OFFICERS)
        return gb_err_set(err, GB_ERR_CONFIG, "more than %d officers' keys", GB_LIMIT_OFFICERS);
    for (size_t i = 0; i < count; i++) {
        int r = read_officer(&pems[i], officers, err);
        if (r < 0)
            return r;
    }
    *ret_officers = gb_take(officers);
    return GB_OK;
}

int officers_of_signer(const struct signer *signer, struct officers **ret_officers,
                       struct gb_err *err)
{
    uint8_t x[32], y[32];
    gb_cleanup(officers_freep) struct officers *officers = gb_calloc(1, sizeof *officers);
    if (!officers)
        return gb_err_nomem(err);
    int r = signer_public(signer, x, y, officers->items[0].id, err);
    if (r == GB_OK)
        r = key_from_ec(KEY_P256, gb_bytes(x, 32), gb_bytes(y, 32), &officers->items[0].key, err);
    if (r < 0)
        return r;
    officers->count = 1;
    *ret_officers = gb_take(officers);
    return GB_OK;
}

void officers_free(struct officers *officers)
{
    if (!officers)
        return;
    for (size_t i = 0; i < officers->count; i++)
        key_free(officers->items[i].key);
    gb_free(officers);
}

void officers_freep(struct officers **officers)
{
    officers_free(*officers);
}

size_t officers_count(const struct officers *officers)
{
    return officers->count;
}

const uint8_t *officers_id(const struct officers *officers, size_t i)
{
    return officers->items[i].id;
}

static int read_key(const struct field_file *file, const struct yaml_node *node,
                    struct signature *signature, struct gb_err *err)
{
    const struct yaml_node *key;
    int r = field_get(file, node, "key", YAML_SCALAR, true, &key, err);
    if (r == GB_OK && !gb_hex_decode(key->text, signature->key, SIGNATURE_KEY_LEN))
        r = field_wrong(file, key->line, err,
                        "field \"key\" must be 64 hex digits: the id of an officer's key");
    return r;
}

static int read_value(const struct field_file *file, const struct yaml_node *node,
                      struct signature *signature, struct gb_err *err)
{
    const struct yaml_node *value;
    struct gb_bytes bytes;
    int r = field_get(file, node, "value", YAML_SCALAR, true, &value, err);
    if (r < 0)
        return r;
    if (value->text.len > 2 * SIGNATURE_LEN ||
        !gb_base64_decode(file->arena, value->text, &bytes) || bytes.len != SIGNATURE_LEN)
        return field_wrong(file, value->line, err,
                           "field \"value\" must be %d bytes in base64: a signature",
                           SIGNATURE_LEN);
    memcpy(signature->value, bytes.data, SIGNATURE_LEN);
    return GB_OK;
}

static int read_one(const struct field_file *file, const struct yaml_node *node,
                    struct signature_list *list, struct gb_err *err)
{
    static const char *const known[] = {"key", "value"};
    struct signature *signature = &list->items[list->count];
    int r = field_mapping(file, node, "a signature", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = read_key(file, node, signature, err);
    if (r == GB_OK)
        r = read_value(file, node, signature, err);
    for (size_t i = 0; r == GB_OK && i < list->count; i++)
        if (memcmp(list->items[i].key, signature->key, SIGNATURE_KEY_LEN) == 0)
            r = field_wrong(file, node->line, err, "the same key signs twice");
    signature->node = node;
    list->count += r == GB_OK;
    return r;
}

int signed_list_read(const struct field_file *file, const struct yaml_node *document,
                     struct signature_list *ret_list, struct gb_err *err)
{
    const struct yaml_node *metadata = NULL, *node = NULL;
    struct signature_list list = {0};
    int r = field_get(file, document, "metadata", YAML_MAPPING, true, &metadata, err);
    if (r == GB_OK)
        r = field_get(file, metadata, "signatures", YAML_SEQUENCE, false, &node, err);
    if (r < 0)
        return r;
    if (node && node->count > GB_LIMIT_SIGNATURES)
        return field_wrong(file, node->key_line, err, "more than %d signatures",
                           GB_LIMIT_SIGNATURES);
    list.items = gb_arena_new_array(file->arena, struct signature, (node ? node->count : 0) + 1);
    if (!list.items)
        return gb_err_nomem(err);
    for (const struct yaml_node *item = node ? node->first : NULL; item; item = item->next) {
        r = read_one(file, item, &list, err);
        if (r < 0)
            return r;
    }
    *ret_list = list;
    return GB_OK;
}

static int verify_one(const struct officers *officers, const uint8_t digest[32],
                      struct signature *signature, struct gb_err *err)
{
    const struct officer *officer = find(officers, signature->key);
    bool valid = false;
    signature->state = SIGNATURE_UNKNOWN_KEY;
    if (!officer)
        return GB_OK;
    int r =
        key_verify(officer->key, KEY_ECDSA, DIGEST_SHA256, digest, gb_bytes(signature->value, 32),
                   gb_bytes(signature->value + 32, 32), &valid, err);
    signature->state = r == GB_OK && valid ? SIGNATURE_GOOD : SIGNATURE_BAD;
    return r;
}

int signed_check(const struct field_file *file, const struct yaml_node *document,
                 const struct officers *officers, struct signature_list *ret_list,
                 struct gb_err *err)
{
    struct signature_list list = {0};
    int r = signed_list_read(file, document, &list, err);
    if (r == GB_OK)
        r = signed_digest(file->arena, document, list.digest, err);
    for (size_t i = 0; r == GB_OK && i < list.count; i++) {
        r = verify_one(officers, list.digest, &list.items[i], err);
        list.good += list.items[i].state == SIGNATURE_GOOD;
    }
    if (r < 0)
        return r;
    *ret_list = list;
    return GB_OK;
}
