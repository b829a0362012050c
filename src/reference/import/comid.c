#include "reference/import/comid.h"

#include <inttypes.h>
#include <stdint.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"
#include "wire/cbor.h"

enum { MOST_RECORDS = GB_LIMIT_IMPORT_DIGESTS };

/* One reference-triple-record of somebody else's: one state of a machine, so a set for each class.
 */
struct state {
    struct comid *comid;
    const struct comid_env *env;
    struct ref_set *sets[REF_CLASS_COUNT];
    struct ref_event **tails[REF_CLASS_COUNT];
    size_t mapped;
};

static const char *element(struct import *import, const struct comid_measurement *m)
{
    const char *text = "a value without a key";
    if (m->has_number)
        text = gb_arena_printf(import->arena, "value %" PRIu64, m->key_number);
    else if (m->key_text.data)
        text = gb_arena_printf(import->arena, "\"%s\"", import_text(import, m->key_text));
    else if (m->name.data)
        text = gb_arena_printf(import->arena, "\"%s\"", import_text(import, m->name));
    if (!text)
        import_fail(import, GB_ERR_NOMEM);
    return text ? text : "";
}

static const char *source_of(struct import *import, const struct comid_env *env)
{
    if (!env->vendor.data && !env->model.data)
        return import->source;
    const char *text =
        gb_arena_printf(import->arena, "%s, for %s %s", import->source,
                        import_text(import, env->vendor), import_text(import, env->model));
    if (!text)
        import_fail(import, GB_ERR_NOMEM);
    return text;
}

/* A platform's values are for machines that call themselves so. */
static void narrow(struct import *import, struct ref_set *set, const struct comid_env *env)
{
    if (env->vendor.data)
        set->applies.vendor = import_text(import, env->vendor);
    if (env->model.data)
        set->applies.model = import_text(import, env->model);
}

static bool has_strong(const struct comid_measurement *m)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (m->digest[i].len > 0)
            return true;
    return false;
}

static void add_event(struct state *state, const struct comid_measurement *m, uint32_t pcr,
                      uint32_t type)
{
    struct import *import = state->comid->import;
    enum ref_class cls = chain_pcr_class(pcr);
    if (import->only != REF_NONE && import->only != cls) {
        import_note(import, "%s: %s is left out: --class asks for %s", state->comid->label,
                    element(import, m), ref_class_name(import->only));
        return;
    }
    if (!state->sets[cls]) {
        struct ref_set *set = import_new_set(import, cls, ref_class_name(cls));
        if (!set)
            return;
        set->source = source_of(import, state->env);
        if (cls == REF_PLATFORM) /* of an os set, the vendor is who made the software */
            narrow(import, set, state->env);
        state->sets[cls] = set;
        state->tails[cls] = &set->events;
    }
    struct ref_event event = {.link = chain_pcr_link(pcr), .pcr = pcr, .type = type};
    event.about = m->name.data ? import_text(import, m->name) : "a measurement";
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        event.digest[i] = m->digest[i];
    state->tails[cls] = import_event(import, state->sets[cls], state->tails[cls], &event);
    state->mapped++;
}

static void add_file(struct state *state, const struct comid_measurement *m, struct gb_bytes path)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (m->digest[i].len > 0)
            import_file(state->comid->import, digest_algs[i], m->digest[i], path);
    state->mapped++;
}

/* Where a value belongs; what has no place is told. */
static void place(struct state *state, const struct comid_measurement *m)
{
    struct import *import = state->comid->import;
    struct gb_bytes slash = gb_bytes_str("/");
    uint32_t pcr = 0, type = 0;
    if (m->needs_more) {
        import_note(import, "%s: %s counts only as others authorize it: left out",
                    state->comid->label, element(import, m));
        return;
    }
    if (m->left_out)
        import_note(import, "%s: of %s no set holds: %s", state->comid->label, element(import, m),
                    m->left_out);
    if (!has_strong(m)) {
        if (m->has_digests || !m->left_out)
            import_note(import, "%s: %s has no SHA-256, SHA-384 or SHA-512 digest",
                        state->comid->label, element(import, m));
        return;
    }
    if (comid_key_pcr(m, &pcr, &type))
        add_event(state, m, pcr, type);
    else if (m->key_text.data && gb_bytes_starts(m->key_text, slash))
        add_file(state, m, m->key_text);
    else if (!m->key_text.data && !m->has_number && m->name.data && gb_bytes_starts(m->name, slash))
        add_file(state, m, m->name);
    else
        import_note(import, "%s: %s is neither a PCR nor a path", state->comid->label,
                    element(import, m));
}

static void read_state(struct cbor_reader *reader, struct comid *comid, const struct comid_env *env)
{
    struct state state = {.comid = comid, .env = env};
    size_t count = cbor_read_array(reader, MOST_RECORDS);
    for (size_t i = 0; i < count && cbor_ok(reader) && comid->import->failed == GB_OK; i++) {
        struct comid_measurement m;
        comid_measurement_read(reader, comid->import, &m);
        if (cbor_ok(reader) && !env->is_narrow)
            place(&state, &m);
    }
    if (env->is_narrow)
        import_note(comid->import,
                    "%s: %zu values for one instance or group of machines are left out: a set "
                    "would accept them everywhere",
                    comid->label, count);
    else if (env->has_other_class && state.mapped > 0)
        import_note(comid->import,
                    "%s: class-id, layer and index of an environment are not kept: the sets count "
                    "wherever a policy uses them",
                    comid->label);
}

static bool is_own(const struct comid_env *env)
{
    return gb_bytes_is(env->vendor, CORIM_OWN_VENDOR) && env->model.data && !env->is_narrow;
}

/* [environment, [measurement, ...]]: reference and endorsed triples look alike. */
static void read_record(struct cbor_reader *reader, struct comid *comid, bool is_reference)
{
    struct comid_env env;
    if (cbor_read_array(reader, 2) != 2)
        cbor_fail(reader, GB_ERR_INPUT, "a triple is an environment and its values");
    comid_env_read(reader, &env);
    if (!cbor_ok(reader))
        return;
    if (is_own(&env) && is_reference)
        comid_own_values(reader, comid, &env);
    else if (is_own(&env))
        comid_own_settings(reader, comid, &env);
    else if (is_reference)
        read_state(reader, comid, &env);
    else
        (void)cbor_read_any(reader);
    if (!is_reference && !is_own(&env))
        import_note(comid->import, "%s: endorsed values are no references", comid->label);
}

static const char *triples_name(uint64_t key)
{
    static const char *const names[] = {"reference",
                                        "endorsed",
                                        "identity",
                                        "attest-key",
                                        "dependency",
                                        "membership",
                                        "coswid",
                                        NULL,
                                        "conditional-endorsement-series",
                                        NULL,
                                        "conditional-endorsement"};
    return key < GB_ARRAY_LEN(names) && names[key] ? names[key] : "unknown";
}

static void read_triples(struct cbor_reader *reader, struct comid *comid)
{
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        size_t records = key <= 1 ? cbor_read_array(reader, MOST_RECORDS) : 0;
        for (size_t k = 0; k < records && cbor_ok(reader) && comid->import->failed == GB_OK; k++)
            read_record(reader, comid, key == 0);
        if (key <= 1 || !cbor_ok(reader))
            continue;
        (void)cbor_read_any(reader);
        import_note(comid->import, "%s: %s triples (%u) have no place in a set", comid->label,
                    triples_name(key), key);
    }
}

static void read_identity(struct cbor_reader *reader, struct comid *comid)
{
    uint64_t seen = 0;
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        if (key == 1) {
            comid->version = cbor_read_uint(reader);
        } else if (key == 0) {
            comid->id_is_text = cbor_peek(reader) == CBOR_TEXT;
            comid->id = comid->id_is_text ? cbor_read_text(reader, GB_LIMIT_IMPORT_TEXT)
                                          : cbor_read_bytes(reader, 16);
        } else {
            cbor_fail(reader, GB_ERR_INPUT, "unknown key %u of a tag's identity", key);
        }
    }
    const char *shown = comid->id_is_text ? import_text(comid->import, comid->id)
                                          : gb_hex(comid->import->arena, comid->id);
    comid->label = shown ? gb_arena_printf(comid->import->arena, "CoMID %s", shown) : NULL;
    if (!comid->label) {
        comid->label = "CoMID";
        import_fail(comid->import, GB_ERR_NOMEM);
    }
}

static void read_member(struct cbor_reader *reader, struct comid *comid, unsigned key)
{
    if (key == 1) {
        read_identity(reader, comid);
    } else if (key == 4) {
        read_triples(reader, comid);
    } else {
        (void)cbor_read_any(reader);
        if (key == 3)
            import_note(comid->import,
                        "%s: links to other tags: whether it supplements or replaces them is not "
                        "kept",
                        comid->label);
        else if (key != 0 && key != 2) /* language, entities: words about it */
            import_note(comid->import, "%s: the member %u is not known here", comid->label, key);
    }
}

void comid_read(struct cbor_reader *reader, struct import *import)
{
    struct comid comid = {.import = import, .label = "CoMID"};
    uint64_t seen = 0;
    import_list_init(&comid.own_files);
    import_list_init(&comid.own_verity);
    size_t pairs = cbor_read_map(reader, GB_LIMIT_CBOR_PAIRS);
    for (size_t i = 0; i < pairs && cbor_ok(reader); i++) {
        unsigned key = cbor_read_key(reader, &seen);
        if (cbor_ok(reader))
            read_member(reader, &comid, key);
    }
    if (cbor_ok(reader) && (!(seen >> 1 & 1) || !(seen >> 4 & 1)))
        cbor_fail(reader, GB_ERR_INPUT, "a CoMID needs an identity and triples");
    if (cbor_ok(reader) && comid.own)
        comid_own_end(reader, &comid);
    import_list_done(&comid.own_files);
    import_list_done(&comid.own_verity);
}
