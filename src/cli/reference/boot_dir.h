/* What `reference predict --esp` reads: folders that stand for volumes, and Secure Boot's
 * variables. */
#ifndef GB_CLI_BOOT_DIR_H
#define GB_CLI_BOOT_DIR_H

#include "base/arena.h"
#include "base/check.h"
#include "base/err.h"
#include "cli/cmd.h"
#include "reference/boot/boot_files.h"
#include "reference/boot/secure_boot.h"

enum { BOOT_DIR_VOLUMES = 8, BOOT_DIR_MAPS = 256 };

struct boot_dir {
    struct gb_arena *arena;
    struct boot_volume volumes[BOOT_DIR_VOLUMES];
    const char *folders[BOOT_DIR_VOLUMES];
    struct gb_bytes maps[BOOT_DIR_MAPS];
    size_t map_count;
    struct boot_files files; /* refers to this very struct: it stays where it is */
};

/* Volumes of --esp and --volume. CMD_OK or CMD_USAGE. */
int boot_dir_init(struct boot_dir *dir, struct gb_arena *arena, const struct cmd_line *line);
/* Lets go of what was read. */
void boot_dir_done(struct boot_dir *dir);

/* PK, KEK, db, dbx, SecureBoot and shim's SbatLevelRT out of a folder: NAME-GUID as in
 * /sys/firmware/efi/efivars, NAME.esl or NAME.auth. A variable of which there is no file is not
 * set; without SecureBoot, a PK turns it on. GB_ERR_NOTFOUND without the folder, GB_ERR_CONFIG when
 * it has none of them. */
GB_MUST_USE int boot_dir_variables(struct gb_arena *arena, const char *folder,
                                   struct secure_boot *ret_variables, struct gb_err *err);

#endif
