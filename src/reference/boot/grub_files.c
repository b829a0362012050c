/* What GRUB measures, and the files that it finds. */
#include <string.h>

#include "base/encode.h"
#include "base/finding.h"
#include "base/text.h"
#include "evidence/eventlog.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_run.h"
#include "reference/boot/pe.h"
#include "reference/predict_set.h"

int grub_measure_text(struct grub_run *run, enum gb_link link, const char *prefix, const char *text)
{
    enum { SHOWN = 120 };
    struct predict_event event = {.link = link, .pcr = 8, .type = EV_IPL};
    char *shown = gb_text_escape(run->build->arena, gb_bytes_str(text), SHOWN);
    event.about = shown ? gb_arena_printf(run->build->arena, "%s%s", prefix, shown) : NULL;
    if (!event.about)
        return gb_err_nomem(run->err);
    if (link == GB_LINK_CMDLINE && strcmp(prefix, "kernel_cmdline: ") == 0)
        event.value = text;
    struct pe_memory bytes = {.head = gb_bytes_str(text)};
    return predict_set_bytes(run->build, &event, &bytes, 1, run->err);
}

int grub_measure_file(struct grub_run *run, enum gb_link link, const char *path,
                      struct gb_bytes file)
{
    enum { SHOWN = 120 };
    struct predict_event event = {.link = link, .pcr = 9, .type = EV_IPL};
    event.about = gb_text_escape(run->build->arena, gb_bytes_str(path), SHOWN);
    if (!event.about)
        return gb_err_nomem(run->err);
    struct pe_memory bytes = {.head = file};
    return predict_set_bytes(run->build, &event, &bytes, 1, run->err);
}

static int find_volume(struct grub_run *run, struct gb_bytes device, size_t *ret_volume)
{
    const struct boot_files *files = run->start->files;
    for (size_t i = 0; i < files->count; i++)
        if (gb_bytes_is(device, files->volumes[i].device)) {
            *ret_volume = i;
            return GB_OK;
        }
    const char *name = gb_arena_printf(run->build->arena, "%.*s", (int)device.len,
                                       device.len ? (const char *)device.data : "");
    if (!name)
        return gb_err_nomem(run->err);
    return grub_refuse(run, name, "a device of which no files are given (see --volume)");
}

int grub_find(struct grub_run *run, const char *path, struct gb_bytes *ret_file)
{
    struct gb_bytes rest = gb_bytes_str(path);
    struct gb_bytes device = gb_bytes_str(grub_env_get(&run->env, gb_bytes_str("root")));
    size_t volume = 0;
    if (rest.len > 0 && rest.data[0] == '(') {
        rest = gb_bytes_from(rest, 1);
        device = gb_text_until(&rest, ')');
    }
    if (rest.len == 0 || rest.data[0] != '/')
        return grub_refuse(run, path, "a path that is not whole");
    int r = find_volume(run, device, &volume);
    if (r < 0)
        return r;
    const struct boot_files *files = run->start->files;
    return files->read(files->context, volume, (const char *)rest.data, ret_file, run->err);
}
