/* CoRIM: manifests written out here by hand from the draft's CDDL, and ours there and back. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "crypto/key.h"
#include "crypto/signer.h"
#include "evidence/eventlog.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/import/corim.h"
#include "reference/import/import.h"
#include "wire/cbor.h"
#include "wire/yaml.h"

enum { MOST = 1 << 20, NOW = 1800000000 };

#define D1 "1111111111111111111111111111111111111111111111111111111111111111"
#define D2 "2222222222222222222222222222222222222222222222222222222222222222"
#define D3                                                                                         \
    "33333333333333333333333333333333333333333333333333333333333333333333333333333333333333333333" \
    "33"                                                                                           \
    "33"

struct room {
    struct gb_arena *arena;
    struct digester *digester;
    struct signer *signer;
    struct key *key; /* the signer's public half */
    struct import import;
    struct corim_said said;
    struct gb_err err;
};

static void open_room(struct room *room)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem;
    *room = (struct room){.arena = gb_arena_new()};
    gb_buf_init(&pem, MOST);
    assert_non_null(room->arena);
    assert_int_equal(digester_new(&room->digester, NULL), GB_OK);
    assert_int_equal(signer_new(&room->signer, NULL), GB_OK);
    assert_int_equal(signer_public_pem(room->signer, &pem, NULL), GB_OK);
    assert_int_equal(key_from_pem(gb_buf_bytes(&pem), &room->key, NULL), GB_OK);
    import_init(&room->import, room->arena, "x", REF_NONE);
}

static void close_room(struct room *room)
{
    import_done(&room->import);
    key_free(room->key);
    signer_free(room->signer);
    digester_free(room->digester);
    gb_arena_free(room->arena);
}

static int read_in(struct room *room, struct gb_bytes in, const struct key *key, bool unsigned_ok)
{
    const struct corim_trust trust = {key, unsigned_ok, NOW};
    int r = corim_read(&room->import, room->digester, in, &trust, &room->said, &room->err);
    return r < 0 ? r : import_finish(&room->import, &room->err);
}

static struct gb_bytes from_hex(struct room *room, const char *hex)
{
    size_t len = strlen(hex) / 2;
    uint8_t *bytes = gb_arena_alloc(room->arena, len, 1);
    assert_true(gb_hex_decode(gb_bytes_str(hex), bytes, len));
    return gb_bytes(bytes, len);
}

static bool has_note(const struct import *import, const char *text)
{
    for (const struct import_note *note = import->notes; note; note = note->next)
        if (strstr(note->text, text))
            return true;
    return false;
}

/* The head of a byte string of 24 bytes or more. */
static const char *bytes_head(struct room *room, const char *body)
{
    size_t len = strlen(body) / 2;
    return gb_arena_printf(room->arena, len < 256 ? "58%02zx" : "59%04zx", len);
}

/* 501({0: "m", 1: [506(<<{1: {0: "c"}, 4: TRIPLES}>>)] MORE}), `pairs` of its map in all. */
static struct gb_bytes manifest(struct room *room, const char *triples, unsigned pairs,
                                const char *more)
{
    const char *comid = gb_arena_printf(room->arena,
                                        "a2"
                                        "01"
                                        "a1"
                                        "00"
                                        "6163"
                                        "04"
                                        "%s",
                                        triples);
    return from_hex(room, gb_arena_printf(room->arena,
                                          "d901f5"
                                          "a%u"
                                          "00"
                                          "616d"
                                          "01"
                                          "81"
                                          "d901fa"
                                          "%s%s%s",
                                          pairs, bytes_head(room, comid), comid, more));
}

/* {0: {1: "ACME", 2: "R1"}} */
#define ENV                                                                                        \
    "a1"                                                                                           \
    "00"                                                                                           \
    "a2"                                                                                           \
    "01"                                                                                           \
    "6441434d45"                                                                                   \
    "02"                                                                                           \
    "625231"
/* {0: KEY, 1: {2: [[1, D]]}} */
#define PLAIN(key, d)                                                                              \
    "a2"                                                                                           \
    "00" key "01"                                                                                  \
    "a1"                                                                                           \
    "02"                                                                                           \
    "81"                                                                                           \
    "82"                                                                                           \
    "01"                                                                                           \
    "5820" d

static void values_of_others_by_hand(void **state)
{
    (void)state;
    /* One state: PCR 4 by number with a name, PCR 7 by text in two algorithms, one of them named by
     * COSE's number, and a file; then another state of the same machine. */
    static const char triples[] =
        "a1"
        "00"
        "82"
        "82" ENV "83"
        "a2"
        "00"
        "04"
        "01"
        "a2"
        "02"
        "81"
        "82"
        "01"
        "5820" D1 "0b"
        "647368696d"
        "a2"
        "00"
        "7822"
        "70637237"
        "20"
        "45565f4546495f5641524941424c455f4452495645525f434f4e464947"
        "01"
        "a1"
        "02"
        "82"
        "82"
        "382a"
        "5830" D3 "82"
        "677368612d323536"
        "5820" D2 PLAIN("672f62696e2f6c73", D2) "82" ENV "81" PLAIN("04", D2);
    struct room room;
    open_room(&room);
    assert_int_equal(read_in(&room, manifest(&room, triples, 2, ""), NULL, true), GB_OK);
    assert_int_equal(room.import.set_count, 4);
    const struct ref_set *os = room.import.sets, *platform = os->next, *again = platform->next;
    assert_string_equal(os->name, "x-os");
    assert_string_equal(os->source, "imported from CoRIM m, signed by nobody, for ACME R1");
    assert_int_equal(os->event_count, 1);
    assert_int_equal(os->events->pcr, 4);
    assert_int_equal(os->events->link, GB_LINK_BOOTLOADER);
    assert_string_equal(os->events->about, "shim");
    assert_true(gb_bytes_equal(os->events->digest[1], from_hex(&room, D1)));
    assert_string_equal(platform->name, "x-platform");
    assert_string_equal(platform->applies.vendor, "ACME");
    assert_string_equal(platform->applies.model, "R1");
    assert_null(os->applies.vendor);
    assert_int_equal(platform->events->pcr, 7);
    assert_int_equal(platform->events->type, EV_EFI_VARIABLE_DRIVER_CONFIG);
    assert_true(gb_bytes_equal(platform->events->digest[1], from_hex(&room, D2)));
    assert_true(gb_bytes_equal(platform->events->digest[2], from_hex(&room, D3)));
    assert_string_equal(again->name, "x-os-2");
    assert_string_equal(again->next->name, "x-packages");
    assert_int_equal(again->next->files.count, 1);
    assert_true(gb_bytes_is(ref_files_path(room.arena, &again->next->files, 0), "/bin/ls"));
    assert_int_equal(room.import.note_count, 0);
    close_room(&room);
}

static void what_no_set_holds_is_told(void **state)
{
    (void)state;
    static const struct {
        const char *triples, *note;
    } cases[] = {
        /* svn beside the digest; integrity registers alone; no key; a key that is neither */
        {"a1"
         "00"
         "81"
         "82" ENV "81"
         "a2"
         "00"
         "04"
         "01"
         "a2"
         "01"
         "05"
         "02"
         "81"
         "82"
         "01"
         "5820" D1,
         "of value 4 no set holds: svn"},
        {"a1"
         "00"
         "81"
         "82" ENV "81"
         "a1"
         "01"
         "a1"
         "0e"
         "a1"
         "00"
         "81"
         "82"
         "01"
         "5820" D1,
         "integrity-registers"},
        {"a1"
         "00"
         "81"
         "82" ENV "81"
         "a1"
         "01"
         "a1"
         "02"
         "81"
         "82"
         "01"
         "5820" D1,
         "a value without a key is neither a PCR nor a path"},
        {"a1"
         "00"
         "81"
         "82" ENV "81" PLAIN("1818", D1),
         "value 24 is neither"},
        {"a1"
         "00"
         "81"
         "82" ENV "81" PLAIN("63707372", D1),
         "\"psr\" is neither"},
        /* a digest that is cut (Named Information 3); only for one instance; only as authorized */
        {"a1"
         "00"
         "81"
         "82" ENV "81"
         "a2"
         "00"
         "04"
         "01"
         "a1"
         "02"
         "81"
         "82"
         "03"
         "44"
         "01020304",
         "value 4 has no SHA-256"},
        {"a1"
         "00"
         "81"
         "82"
         "a1"
         "01"
         "d90230"
         "4101"
         "81" PLAIN("04", D1),
         "1 values for one instance or group"},
        {"a1"
         "00"
         "81"
         "82" ENV "81"
         "a3"
         "00"
         "04"
         "01"
         "a1"
         "02"
         "81"
         "82"
         "01"
         "5820" D1 "02"
         "81"
         "d90230"
         "4101",
         "counts only as others authorize"},
        /* endorsed values; other triples */
        {"a1"
         "01"
         "81"
         "82" ENV "81" PLAIN("04", D1),
         "endorsed values are no references"},
        {"a1"
         "03"
         "81"
         "747878787878787878787878787878787878787878",
         "attest-key triples (3)"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct room room;
        open_room(&room);
        int r = read_in(&room, manifest(&room, cases[i].triples, 2, ""), NULL, true);
        assert_int_equal(r, i == 0 ? GB_OK : GB_ERR_INPUT);
        if (!has_note(&room.import, cases[i].note))
            print_error("case %zu: %s\n", i, room.err.text);
        assert_true(has_note(&room.import, cases[i].note));
        close_room(&room);
    }
}

static void manifests_that_do_not_count_are_refused(void **state)
{
    (void)state;
    static const char triples[] = "a1"
                                  "00"
                                  "81"
                                  "82" ENV "81" PLAIN("04", D1);
    static const struct {
        unsigned pairs;
        const char *more;
        int code;
        const char *says;
    } cases[] = {
        {3,
         "03"
         "d820"
         "63783a79",
         GB_ERR_DENIED, "its profile x:y is not known"},
        {3,
         "03"
         "d86f"
         "422a03",
         GB_ERR_DENIED, "its profile d86f422a03 is not known"},
        {3,
         "04"
         "a1"
         "01"
         "c1"
         "1a6553f100",
         GB_ERR_DENIED, "was valid until 2023-11-14"},
        {3,
         "04"
         "a2"
         "00"
         "c1"
         "1a713fb300"
         "01"
         "c1"
         "1a7fffffff",
         GB_ERR_DENIED, "valid only from 2030-03-17"},
        {3,
         "04"
         "a1"
         "01"
         "c1"
         "1a7fffffff",
         GB_OK, ""},
        {3,
         "04"
         "a1"
         "01"
         "1a7fffffff",
         GB_ERR_INPUT, "a tag belongs"},
        {3,
         "01"
         "80",
         GB_ERR_INPUT, "again the key 1"},
        {3,
         "20"
         "00",
         GB_OK, ""}, /* private use */
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++) {
        struct room room;
        open_room(&room);
        struct gb_bytes in = manifest(&room, triples, cases[i].pairs, cases[i].more);
        int r = read_in(&room, in, NULL, true);
        if (r != cases[i].code || !strstr(room.err.text, cases[i].says))
            print_error("case %zu: %d %s\n", i, r, room.err.text);
        assert_int_equal(r, cases[i].code);
        assert_non_null(strstr(room.err.text, cases[i].says));
        assert_true(r == GB_OK || room.import.set_count == 0);
        close_room(&room);
    }
}

static void malformed_manifests_are_refused(void **state)
{
    (void)state;
    static const char *const triples[] = {
        "a1"
        "00"
        "81"
        "81" ENV, /* no values */
        "a1"
        "00"
        "81"
        "82"
        "a0"
        "81" PLAIN("04", D1), /* no environment */
        "a1"
        "00"
        "81"
        "82" ENV "81"
        "a2"
        "00"
        "04"
        "01"
        "a1"
        "02"
        "81"
        "82"
        "01"
        "41"
        "00", /* cut */
        "a1"
        "00"
        "81"
        "82" ENV "81"
        "a2"
        "00"
        "04"
        "01"
        "a1"
        "02"
        "82"
        "82"
        "01"
        "5820" D1 "82"
        "2f"
        "5820" D2, /* twice SHA-256 */
        "a2"
        "00"
        "80"
        "00"
        "80", /* a key twice */
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(triples); i++) {
        struct room room;
        open_room(&room);
        assert_int_equal(read_in(&room, manifest(&room, triples[i], 2, ""), NULL, true),
                         GB_ERR_INPUT);
        assert_null(strstr(room.err.text, "nothing in it"));
        close_room(&room);
    }
}

/* ---- ours ---- */

static const char yaml[] =
    "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: p\nspec:\n"
    "  class: platform\n  source: captured\n  events:\n"
    "    - {link: firmware, pcr: 0, type: EV_S_CRTM_VERSION, about: crtm, sha256: " D1 "}\n"
    "    - {link: bootloader, pcr: 5, type: '0x0000ffff', about: 'GPT: \"é\"', sha384: " D3 "}\n"
    "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata: {name: o, version: 7}\n"
    "spec:\n  class: os\n  life: shadow\n  appliesTo: {vendor: 'Dell*', model: R1, firmware: "
    "'2.*', "
    "distribution: debian, kernel: '6.1.0-*', labels: {site: fra, rack: '7'}}\n  source: predicted "
    "from x.efi\n  events:\n"
    "    - {link: kernel, pcr: 4, type: EV_EFI_BOOT_SERVICES_APPLICATION, about: k, sha256: " D1
    "}\n"
    "    - {link: kernel, pcr: 11, type: EV_IPL, about: k, sha256: " D1 ", sha384: " D3 "}\n"
    "    - {link: cmdline, pcr: 9, type: EV_EVENT_TAG, about: c, value: \"a\\tb\", sha256: " D2
    "}\n"
    "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata: {name: f, version: 2}\n"
    "spec:\n  class: packages\n  source: written\n  files:\n    algorithm: sha256\n    digests:\n"
    "      - " D1 " /bin/a\n      - '" D2 " /bin/\\xff'\n      - '" D2 " /bin/a'\n"
    "  verityFiles:\n    algorithm: sha384\n    digests: ['" D3 " /v']\n"
    "---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata: {name: e}\n"
    "spec:\n  class: engine\n  life: candidate\n  source: written\n  files:\n"
    "    algorithm: sha512\n    digests: ['" D3 "33333333333333333333333333333333 /e']\n";

enum { SETS = 4 };

static void make_sets(struct room *room, const struct ref_set *sets[SETS], struct gb_buf *text)
{
    struct yaml_node *documents = NULL;
    size_t count = 0;
    assert_int_equal(yaml_read(room->arena, gb_bytes_str(yaml), "y", &documents, &room->err),
                     GB_OK);
    for (const struct yaml_node *d = documents->first; d; d = d->next) {
        struct ref_set *set = NULL;
        assert_int_equal(ref_set_read(room->arena, d, "y", &set, &room->err), GB_OK);
        ref_set_write(text, set);
        sets[count++] = set;
    }
    assert_int_equal(count, SETS);
}

static void what_we_export_comes_back_the_same(void **state)
{
    (void)state;
    const struct ref_set *sets[SETS];
    gb_cleanup(gb_buf_done) struct gb_buf before;
    gb_cleanup(gb_buf_done) struct gb_buf after;
    gb_cleanup(gb_buf_done) struct gb_buf corim;
    struct room room;
    open_room(&room);
    gb_buf_init(&before, MOST);
    gb_buf_init(&after, MOST);
    gb_buf_init(&corim, MOST);
    make_sets(&room, sets, &before);
    assert_int_equal(corim_write(sets, SETS, "id", "Bob", room.signer, &corim, &room.err), GB_OK);
    assert_int_equal(read_in(&room, gb_buf_bytes(&corim), room.key, false), GB_OK);
    assert_true(room.said.is_signed);
    assert_string_equal(room.said.signer, "Bob");
    assert_string_equal(room.said.id, "id");
    assert_int_equal(room.import.note_count, SETS); /* that they keep their names, and no more */
    assert_true(has_note(&room.import, "it takes the place of a set of that name"));
    for (const struct ref_set *set = room.import.sets; set; set = set->next)
        ref_set_write(&after, set);
    assert_true(gb_buf_ok(&before) && gb_buf_ok(&after));
    gb_buf_u8(&before, 0);
    gb_buf_u8(&after, 0);
    assert_string_equal((const char *)after.data, (const char *)before.data);
    close_room(&room);
}

static void only_the_signers_key_opens_it(void **state)
{
    (void)state;
    const struct ref_set *sets[SETS];
    gb_cleanup(gb_buf_done) struct gb_buf text;
    gb_cleanup(gb_buf_done) struct gb_buf corim;
    struct room room, other;
    open_room(&room);
    open_room(&other);
    gb_buf_init(&text, MOST);
    gb_buf_init(&corim, MOST);
    make_sets(&room, sets, &text);
    assert_int_equal(corim_write(sets, SETS, "id", "Bob", room.signer, &corim, NULL), GB_OK);
    assert_int_equal(read_in(&room, gb_buf_bytes(&corim), NULL, true), GB_ERR_CONFIG);
    assert_non_null(strstr(room.err.text, "--key"));
    assert_int_equal(read_in(&room, gb_buf_bytes(&corim), other.key, true), GB_ERR_DENIED);
    assert_int_equal(room.import.set_count, 0);
    /* Whatever bit of it changes, header, payload or signature: nothing is mapped. */
    for (size_t i = 0; i < corim.len; i++) {
        struct room changed;
        open_room(&changed);
        corim.data[i] ^= 0x01;
        assert_true(read_in(&changed, gb_buf_bytes(&corim), room.key, true) < 0);
        assert_int_equal(changed.import.set_count, 0);
        corim.data[i] ^= 0x01;
        close_room(&changed);
    }
    close_room(&other);
    close_room(&room);
}

static void unsigned_needs_leave_and_cannot_hide_behind_a_key(void **state)
{
    (void)state;
    static const char triples[] = "a1"
                                  "00"
                                  "81"
                                  "82" ENV "81" PLAIN("04", D1);
    struct room room;
    open_room(&room);
    struct gb_bytes in = manifest(&room, triples, 2, "");
    assert_int_equal(read_in(&room, in, NULL, false), GB_ERR_DENIED);
    assert_non_null(strstr(room.err.text, "--unsigned"));
    assert_int_equal(read_in(&room, in, room.key, false), GB_ERR_DENIED);
    assert_int_equal(room.import.set_count, 0);
    assert_int_equal(read_in(&room, in, NULL, true), GB_OK);
    assert_false(room.said.is_signed);
    close_room(&room);
}

/* {class.vendor: "garboard.dev", class.model: MODEL} */
#define OWN(model)                                                                                 \
    "a1"                                                                                           \
    "00"                                                                                           \
    "a2"                                                                                           \
    "01"                                                                                           \
    "6c67617262"                                                                                   \
    "6f6172642e646576"                                                                             \
    "02" model

/* {0: "life", 1: {11: "accepted"}}, {0: "source", 1: {11: "x"}} */
#define SETTING_LIFE                                                                               \
    "a2"                                                                                           \
    "00"                                                                                           \
    "646c696665"                                                                                   \
    "01"                                                                                           \
    "a1"                                                                                           \
    "0b"                                                                                           \
    "686163636570746564"
#define SETTING_SOURCE                                                                             \
    "a2"                                                                                           \
    "00"                                                                                           \
    "66736f75726365"                                                                               \
    "01"                                                                                           \
    "a1"                                                                                           \
    "0b"                                                                                           \
    "6178"

static void sets_of_ours_that_contradict_themselves_are_refused(void **state)
{
    (void)state;
    static const char *const triples[] = {
        "a1"
        "00"
        "81"
        "82" OWN("696f732f6b65726e656c") "81" PLAIN("00", D1), /* os/kernel of PCR 0 */
        "a1"
        "00"
        "81"
        "82" OWN("686f732f66696c6573") "81" PLAIN("1818", D1), /* os/files */
        "a1"
        "00"
        "82"
        "82" OWN("696f732f6b65726e656c") "81" PLAIN("04", D1) "82" OWN(
            "6e706c6174666f726d2f6669726d77") "81" PLAIN("00", D1), /* of two classes */
        "a1"
        "00"
        "81"
        "82" OWN("646f732f78") "81" PLAIN("04", D1), /* os/x */
        "a1"
        "00"
        "81"
        "82" OWN("696f732f6b65726e656c") "81"
                                         "a3"
                                         "00"
                                         "04"
                                         "01"
                                         "a1"
                                         "02"
                                         "81"
                                         "82"
                                         "01"
                                         "5820" D1 "02"
                                         "80", /* authorized by nobody */
        "a1"
        "00"
        "81"
        "82" OWN("696f732f6b65726e656c") "81"
                                         "a2"
                                         "00"
                                         "04"
                                         "01"
                                         "a2"
                                         "02"
                                         "81"
                                         "82"
                                         "01"
                                         "5820" D1 "05"
                                         "4100", /* masked */
        "a2"
        "00"
        "81"
        "82" OWN("696f732f6b65726e656c") "81" PLAIN(
            "04", D1) "01"
                      "81"
                      "82" OWN("666f732f736574") "82" SETTING_LIFE SETTING_LIFE,
        "a2"
        "00"
        "81"
        "82" OWN("696f732f6b65726e656c") "81" PLAIN(
            "04", D1) "01"
                      "81"
                      "82" OWN("666f732f736574") "82" SETTING_SOURCE SETTING_SOURCE,
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(triples); i++) {
        struct room room;
        open_room(&room);
        assert_int_equal(read_in(&room, manifest(&room, triples[i], 2, ""), NULL, true),
                         GB_ERR_INPUT);
        assert_int_equal(room.import.set_count, 0);
        close_room(&room);
    }
}

/* As many labels as the file holds would be copied as often. */
static void labels_of_a_set_have_a_ceiling(void **state)
{
    (void)state;
    for (size_t count = GB_LIMIT_LABELS; count <= GB_LIMIT_LABELS + 1; count++) {
        gb_cleanup(gb_buf_done) struct gb_buf triples;
        struct room room;
        open_room(&room);
        gb_buf_init(&triples, MOST);
        gb_buf_puts(&triples, "a2"
                              "00"
                              "81"
                              "82" OWN("696f732f6b65726e656c") "81" PLAIN("04", D1) "01");
        gb_buf_printf(&triples, "98%02zx", count);
        for (size_t i = 0; i < count; i++) {
            char key[32];
            int len = snprintf(key, sizeof key, "appliesTo.labels.l%02zu", i);
            gb_buf_puts(&triples, "82" OWN("666f732f736574") "81a200");
            gb_buf_printf(&triples, "%02x", 0x60 + len);
            gb_buf_puts(&triples, gb_hex(room.arena, gb_bytes_str(key)));
            gb_buf_puts(&triples, "01a10b6178");
        }
        gb_buf_u8(&triples, 0);
        int r = read_in(&room, manifest(&room, (const char *)triples.data, 2, ""), NULL, true);
        assert_int_equal(r, count > GB_LIMIT_LABELS ? GB_ERR_LIMIT : GB_OK);
        close_room(&room);
    }
}

static void sets_of_another_class_leave_nothing(void **state)
{
    (void)state;
    static const char triples[] = "a1"
                                  "00"
                                  "81"
                                  "82" OWN("696f732f6b65726e656c") "81" PLAIN("04", D1);
    struct room room;
    open_room(&room);
    struct gb_bytes in = manifest(&room, triples, 2, "");
    room.import.only = REF_PLATFORM;
    assert_int_equal(read_in(&room, in, NULL, true), GB_ERR_INPUT);
    assert_non_null(strstr(room.err.text, "nothing is left"));
    assert_true(has_note(&room.import, "is left out"));
    close_room(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_others_by_hand),
        cmocka_unit_test(what_no_set_holds_is_told),
        cmocka_unit_test(manifests_that_do_not_count_are_refused),
        cmocka_unit_test(malformed_manifests_are_refused),
        cmocka_unit_test(what_we_export_comes_back_the_same),
        cmocka_unit_test(only_the_signers_key_opens_it),
        cmocka_unit_test(unsigned_needs_leave_and_cannot_hide_behind_a_key),
        cmocka_unit_test(sets_of_ours_that_contradict_themselves_are_refused),
        cmocka_unit_test(labels_of_a_set_have_a_ceiling),
        cmocka_unit_test(sets_of_another_class_leave_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
