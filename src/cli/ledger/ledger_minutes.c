#include "cli/ledger/ledger_minutes.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/cmd.h"
#include "cli/server_client.h"
#include "crypto/digest.h"
#include "ledger/entry.h"
#include "ledger/log.h"
#include "ledger/merkle.h"
#include "ledger/rounds.h"
#include "os/file.h"
#include "wire/json.h"

struct fetching {
    struct server_client *client;
    struct log *log;
    const char *folder;
    struct ledger_minutes *minutes;
    struct gb_arena *arena; /* owned; of one entry */
    struct digester *digester;
};

static const char rounds_word[] = "\"what\":\"rounds\"";

/* The minute that an entry seals; false for every other entry. */
static int read_sealed(struct fetching *f, uint64_t index, bool *ret_is,
                       struct rounds_sealed *ret_sealed, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *tree = NULL;
    struct gb_bytes text, word;
    struct entry entry;
    *ret_is = false;
    int r = log_entry(f->log, f->arena, index, &text, err);
    if (r < 0 || !memmem(text.data, text.len, rounds_word, sizeof rounds_word - 1))
        return r;
    r = entry_read(text, &entry, &word, &tree, err);
    if (r < 0 || entry.what != ENTRY_ROUNDS)
        return r;
    *ret_is = true;
    return rounds_sealed_read(entry.data, ret_sealed, err);
}

static int make_folder(const char *path, struct gb_err *err)
{
    if (mkdir(path, 0755) == 0 || errno == EEXIST)
        return GB_OK;
    return gb_err_sys(err, errno, "%s: %s", path, strerrordesc_np(errno));
}

/* The file as the server has it; no data when it is here already, or there no more. */
static int fetch(struct fetching *f, const struct rounds_sealed *sealed, const char *kind,
                 char **ret_path, struct gb_bytes *ret_bytes, struct gb_err *err)
{
    char name[ROUNDS_PATH];
    rounds_path(sealed->minute_s, name);
    char *path = gb_arena_printf(f->arena, "%s/%s.%s", f->folder, name, kind);
    char *url = gb_arena_printf(f->arena, "/v1/ledger/rounds/%s.%s", name, kind);
    *ret_bytes = gb_bytes(NULL, 0);
    *ret_path = path;
    if (!path || !url)
        return gb_err_nomem(err);
    if (access(path, F_OK) == 0)
        return GB_OK;
    int r = server_fetch(f->client, f->arena, url, ret_bytes, err);
    if (r != GB_ERR_NOTFOUND)
        return r;
    f->minutes->gone += strcmp(kind, "leaves") == 0;
    return GB_OK;
}

static int keep(struct fetching *f, const char *path, struct gb_bytes bytes, struct gb_err *err)
{
    char *day = gb_arena_printf(f->arena, "%.*s", (int)(strrchr(path, '/') - path), path);
    if (!day)
        return gb_err_nomem(err);
    int r = make_folder(f->folder, err);
    if (r == GB_OK)
        r = make_folder(day, err);
    return r < 0 ? r : file_write(path, bytes, err);
}

static int fetch_leaves(struct fetching *f, const struct rounds_sealed *sealed, struct gb_err *err)
{
    char *path;
    struct gb_bytes leaves;
    uint8_t root[MERKLE_HASH];
    int r = fetch(f, sealed, "leaves", &path, &leaves, err);
    if (r != GB_OK || leaves.len == 0)
        return r;
    r = leaves.len == sealed->count * ROUNDS_LEAF ? rounds_root(f->digester, leaves, root, err)
                                                  : GB_ERR_INPUT;
    if (r == GB_ERR_INPUT || (r == GB_OK && memcmp(root, sealed->root, sizeof root) != 0)) {
        fprintf(stderr, "garboard: %s: the server's leaves are not those that the ledger sealed\n",
                path);
        return CMD_CONTRAINDICATED;
    }
    f->minutes->fetched++;
    return r < 0 ? r : keep(f, path, leaves, err);
}

static int fetch_quotes(struct fetching *f, const struct rounds_sealed *sealed, struct gb_err *err)
{
    char *path;
    struct gb_bytes quotes;
    int r = fetch(f, sealed, "quotes", &path, &quotes, err);
    return r != GB_OK || quotes.len == 0 ? r : keep(f, path, quotes, err);
}

static int fetch_all(struct fetching *f, struct gb_err *err)
{
    int r = GB_OK;
    for (uint64_t i = 0; r == GB_OK && i < log_signed(f->log); i++) {
        struct rounds_sealed sealed;
        bool is;
        gb_arena_reset(f->arena);
        r = read_sealed(f, i, &is, &sealed, err);
        if (r != GB_OK || !is)
            continue;
        f->minutes->all++;
        r = fetch_leaves(f, &sealed, err);
        if (r == GB_OK && f->minutes->quotes)
            r = fetch_quotes(f, &sealed, err);
        if (isatty(STDERR_FILENO) && f->minutes->all % 60 == 0)
            fprintf(stderr, "\rgarboard: %zu minutes", f->minutes->all);
    }
    return r;
}

int ledger_minutes_fetch(struct server_client *client, struct log *log, const char *folder,
                         struct ledger_minutes *minutes, struct gb_err *err)
{
    gb_cleanup(gb_arena_freep) struct gb_arena *arena = gb_arena_new();
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    if (!arena)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    struct fetching f = {client, log, folder, minutes, arena, digester};
    return r < 0 ? r : fetch_all(&f, err);
}
