#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference_out.h"
#include "cli/tree.h"
#include "crypto/digest.h"
#include "os/file.h"
#include "policy/refval.h"
#include "reference/predict.h"

static const struct cmd_option options[] = {
    {"uki", "FILE", "a unified kernel image", false, 0},
    {"kernel", "FILE", "a kernel that firmware starts; needs --cmdline", false, 0},
    {"initrd", "FILE", "the initrd that a loader hands to it", false, 0},
    {"cmdline", "TEXT", "its command line", false, 0},
    {"root-dir", "DIR", "the root file system, for IMA", false, 0},
    {"skip-unreadable", NULL, "leave out files that cannot be read; each is printed", false, 0},
    {"output", "FILE", "where to write (default: -, standard output)", false, 'o'},
    {"name", "NAME", "what names of sets begin with (default: predicted-FILE)", false, 0},
    {NULL, NULL, NULL, false, 0},
};

/* Options that say nothing together, or too little. */
static int check_options(const struct cmd_line *line)
{
    bool uki = cmd_has(line, "uki");
    bool kernel = cmd_has(line, "kernel");
    bool root = cmd_has(line, "root-dir");
    if (!uki && !kernel && !root)
        return output_usage(line, "needs --uki, --kernel or --root-dir");
    if (uki && kernel)
        return output_usage(line, "--uki and --kernel exclude each other");
    if (!kernel && (cmd_has(line, "initrd") || cmd_has(line, "cmdline")))
        return output_usage(line, "--initrd and --cmdline go with --kernel%s",
                            uki ? "; a UKI brings its own" : "");
    if (kernel && !cmd_has(line, "cmdline"))
        return output_usage(line, "--kernel needs --cmdline, which may be empty");
    if (!root && cmd_has(line, "skip-unreadable"))
        return output_usage(line, "--skip-unreadable goes with --root-dir");
    return CMD_OK;
}

static int predict_image(struct gb_arena *arena, struct digester *digester, const char *file,
                         const char *name, struct ref_set **ret_set, struct gb_err *err)
{
    struct gb_bytes image;
    int r = file_map(file, GB_LIMIT_IMAGE, &image, err);
    if (r < 0)
        return r;
    r = predict_uki(arena, digester, file, image, name, ret_set, err);
    file_unmap(image);
    return r;
}

static int predict_kernel(const struct cmd_line *line, struct gb_arena *arena,
                          struct digester *digester, const char *name, struct ref_set **ret_set,
                          struct gb_err *err)
{
    struct predict_parts parts = {.kernel_file = cmd_value(line, "kernel"),
                                  .initrd_file = cmd_value(line, "initrd"),
                                  .cmdline = gb_bytes_str(cmd_value(line, "cmdline"))};
    int r = file_map(parts.kernel_file, GB_LIMIT_IMAGE, &parts.kernel, err);
    if (r == 0 && parts.initrd_file)
        r = file_map(parts.initrd_file, GB_LIMIT_IMAGE, &parts.initrd, err);
    if (r == 0)
        r = predict_parts(arena, digester, &parts, name, ret_set, err);
    if (r == 0 && parts.initrd_file && predict_initrd_by_name(parts.cmdline))
        fprintf(stderr,
                "garboard: the command line has the kernel fetch its initrd by name (initrd=): "
                "nothing measures that one, so no set can speak for it\n");
    file_unmap(parts.kernel);
    file_unmap(parts.initrd);
    return r;
}

static int predict_tree(const struct cmd_line *line, struct gb_arena *arena,
                        struct digester *digester, const char *name, struct ref_set **ret_set,
                        struct gb_err *err)
{
    struct tree tree;
    struct tree_wish wish = {.alg = DIGEST_SHA256,
                             .skip_unreadable = cmd_has(line, "skip-unreadable"),
                             .progress = isatty(STDERR_FILENO)};
    int r = tree_hash(arena, digester, cmd_value(line, "root-dir"), &wish, &tree, err);
    if (r < 0)
        return r;
    return predict_files(arena, wish.alg, tree.keys, tree.paths, tree.count, name, ret_set, err);
}

static int predict_all(const struct cmd_line *line, struct gb_arena *arena,
                       struct reference_out *out, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct ref_set *set = NULL;
    const char *os = gb_arena_printf(arena, "%s-os", out->name);
    const char *packages = gb_arena_printf(arena, "%s-packages", out->name);
    if (!os || !packages)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r == 0 && cmd_has(line, "uki"))
        r = predict_image(arena, digester, cmd_value(line, "uki"), os, &set, err);
    else if (r == 0 && cmd_has(line, "kernel"))
        r = predict_kernel(line, arena, digester, os, &set, err);
    if (r == 0 && set)
        out->sets[out->count++] = set;
    if (r < 0 || !cmd_has(line, "root-dir"))
        return r;
    r = predict_tree(line, arena, digester, packages, &set, err);
    if (r == 0)
        out->sets[out->count++] = set;
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    static const char comment[] =
        "# Predicted by garboard from files alone, before anything booted.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    struct reference_out out = {.comment = comment, .with_policy = true};
    int code = check_options(line);
    if (code != CMD_OK)
        return code;
    const char *from = cmd_has(line, "uki")      ? cmd_value(line, "uki")
                       : cmd_has(line, "kernel") ? cmd_value(line, "kernel")
                                                 : cmd_value(line, "root-dir");
    code = reference_out_name(arena, line, "predicted", from, &out.name);
    if (code != CMD_OK)
        return code;
    int r = predict_all(line, arena, &out, err);
    if (r == 0)
        r = reference_out_write(arena, line, &out, err);
    return r < 0 ? r : CMD_OK;
}

const struct cmd cmd_reference_predict = {
    .name = "reference predict",
    .args = "",
    .min_args = 0,
    .max_args = 0,
    .summary = "write reference sets and a policy from the files that will be booted",
    .examples =
        "  garboard reference predict --uki linux.efi --root-dir root/ -o known-good.yaml\n"
        "  garboard reference predict --kernel vmlinuz --initrd initrd.img --cmdline 'ro quiet' "
        "-o os.yaml\n",
    .options = options,
    .run = run,
};
