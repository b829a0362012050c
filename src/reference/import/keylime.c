#include "reference/import/keylime.h"

#include <stdint.h>

#include "base/text.h"
#include "reference/import/import.h"
#include "reference/import/keylime_hints.h"
#include "wire/json.h"

static int wrong(struct gb_err *err, const char *member, const char *belongs)
{
    return gb_err_set(err, GB_ERR_INPUT, "member \"%s\" is not %s", member, belongs);
}

/* {"name": ["hex", ...], ...}: what of it is done with each pair is the caller's. */
static int each_digest(struct import *import, const struct json *object, const char *member,
                       bool (*take)(struct import *import, struct gb_bytes name,
                                    struct gb_bytes hex),
                       struct gb_err *err)
{
    struct gb_bytes name, hex;
    if (!json_has_members(object))
        return wrong(err, member, "an object of lists of digests");
    for (size_t i = 0; i < json_members(object); i++) {
        const struct json *list = json_member(object, i, &name);
        if (!json_is_list(list))
            return wrong(err, member, "an object of lists of digests");
        for (size_t k = 0; k < json_count(list); k++) {
            if (!json_as_text(json_at(list, k), &hex))
                return wrong(err, member, "an object of lists of digests");
            if (!take(import, name, hex))
                return gb_err_set(err, GB_ERR_INPUT,
                                  "member \"%s\": digest %zu of \"%s\" is no digest of SHA-1 or "
                                  "SHA-2",
                                  member, k, import_text(import, name));
        }
    }
    return GB_OK;
}

static bool take_file(struct import *import, struct gb_bytes name, struct gb_bytes hex)
{
    if (gb_bytes_is(name, "boot_aggregate")) {
        import_note(import, "boot_aggregate is left out: it is judged against the replayed PCRs");
        return true;
    }
    struct gb_bytes after = hex;
    struct gb_bytes alg = gb_text_until(&after, ':');
    if (alg.len < hex.len) /* "sha256:..." */
        hex = after;
    return import_file_hex(import, hex, name);
}

static bool note_keyring(struct import *import, struct gb_bytes name, struct gb_bytes hex)
{
    import_note(import,
                "keyrings: the key %s in keyring %s: say in ima.criticalData how keys that "
                "are loaded are judged",
                import_text(import, hex), import_text(import, name));
    return true;
}

static bool note_buffer(struct import *import, struct gb_bytes name, struct gb_bytes hex)
{
    import_note(import,
                "ima-buf: %s of the buffer %s: say in ima.criticalData how buffers are "
                "judged",
                import_text(import, hex), import_text(import, name));
    return true;
}

static int read_digests(struct import *import, const struct json *policy, struct gb_err *err)
{
    const struct json *digests = json_get(policy, "digests");
    const char *member = digests ? "digests" : "hashes"; /* of allow lists before version 1 */
    if (!digests)
        digests = json_get(policy, member);
    if (!digests)
        return gb_err_set(err, GB_ERR_INPUT, "no member \"digests\": not a runtime policy");
    size_t before = import->mapped;
    int r = each_digest(import, digests, member, take_file, err);
    if (r == GB_OK && import->mapped > before)
        import_note(import, "Keylime accepts a digest under its path alone; a set accepts it under "
                            "every path");
    return r;
}

static int read_optional(struct import *import, const struct json *policy, const char *member,
                         bool (*take)(struct import *import, struct gb_bytes name,
                                      struct gb_bytes hex),
                         struct gb_err *err)
{
    const struct json *object = json_get(policy, member);
    return json_absent(object) ? GB_OK : each_digest(import, object, member, take, err);
}

/* What says how the rest is judged, and is not the default. */
static int read_ima(struct import *import, const struct json *policy, struct gb_err *err)
{
    const struct json *ima = json_get(policy, "ima");
    struct gb_bytes name;
    if (json_absent(ima))
        return GB_OK;
    if (!json_has_members(ima))
        return wrong(err, "ima", "an object");
    const struct json *ignored = json_get(ima, "ignored_keyrings");
    for (size_t i = 0; i < json_count(ignored); i++)
        if (json_as_text(json_at(ignored, i), &name))
            import_note(import, "ima.ignored_keyrings: %s: keys of every keyring are judged alike",
                        import_text(import, name));
    if (!json_absent(json_get(ima, "dm_policy")))
        import_note(import, "ima.dm_policy: rules of device-mapper measurements have no place in a "
                            "set or policy");
    return GB_OK;
}

static int note_unknown(struct import *import, const struct json *policy, struct gb_err *err)
{
    static const char *const known[] = {"meta",   "release",  "digests",
                                        "hashes", "excludes", "keyrings",
                                        "ima",    "ima-buf",  "verification-keys"};
    struct gb_bytes name;
    uint64_t version = 1;
    const struct json *meta = json_get(policy, "meta");
    if (json_get_number(meta, "version", &version) && version > 5)
        return gb_err_set(err, GB_ERR_INPUT, "a runtime policy of version %llu is not known here",
                          (unsigned long long)version);
    for (size_t i = 0; json_member(policy, i, &name); i++) {
        bool is_known = false;
        for (size_t k = 0; k < GB_ARRAY_LEN(known); k++)
            is_known = is_known || gb_bytes_is(name, known[k]);
        if (!is_known)
            import_note(import, "member \"%s\" is not known here", import_text(import, name));
    }
    return GB_OK;
}

static int read_policy(struct import *import, const struct json *policy,
                       struct keylime_hints *hints, struct gb_err *err)
{
    if (!json_has_members(policy))
        return gb_err_set(err, GB_ERR_INPUT, "not a JSON object");
    int r = note_unknown(import, policy, err);
    if (r == GB_OK)
        r = read_digests(import, policy, err);
    if (r == GB_OK)
        r = read_optional(import, policy, "keyrings", note_keyring, err);
    if (r == GB_OK)
        r = read_optional(import, policy, "ima-buf", note_buffer, err);
    if (r == GB_OK)
        r = read_ima(import, policy, err);
    if (r == GB_OK)
        r = keylime_exceptions(import, json_get(policy, "excludes"), &hints->exceptions, err);
    if (r == GB_OK)
        r = keylime_signers(import, json_get(policy, "verification-keys"), &hints->signers, err);
    return r;
}

int keylime_read(struct import *import, struct gb_bytes in, struct keylime_hints *ret_hints,
                 struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *policy = NULL;
    struct keylime_hints hints = {NULL, NULL};
    int r = json_read(in, &policy, err);
    if (r == GB_OK)
        r = read_policy(import, policy, &hints, err);
    if (r == GB_OK)
        *ret_hints = hints;
    return r;
}
