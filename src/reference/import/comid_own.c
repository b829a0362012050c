/* CoMIDs that corim_write made: one a set, nothing of it lost. */
#include <stdint.h>

#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/documents/field.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/import/comid.h"
#include "reference/import/import.h"
#include "wire/cbor.h"

const char *comid_own_text(struct cbor_reader *reader, struct comid *comid, struct gb_bytes text,
                           bool printable)
{
    uint32_t code = 0;
    size_t n = 0;
    for (size_t i = 0; i < text.len; i += n) {
        n = gb_utf8_at(text, i, &code);
        if (n == 0 || code == 0 || (printable && !gb_utf8_printable(code))) {
            cbor_fail(reader, GB_ERR_INPUT, "%s: text that a set cannot hold", comid->label);
            return NULL;
        }
    }
    struct gb_bytes kept = gb_arena_copy(comid->import->arena, text);
    if (!kept.data)
        import_fail(comid->import, GB_ERR_NOMEM);
    return (const char *)kept.data;
}

static enum ref_class class_from(struct gb_bytes name)
{
    for (int i = REF_NONE + 1; i < REF_CLASS_COUNT; i++)
        if (gb_bytes_is(name, ref_class_name((enum ref_class)i)))
            return (enum ref_class)i;
    return REF_NONE;
}

/* "os/kernel" of a CoMID whose other triples say the same class; *ret_what: "kernel". */
static bool begin(struct cbor_reader *reader, struct comid *comid, const struct comid_env *env,
                  struct gb_bytes *ret_what)
{
    struct gb_bytes what = env->model;
    enum ref_class cls = class_from(gb_text_until(&what, '/'));
    if (!comid->own) {
        comid->own = gb_arena_new_one(comid->import->arena, struct ref_set);
        if (!comid->own) {
            import_fail(comid->import, GB_ERR_NOMEM);
            return false;
        }
        comid->own->cls = cls;
        comid->own->source = "written";
        comid->own_tail = &comid->own->events;
    }
    if (cls == REF_NONE || cls != comid->own->cls) {
        cbor_fail(reader, GB_ERR_INPUT, "%s: the environment \"%s\" is not of this set",
                  comid->label, import_text(comid->import, env->model));
        return false;
    }
    *ret_what = what;
    return true;
}

static void add_event(struct cbor_reader *reader, struct comid *comid, enum gb_link link,
                      const struct comid_measurement *m)
{
    struct ref_event event = {.link = link};
    size_t digests = 0;
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        event.digest[i] = m->digest[i];
        digests += m->digest[i].len > 0;
    }
    if (digests == 0 || !comid_key_pcr(m, &event.pcr, &event.type) ||
        chain_pcr_class(event.pcr) != comid->own->cls) {
        cbor_fail(reader, GB_ERR_INPUT, "%s: a measurement that is none of this set", comid->label);
        return;
    }
    event.about = m->name.data ? comid_own_text(reader, comid, m->name, true) : "a measurement";
    if (m->raw.data)
        event.value = comid_own_text(reader, comid, m->raw, false);
    if (cbor_ok(reader))
        comid->own_tail = import_event(comid->import, comid->own, comid->own_tail, &event);
}

/* We write neither; who adds a condition or a mask to a set of ours says what it cannot hold. */
static bool is_plain(struct cbor_reader *reader, const struct comid *comid,
                     const struct comid_measurement *m)
{
    if (!m->needs_more && !m->left_out)
        return true;
    cbor_fail(reader, GB_ERR_INPUT,
              "%s: a value with a condition or a member that no set holds: %s", comid->label,
              m->needs_more ? "authorized-by" : m->left_out);
    return false;
}

/* All of one list are of one algorithm. */
static void add_file(struct cbor_reader *reader, struct comid *comid, bool is_verity,
                     const struct comid_measurement *m)
{
    struct import_list *list = is_verity ? &comid->own_verity : &comid->own_files;
    enum digest_alg *alg = is_verity ? &comid->own_verity_alg : &comid->own_files_alg;
    size_t place = 0;
    while (place < DIGEST_ALGS && m->digest[place].len == 0)
        place++;
    if (place == DIGEST_ALGS || (*alg != DIGEST_NONE && *alg != digest_algs[place])) {
        cbor_fail(reader, GB_ERR_INPUT, "%s: a file without a digest of the set's algorithm",
                  comid->label);
        return;
    }
    *alg = digest_algs[place];
    if (import_list_add(list, comid->import->arena, m->digest[place],
                        m->raw.data ? m->raw : m->key_text))
        comid->import->mapped++;
    else
        import_fail(comid->import, GB_ERR_LIMIT);
}

void comid_own_values(struct cbor_reader *reader, struct comid *comid, const struct comid_env *env)
{
    struct gb_bytes what = {0};
    size_t count = cbor_read_array(reader, GB_LIMIT_IMPORT_DIGESTS);
    if (!cbor_ok(reader) || !begin(reader, comid, env, &what))
        return;
    bool is_files = gb_bytes_is(what, "files"), is_verity = gb_bytes_is(what, "verityFiles");
    enum gb_link link = gb_link_from_name(what);
    bool has_files = ref_class_has_files(comid->own->cls);
    bool is_right = is_files || is_verity ? has_files : ref_class_of_link(link) != REF_NONE;
    if (!is_right)
        cbor_fail(reader, GB_ERR_INPUT, "%s: no set has \"%s\"", comid->label,
                  import_text(comid->import, env->model));
    for (size_t i = 0; i < count && cbor_ok(reader) && comid->import->failed == GB_OK; i++) {
        struct comid_measurement m;
        comid_measurement_read(reader, comid->import, &m);
        if (!cbor_ok(reader) || !is_plain(reader, comid, &m))
            return;
        if (is_files || is_verity)
            add_file(reader, comid, is_verity, &m);
        else
            add_event(reader, comid, link, &m);
    }
}

void comid_own_settings(struct cbor_reader *reader, struct comid *comid,
                        const struct comid_env *env)
{
    struct gb_bytes what = {0};
    size_t count = cbor_read_array(reader, GB_LIMIT_CBOR_PAIRS);
    if (!cbor_ok(reader) || !begin(reader, comid, env, &what))
        return;
    for (size_t i = 0; i < count && cbor_ok(reader); i++) {
        struct comid_measurement m;
        comid_measurement_read(reader, comid->import, &m);
        if (cbor_ok(reader) && is_plain(reader, comid, &m))
            comid_setting_read(reader, comid, &m);
    }
}

static void take_list(struct comid *comid, const struct import_list *list, enum digest_alg alg,
                      struct ref_files *files)
{
    if (alg != DIGEST_NONE &&
        import_list_take(list, comid->import->arena, alg, files, NULL) != GB_OK)
        import_fail(comid->import, GB_ERR_NOMEM);
}

void comid_own_end(struct cbor_reader *reader, struct comid *comid)
{
    struct ref_set *set = comid->own;
    if (!comid->id_is_text || !field_name_ok(comid->id) || comid->version > INT64_MAX) {
        cbor_fail(reader, GB_ERR_INPUT, "%s: no name and version of a set", comid->label);
        return;
    }
    set->name = comid_own_text(reader, comid, comid->id, true);
    set->version = comid->version;
    take_list(comid, &comid->own_files, comid->own_files_alg, &set->files);
    take_list(comid, &comid->own_verity, comid->own_verity_alg, &set->verity);
    if (!set->name)
        return;
    if (comid->import->only != REF_NONE && comid->import->only != set->cls) {
        import_note(comid->import, "the set %s of class %s is left out: --class asks for %s",
                    set->name, ref_class_name(set->cls), ref_class_name(comid->import->only));
    } else {
        import_note(comid->import,
                    "the set %s has its name, version, life and source from whoever wrote the "
                    "CoRIM: applied, it takes the place of a set of that name",
                    set->name);
        import_add_set(comid->import, set);
    }
    comid->import->mapped++; /* even a set without values says something */
}
