/*
 * The ledger: appending to the log's folder, and verifying all of it against the physical floor,
 * which is one SHA-256 a leaf and one a node by straight EVP, in the same run, in turns. Only the
 * ratio is judged.
 *
 * usage: ledger [--quick]
 */
#include <ftw.h>
#include <limits.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "crypto/ed25519.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/log.h"
#include "ledger/note.h"
#include "ledger/verify.h"

enum { ENTRIES = 1000000, QUICK_ENTRIES = 20000, BATCH = 1000, PAIRS = 3 };

static const double limit = 2.0; /* the ratio that we promise: reading files and comparing tiles */

static void must(int ok, const char *what)
{
    if (ok)
        return;
    fprintf(stderr, "ledger: %s failed\n", what);
    exit(1);
}

static double now_s(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

/* An entry like those of a running service, some 240 bytes. */
static struct gb_bytes make_entry(uint64_t index, struct gb_buf *line)
{
    char node[64];
    snprintf(node, sizeof node, "node/0194f3c2-7a1e-8d21-9b3f-%012llx", (unsigned long long)index);
    struct json *data = json_new_object();
    json_set(data, "tier", json_text("affirming"));
    json_set(data, "before", json_text("contraindicated"));
    json_set(data, "policy", json_text("fleet version 12"));
    const struct entry entry = {.at_ms = INT64_C(1795914123456) + (int64_t)index,
                                .what = ENTRY_VERDICT,
                                .who = {.text = gb_bytes_str("server")},
                                .whom = {.text = gb_bytes_str(node)},
                                .data = data};
    line->len = 0;
    must(entry_write(&entry, line, NULL) == 0, "entry_write");
    json_free(data);
    return gb_buf_bytes(line);
}

static void sign(struct log *log, const struct ed25519 *key, const struct note_key *as)
{
    struct gb_buf text;
    struct gb_buf note;
    struct checkpoint head = {.origin = gb_bytes_str(as->name), .size = log_size(log)};
    gb_buf_init(&text, GB_LIMIT_NOTE);
    gb_buf_init(&note, GB_LIMIT_NOTE);
    must(log_flush(log, NULL) == 0, "log_flush");
    must(log_root(log, head.root, NULL) == 0, "log_root");
    checkpoint_write(&head, &text);
    note_begin(&note, gb_buf_bytes(&text));
    must(note_sign(key, as, gb_buf_bytes(&text), 0, &note, NULL) == 0, "note_sign");
    must(log_set_checkpoint(log, gb_buf_bytes(&note), NULL) == 0, "log_set_checkpoint");
    gb_buf_done(&text);
    gb_buf_done(&note);
}

/* Seconds spent in the log alone: the entries are made before the clock runs. */
static double append(const char *dir, uint64_t count, const struct ed25519 *key,
                     const struct note_key *as)
{
    struct log *log = NULL;
    double spent = 0;
    must(log_open(dir, &log, NULL) == 0, "log_open");
    for (uint64_t i = 0; i < count; i += BATCH) {
        struct gb_buf lines[BATCH];
        for (size_t k = 0; k < BATCH; k++) {
            gb_buf_init(&lines[k], GB_LIMIT_ENTRY);
            make_entry(i + k, &lines[k]);
        }
        double begin = now_s();
        for (size_t k = 0; k < BATCH; k++)
            must(log_add(log, gb_buf_bytes(&lines[k]), NULL) == 0, "log_add");
        sign(log, key, as);
        spent += now_s() - begin;
        for (size_t k = 0; k < BATCH; k++)
            gb_buf_done(&lines[k]);
    }
    log_free(log);
    return spent;
}

static double verify(const char *dir, uint64_t count, const struct note_key *key)
{
    struct ledger_report report;
    const struct ledger_asked asked = {.trust = {.keys = key, .key_count = 1}};
    struct gb_arena *arena = gb_arena_new();
    double begin = now_s();
    must(ledger_verify(arena, dir, &asked, &report, NULL) == 0 && !report.fault &&
             report.done == count,
         "ledger_verify");
    double spent = now_s() - begin;
    gb_arena_free(arena);
    return spent;
}

/* As many digests over as many bytes, and nothing else. */
static double floor_of(uint64_t count, struct gb_bytes entry)
{
    uint8_t leaf[GB_LIMIT_ENTRY + 1] = {0};
    uint8_t node[65] = {1};
    uint8_t out[32];
    EVP_MD *md = EVP_MD_fetch(NULL, "SHA256", NULL);
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    must(md && ctx && entry.len < sizeof leaf, "EVP");
    memcpy(leaf + 1, entry.data, entry.len);
    double begin = now_s();
    for (uint64_t i = 0; i < count; i++) {
        int ok = EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
                 EVP_DigestUpdate(ctx, leaf, entry.len + 1) == 1 &&
                 EVP_DigestFinal_ex(ctx, out, NULL) == 1;
        memcpy(node + 1, out, sizeof out);
        ok = ok && EVP_DigestInit_ex2(ctx, md, NULL) == 1 &&
             EVP_DigestUpdate(ctx, node, sizeof node) == 1 &&
             EVP_DigestFinal_ex(ctx, out, NULL) == 1;
        must(ok, "EVP_Digest");
    }
    double spent = now_s() - begin;
    EVP_MD_CTX_free(ctx);
    EVP_MD_free(md);
    return spent;
}

static int drop(const char *path, const struct stat *st, int type, struct FTW *where)
{
    (void)st;
    (void)type;
    (void)where;
    return remove(path);
}

static void make_key(struct ed25519 **key, struct note_key *as)
{
    uint8_t public[ED25519_PUBLIC];
    struct digester *digester = NULL;
    must(digester_new(&digester, NULL) == 0 && ed25519_new(key, NULL) == 0 &&
             ed25519_public(*key, public, NULL) == 0 &&
             note_key_make(digester, "bench.example/ledger", NOTE_ED25519, public, as, NULL) == 0,
         "key");
    digester_free(digester);
}

/* The median of a few: the machine is shared. */
static double measure(const char *dir, uint64_t count, const struct note_key *key)
{
    double ratios[PAIRS];
    struct gb_buf line;
    gb_buf_init(&line, GB_LIMIT_ENTRY);
    struct gb_bytes entry = make_entry(0, &line);
    for (int i = 0; i < PAIRS; i++) {
        double ours = verify(dir, count, key);
        double least = floor_of(count, entry);
        ratios[i] = ours / least;
        for (int k = i; k > 0 && ratios[k] < ratios[k - 1]; k--) {
            double swap = ratios[k];
            ratios[k] = ratios[k - 1];
            ratios[k - 1] = swap;
        }
        printf("ledger-verify    %10.2f s  %10llu entries of %zu bytes   floor %6.2f s   ratio "
               "%5.2f\n",
               ours, (unsigned long long)count, entry.len, least, ours / least);
        fflush(stdout);
    }
    gb_buf_done(&line);
    return ratios[PAIRS / 2];
}

int main(int argc, char **argv)
{
    bool quick = argc > 1 && strcmp(argv[1], "--quick") == 0;
    uint64_t count = quick ? QUICK_ENTRIES : ENTRIES;
    char dir[PATH_MAX];
    struct ed25519 *key = NULL;
    struct note_key as;
    const char *base = getenv("TMPDIR");
    snprintf(dir, sizeof dir, "%s/garboard-bench-XXXXXX", base ? base : "/tmp");
    must(mkdtemp(dir) != NULL, "mkdtemp");
    make_key(&key, &as);
    double spent = append(dir, count, key, &as);
    printf("ledger-append    %10.2f s  %10llu entries, signed and synced every %d: %.0f a second\n",
           spent, (unsigned long long)count, BATCH, (double)count / spent);
    double ratio = measure(dir, count, &as);
    printf("ledger-verify    ratio to floor %5.2f   limit %4.2f   %s\n", ratio, limit,
           ratio <= limit ? "ok" : "OVER");
    ed25519_free(key);
    must(nftw(dir, drop, 16, FTW_DEPTH | FTW_PHYS) == 0, "removing the folder");
    return ratio > limit && !quick ? 1 : 0;
}
