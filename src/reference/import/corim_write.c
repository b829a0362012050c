/* The writing half of corim.h. All maps are in the deterministic order of RFC 8949, 4.2.1. */
#include <inttypes.h>
#include <stdint.h>
#include <stdio.h>

#include "base/arena.h"
#include "base/limits.h"
#include "base/utf8.h"
#include "crypto/digest.h"
#include "crypto/signer.h"
#include "evidence/eventlog.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/import/comid.h"
#include "reference/import/corim.h"
#include "wire/cbor.h"
#include "wire/cose.h"

enum { MODEL_TEXT = 64, KEY_TEXT = 80 };

/* {0: {1: "garboard.dev", 2: "os/kernel"}} */
static void write_env(struct gb_buf *out, const struct ref_set *set, const char *what)
{
    char model[MODEL_TEXT];
    snprintf(model, sizeof model, "%s/%s", ref_class_name(set->cls), what);
    cbor_map(out, 1);
    cbor_uint(out, 0);
    cbor_map(out, 2);
    cbor_uint(out, 1);
    cbor_text(out, gb_bytes_str(CORIM_OWN_VENDOR));
    cbor_uint(out, 2);
    cbor_text(out, gb_bytes_str(model));
}

/* Named Information Hash Algorithms (RFC 6920). */
static unsigned number_of(enum digest_alg alg)
{
    return alg == DIGEST_SHA256 ? 1 : alg == DIGEST_SHA384 ? 7 : 8;
}

static void write_digest(struct gb_buf *out, enum digest_alg alg, struct gb_bytes digest)
{
    cbor_array(out, 2);
    cbor_uint(out, number_of(alg));
    cbor_bytes(out, digest);
}

static void write_raw(struct gb_buf *out, struct gb_bytes raw)
{
    cbor_uint(out, 4);
    cbor_tag(out, CORIM_TAG_BYTES);
    cbor_bytes(out, raw);
}

/* {0: "pcr4 EV_IPL 3", 1: {2: digests, 4: the accepted text, 11: about}}. A key is unique in its
 * triple, where order counts, so it ends in the event's number. */
static void write_event(struct gb_buf *out, const struct ref_event *event, size_t number)
{
    char key[KEY_TEXT], room[11];
    size_t digests = 0;
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        digests += event->digest[i].len > 0;
    snprintf(key, sizeof key, "pcr%" PRIu32 " %s %zu", event->pcr,
             event_type_name(event->type, room), number);
    cbor_map(out, 2);
    cbor_uint(out, 0);
    cbor_text(out, gb_bytes_str(key));
    cbor_uint(out, 1);
    cbor_map(out, event->value ? 3 : 2);
    cbor_uint(out, 2);
    cbor_array(out, digests);
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (event->digest[i].len > 0)
            write_digest(out, digest_algs[i], event->digest[i]);
    if (event->value)
        write_raw(out, gb_bytes_str(event->value));
    cbor_uint(out, 11);
    cbor_text(out, gb_bytes_str(event->about ? event->about : "a measurement"));
}

static size_t count_link(const struct ref_set *set, enum gb_link link)
{
    size_t count = 0;
    for (const struct ref_event *e = set->events; e; e = e->next)
        count += e->link == link;
    return count;
}

/* All events of a link are one state: they stand in one triple. */
static void write_link(struct gb_buf *out, const struct ref_set *set, enum gb_link link)
{
    size_t number = 0;
    cbor_array(out, 2);
    write_env(out, set, gb_link_name(link));
    cbor_array(out, count_link(set, link));
    for (const struct ref_event *e = set->events; e; e = e->next)
        if (e->link == link)
            write_event(out, e, number++);
}

static bool is_utf8(struct gb_bytes text)
{
    uint32_t code = 0;
    for (size_t i = 0, n = 0; i < text.len; i += n) {
        n = gb_utf8_at(text, i, &code);
        if (n == 0)
            return false;
    }
    return true;
}

/* Each file is a state of its own: one triple each. A path that is no text stands as raw value. */
static void write_file(struct gb_buf *out, const struct ref_set *set, const char *what,
                       enum digest_alg alg, struct gb_bytes digest, struct gb_bytes path)
{
    bool is_text = is_utf8(path);
    cbor_array(out, 2);
    write_env(out, set, what);
    cbor_array(out, 1);
    cbor_map(out, 2);
    cbor_uint(out, 0);
    cbor_text(out, is_text ? path : gb_bytes_str("a path that is no text"));
    cbor_uint(out, 1);
    cbor_map(out, is_text ? 1 : 2);
    cbor_uint(out, 2);
    cbor_array(out, 1);
    write_digest(out, alg, digest);
    if (!is_text)
        write_raw(out, path);
}

static void write_files(struct gb_buf *out, const struct ref_set *set, const char *what,
                        const struct ref_files *files)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *scratch = gb_arena_new();
    struct ref_files_walk walk;
    if (files->count == 0)
        return;
    if (!scratch || !ref_files_walk_init(&walk, scratch, files)) {
        out->failed = true;
        return;
    }
    while (ref_files_walk_next(&walk))
        write_file(out, set, what, files->alg, walk.digest, walk.path);
}

static size_t count_links(const struct ref_set *set)
{
    size_t count = 0;
    for (int l = GB_LINK_NONE + 1; l < GB_LINK_COUNT; l++)
        count += count_link(set, (enum gb_link)l) > 0;
    return count;
}

/* Endorsed values say what the set is, where reference values would have to be matched. */
static void write_settings(struct gb_buf *out, const struct ref_set *set)
{
    cbor_array(out, 1);
    cbor_array(out, 2);
    write_env(out, set, "set");
    cbor_array(out, comid_settings_count(set));
    comid_settings_write(out, set);
}

/* triples-map: reference values and endorsed values. A set without values has only the latter. */
static void write_triples(struct gb_buf *out, const struct ref_set *set)
{
    size_t references = count_links(set) + set->files.count + set->verity.count;
    cbor_map(out, references > 0 ? 2 : 1);
    if (references > 0) {
        cbor_uint(out, 0);
        cbor_array(out, references);
    }
    for (int l = GB_LINK_NONE + 1; l < GB_LINK_COUNT; l++)
        if (count_link(set, (enum gb_link)l) > 0)
            write_link(out, set, (enum gb_link)l);
    write_files(out, set, "files", &set->files);
    write_files(out, set, "verityFiles", &set->verity);
    cbor_uint(out, 1);
    write_settings(out, set);
}

/* concise-mid-tag: {1: {0: name, 1: version}, 4: triples} */
static void write_comid(struct gb_buf *out, const struct ref_set *set)
{
    cbor_map(out, 2);
    cbor_uint(out, 1);
    cbor_map(out, 2);
    cbor_uint(out, 0);
    cbor_text(out, gb_bytes_str(set->name));
    cbor_uint(out, 1);
    cbor_uint(out, set->version);
    cbor_uint(out, 4);
    write_triples(out, set);
}

static void write_manifest(struct gb_buf *out, const struct ref_set *const *sets, size_t count,
                           const char *id)
{
    cbor_tag(out, CORIM_TAG_CORIM);
    cbor_map(out, 2);
    cbor_uint(out, 0);
    cbor_text(out, gb_bytes_str(id));
    cbor_uint(out, 1);
    cbor_array(out, count);
    for (size_t i = 0; i < count; i++) {
        gb_cleanup(gb_buf_done) struct gb_buf comid;
        gb_buf_init(&comid, GB_LIMIT_IMPORT_FILE);
        write_comid(&comid, sets[i]);
        cbor_tag(out, CORIM_TAG_COMID);
        cbor_bytes(out, gb_buf_bytes(&comid));
        out->failed = out->failed || !gb_buf_ok(&comid);
    }
}

int corim_write(const struct ref_set *const *sets, size_t count, const char *id,
                const char *signer_name, const struct signer *signer, struct gb_buf *out,
                struct gb_err *err)
{
    uint8_t x[32], y[32], fingerprint[32];
    gb_cleanup(gb_buf_done) struct gb_buf payload;
    gb_cleanup(gb_buf_done) struct gb_buf meta;
    gb_cleanup(gb_buf_done) struct gb_buf claims;
    gb_buf_init(&payload, GB_LIMIT_IMPORT_FILE);
    gb_buf_init(&meta, GB_LIMIT_IMPORT_TEXT);
    gb_buf_init(&claims, GB_LIMIT_IMPORT_TEXT);
    int r = signer_public(signer, x, y, fingerprint, err);
    if (r < 0)
        return r;
    write_manifest(&payload, sets, count, id);
    cbor_map(&meta, 1); /* {0: {0: name}} */
    cbor_uint(&meta, 0);
    cbor_map(&meta, 1);
    cbor_uint(&meta, 0);
    cbor_text(&meta, gb_bytes_str(signer_name));
    cbor_map(&claims, 2); /* {1: name, 2: id} */
    cbor_uint(&claims, 1);
    cbor_text(&claims, gb_bytes_str(signer_name));
    cbor_uint(&claims, 2);
    cbor_text(&claims, gb_bytes_str(id));
    if (!gb_buf_ok(&payload) || !gb_buf_ok(&meta) || !gb_buf_ok(&claims))
        return gb_err_set(err, GB_ERR_LIMIT,
                          "out of memory, or more than the %d MB of a manifest: export fewer sets",
                          GB_LIMIT_IMPORT_FILE >> 20);
    struct cose_said said = {CORIM_MEDIA_TYPE, gb_bytes(fingerprint, sizeof fingerprint),
                             gb_buf_bytes(&meta), gb_buf_bytes(&claims), gb_buf_bytes(&payload)};
    return cose_sign1_write(&said, signer, out, err);
}
