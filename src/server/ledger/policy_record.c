#include "server/ledger/policy_record.h"

#include <inttypes.h>

#include "base/buf.h"
#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/documents/signed.h"
#include "policy/documents/signed_set.h"
#include "server/documents.h"
#include "server/snapshot.h"
#include "store/store.h"
#include "wire/json.h"

enum {
    LISTED = 16, /* names are 253 bytes at most: with their signers some 10 KB */
    SIGNERS = 4,
    LINE = 512,
};

static bool is_change(const struct store_document *stored, size_t stored_count,
                      const struct store_document *fresh)
{
    const struct store_document *old =
        documents_find(stored, stored_count, fresh->kind, fresh->name);
    return !old || !gb_bytes_equal(old->text, fresh->text);
}

static struct json *signers_json(const struct snapshot *snapshot,
                                 const struct store_document *document)
{
    const struct signed_document *found =
        signed_set_find(snapshot_documents(snapshot), document->kind, document->name);
    struct json *list = json_new_array();
    for (size_t i = 0, put = 0; found && i < found->signatures.count && put < SIGNERS; i++) {
        const struct signature *signature = &found->signatures.items[i];
        if (signature->state != SIGNATURE_GOOD)
            continue;
        json_push(list, json_hex(gb_bytes(signature->key, sizeof signature->key)));
        put++;
    }
    return list;
}

static struct json *name_json(const struct store_document *document)
{
    struct json *json = json_new_object();
    json_set(json, "kind", json_text(document->kind));
    json_set(json, "name", json_text(document->name));
    json_set(json, "version", json_number(document->version));
    if (document->deleted)
        json_set(json, "deleted", json_bool(true));
    return json;
}

static struct json *document_json(const struct store_document *document, const char *digest,
                                  const struct snapshot *snapshot)
{
    struct json *json = name_json(document);
    json_set(json, "sha256", json_text(digest));
    json_set(json, "signers", signers_json(snapshot, document));
    return json;
}

static struct json *hex_of(struct digester *digester, struct gb_bytes bytes)
{
    uint8_t digest[32];
    if (digest_of(digester, DIGEST_SHA256, bytes, digest) < 0)
        return NULL;
    return json_hex(gb_bytes(digest, sizeof digest));
}

struct json *policy_record(struct digester *digester, const struct store_document *stored,
                           size_t stored_count, const struct store_document *fresh, size_t count,
                           const struct snapshot *snapshot)
{
    gb_cleanup(gb_buf_done) struct gb_buf lines;
    struct json *list = json_new_array();
    struct json *data = json_new_object();
    size_t changed = 0;
    gb_buf_init(&lines, (size_t)GB_LIMIT_SETS * 2 * LINE);
    for (size_t i = 0; i < count; i++) {
        uint8_t digest[32];
        char hex[2 * sizeof digest + 1] = "";
        if (!is_change(stored, stored_count, &fresh[i]))
            continue;
        if (digest_of(digester, DIGEST_SHA256, fresh[i].text, digest) < 0)
            lines.failed = true;
        gb_hex_encode(gb_bytes(digest, sizeof digest), hex);
        gb_buf_printf(&lines, "%s %s %" PRIu64 " %s\n", fresh[i].kind, fresh[i].name,
                      fresh[i].version, hex);
        if (changed++ < LISTED)
            json_push(list, document_json(&fresh[i], hex, snapshot));
    }
    json_set(data, "policy", json_text(snapshot_policy(snapshot)));
    json_set(data, "count", json_number(changed));
    json_set(data, "sha256", gb_buf_ok(&lines) ? hex_of(digester, gb_buf_bytes(&lines)) : NULL);
    json_set(data, "documents", list);
    return data;
}

struct json *policy_record_refused(const struct store_document *fresh, size_t count, bool dry_run)
{
    struct json *list = json_new_array();
    struct json *data = json_new_object();
    for (size_t i = 0; i < count && i < LISTED; i++)
        json_push(list, name_json(&fresh[i]));
    json_set(data, "count", json_number(count));
    json_set(data, "documents", list);
    if (dry_run)
        json_set(data, "dry_run", json_bool(true));
    return data;
}
