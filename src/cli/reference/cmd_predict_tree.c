#include <unistd.h>

#include "cli/cmd.h"
#include "cli/reference/predict_out.h"
#include "cli/reference/tree.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"
#include "reference/predict.h"

static const struct cmd_option options[] = {
    {"skip-unreadable", NULL, "leave out files that cannot be read; each is printed", false, 0},
    PREDICT_OUT_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    const struct tree_wish wish = {.alg = DIGEST_SHA256,
                                   .skip_unreadable = cmd_has(line, "skip-unreadable"),
                                   .progress = isatty(STDERR_FILENO)};
    struct predict_out out;
    struct tree tree;
    struct ref_set *set = NULL;
    int code = predict_out_read(arena, line, line->args[0], &out);
    if (code != CMD_OK)
        return code;
    int r = digester_new(&digester, err);
    if (r == 0)
        r = tree_hash(arena, digester, line->args[0], &wish, &tree, err);
    if (r == 0)
        r = predict_files(arena, wish.alg, tree.keys, tree.paths, tree.count, out.name, &set, err);
    if (r == 0)
        r = predict_out_write(arena, line, &out, set, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_predict_tree = {
    .name = "reference predict tree",
    .args = "DIR",
    .min_args = 1,
    .max_args = 1,
    .summary = "the files below a folder, as the root of a machine",
    .examples = "  garboard reference predict tree root/ --name golden -o set.yaml\n",
    .options = options,
    .run = run,
};
