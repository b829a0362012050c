/* garboard ledger export: a copy of the server's ledger, entry by entry proven to be what its
 * checkpoint signs. The tree is built anew here; the server's own tiles are not asked. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_minutes.h"
#include "cli/output.h"
#include "cli/server_client.h"
#include "ledger/checkpoint.h"
#include "ledger/log.h"
#include "ledger/merkle.h"
#include "ledger/note.h"
#include "ledger/tiles.h"
#include "os/file.h"

enum { FLUSH = 64 }; /* bundles between two marks from which a broken-off export goes on */

struct export
{
    const struct cmd_line *line;
    struct server_client *client; /* owned */
    struct gb_arena *arena;       /* owned; of one bundle */
    struct log *log;              /* owned */
    const char *ledger;           /* DIR/ledger */
    const char *rounds;           /* DIR/rounds */
    uint64_t before;              /* entries of the copy as it was */
    struct gb_bytes note;
    struct checkpoint head;
};

static int read_head(struct export *x, struct gb_arena *arena, struct gb_err *err)
{
    struct note note;
    int r = server_fetch(x->client, arena, "/v1/ledger/checkpoint", &x->note, err);
    if (r == GB_OK)
        r = note_read(arena, x->note, &note, err);
    return r != GB_OK ? r : checkpoint_read(note.text, &x->head, err);
}

static int make_folder(const char *path, struct gb_err *err)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return GB_OK;
    return gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
}

/* What an export that was broken off has left: not believed, but proven with all else. */
static bool read_local(struct export *x, const char *path, struct gb_bytes *ret_bundle)
{
    const char *local = gb_arena_printf(x->arena, "%s/%s", x->ledger, path);
    return local && file_read(x->arena, local, GB_LIMIT_HTTP_ANSWER, ret_bundle, NULL) == GB_OK;
}

/* A partial bundle may have become full meanwhile: its beginning is the same. */
static int fetch_bundle(struct export *x, struct tiles_name *name, struct gb_bytes *ret_bundle,
                        struct gb_err *err)
{
    char path[TILES_PATH];
    tiles_path(name, path);
    if (name->width == TILES_WIDTH && read_local(x, path, ret_bundle))
        return GB_OK;
    const char *url = gb_arena_printf(x->arena, "/v1/ledger/%s", path);
    int r = url ? server_fetch(x->client, x->arena, url, ret_bundle, err) : gb_err_nomem(err);
    if (r != GB_ERR_NOTFOUND || name->width == TILES_WIDTH)
        return r;
    name->width = TILES_WIDTH;
    return fetch_bundle(x, name, ret_bundle, err);
}

static int add_bundle(struct export *x, uint64_t bundle, struct gb_err *err)
{
    struct gb_bytes bytes, entries[TILES_WIDTH];
    unsigned width = tiles_width(x->head.size, 0, bundle);
    struct tiles_name name = {.entries = true, .index = bundle, .width = width};
    gb_arena_reset(x->arena);
    int r = fetch_bundle(x, &name, &bytes, err);
    if (r == GB_OK)
        r = tiles_bundle_read(bytes, name.width, entries, err);
    for (uint64_t i = log_size(x->log) % TILES_WIDTH; r == GB_OK && i < width; i++)
        r = log_add(x->log, entries[i], err);
    return r;
}

static void progress(const struct export *x)
{
    if (isatty(STDERR_FILENO))
        fprintf(stderr, "\rgarboard: %" PRIu64 " of %" PRIu64 " entries", log_size(x->log),
                x->head.size);
}

static int add_entries(struct export *x, struct gb_err *err)
{
    int r = GB_OK;
    for (size_t n = 1; r == GB_OK && log_size(x->log) < x->head.size; n++) {
        r = add_bundle(x, log_size(x->log) / TILES_WIDTH, err);
        if (r == GB_OK && n % FLUSH == 0) {
            r = log_flush(x->log, err);
            progress(x);
        }
    }
    if (r == GB_OK)
        r = log_flush(x->log, err);
    progress(x);
    if (isatty(STDERR_FILENO))
        fputc('\n', stderr);
    return r;
}

static int contradicted(const struct export *x, const char *what)
{
    fprintf(stderr,
            "garboard: %s: %s\n"
            "  -> keep this folder: with the server's checkpoint it is evidence; export into a "
            "fresh one and compare\n",
            x->ledger, what);
    return CMD_CONTRAINDICATED;
}

/* The root that we computed must be the one that was signed; a copy only grows. */
static int update(struct export *x, struct gb_err *err)
{
    uint8_t root[MERKLE_HASH];
    if (x->head.size < log_signed(x->log))
        return contradicted(x, "the server's ledger is shorter than this copy");
    int r = add_entries(x, err);
    if (r == GB_OK)
        r = log_root(x->log, root, err);
    if (r != GB_OK)
        return r;
    if (memcmp(root, x->head.root, sizeof root) != 0)
        return contradicted(x, "the server's entries do not give the root that its checkpoint "
                               "signs, as a continuation of this copy");
    return log_set_checkpoint(x->log, x->note, err);
}

static int export_entries(struct export *x, struct gb_arena *arena, struct gb_err *err)
{
    int r = make_folder(x->line->args[0], err);
    if (r == GB_OK)
        r = read_head(x, arena, err);
    if (r == GB_OK)
        r = log_open(x->ledger, &x->log, err);
    if (r != GB_OK)
        return r;
    x->before = log_signed(x->log);
    return update(x, err);
}

static void report(const struct export *x, const struct ledger_minutes *minutes)
{
    printf("%s: %" PRIu64 " entries, %" PRIu64 " new\n", x->ledger, x->head.size,
           x->head.size - x->before);
    if (minutes)
        printf("%s: %zu minutes, %zu new, %zu not kept by the server any more\n", x->rounds,
               minutes->all, minutes->fetched, minutes->gone);
    printf("Verify it: garboard ledger verify %s%s --key ledger.vkey\n"
           "(ledger.vkey: the ledger's verifier key, on the server's host "
           "/etc/garboard/ledger.vkey)\n",
           x->line->args[0],
           !minutes          ? ""
           : minutes->quotes ? " --quotes"
                             : " --rounds");
}

static void done(struct export *x)
{
    server_client_freep(&x->client);
    log_free(x->log);
    gb_arena_free(x->arena);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(done) struct export x = {.line = line, .arena = gb_arena_new()};
    struct ledger_minutes minutes = {.quotes = cmd_has(line, "quotes")};
    bool rounds = cmd_has(line, "rounds") || minutes.quotes;
    x.ledger = gb_arena_printf(arena, "%s/ledger", line->args[0]);
    x.rounds = gb_arena_printf(arena, "%s/rounds", line->args[0]);
    if (!x.arena || !x.ledger || !x.rounds)
        return gb_err_nomem(err);
    int r = server_client_new(arena, line, &x.client, err);
    if (r == GB_OK)
        r = export_entries(&x, arena, err);
    if (r == GB_OK && rounds)
        r = ledger_minutes_fetch(x.client, x.log, x.rounds, &minutes, err);
    if (r != GB_OK)
        return r;
    report(&x, rounds ? &minutes : NULL);
    return output_flush();
}

static const struct cmd_option options[] = {
    CLIENT_CONF_OPTIONS,
    {"rounds", NULL, "the leaves of every sealed minute, too", false, 0},
    {"quotes", NULL, "leaves and quotes of every sealed minute, as far as they are kept", false, 0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_ledger_export = {
    .name = "ledger export",
    .args = "DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "copy the server's ledger, proving what is fetched",
    .examples = "  garboard ledger export /srv/audit --quotes\n"
                "  garboard ledger verify /srv/audit --quotes --key ledger.vkey\n",
    .options = options,
    .run = run,
};
