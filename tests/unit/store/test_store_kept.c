/* Evidence that is kept: blobs shared by digest, chains that fit, what a kill leaves, what is
 * dropped, and documents that were superseded. */
#include <dirent.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "made.h"
#include "store/kept.h"

enum { LARGE = STORE_BLOB_INLINE + 1000 };

static uint8_t large[LARGE];

static struct store_kept_part part(enum store_part kind, uint8_t digest, const char *packed)
{
    struct store_kept_part p = {.part = kind, .blob.size = 100};
    memset(p.blob.digest, digest, sizeof p.blob.digest);
    if (packed)
        p.blob.packed = gb_bytes_str(packed);
    p.blob.packed_size = p.blob.packed.len;
    return p;
}

static struct store_kept record(uint8_t node, int64_t at_s, bool whole, uint64_t from, uint64_t end,
                                const struct store_kept_part *parts, size_t count)
{
    static const struct store_kept_document documents[] = {{"NodePolicy", "nodes", 1}};
    struct store_kept kept = {.at_s = at_s,
                              .judged_s = at_s,
                              .trust_id = 7,
                              .whole = whole,
                              .accepted = true,
                              .ima_from = from,
                              .ima_end = end,
                              .nonce = gb_bytes_str("nonce"),
                              .head = gb_bytes_str("head"),
                              .head_size = 4,
                              .before = gb_bytes_str("before"),
                              .facts = "{}",
                              .documents = documents,
                              .document_count = 1,
                              .parts = parts,
                              .part_count = count};
    memset(kept.node, node, sizeof kept.node);
    memset(kept.quote, (int)at_s, sizeof kept.quote);
    return kept;
}

static int add(struct store *store, const struct store_kept *kept)
{
    struct answer answer;
    answer_init(&answer);
    store_kept_add(store, kept, gb_bytes_str("progress"), answer_done, &answer);
    answer_wait(&answer, 1);
    made_said = answer.err;
    return answer.result;
}

static void enrol(struct made *m, uint8_t id, const char *name)
{
    struct store_node node = made_node(id, name, id, id);
    assert_int_equal(made_token(m->store, id, 1, 1000000, NULL), GB_OK);
    uint8_t token[8];
    memset(token, id, sizeof token);
    assert_int_equal(made_enrol(m->store, &node, token, NULL), GB_OK);
}

static const uint8_t *id_of(uint8_t node)
{
    static uint8_t id[STORE_ID];
    memset(id, node, sizeof id);
    return id;
}

static size_t files_in(const struct made *m)
{
    char path[256];
    size_t count = 0;
    for (unsigned fan = 0; fan < 256; fan++) {
        snprintf(path, sizeof path, "%s/evidence/%02x", m->folder, fan);
        DIR *dir = opendir(path);
        for (struct dirent *e; dir && (e = readdir(dir));)
            count += e->d_name[0] != '.';
        if (dir)
            closedir(dir);
    }
    return count;
}

static struct store_kept_counts counts(struct made *m)
{
    struct store_kept_counts c;
    assert_int_equal(store_kept_count(m->store, &c, NULL), GB_OK);
    return c;
}

static int sweep(struct made *m, int64_t before_s, uint64_t max_bytes)
{
    struct answer answer;
    answer_init(&answer);
    store_kept_sweep(m->store, before_s, max_bytes, answer_done, &answer);
    answer_wait(&answer, 1);
    return answer.result;
}

static void a_state_is_put_together_in_order(void **state)
{
    struct made *m = *state;
    const struct store_kept_part begun[] = {part(STORE_PART_BOOT_LOG, 1, "boot"),
                                            part(STORE_PART_IMA, 2, "list")};
    const struct store_kept_part more[] = {part(STORE_PART_IMA, 3, "more")};
    const struct store_kept_part bad[] = {part(STORE_PART_IMA, 4, "bad")};
    struct store_kept r1 = record(1, 10, true, 0, 5, begun, 2);
    struct store_kept r2 = record(1, 20, false, 5, 6, more, 1);
    struct store_kept refused = record(1, 30, false, 6, 6, bad, 1);
    struct store_kept r3 = record(1, 40, false, 6, 6, NULL, 0);
    struct store_kept found;
    refused.accepted = false;
    enrol(m, 1, "w1");
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_ERR_NOTFOUND);
    assert_int_equal(add(m->store, &r1), GB_OK);
    assert_int_equal(add(m->store, &r2), GB_OK);
    assert_int_equal(add(m->store, &refused), GB_OK);
    assert_int_equal(add(m->store, &r3), GB_OK);

    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 19, &found, NULL), GB_OK);
    assert_true(found.whole);
    assert_int_equal(found.part_count, 2);
    assert_true(gb_bytes_is(found.parts[1].blob.packed, "list"));
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 20, &found, NULL), GB_OK);
    assert_int_equal(found.part_count, 3);
    assert_true(gb_bytes_is(found.parts[2].blob.packed, "more"));
    /* what was refused stands in its own state, and in none after it */
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 30, &found, NULL), GB_OK);
    assert_int_equal(found.part_count, 4);
    assert_true(gb_bytes_is(found.parts[3].blob.packed, "bad"));
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_OK);
    assert_int_equal(found.part_count, 3);
    assert_true(gb_bytes_is(found.first_before, "before"));
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 9, &found, NULL), GB_ERR_NOTFOUND);
}

static void what_goes_on_from_elsewhere_is_refused(void **state)
{
    struct made *m = *state;
    const struct store_kept_part begun[] = {part(STORE_PART_IMA, 2, "list")};
    const struct store_kept_part gone[] = {part(STORE_PART_IMA, 9, NULL)};
    struct store_kept alone = record(1, 10, false, 0, 5, begun, 1);
    struct store_kept whole = record(1, 10, true, 0, 5, begun, 1);
    struct store_kept gap = record(1, 20, false, 6, 7, begun, 1);
    struct store_kept lost = record(1, 30, true, 0, 5, gone, 1);
    enrol(m, 1, "w1");
    assert_int_equal(add(m->store, &alone), GB_ERR_DENIED);
    assert_int_equal(add(m->store, &whole), GB_OK);
    assert_int_equal(add(m->store, &gap), GB_ERR_DENIED);
    assert_int_equal(add(m->store, &lost), GB_ERR_DENIED);
    assert_int_equal(counts(m).records, 1);
}

static void identical_machines_share_blobs(void **state)
{
    struct made *m = *state;
    bool known[1];
    enrol(m, 1, "w1");
    enrol(m, 2, "w2");
    for (uint8_t node = 1; node <= 2; node++) {
        struct store_kept_part parts[] = {part(STORE_PART_BOOT_LOG, 1, "boot")};
        struct store_kept kept = record(node, 10, true, 0, 0, parts, 1);
        assert_int_equal(store_blob_known(m->store, parts, 1, known, NULL), GB_OK);
        assert_int_equal(known[0], node == 2);
        if (known[0])
            parts[0].blob.packed = (struct gb_bytes){0};
        assert_int_equal(add(m->store, &kept), GB_OK);
    }
    assert_int_equal(counts(m).blobs, 1);
    assert_int_equal(counts(m).records, 2);
}

static struct store_kept_part large_part(struct made *m, uint8_t digest)
{
    struct store_kept_part p = part(STORE_PART_IMA, digest, NULL);
    memset(large, digest, sizeof large);
    p.blob.packed = gb_bytes(large, sizeof large);
    p.blob.packed_size = sizeof large;
    assert_int_equal(store_blob_write(m->store, m->arena, &p.blob, NULL), GB_OK);
    return p;
}

static void a_large_blob_is_a_file(void **state)
{
    struct made *m = *state;
    struct store_kept found;
    struct gb_bytes packed;
    enrol(m, 1, "w1");
    const struct store_kept_part parts[] = {large_part(m, 5)};
    struct store_kept kept = record(1, 10, true, 0, 3, parts, 1);
    assert_int_equal(add(m->store, &kept), GB_OK);
    assert_int_equal(files_in(m), 1);
    made_close(m);
    made_open(m);
    assert_int_equal(files_in(m), 1);
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_OK);
    assert_int_equal(store_blob_read(m->store, m->arena, &found.parts[0].blob, &packed, NULL),
                     GB_OK);
    assert_int_equal(packed.len, sizeof large);
    assert_int_equal(packed.data[0], 5);

    /* a file that is cut or gone is told, and no crash */
    char path[512];
    snprintf(path, sizeof path, "%s/evidence/%s", m->folder, found.parts[0].blob.file);
    assert_int_equal(truncate(path, 10), 0);
    assert_int_equal(store_blob_read(m->store, m->arena, &found.parts[0].blob, &packed, NULL),
                     GB_ERR_CONFIG);
    assert_int_equal(unlink(path), 0);
    assert_int_equal(store_blob_read(m->store, m->arena, &found.parts[0].blob, &packed, NULL),
                     GB_ERR_CONFIG);
}

/* Killed between the file and the row: the row is not there, the file goes at the next start. */
static void a_kill_between_blob_and_row_leaves_nothing(void **state)
{
    struct made *m = *state;
    enrol(m, 1, "w1");
    made_close(m);
    pid_t child = fork();
    if (child == 0) {
        made_open(m);
        (void)large_part(m, 6);
        kill(getpid(), SIGKILL);
        _exit(1);
    }
    int status;
    assert_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
    assert_int_equal(files_in(m), 1);
    made_open(m);
    assert_int_equal(files_in(m), 0);
    assert_int_equal(counts(m).blobs, 0);
}

/* Killed at any moment while it writes: what was acknowledged can be read, whole. */
static void a_killed_writer_loses_nothing_that_was_told(void **state)
{
    enum { KILLS = 8 };
    struct made *m = *state;
    enrol(m, 1, "w1");
    int64_t acked = 0;
    for (int i = 0; i < KILLS; i++) {
        int told[2];
        made_close(m);
        assert_int_equal(pipe(told), 0);
        pid_t child = fork();
        if (child == 0) {
            made_open(m);
            for (int64_t at = acked + 1;; at++) {
                const struct store_kept_part parts[] = {large_part(m, (uint8_t)at)};
                struct store_kept kept = record(1, at, true, 0, 1, parts, 1);
                if (add(m->store, &kept) < 0 || write(told[1], &at, sizeof at) < 0)
                    _exit(1);
            }
        }
        close(told[1]);
        while (read(told[0], &acked, sizeof acked) == sizeof acked)
            if (acked % 7 == i % 7) {
                usleep((useconds_t)(random() % 3000));
                kill(child, SIGKILL);
            }
        close(told[0]);
        int status;
        assert_true(waitpid(child, &status, 0) == child && WIFSIGNALED(status));
        made_open(m);
        struct store_kept found;
        struct gb_bytes packed;
        assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), acked, &found, NULL), GB_OK);
        assert_int_equal(found.at_s, acked);
        assert_int_equal(store_blob_read(m->store, m->arena, &found.parts[0].blob, &packed, NULL),
                         GB_OK);
        assert_int_equal(packed.data[0], (uint8_t)acked);
        assert_int_equal(files_in(m), counts(m).blobs);
        int64_t newest = 0;
        store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL) == GB_OK
            ? (void)(newest = found.at_s)
            : (void)0;
        acked = newest; /* one may be durable and not told */
    }
}

static void what_is_over_is_dropped_and_the_newest_stays(void **state)
{
    struct made *m = *state;
    struct store_kept found;
    enrol(m, 1, "w1");
    for (uint8_t boot = 1; boot <= 3; boot++) {
        const struct store_kept_part parts[] = {part(STORE_PART_BOOT_LOG, 100, "the same"),
                                                large_part(m, boot)};
        struct store_kept kept = record(1, boot * 10, true, 0, 1, parts, 2);
        assert_int_equal(add(m->store, &kept), GB_OK);
    }
    assert_int_equal(files_in(m), 3);
    assert_int_equal(sweep(m, 15, UINT64_MAX), GB_OK); /* by age: the first boot */
    assert_int_equal(sweep(m, 15, UINT64_MAX), GB_ERR_NOTFOUND);
    assert_int_equal(files_in(m), 2);
    assert_int_equal(counts(m).blobs, 3);
    assert_int_equal(sweep(m, 0, 100), GB_OK); /* by size: all but the newest */
    assert_int_equal(sweep(m, 0, 100), GB_ERR_NOTFOUND);
    assert_int_equal(files_in(m), 1);
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_OK);
    assert_int_equal(found.at_s, 30);
    assert_int_equal(found.part_count, 2);
    assert_true(gb_bytes_is(found.parts[0].blob.packed, "the same"));
}

/* Of who sends the same again and again: what is refused begins nothing, and nothing goes on from
 * it. */
static void T29_what_was_refused_is_dropped_by_age_and_size(void **state)
{
    struct made *m = *state;
    struct store_kept found;
    enrol(m, 1, "w1");
    const struct store_kept_part begun[] = {part(STORE_PART_IMA, 1, "list")};
    struct store_kept first = record(1, 10, true, 0, 5, begun, 1);
    assert_int_equal(add(m->store, &first), GB_OK);
    for (uint8_t i = 0; i < 6; i++) {
        const struct store_kept_part bad[] = {large_part(m, (uint8_t)(100 + i))};
        struct store_kept refused = record(1, 20 + i, i % 2, i % 2 ? 0 : 5, 5, bad, 1);
        refused.accepted = false;
        assert_int_equal(add(m->store, &refused), GB_OK);
    }
    assert_int_equal(files_in(m), 6);
    assert_int_equal(sweep(m, 23, UINT64_MAX), GB_OK);
    assert_int_equal(sweep(m, 23, UINT64_MAX), GB_ERR_NOTFOUND);
    assert_int_equal(files_in(m), 3);
    assert_int_equal(sweep(m, 0, 1000), GB_OK);
    assert_int_equal(sweep(m, 0, 1000), GB_ERR_NOTFOUND);
    assert_int_equal(files_in(m), 0);
    assert_int_equal(counts(m).records, 1);
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_OK);
    assert_int_equal(found.at_s, 10);
    assert_int_equal(found.part_count, 1);
}

/* How it began stays, and how it stands; between the two nothing is gained by sending more. */
static void T29_a_node_has_its_share_of_refused_rounds(void **state)
{
    struct made *m = *state;
    struct store_kept *list;
    size_t count;
    const struct store_kept_part begun[] = {part(STORE_PART_IMA, 1, "list")};
    struct store_kept first = record(1, 10, true, 0, 5, begun, 1);
    enrol(m, 1, "w1");
    assert_int_equal(add(m->store, &first), GB_OK);
    for (int64_t i = 0; i < GB_LIMIT_KEPT_REFUSED + 20; i++) {
        struct store_kept refused = record(1, 20 + i, false, 5, 5, NULL, 0);
        refused.accepted = false;
        assert_int_equal(add(m->store, &refused), GB_OK);
    }
    assert_int_equal(store_kept_list(m->store, m->arena, id_of(1), 1000, &list, &count, NULL),
                     GB_OK);
    assert_int_equal(count, 1 + GB_LIMIT_KEPT_REFUSED);
    assert_int_equal(list[0].at_s, 20 + GB_LIMIT_KEPT_REFUSED + 19);
    assert_int_equal(list[count - 2].at_s, 20);
}

static void T29_a_node_has_its_share_of_bytes(void **state)
{
    struct made *m = *state;
    enrol(m, 1, "w1");
    enrol(m, 2, "w2");
    const struct store_kept_part small[] = {part(STORE_PART_IMA, 1, "list")};
    struct store_kept other = record(2, 5, true, 0, 5, small, 1);
    assert_int_equal(add(m->store, &other), GB_OK);
    for (uint8_t i = 0; i < 5; i++) { /* what the row says of its size counts, not the file's */
        struct store_kept_part bad[] = {large_part(m, (uint8_t)(100 + i))};
        bad[0].blob.packed_size = GB_LIMIT_KEPT_NODE_BYTES / 4 + 1;
        struct store_kept boot = record(1, 20 + i, true, 0, 5, bad, 1);
        assert_int_equal(add(m->store, &boot), GB_OK);
    }
    assert_int_equal(counts(m).records, 1 + 3); /* the oldest boots of this node went */
    assert_int_equal(files_in(m), 3);
    struct store_kept_part more[] = {large_part(m, 99)};
    more[0].blob.packed_size = GB_LIMIT_KEPT_NODE_BYTES / 4 * 3;
    struct store_kept on = record(1, 30, false, 5, 6, more, 1);
    assert_int_equal(add(m->store, &on), GB_ERR_DENIED); /* nothing more of this boot but anew */
    assert_non_null(strstr(made_said.text, "send all evidence"));
    assert_true(files_in(m) <= 3);
    struct store_kept found;
    assert_int_equal(store_kept_at(m->store, m->arena, id_of(1), 0, &found, NULL), GB_OK);
    assert_int_equal(found.at_s, 24);
}

/* A boot that goes on for months must not be one list of a million rows. */
static void rounds_of_one_boot_begin_anew(void **state)
{
    struct made *m = *state;
    int r = GB_OK;
    struct store_kept first = record(1, 10, true, 0, 5, NULL, 0);
    enrol(m, 1, "w1");
    assert_int_equal(add(m->store, &first), GB_OK);
    for (int64_t i = 1; i < GB_LIMIT_KEPT_CHAIN && r == GB_OK; i++) {
        struct store_kept next = record(1, 10 + i, false, 5, 5, NULL, 0);
        r = add(m->store, &next);
    }
    assert_int_equal(r, GB_OK);
    struct store_kept next = record(1, 5000, false, 5, 5, NULL, 0);
    assert_int_equal(add(m->store, &next), GB_ERR_DENIED);
    first.at_s = 5001;
    assert_int_equal(add(m->store, &first), GB_OK);
    next.at_s = 5002;
    assert_int_equal(add(m->store, &next), GB_OK);
}

/* Whatever becomes of a write: a file is there when a row names it. */
static void a_file_that_no_row_names_goes_at_once(void **state)
{
    struct made *m = *state;
    enrol(m, 1, "w1");
    enrol(m, 2, "w2");
    const struct store_kept_part one[] = {large_part(m, 9)}, two[] = {large_part(m, 9)};
    struct store_kept a = record(1, 10, true, 0, 5, one, 1), b = record(2, 10, true, 0, 5, two, 1);
    assert_int_equal(files_in(m), 2);
    assert_int_equal(add(m->store, &a), GB_OK);
    assert_int_equal(add(m->store, &b), GB_OK); /* who did not know of the other */
    assert_int_equal(files_in(m), 1);
    const struct store_kept_part three[] = {large_part(m, 8)};
    struct store_kept gap = record(1, 20, false, 9, 9, three, 1);
    assert_int_equal(add(m->store, &gap), GB_ERR_DENIED); /* a rule */
    assert_int_equal(files_in(m), 1);
    for (unsigned long nth = 1; nth < 40; nth++) { /* the disk, at each statement */
        const struct store_kept_part four[] = {large_part(m, 7)};
        struct store_kept boot = record(1, 30, true, 0, 5, four, 1);
        store_fail_nth(m->store, nth);
        int r = add(m->store, &boot);
        store_fail_nth(m->store, 0);
        assert_int_equal(files_in(m), r == GB_OK ? 2 : 1);
        if (r == GB_OK && nth > 10)
            return;
        assert_int_not_equal(r, GB_OK);
    }
    fail_msg("it never succeeded");
}

static void T17_superseded_documents_stay_while_evidence_names_them(void **state)
{
    struct made *m = *state;
    struct store_document *documents;
    size_t count;
    enrol(m, 1, "w1");
    assert_int_equal(made_document(m->store, "nodes", 1, "the first"), GB_OK);
    struct store_kept first = record(1, 10, true, 0, 0, NULL, 0);
    assert_int_equal(add(m->store, &first), GB_OK);
    assert_int_equal(made_document(m->store, "nodes", 2, "the second"), GB_OK);
    assert_int_equal(store_kept_documents(m->store, m->arena, 7, &documents, &count, NULL), GB_OK);
    assert_int_equal(count, 1);
    assert_true(gb_bytes_is(documents[0].text, "the first"));

    const struct store_kept_document second[] = {{"NodePolicy", "nodes", 2}};
    struct store_kept next = record(1, 20, true, 0, 0, NULL, 0);
    next.trust_id = 8;
    next.documents = second;
    assert_int_equal(add(m->store, &next), GB_OK);
    assert_int_equal(sweep(m, 15, UINT64_MAX), GB_OK);
    assert_int_equal(store_kept_documents(m->store, m->arena, 7, &documents, &count, NULL), GB_OK);
    assert_int_equal(count, 0);
    assert_int_equal(store_kept_documents(m->store, m->arena, 8, &documents, &count, NULL), GB_OK);
    assert_true(gb_bytes_is(documents[0].text, "the second"));
}

static bool count_missing(void *ctx, const uint8_t node[STORE_ID])
{
    (void)node;
    ++*(size_t *)ctx;
    return true;
}

static void who_has_no_chain_is_named(void **state)
{
    struct made *m = *state;
    size_t missing = 0;
    struct store_kept kept = record(2, 10, true, 0, 0, NULL, 0);
    enrol(m, 1, "w1");
    enrol(m, 2, "w2");
    assert_int_equal(add(m->store, &kept), GB_OK);
    assert_int_equal(store_kept_missing(m->store, count_missing, &missing, NULL), GB_OK);
    assert_int_equal(missing, 1);
}

static void a_full_disk_writes_neither_verdict_nor_evidence(void **state)
{
    struct made *m = *state;
    struct answer answer;
    struct store_kept kept = record(1, 10, true, 0, 0, NULL, 0);
    struct store_verdict verdict = {
        .at_s = 10, .tier = 1, .trusted = true, .json = gb_bytes_str("{}")};
    enrol(m, 1, "w1");
    memcpy(verdict.node, kept.node, STORE_ID);
    verdict.kept = &kept;
    for (unsigned long nth = 3; nth < 8; nth++) { /* after BEGIN and SAVEPOINT, one after another */
        answer_init(&answer);
        store_fail_nth(m->store, nth);
        store_verdict_add(m->store, &verdict, gb_bytes_str("p"), made_entry("verdict"), answer_done,
                          &answer);
        answer_wait(&answer, 1);
        struct store_verdict found;
        bool told = answer.result == GB_OK;
        assert_int_equal(store_verdict_get(m->store, m->arena, kept.node, &found, NULL) == GB_OK,
                         told);
        assert_int_equal(counts(m).records > 0, told);
        if (told)
            break;
    }
    store_fail_nth(m->store, 0);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_state_is_put_together_in_order, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(what_goes_on_from_elsewhere_is_refused, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(identical_machines_share_blobs, made_setup, made_teardown),
        cmocka_unit_test_setup_teardown(a_large_blob_is_a_file, made_setup, made_teardown),
        cmocka_unit_test_setup_teardown(a_kill_between_blob_and_row_leaves_nothing, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(a_killed_writer_loses_nothing_that_was_told, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(what_is_over_is_dropped_and_the_newest_stays, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(T29_what_was_refused_is_dropped_by_age_and_size, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(T29_a_node_has_its_share_of_refused_rounds, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(T29_a_node_has_its_share_of_bytes, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(rounds_of_one_boot_begin_anew, made_setup, made_teardown),
        cmocka_unit_test_setup_teardown(a_file_that_no_row_names_goes_at_once, made_setup,
                                        made_teardown),
        cmocka_unit_test_setup_teardown(T17_superseded_documents_stay_while_evidence_names_them,
                                        made_setup, made_teardown),
        cmocka_unit_test_setup_teardown(who_has_no_chain_is_named, made_setup, made_teardown),
        cmocka_unit_test_setup_teardown(a_full_disk_writes_neither_verdict_nor_evidence, made_setup,
                                        made_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
