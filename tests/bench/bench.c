/*
 * Judging one attestation against the physical floor: the same signature and the same digests by
 * straight EVP, in the same run, in turns. Machines are shared and noisy, so only the ratio counts:
 * the median over many pairs.
 *
 * usage: bench [--quick] [--write FOLDER] [NAME...]
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "attest/attest.h"
#include "base/err.h"
#include "crypto/sig_cache.h"
#include "make_list.h"
#include "make_node.h"
#include "steady.h"

struct bench {
    const char *name;
    enum node_key key;
    size_t ima_entries;
    double limit;     /* the ratio that we promise */
    size_t new_count; /* all but the last so many entries were proven in earlier rounds; 0: none */
    size_t sets;      /* beside the node's own: so many more, */
    size_t set_files; /* of so many files each */
    enum { UNSIGNED, REMEMBERED, FORGOTTEN } files; /* signed ones, in place of the node's set */
};

static const struct bench benches[] = {
    {"quote-rsa", NODE_RSA, 0, 2.0, 0, 0, 0},
    {"quote-p256", NODE_P256, 0, 2.0, 0, 0, 0},
    {"ima-10k", NODE_RSA, 10000, 1.5, 0, 0, 0},
    {"ima-50k", NODE_RSA, 50000, 1.5, 0, 0, 0},
    {"ima-50k-1m", NODE_RSA, 50000, 1.5, 0, 1, 1000000},
    {"ima-50k-100-sets", NODE_RSA, 50000, 1.5, 0, 99, 10000},
    /* All verified before, for any node; and each for the first time: a P-256 signature an entry.
     */
    {"ima-signed-10k", NODE_RSA, 10000, 2.0, 0, 0, 0, REMEMBERED},
    {"ima-signed-1k-new", NODE_RSA, 1000, 400.0, 0, 0, 0, FORGOTTEN},
    {"steady-10", NODE_RSA, 50000, 2.0, 10, 0, 0},
    {"steady-10-1m", NODE_RSA, 50000, 2.0, 10, 1, 1000000},
    {"steady-10-p256", NODE_P256, 50000, 2.0, 10, 0, 0},
    {"steady-10-small", NODE_RSA, 500, 2.0, 10, 0,
     0}, /* the same cost: nothing grows with what is seen
          */
};

struct judge {
    struct gb_arena *arena; /* per attestation, reset in between as a server does */
    struct gb_arena *policy_arena;
    struct digester *digester;
    struct trust trust;
    struct asked asked;
    struct sig_cache *signatures;
    struct steady *steady; /* NULL: everything is judged each time */
};

static double cpu_us(void)
{
    struct timespec t;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void die(const struct gb_err *err)
{
    fprintf(stderr, "bench: %s\n", err->text);
    exit(1);
}

static void judge_init(struct judge *judge, const struct node *node, struct steady *steady,
                       struct gb_bytes sets, bool remember)
{
    struct gb_err err = {0};
    *judge = (struct judge){.arena = gb_arena_new(), .policy_arena = gb_arena_new()};
    judge->asked = (struct asked){.has_nonce = true, .nonce = node->nonce};
    if (!judge->arena || !judge->policy_arena || digester_new(&judge->digester, &err) < 0)
        die(&err);
    judge->steady = steady;
    if (remember && sig_cache_new(7, &judge->signatures, &err) < 0)
        die(&err);
    const struct policy_file files[] = {{"bench.yaml", node->policy}, {"sets.yaml", sets}};
    if (node->policy.data && policy_read(judge->policy_arena, files, sets.len > 0 ? 2 : 1, 42,
                                         &judge->trust.policy, &err) < 0)
        die(&err);
    judge->trust.policy.signatures = judge->signatures;
}

static void judge_run(struct judge *judge, const struct node *node)
{
    struct verdict verdict;
    struct gb_err err = {0};
    gb_arena_reset(judge->arena);
    int r = judge->steady ? steady_run(judge->steady, judge->arena, judge->digester, &judge->trust,
                                       &verdict, &err)
                          : attest(judge->arena, judge->digester, &judge->trust, &judge->asked,
                                   &node->bundle, NULL, &verdict, &err);
    if (r < 0)
        die(&err);
    const struct gb_finding *f = verdict.findings.first;
    while (f && f->tier != GB_TIER_CONTRAINDICATED)
        f = f->next;
    if (f) {
        fprintf(stderr, "bench: the evidence is refused: %s\n",
                gb_finding_message(judge->arena, f));
        exit(1);
    }
}

static void judge_done(struct judge *judge)
{
    sig_cache_free(judge->signatures);
    digester_free(judge->digester);
    gb_arena_free(judge->arena);
    gb_arena_free(judge->policy_arena);
}

static int by_value(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median(double *values, size_t count)
{
    qsort(values, count, sizeof *values, by_value);
    return values[count / 2];
}

enum { MAX_PAIRS = 41 };

/* Ours and the floor in turns, each `repeat` times, `pairs` times over. */
static double measure(struct judge *judge, struct node *node, size_t pairs, size_t repeat,
                      double *ret_us)
{
    double ratios[MAX_PAIRS];
    double ours[MAX_PAIRS];
    judge_run(judge, node);
    floor_run(node->floor);
    for (size_t i = 0; i < pairs; i++) {
        double t0 = cpu_us();
        for (size_t k = 0; k < repeat; k++)
            judge_run(judge, node);
        double t1 = cpu_us();
        for (size_t k = 0; k < repeat; k++)
            floor_run(node->floor);
        double t2 = cpu_us();
        ratios[i] = (t1 - t0) / (t2 - t1);
        ours[i] = (t1 - t0) / (double)repeat;
    }
    *ret_us = median(ours, pairs);
    return median(ratios, pairs);
}

static void write_file(const char *folder, const char *name, struct gb_bytes bytes)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/%s", folder, name);
    FILE *f = bytes.data ? fopen(path, "wb") : NULL;
    if (bytes.data && (!f || fwrite(bytes.data, 1, bytes.len, f) != bytes.len || fclose(f) != 0)) {
        perror(path);
        exit(1);
    }
}

/* The evidence in files, so that a peer is measured on the same bytes. */
static void write_node(const char *root, const char *name, const struct node *node)
{
    char folder[2048];
    snprintf(folder, sizeof folder, "%s/%s", root, name);
    mkdir(folder, 0777);
    write_file(folder, "quote.msg", node->bundle.quote);
    write_file(folder, "quote.sig", node->bundle.signature);
    write_file(folder, "ak.pub", node->bundle.ak_public);
    write_file(folder, "ak.pem", node->ak_pem);
    write_file(folder, "pcrs.yaml", node->bundle.pcrs_text);
    write_file(folder, "quote.pcrs", node->pcrs_tools);
    write_file(folder, "eventlog.bin", node->bundle.boot_log);
    write_file(folder, "ima_binary", node->bundle.ima);
    write_file(folder, "ima_ascii", node->ima_ascii);
    write_file(folder, "policy.yaml", node->policy);
    write_file(folder, "nonce", node->nonce);
}

/* 0 when the ratio is within its limit. */
static int run(const struct bench *b, bool quick, const char *folder)
{
    struct gb_arena *arena = gb_arena_new();
    struct node node;
    struct judge judge;
    struct steady *steady = NULL;
    struct list sets;
    struct file_signer *signer = b->files == UNSIGNED ? NULL : file_signer_new();
    double us = 0;
    if (b->new_count > 0)
        steady = steady_new(arena, b->key, b->ima_entries, b->new_count, &node);
    else
        make_node(arena, b->key, b->ima_entries, signer,
                  gb_bytes_str("0123456789abcdef0123456789abcdef"), &node);
    list_make_sets(&sets, b->sets, b->set_files);
    judge_init(&judge, &node, steady, sets.document, b->files == REMEMBERED);
    list_done(&sets);
    size_t repeat =
        b->ima_entries && !steady ? (b->files == FORGOTTEN ? 2 : 100000 / b->ima_entries) : 200;
    double ratio =
        measure(&judge, &node, quick ? 7 : MAX_PAIRS, quick ? (repeat + 4) / 5 : repeat, &us);
    printf("%-16s %10.1f us %10zu digests   ratio to floor %5.2f   limit %4.2f   %s\n", b->name, us,
           floor_digests(node.floor), ratio, b->limit, ratio <= b->limit ? "ok" : "OVER");
    fflush(stdout);
    if (folder && !steady && !signer)
        write_node(folder, b->name, &node);
    file_signer_free(signer);
    steady_free(steady);
    judge_done(&judge);
    floor_free(node.floor);
    gb_arena_free(arena);
    return ratio <= b->limit ? 0 : 1;
}

static bool chosen(const char *name, char **names)
{
    if (!*names)
        return true;
    while (*names && strcmp(*names, name) != 0)
        names++;
    return *names != NULL;
}

int main(int argc, char **argv)
{
    const char *folder = NULL;
    bool quick = false;
    int i = 1;
    for (; i < argc && argv[i][0] == '-'; i++) {
        if (strcmp(argv[i], "--quick") == 0) {
            quick = true;
        } else if (strcmp(argv[i], "--write") == 0 && i + 1 < argc) {
            folder = argv[++i];
        } else {
            fputs("usage: bench [--quick] [--write FOLDER] [NAME...]\n", stderr);
            return 2;
        }
    }
    if (folder)
        mkdir(folder, 0777);
    int over = 0;
    for (size_t k = 0; k < GB_ARRAY_LEN(benches); k++)
        if (chosen(benches[k].name, argv + i))
            over += run(&benches[k], quick, folder);
    /* Few pairs are too few to judge by: --quick only shows that it runs. */
    return over && !quick ? 1 : 0;
}
