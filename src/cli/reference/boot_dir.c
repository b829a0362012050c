#include "cli/reference/boot_dir.h"

#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/limits.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/fat_path.h"
#include "os/file.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/secure_boot.h"

/* GRUB's way and systemd-boot's have no "..": who writes it means another file than the one that
 * boots. */
static bool leaves_folder(const char *path)
{
    struct gb_bytes rest = gb_bytes_str(path);
    while (rest.len > 0)
        if (gb_bytes_is(gb_text_until(&rest, '/'), ".."))
            return true;
    return false;
}

/* Volume 0 is the EFI system partition. */
static int find_file(const struct boot_dir *dir, size_t volume, const char *path,
                     const char **ret_full, struct gb_err *err)
{
    if (volume == 0)
        return fat_path_find(dir->arena, dir->folders[volume], path, ret_full, err);
    *ret_full = gb_arena_printf(dir->arena, "%s%s", dir->folders[volume], path);
    return *ret_full ? GB_OK : gb_err_nomem(err);
}

static int read_volume(void *context, size_t volume, const char *path, struct gb_bytes *ret,
                       struct gb_err *err)
{
    struct boot_dir *dir = context;
    if (leaves_folder(path))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: leaves its volume", path);
    const char *full = NULL;
    int found = find_file(dir, volume, path, &full, err);
    if (found < 0)
        return found;
    *ret = gb_bytes(NULL, 0);
    struct stat st;
    if (!full || stat(full, &st) < 0)
        return GB_OK;
    if (S_ISDIR(st.st_mode)) {
        *ret = gb_bytes("", 0);
        return GB_OK;
    }
    if (dir->map_count == BOOT_DIR_MAPS)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d files", BOOT_DIR_MAPS);
    int r = file_map(full, GB_LIMIT_IMAGE, ret, err);
    if (r == 0 && ret->len > 0)
        dir->maps[dir->map_count++] = *ret;
    if (r == 0 && !ret->data)
        *ret = gb_bytes("", 0); /* an empty file is there */
    return r;
}

/* DEVICE[:UUID]=FOLDER */
static int add_volume(struct boot_dir *dir, const struct cmd_line *line, const char *text)
{
    struct gb_bytes folder = gb_bytes_str(text);
    struct gb_bytes uuid = gb_text_until(&folder, '=');
    struct gb_bytes device = gb_text_until(&uuid, ':');
    if (device.len == 0 || folder.len == 0)
        return output_usage(line, "--volume needs DEVICE:UUID=DIR (hd0,gpt2:8a5f...=root/), not %s",
                            text);
    if (dir->files.count == BOOT_DIR_VOLUMES)
        return output_usage(line, "at most %d volumes", BOOT_DIR_VOLUMES);
    struct gb_bytes name = gb_arena_copy(dir->arena, device);
    struct gb_bytes id = gb_arena_copy(dir->arena, uuid);
    if (!name.data || !id.data)
        return output_usage(line, "out of memory");
    dir->volumes[dir->files.count] = (struct boot_volume){
        .device = (const char *)name.data, .uuid = uuid.len > 0 ? (const char *)id.data : NULL};
    dir->folders[dir->files.count++] = (const char *)folder.data;
    return CMD_OK;
}

int boot_dir_init(struct boot_dir *dir, struct gb_arena *arena, const struct cmd_line *line)
{
    *dir = (struct boot_dir){.arena = arena};
    dir->files = (struct boot_files){.volumes = dir->volumes, .read = read_volume, .context = dir};
    const char *esp = cmd_value(line, "esp");
    const char *first = strchr(esp, '=') ? esp : gb_arena_printf(arena, "hd0,gpt1=%s", esp);
    int code = first ? add_volume(dir, line, first) : output_usage(line, "out of memory");
    size_t at = 0;
    const char *more = NULL;
    while (code == CMD_OK && (more = cmd_next(line, "volume", &at)))
        code = add_volume(dir, line, more);
    return code;
}

void boot_dir_done(struct boot_dir *dir)
{
    for (size_t i = 0; i < dir->map_count; i++)
        file_unmap(dir->maps[i]);
}

/* One variable in any of its forms; data NULL when there is none. */
static int read_variable(struct gb_arena *arena, const char *folder, const char *name,
                         struct gb_bytes *ret_data, size_t *found, struct gb_err *err)
{
    static const char global[] = "8be4df61-93ca-11d2-aa0d-00e098032b8c";
    static const char shim_lock[] = "605dab50-e046-4300-abb6-3dd810dd8b23";
    static const char security[] = "d719b2cb-3d3a-4596-a3bc-dad00e67656f";
    const char *guid = name[0] == 'd' ? security : name[1] == 'b' ? shim_lock : global;
    const char *const paths[] = {gb_arena_printf(arena, "%s/%s-%s", folder, name, guid),
                                 gb_arena_printf(arena, "%s/%s.esl", folder, name),
                                 gb_arena_printf(arena, "%s/%s.auth", folder, name)};
    for (size_t i = 0; i < GB_ARRAY_LEN(paths); i++) {
        if (!paths[i])
            return gb_err_nomem(err);
        if (access(paths[i], F_OK) < 0)
            continue;
        (*found)++;
        int r = file_read(arena, paths[i], GB_LIMIT_EVENT_DATA, ret_data, err);
        if (r == 0 && i == 0)
            r = secure_boot_efivarfs(*ret_data, ret_data, err);
        if (r == 0 && i == 2)
            r = secure_boot_auth(*ret_data, ret_data, err);
        if (r < 0)
            gb_err_prefix(err, "%s: ", paths[i]);
        return r;
    }
    *ret_data = gb_bytes(NULL, 0);
    return GB_OK;
}

int boot_dir_variables(struct gb_arena *arena, const char *folder,
                       struct secure_boot *ret_variables, struct gb_err *err)
{
    struct secure_boot variables = {0};
    struct gb_bytes state = {0};
    const struct {
        const char *name;
        struct gb_bytes *data;
    } list[] = {{"SecureBoot", &state},  {"PK", &variables.pk},
                {"KEK", &variables.kek}, {"db", &variables.db},
                {"dbx", &variables.dbx}, {"SbatLevelRT", &variables.sbat_level}};
    size_t found = 0;
    if (access(folder, R_OK) < 0)
        return gb_err_set(err, GB_ERR_NOTFOUND, "%s: there is no such folder", folder);
    for (size_t i = 0; i < GB_ARRAY_LEN(list); i++) {
        int r = read_variable(arena, folder, list[i].name, list[i].data, &found, err);
        if (r < 0)
            return r;
    }
    if (found == 0)
        return gb_err_set(
            err, GB_ERR_CONFIG,
            "%s: no variable of Secure Boot: it needs files as in "
            "/sys/firmware/efi/efivars, or PK.esl, KEK.esl, db.esl, dbx.esl (or .auth)",
            folder);
    variables.on = state.len > 0 ? state.data[0] == 1 : variables.pk.len > 0;
    *ret_variables = variables;
    return GB_OK;
}
