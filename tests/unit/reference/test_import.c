/* Checksum lists, Keylime policies and pcrlock files: what becomes of each part. */
#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "crypto/digest.h"
#include "os/file.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "reference/import/keylime.h"
#include "reference/import/pcrlock.h"
#include "reference/import/sums.h"

#define A256 "ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb" /* of "a" */
#define B256 "3e23e8160039594a33894f6564e1b1348bbd7a0088d42c4acb73eeaed59c009d" /* of "b" */
#define A1   "86f7e437faa5a7fce15d1ddcb9eaea3770f5d5ee"
#define A384                                                                                       \
    "54a59b9f22b0b80880d8427e548b7c23abd873486e1f035dce9cd697e85175033caa88e6d57bc35efae0b5afd314" \
    "5f"                                                                                           \
    "31"

struct room {
    struct gb_arena *arena;
    struct import import;
    struct gb_err err;
};

static void open_room(struct room *room, enum ref_class only)
{
    *room = (struct room){.arena = gb_arena_new()};
    assert_non_null(room->arena);
    import_init(&room->import, room->arena, "x", only);
}

static void close_room(struct room *room)
{
    import_done(&room->import);
    gb_arena_free(room->arena);
}

static bool has_note(const struct import *import, const char *text)
{
    for (const struct import_note *note = import->notes; note; note = note->next)
        if (strstr(note->text, text))
            return true;
    return false;
}

static bool has_file(const struct ref_set *set, const char *hex, const char *path)
{
    uint8_t digest[64];
    size_t size = digest_size(set->files.alg);
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    if (!gb_hex_decode(gb_bytes_str(hex), digest, size))
        return false;
    for (size_t i = 0; i < set->files.count; i++)
        if (gb_bytes_equal(ref_files_digest(&set->files, i), gb_bytes(digest, size)) &&
            gb_bytes_is(ref_files_path(arena, &set->files, i), path))
            return true;
    return false;
}

static void each_form_of_a_checksum_line_is_read(void **state)
{
    (void)state;
    static const char list[] = A256 "  plain name\n" B256 " *binary\n"
                                    "\\" A256 "  new\\nline \\\\ \\r\n"
                                    "SHA256 (tag) = sum) = " A256 "\n"
                                    "\\SHA256 (e\\\\f) = " B256 "\n"
                                    "sha256:" B256 "     /keylime\n# comment\n\n" A384 "  long\n" A1
                                    "  weak\n" A1 "  boot_aggregate\n" A256 "  %keyring:.ima\n";
    struct room room;
    open_room(&room, REF_NONE);
    assert_int_equal(sums_read(&room.import, gb_bytes_str(list), &room.err), GB_OK);
    assert_int_equal(import_finish(&room.import, &room.err), GB_OK);
    const struct ref_set *set = room.import.sets;
    assert_string_equal(set->name, "x-packages");
    assert_int_equal(set->cls, REF_PACKAGES);
    assert_int_equal(set->files.count, 6);
    assert_true(has_file(set, A256, "plain name"));
    assert_true(has_file(set, B256, "binary"));
    assert_true(has_file(set, A256, "new\nline \\ \r"));
    assert_true(has_file(set, A256, "tag) = sum"));
    assert_true(has_file(set, B256, "e\\f"));
    assert_true(has_file(set, B256, "/keylime"));
    assert_string_equal(set->next->name, "x-packages-sha384");
    assert_true(has_file(set->next, A384, "long"));
    assert_null(set->next->next);
    assert_int_equal(room.import.weak, 1);
    assert_true(has_note(&room.import, "boot_aggregate is left out"));
    assert_true(has_note(&room.import, "a key of %keyring:.ima"));
    close_room(&room);
}

static void other_lines_are_refused_by_number(void **state)
{
    (void)state;
    static const char *const bad[] = {
        "x",
        A256,
        A256 "x  y",
        A256 "  ",
        "\\" A256 "  a\\tb",
        "\\" A256 "  a\\",
        "SHA384 (a) = " A256,
        "sha384:" A256 "  a",
        "SHA256 (a) " A256,
        "g" B256 "  a",
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct room room;
        open_room(&room, REF_NONE);
        const char *text = gb_arena_printf(room.arena, "%s  good\n%s\n", A256, bad[i]);
        assert_int_equal(sums_read(&room.import, gb_bytes_str(text), &room.err), GB_ERR_INPUT);
        assert_non_null(strstr(room.err.text, "line 2 "));
        close_room(&room);
    }
}

static void sha1_alone_is_nothing_to_import(void **state)
{
    (void)state;
    struct room room;
    open_room(&room, REF_NONE);
    assert_int_equal(sums_read(&room.import, gb_bytes_str(A1 "  a\n" A1 "  b\n"), &room.err),
                     GB_OK);
    assert_int_equal(import_finish(&room.import, &room.err), GB_ERR_INPUT);
    assert_int_equal(room.import.weak, 2);
    assert_non_null(strstr(room.err.text, "SHA-1"));
    close_room(&room);
}

static void a_class_without_files_leaves_them_out_and_says_so(void **state)
{
    (void)state;
    struct room room;
    open_room(&room, REF_OS);
    assert_int_equal(sums_read(&room.import, gb_bytes_str(A256 "  a\n"), &room.err), GB_OK);
    assert_int_equal(import_finish(&room.import, &room.err), GB_ERR_INPUT);
    assert_null(room.import.sets);
    assert_true(has_note(&room.import, "1 digests of files are left out"));
    close_room(&room);
}

static const char policy[] =
    "{\"meta\":{\"version\":1,\"generator\":3},\"release\":0,"
    "\"digests\":{\"/bin/a\":[\"" A256 "\",\"" B256 "\",\"" A1 "\"],\"boot_aggregate\":[\"" A1
    "\"]},"
    "\"excludes\":[\"/var/tmp/.*\",\"^/opt/x\\\\.conf$\",\"/a(b|c)\",\".*\"],"
    "\"keyrings\":{\".ima\":[\"" A256 "\"]},"
    "\"ima\":{\"ignored_keyrings\":[\".blacklist\"],\"log_hash_alg\":\"sha1\",\"dm_policy\":{}},"
    "\"ima-buf\":{\"dm_table\":[\"" B256 "\"]},\"more\":1,"
    "\"verification-keys\":\"{\\\"keyids\\\":[1],\\\"pubkeys\\\":[\\\"MAAA\\\"]}\"}";

static void nothing_of_a_keylime_policy_is_lost(void **state)
{
    (void)state;
    struct keylime_hints hints;
    struct room room;
    open_room(&room, REF_NONE);
    assert_int_equal(keylime_read(&room.import, gb_bytes_str(policy), &hints, &room.err), GB_OK);
    assert_int_equal(import_finish(&room.import, &room.err), GB_OK);
    assert_int_equal(room.import.sets->files.count, 2);
    assert_true(has_file(room.import.sets, A256, "/bin/a"));
    assert_true(has_file(room.import.sets, B256, "/bin/a"));
    assert_int_equal(room.import.weak, 1);
    assert_non_null(strstr(hints.exceptions, "- path: \"/var/tmp/*\"\n"));
    assert_non_null(strstr(hints.exceptions, "- path: /opt/x.conf\n"));
    assert_null(strstr(hints.exceptions, "b|c"));
    assert_non_null(strstr(hints.signers, "certificate: |\n"));
    assert_non_null(strstr(hints.signers, "MAAA"));
    static const char *const notes[] = {"\"/a(b|c)\" says more",
                                        "\".*\" says more",
                                        "boot_aggregate",
                                        "in keyring .ima",
                                        "of the buffer dm_table",
                                        "ignored_keyrings: .blacklist",
                                        "dm_policy",
                                        "member \"more\" is not known",
                                        "under its path alone"};
    for (size_t i = 0; i < GB_ARRAY_LEN(notes); i++)
        assert_true(has_note(&room.import, notes[i]));
    close_room(&room);
}

static void keylime_policies_of_another_shape_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"[]", "not a JSON object"},
        {"{\"meta\":{\"version\":9},\"digests\":{}}", "version 9"},
        {"{\"meta\":{}}", "no member \"digests\""},
        {"{\"digests\":[]}", "\"digests\" is not an object"},
        {"{\"digests\":{\"/a\":\"x\"}}", "\"digests\" is not an object"},
        {"{\"digests\":{\"/a\":[\"00\"]}}", "digest 0 of \"/a\""},
        {"{\"digests\":{\"/a\":[],\"/a\":[]}}", "a key twice"},
        {"{\"digests\":{},\"excludes\":[1]}", "\"excludes\""},
        {"{\"digests\":{},\"excludes\":\"/tmp\"}", "\"excludes\""},
        {"{\"digests\":{},\"verification-keys\":\"{\\\"pubkeys\\\":[\\\"=\\\"]}\"}", "no base64"},
        {"{\"digests\":{},\"verification-keys\":\"{\"}", "verification-keys"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct keylime_hints hints;
        struct room room;
        open_room(&room, REF_NONE);
        assert_int_equal(keylime_read(&room.import, gb_bytes_str(bad[i].text), &hints, &room.err),
                         GB_ERR_INPUT);
        if (!strstr(room.err.text, bad[i].says))
            print_error("%s: %s\n", bad[i].text, room.err.text);
        assert_non_null(strstr(room.err.text, bad[i].says));
        close_room(&room);
    }
}

/* One real policy and list of each algorithm. */
static void real_keylime_policies_are_read(void **state)
{
    (void)state;
    static const char *const algs[] = {"sha256", "sha384", "sha512"};
    TEST_VECTORS_OR_SKIP(vectors);
    for (size_t i = 0; i < GB_ARRAY_LEN(algs); i++) {
        struct keylime_hints hints = {NULL, NULL};
        struct gb_bytes json, list;
        struct room room;
        open_room(&room, REF_NONE);
        const char *dir = "keylime_keylime/test/data/create-runtime-policy";
        const char *path = gb_arena_printf(room.arena, "%s/%s/policy-%s", vectors, dir, algs[i]);
        assert_int_equal(file_read(room.arena, path, 1 << 20, &json, &room.err), GB_OK);
        assert_int_equal(keylime_read(&room.import, json, &hints, &room.err), GB_OK);
        path = gb_arena_printf(room.arena, "%s/%s/allowlist-%s", vectors, dir, algs[i]);
        assert_int_equal(file_read(room.arena, path, 1 << 20, &list, &room.err), GB_OK);
        assert_int_equal(sums_read(&room.import, list, &room.err), GB_OK);
        assert_int_equal(import_finish(&room.import, &room.err), GB_OK);
        assert_int_equal(room.import.set_count, 1);
        assert_int_equal(room.import.sets->files.count, 2);
        assert_int_equal(room.import.sets->files.alg, digest_from_name(gb_bytes_str(algs[i])));
        assert_null(hints.exceptions);
        close_room(&room);
    }
}

/* ---- pcrlock ---- */

static const char *record(struct gb_arena *arena, unsigned pcr, const void *data, size_t len)
{
    struct digester *digester = NULL;
    uint8_t digest[32], weak[20];
    assert_int_equal(digester_new(&digester, NULL), GB_OK);
    assert_int_equal(digest_of(digester, DIGEST_SHA256, gb_bytes(data, len), digest), GB_OK);
    assert_int_equal(digest_of(digester, DIGEST_SHA1, gb_bytes(data, len), weak), GB_OK);
    digester_free(digester);
    return gb_arena_printf(arena,
                           "{\"pcr\":%u,\"digests\":[{\"hashAlg\":\"sha1\",\"digest\":\"%s\"},"
                           "{\"hashAlg\":\"sha256\",\"digest\":\"%s\"}]}",
                           pcr, gb_hex(arena, gb_bytes(weak, 20)),
                           gb_hex(arena, gb_bytes(digest, 32)));
}

static struct gb_bytes records(struct gb_arena *arena, const char *a, const char *b, const char *c)
{
    return gb_bytes_str(gb_arena_printf(arena, "{\"records\":[%s%s%s%s%s]}", a, b ? "," : "",
                                        b ? b : "", c ? "," : "", c ? c : ""));
}

static int read_lock(struct room *room, const struct pcrlock_file *files, size_t count)
{
    struct digester *digester = NULL;
    assert_int_equal(digester_new(&digester, NULL), GB_OK);
    int r = pcrlock_read(&room->import, digester, files, count, &room->err);
    digester_free(digester);
    return r < 0 ? r : import_finish(&room->import, &room->err);
}

static void components_in_order_and_a_set_for_each_combination(void **state)
{
    (void)state;
    struct room room;
    open_room(&room, REF_NONE);
    struct gb_arena *arena = room.arena;
    const struct pcrlock_file files[] = {
        {"710-kernel-cmdline", "b", records(arena, record(arena, 9, "ro", 2), NULL, NULL)},
        {"710-kernel-cmdline", "a", records(arena, record(arena, 9, "rw", 2), NULL, NULL)},
        {"720-kernel-initrd", NULL, records(arena, record(arena, 9, "initrd", 6), NULL, NULL)},
        {"650-uki", "1",
         records(arena, record(arena, 4, "uki1", 4), record(arena, 11, ".linux", 7),
                 record(arena, 11, "l1", 2))},
        {"650-uki", "2",
         records(arena, record(arena, 4, "uki2", 4), record(arena, 11, ".linux", 7),
                 record(arena, 11, "l2", 2))},
        {"250-firmware-code", NULL,
         records(arena, record(arena, 0, "fw", 2), record(arena, 0, "\0\0\0\0", 4),
                 record(arena, 2, "rom", 3))},
        {"750-enter-initrd", NULL,
         records(arena, record(arena, 11, "enter-initrd", 12), NULL, NULL)},
        {"820-machine-id", NULL, records(arena, record(arena, 15, "machine-id:x", 12), NULL, NULL)},
    };
    assert_int_equal(read_lock(&room, files, GB_ARRAY_LEN(files)), GB_OK);
    assert_int_equal(room.import.set_count, 5);
    const struct ref_set *platform = room.import.sets;
    assert_string_equal(platform->name, "x-platform");
    assert_int_equal(platform->event_count, 2); /* no separator */
    assert_int_equal(platform->events->link, GB_LINK_FIRMWARE);
    assert_int_equal(platform->events->next->link, GB_LINK_OPTION_ROMS);
    static const enum gb_link links[] = {GB_LINK_BOOTLOADER, GB_LINK_KERNEL, GB_LINK_KERNEL,
                                         GB_LINK_CMDLINE, GB_LINK_INITRD};
    static const char *const sources[] = {
        "650-uki 1, 710-kernel-cmdline a", "650-uki 1, 710-kernel-cmdline b",
        "650-uki 2, 710-kernel-cmdline a", "650-uki 2, 710-kernel-cmdline b"};
    const struct ref_set *set = platform->next;
    for (size_t i = 0; i < GB_ARRAY_LEN(sources); i++, set = set->next) {
        const struct ref_event *event = set->events;
        assert_int_equal(set->cls, REF_OS);
        assert_non_null(strstr(set->source, sources[i]));
        for (size_t k = 0; k < GB_ARRAY_LEN(links); k++, event = event->next)
            assert_int_equal(event->link, links[k]);
        assert_null(event);
    }
    assert_null(set);
    assert_string_equal(platform->next->events->next->about, "the name of UKI section .linux");
    assert_string_equal(platform->next->events->next->next->about, "the UKI's section .linux");
    assert_int_equal(platform->next->events->digest[0].len, 0); /* no SHA-1 */
    assert_true(has_note(&room.import, "a separator"));
    assert_true(has_note(&room.import, "enter-initrd"));
    assert_true(has_note(&room.import, "names one machine"));
    close_room(&room);
}

static void too_many_variants_are_refused(void **state)
{
    (void)state;
    struct room room;
    struct pcrlock_file files[20];
    open_room(&room, REF_NONE);
    for (size_t i = 0; i < 20; i++) /* 10 * 10 combinations */
        files[i] = (struct pcrlock_file){
            i < 10 ? "650-uki" : "710-cmdline", gb_arena_printf(room.arena, "%zu", i),
            records(room.arena, record(room.arena, i < 10 ? 4 : 9, &i, sizeof i), NULL, NULL)};
    assert_int_equal(read_lock(&room, files, 20), GB_ERR_LIMIT);
    assert_non_null(strstr(room.err.text, "more than 64 sets of class os"));
    close_room(&room);
}

static void pcrlock_files_of_another_shape_are_refused(void **state)
{
    (void)state;
    static const struct {
        const char *text, *says;
    } bad[] = {
        {"{}", "no list of records"},
        {"1", "no list of records"},
        {"{\"records\":[{\"digests\":[]}]}", "record 0: needs a pcr"},
        {"{\"records\":[{\"pcr\":24,\"digests\":[]}]}", "record 0: needs a pcr"},
        {"[{\"pcr\":4}]", "record 0: needs digests"},
        {"[{\"pcr\":4,\"digests\":[{\"hashAlg\":\"sha256\"}]}]", "hashAlg and digest"},
        {"[{\"pcr\":4,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"00\"}]}]", "64 hex digits"},
        {"[{\"pcr\":4,\"digests\":[{\"hashAlg\":\"sha256\",\"digest\":\"" A256
         "\"},{\"hashAlg\":\"sha256\",\"digest\":\"" B256 "\"}]}]",
         "two digests of sha256"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(bad); i++) {
        struct room room;
        open_room(&room, REF_NONE);
        const struct pcrlock_file file = {"650-x", NULL, gb_bytes_str(bad[i].text)};
        assert_int_equal(read_lock(&room, &file, 1), GB_ERR_INPUT);
        assert_non_null(strstr(room.err.text, "650-x: "));
        assert_non_null(strstr(room.err.text, bad[i].says));
        close_room(&room);
    }
    struct room room;
    open_room(&room, REF_NONE);
    const struct pcrlock_file twice[] = {{"650-x", NULL, gb_bytes_str("[]")},
                                         {"650-x", NULL, gb_bytes_str("[]")}};
    assert_int_equal(read_lock(&room, twice, 2), GB_ERR_CONFIG);
    close_room(&room);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_form_of_a_checksum_line_is_read),
        cmocka_unit_test(other_lines_are_refused_by_number),
        cmocka_unit_test(sha1_alone_is_nothing_to_import),
        cmocka_unit_test(a_class_without_files_leaves_them_out_and_says_so),
        cmocka_unit_test(nothing_of_a_keylime_policy_is_lost),
        cmocka_unit_test(keylime_policies_of_another_shape_are_refused),
        cmocka_unit_test(real_keylime_policies_are_read),
        cmocka_unit_test(components_in_order_and_a_set_for_each_combination),
        cmocka_unit_test(too_many_variants_are_refused),
        cmocka_unit_test(pcrlock_files_of_another_shape_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
