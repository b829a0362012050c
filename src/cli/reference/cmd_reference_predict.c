#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/boot_dir.h"
#include "cli/reference/reference_out.h"
#include "cli/reference/tree.h"
#include "crypto/digest.h"
#include "os/file.h"
#include "policy/sets/refval.h"
#include "reference/boot/predict_boot.h"
#include "reference/boot/secure_boot.h"
#include "reference/predict.h"

static const struct cmd_option options[] = {
    {"uki", "FILE", "a unified kernel image", false, 0},
    {"kernel", "FILE", "a kernel that firmware starts; needs --cmdline", false, 0},
    {"initrd", "FILE", "the initrd that a loader hands to it", false, 0},
    {"cmdline", "TEXT", "its command line", false, 0},
    {"esp", "DIR", "an EFI system partition's files, for systemd-boot, or shim and GRUB", false, 0},
    {"boot-path", "PATH", "what firmware starts there (default: /EFI/BOOT/BOOTX64.EFI)", false, 0},
    {"entry", "NAME.conf", "systemd-boot's entry (default: as loader.conf says)", false, 0},
    {"volume", "DEVICE:UUID=DIR", "a further file system that GRUB reads", true, 0},
    {"efivars", "DIR", "Secure Boot's variables, for the boot policy; may stand alone", false, 0},
    {"root-dir", "DIR", "the root file system, for IMA", false, 0},
    {"skip-unreadable", NULL, "leave out files that cannot be read; each is printed", false, 0},
    {"output", "FILE", "where to write (default: -, standard output)", false, 'o'},
    REFERENCE_OUT_LIFE,
    REFERENCE_OUT_SETS_ONLY,
    {"name", "NAME", "what names of sets begin with (default: predicted-FILE)", false, 0},
    {NULL, NULL, NULL, false, 0},
};

/* Options that say nothing together, or too little. */
static int check_options(const struct cmd_line *line)
{
    bool uki = cmd_has(line, "uki");
    bool kernel = cmd_has(line, "kernel");
    bool esp = cmd_has(line, "esp");
    bool root = cmd_has(line, "root-dir");
    if (!uki && !kernel && !esp && !root && !cmd_has(line, "efivars"))
        return output_usage(line, "needs --uki, --kernel, --esp, --efivars or --root-dir");
    if (uki + kernel + esp > 1)
        return output_usage(line, "--uki, --kernel and --esp exclude each other");
    if (!esp && (cmd_has(line, "boot-path") || cmd_has(line, "entry") || cmd_has(line, "volume")))
        return output_usage(line, "--boot-path, --entry and --volume go with --esp");
    if (cmd_has(line, "boot-path") && cmd_value(line, "boot-path")[0] != '/')
        return output_usage(line, "--boot-path begins with /");
    if (!kernel && (cmd_has(line, "initrd") || cmd_has(line, "cmdline")))
        return output_usage(line, "--initrd and --cmdline go with --kernel%s",
                            uki ? "; a UKI brings its own" : "");
    if (kernel && !cmd_has(line, "cmdline"))
        return output_usage(line, "--kernel needs --cmdline, which may be empty");
    if (!root && cmd_has(line, "skip-unreadable"))
        return output_usage(line, "--skip-unreadable goes with --root-dir");
    return CMD_OK;
}

/* NULL: nothing was asked for. */
/* The option whose files a set is made of. */
static const char *file_of(const struct cmd_line *line, const struct ref_set *set)
{
    static const char *const boots[] = {"uki", "kernel", "esp", "efivars"};
    if (ref_class_has_files(set->cls) && cmd_has(line, "root-dir"))
        return cmd_value(line, "root-dir");
    for (size_t i = 0; i < GB_ARRAY_LEN(boots); i++)
        if (cmd_has(line, boots[i]))
            return cmd_value(line, boots[i]);
    return cmd_value(line, "root-dir");
}

static void add_set(struct gb_arena *arena, const struct cmd_line *line, struct reference_out *out,
                    struct ref_set *set)
{
    if (!set)
        return;
    const char *file = reference_out_file(arena, file_of(line, set));
    const char *source = file ? gb_arena_printf(arena, "predicted from %s", file) : NULL;
    if (source)
        set->source = source;
    set->life = out->life;
    out->sets[out->count++] = set;
}

static int predict_image(struct gb_arena *arena, struct digester *digester, const char *file,
                         bool secure_boot, const char *name, struct ref_set **ret_set,
                         struct gb_err *err)
{
    struct predict_image image = {.file = file};
    int r = file_map(file, GB_LIMIT_IMAGE, &image.bytes, err);
    if (r < 0)
        return r;
    r = predict_uki(arena, digester, &image, secure_boot, name, ret_set, err);
    file_unmap(image.bytes);
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

static int predict_esp(const struct cmd_line *line, struct gb_arena *arena,
                       struct digester *digester, struct boot_dir *dir,
                       const struct secure_boot *variables, struct reference_out *out,
                       struct gb_err *err)
{
    struct ref_set *os = NULL;
    struct ref_set *platform = NULL;
    struct predict_boot boot = {.files = &dir->files,
                                .path = cmd_value(line, "boot-path"),
                                .entry = cmd_value(line, "entry"),
                                .os_name = gb_arena_printf(arena, "%s-os", out->name),
                                .platform_name = gb_arena_printf(arena, "%s-platform", out->name)};
    if (!boot.os_name || !boot.platform_name)
        return gb_err_nomem(err);
    if (!boot.path)
        boot.path = "/EFI/BOOT/BOOTX64.EFI";
    if (cmd_has(line, "efivars"))
        boot.secure_boot = variables;
    int r = predict_boot(arena, digester, &boot, &os, &platform, err);
    if (r < 0)
        return r;
    add_set(arena, line, out, os);
    add_set(arena, line, out, platform);
    return GB_OK;
}

/* The boot policy of what --uki or --kernel starts, or of the variables alone. */
static int predict_variables(const struct cmd_line *line, struct gb_arena *arena,
                             struct digester *digester, const struct secure_boot *variables,
                             struct reference_out *out, struct gb_err *err)
{
    struct ref_set *set = NULL;
    struct predict_image started = {.file = cmd_value(line, "uki")};
    if (!started.file)
        started.file = cmd_value(line, "kernel");
    const char *name = gb_arena_printf(arena, "%s-platform", out->name);
    int r = name ? GB_OK : gb_err_nomem(err);
    if (r == 0 && started.file)
        r = file_map(started.file, GB_LIMIT_IMAGE, &started.bytes, err);
    if (r == 0)
        r = predict_secure_boot(arena, digester, variables, started.file ? &started : NULL, name,
                                &set, err);
    file_unmap(started.bytes);
    add_set(arena, line, out, r == 0 ? set : NULL);
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

static int predict_all(const struct cmd_line *line, struct gb_arena *arena, struct boot_dir *dir,
                       struct reference_out *out, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct ref_set *set = NULL;
    struct secure_boot variables = {0};
    const char *os = gb_arena_printf(arena, "%s-os", out->name);
    const char *packages = gb_arena_printf(arena, "%s-packages", out->name);
    if (!os || !packages)
        return gb_err_nomem(err);
    int r = digester_new(&digester, err);
    if (r == 0 && cmd_has(line, "efivars"))
        r = boot_dir_variables(arena, cmd_value(line, "efivars"), &variables, err);
    if (r == 0 && cmd_has(line, "uki"))
        r = predict_image(arena, digester, cmd_value(line, "uki"), variables.on, os, &set, err);
    else if (r == 0 && cmd_has(line, "kernel"))
        r = predict_kernel(line, arena, digester, os, &set, err);
    else if (r == 0 && cmd_has(line, "esp"))
        r = predict_esp(line, arena, digester, dir, &variables, out, err);
    if (r == 0 && set)
        add_set(arena, line, out, set);
    if (r == 0 && cmd_has(line, "efivars") && !cmd_has(line, "esp"))
        r = predict_variables(line, arena, digester, &variables, out, err);
    if (r < 0 || !cmd_has(line, "root-dir"))
        return r;
    r = predict_tree(line, arena, digester, packages, &set, err);
    if (r == 0)
        add_set(arena, line, out, set);
    return r;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    static const char comment[] =
        "# Predicted by garboard from files alone, before anything booted.\n"
        "# Local and unsigned: whoever can write this file decides what is trusted.\n";
    struct reference_out out = {.comment = comment, .with_policy = true};
    struct boot_dir dir = {0};
    int code = check_options(line);
    if (code == CMD_OK && cmd_has(line, "esp"))
        code = boot_dir_init(&dir, arena, line);
    if (code == CMD_OK)
        code = reference_out_life(line, &out.life);
    if (code != CMD_OK)
        return code;
    const struct ref_set boots = {.cls = REF_OS};
    const char *from = file_of(line, &boots);
    code = reference_out_name(arena, line, "predicted", from, &out.name);
    if (code != CMD_OK)
        return code;
    int r = predict_all(line, arena, &dir, &out, err);
    boot_dir_done(&dir);
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
        "-o os.yaml\n"
        "  garboard reference predict --esp /boot/efi --boot-path /EFI/debian/shimx64.efi \\\n"
        "      --volume hd0,gpt2:$(findmnt -no UUID /)=/ --efivars /sys/firmware/efi/efivars \\\n"
        "      --life candidate -o next.yaml\n",
    .options = options,
    .run = run,
};
