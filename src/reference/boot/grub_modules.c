/* GRUB's modules and their lists: grub-core/kern/dl.c, normal/main.c. */
#include <string.h>

#include "base/text.h"
#include "reference/boot/grub_env.h"
#include "reference/boot/grub_image.h"
#include "reference/boot/grub_module.h"
#include "reference/boot/grub_run.h"

static int load(struct grub_run *run, const char *name, bool *ret_true);

/* Read even under Secure Boot, where no module is. */
int grub_read_lists(struct grub_run *run, const char *prefix)
{
    static const char *const lists[] = {"command.lst", "fs.lst", "crypto.lst", "terminal.lst"};
    for (size_t i = 0; i < GB_ARRAY_LEN(lists); i++) {
        struct gb_bytes file = {0};
        const char *path = gb_arena_printf(run->build->arena, "%s/x86_64-efi/%s", prefix, lists[i]);
        int r = path ? grub_find(run, path, &file) : gb_err_nomem(run->err);
        if (r == 0 && file.data)
            r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
        if (r < 0)
            return r;
    }
    return GB_OK;
}

bool grub_has_module(const struct grub_run *run, const char *name)
{
    const struct grub_module_name *module = run->modules;
    while (module && strcmp(module->name, name) != 0)
        module = module->next;
    return module;
}

static int keep(struct grub_run *run, const char *name)
{
    struct grub_module_name *module = gb_arena_new_one(run->build->arena, struct grub_module_name);
    if (!module)
        return gb_err_nomem(run->err);
    *module = (struct grub_module_name){.next = run->modules, .name = name};
    run->modules = module;
    return GB_OK;
}

static int load_needed(struct grub_run *run, struct gb_bytes needs, bool *ret_true)
{
    int r = GB_OK;
    *ret_true = true;
    while (r == 0 && *ret_true && needs.len > 0) {
        struct gb_bytes name = gb_text_until(&needs, 0);
        struct gb_bytes kept = gb_arena_copy(run->build->arena, name);
        if (!kept.data)
            return gb_err_nomem(run->err);
        if (name.len > 0)
            r = load(run, (const char *)kept.data, ret_true);
    }
    return r;
}

/* A module's file, then those of the modules that it needs. */
static int load(struct grub_run *run, const char *name, bool *ret_true)
{
    struct gb_bytes file = {0};
    struct grub_module module = {0};
    *ret_true = true;
    if (grub_has_module(run, name))
        return GB_OK;
    const char *prefix = grub_env_get(&run->env, gb_bytes_str("prefix"));
    const char *path = gb_arena_printf(run->build->arena, "%s/x86_64-efi/%s.mod", prefix, name);
    int r = path ? grub_find(run, path, &file) : gb_err_nomem(run->err);
    if (r < 0 || !file.data) {
        *ret_true = false;
        return r;
    }
    r = grub_measure_file(run, GB_LINK_BOOTLOADER, path, file);
    if (r == 0 && grub_module_read(file, &module, run->err) < 0)
        r = grub_refuse(run, path, "not a module of GRUB for x86_64");
    if (r == 0)
        r = keep(run, name);
    return r < 0 ? r : load_needed(run, module.needs, ret_true);
}

/* Under Secure Boot Debian's GRUB takes no modules but its own, reads none and says that all went
 * well. */
int grub_do_insmod(struct grub_run *run, const struct grub_line *line, bool *ret_true)
{
    if (line->count != 2 || strchr(line->words[1], '/'))
        return grub_refuse(run, "insmod", "needs the name of one module");
    if (run->start->secure_boot)
        return GB_OK;
    return load(run, line->words[1], ret_true);
}
