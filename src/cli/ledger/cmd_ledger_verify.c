#include <stdio.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/ledger/ledger_keys.h"
#include "cli/ledger/ledger_report.h"
#include "cli/ledger/ledger_rounds.h"
#include "cli/output.h"
#include "ledger/checkpoint.h"
#include "ledger/entry.h"
#include "ledger/verify.h"
#include "os/file.h"
#include "wire/json.h"

static const struct cmd_option options[] = {
    LEDGER_KEYS_OPTIONS,
    {"since", "FILE", "an older checkpoint: its log must be the beginning of this one", false, 0},
    {"rounds", NULL, "compare each minute's attestations with what was sealed", false, 0},
    {"quotes", NULL, "prove every kept quote again (and --rounds)", false, 0},
    {"rounds-dir", "DIR", "the minute files (default: rounds beside the ledger)", false, 0},
    {"proof", "FILE", "check this proof alone; the argument is then its entry", false, 0},
    {NULL, NULL, NULL, false, 0},
};

/* What ledger_verify hands back. */
struct watch {
    const char *fault; /* a literal: the first entry that none could have written */
    uint64_t index;    /* which */
    int64_t at_ms;     /* of the entry before */
    uint64_t back;     /* entries that are older than the one before them */
    struct ledger_rounds rounds;
    bool look;     /* rounds are asked for */
    bool terminal; /* somebody waits before it */
};

/* Every entry is one that Garboard writes, to the byte. A clock may be set back: that is counted.
 */
static int read_entry(struct watch *watch, uint64_t index, struct gb_bytes line, struct gb_err *err)
{
    struct entry entry;
    gb_cleanup(json_freep) struct json *tree = NULL;
    int r = entry_read(line, &entry, NULL, &tree, err);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT) {
        watch->fault = "it is signed, but is no entry of a ledger of Garboard";
        watch->index = index;
        return GB_OK;
    }
    if (r < 0)
        return r;
    if (entry.at_ms < watch->at_ms)
        watch->back++;
    watch->at_ms = entry.at_ms;
    return GB_OK;
}

static int look(void *arg, uint64_t index, struct gb_bytes entry, struct gb_err *err)
{
    struct watch *watch = arg;
    int r = watch->fault ? GB_OK : read_entry(watch, index, entry, err);
    if (r < 0 || !watch->look)
        return r;
    return ledger_rounds_take(&watch->rounds, index, entry, err);
}

/* One line that is written over; every 16,384 entries are some tens a second. */
static void progress(void *arg, uint64_t done, uint64_t size)
{
    const struct watch *watch = arg;
    if (!watch->terminal || size < 65536)
        return;
    if (done == size)
        fputs("\r\033[K", stderr);
    else if (done % 16384 == 0)
        fprintf(stderr, "\rverifying: %llu of %llu entries (%llu %%)", (unsigned long long)done,
                (unsigned long long)size, (unsigned long long)(done * 100 / size));
}

static int verify_folder(const struct cmd_line *line, struct gb_arena *arena, struct watch *watch,
                         struct ledger_asked *asked, struct gb_err *err)
{
    struct ledger_report report = {0};
    const char *since = cmd_value(line, "since");
    int r = since ? file_read(arena, since, GB_LIMIT_NOTE, &asked->since, err) : GB_OK;
    if (r == GB_OK && watch->look)
        r = ledger_rounds_init(&watch->rounds, arena, ledger_rounds_dir(line, arena),
                               cmd_has(line, "quotes"), err);
    if (r < 0)
        return r;
    asked->entry = look;
    asked->progress = progress;
    asked->arg = watch;
    const char *ledger = ledger_rounds_ledger(line, arena);
    r = ledger ? ledger_verify(arena, ledger, asked, &report, err) : gb_err_nomem(err);
    if (r == GB_ERR_NOTFOUND)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "%s: no ledger, or nothing was ever signed in it (no file checkpoint, "
                          "nor ledger/checkpoint)",
                          line->args[0]);
    if (r == GB_OK && !report.fault && watch->fault) {
        report.fault = watch->fault;
        report.has_index = true;
        report.index = watch->index;
    }
    report.back = watch->back;
    if (r == GB_OK && watch->look && !report.fault)
        r = ledger_rounds_end(&watch->rounds, err);
    return r < 0 ? r
                 : ledger_report_print(line, arena, asked, &report,
                                       watch->look ? &watch->rounds : NULL);
}

static int verify_proof(const struct cmd_line *line, struct gb_arena *arena,
                        const struct checkpoint_trust *trust, struct gb_err *err)
{
    struct gb_bytes entry = {0};
    int r = GB_OK;
    if (line->arg_count > 0)
        r = file_read(arena, line->args[0], GB_LIMIT_ENTRY, &entry, err);
    return r < 0 ? r
                 : ledger_report_proof(line, arena, trust, cmd_value(line, "proof"), entry, err);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct ledger_asked asked = {0};
    struct watch watch = {.look = cmd_has(line, "rounds") || cmd_has(line, "quotes"),
                          .terminal = isatty(STDERR_FILENO)};
    if (!cmd_has(line, "proof") && line->arg_count == 0)
        return output_usage(line, "name the ledger's folder, or a proof with --proof");
    if (cmd_has(line, "proof") && (watch.look || cmd_has(line, "since")))
        return output_usage(line, "--proof is checked alone, without a folder");
    int r = ledger_keys_read(line, arena, &asked.trust, err);
    if (r < 0)
        return r;
    if (cmd_has(line, "proof"))
        return verify_proof(line, arena, &asked.trust, err);
    r = verify_folder(line, arena, &watch, &asked, err);
    ledger_rounds_done(&watch.rounds);
    return r;
}

const struct cmd cmd_ledger_verify = {
    .name = "ledger verify",
    .args = "[DIR|ENTRY]",
    .min_args = 0,
    .max_args = 1,
    .summary = "verify a whole ledger, or one proof, by public keys",
    .examples = "  garboard ledger verify /var/lib/garboard/ledger --key ledger.vkey\n"
                "  garboard ledger verify copy --key ledger.vkey --since old-checkpoint --quotes\n"
                "  garboard ledger verify --proof node.tlog-proof --key ledger.vkey\n",
    .options = options,
    .run = run,
};
