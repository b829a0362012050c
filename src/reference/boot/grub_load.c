/* GRUB's commands for kernel and initrd. */
#include <string.h>

#include "evidence/eventlog.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/pe.h"
#include "reference/predict_set.h"

/* GRUB quotes what it hands to a loader; words that need no quotes are handed on as they are. */
static int loader_line(struct grub_run *run, const struct grub_line *line, const char **ret_text)
{
    const char *text = line->words[1];
    for (size_t i = 1; i < line->count; i++) {
        if (strpbrk(line->words[i], " '\"\\") || line->words[i][0] == 0)
            return grub_refuse(run, line->words[i], "a word with blanks or quotes for the kernel");
        if (i > 1)
            text = gb_arena_printf(run->build->arena, "%s %s", text, line->words[i]);
        if (!text)
            return gb_err_nomem(run->err);
    }
    *ret_text = text;
    return GB_OK;
}

/* Under Secure Boot GRUB has shim verify the kernel, and verifies it once more when it loads it;
 * shim measures both. */
static int measure_kernel(struct grub_run *run, const char *path, struct gb_bytes file)
{
    struct pe_image image;
    struct predict_event event = {
        .link = GB_LINK_KERNEL, .pcr = 4, .type = EV_EFI_BOOT_SERVICES_APPLICATION, .about = path};
    int r = pe_read(run->build->arena, file, &image, run->err);
    for (int i = 0; r == 0 && i < 2; i++)
        r = predict_set_image(run->build, &event, &image, run->err);
    if (r < 0)
        gb_err_prefix(run->err, "%s: ", path);
    return r;
}

int grub_do_linux(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    struct gb_bytes file = {0};
    const char *text = NULL;
    if (line->count < 2)
        return grub_refuse(run, line->words[0], "needs a kernel");
    if (run->has_kernel)
        return grub_refuse(run, line->words[0], "a second kernel");
    int r = grub_find(run, line->words[1], &file);
    if (r == 0 && !file.data)
        r = grub_refuse(run, line->words[1], "there is no such file");
    if (r == 0)
        r = loader_line(run, line, &text);
    if (r == 0)
        r = grub_measure_file(run, GB_LINK_KERNEL, line->words[1], file);
    if (r == 0 && run->start->secure_boot)
        r = measure_kernel(run, line->words[1], file);
    if (r == 0)
        r = grub_measure_text(run, GB_LINK_CMDLINE, "kernel_cmdline: ", text);
    run->has_kernel = true;
    (void)ret_true;
    return r;
}

int grub_do_initrd(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    (void)ret_true;
    if (!run->has_kernel)
        return grub_refuse(run, line->words[0], "no kernel is loaded yet");
    for (size_t i = 1; i < line->count; i++) {
        struct gb_bytes file = {0};
        int r = grub_find(run, line->words[i], &file);
        if (r == 0 && !file.data)
            r = grub_refuse(run, line->words[i], "there is no such file");
        if (r == 0)
            r = grub_measure_file(run, GB_LINK_INITRD, line->words[i], file);
        if (r < 0)
            return r;
    }
    return GB_OK;
}
