#include "make_log.h"

#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "evidence/eventlog.h"

/* Sixteen bytes of any GUID will do where nobody looks it up. */
static const uint8_t global_guid[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                        0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
static const uint8_t sha256_guid[16] = {0x26, 0x16, 0xc4, 0xc1, 0x4c, 0x50, 0x92, 0x40,
                                        0xac, 0xa9, 0x41, 0xf9, 0x36, 0x93, 0x43, 0x28};

struct maker {
    struct gb_arena *arena;
    struct digester *digester;
    struct floor *floor;
    struct gb_buf out;
    uint8_t (*pcrs)[32];
    uint8_t counter;
};

static void header(struct gb_buf *out)
{
    static const uint8_t spec[] = "Spec ID Event03";
    gb_buf_u32le(out, 0);
    gb_buf_u32le(out, EV_NO_ACTION);
    gb_buf_add(out, (uint8_t[20]){0}, 20);
    gb_buf_u32le(out, 16 + 4 + 4 + 4 + 4 + 1);
    gb_buf_add(out, spec, sizeof spec);
    gb_buf_u32le(out, 0);
    gb_buf_add(out, (uint8_t[]){0, 2, 0, 2}, 4);
    gb_buf_u32le(out, 1);
    gb_buf_u16le(out, DIGEST_SHA256);
    gb_buf_u16le(out, 32);
    gb_buf_u8(out, 0);
}

static void event(struct maker *m, uint32_t pcr, uint32_t type, struct gb_bytes data,
                  const uint8_t digest[32])
{
    gb_buf_u32le(&m->out, pcr);
    gb_buf_u32le(&m->out, type);
    gb_buf_u32le(&m->out, 1);
    gb_buf_u16le(&m->out, DIGEST_SHA256);
    gb_buf_add(&m->out, digest, 32);
    gb_buf_u32le(&m->out, (uint32_t)data.len);
    gb_buf_add(&m->out, data.data, data.len);
    if (digest_of_two(m->digester, DIGEST_SHA256, gb_bytes(m->pcrs[pcr], 32), gb_bytes(digest, 32),
                      m->pcrs[pcr]) < 0)
        abort();
    floor_add_extend(m->floor, DIGEST_SHA256);
}

/* The digest covers `hashed`, which stands at the end of `data`. */
static void covered(struct maker *m, uint32_t pcr, uint32_t type, struct gb_bytes data,
                    struct gb_bytes hashed)
{
    uint8_t digest[32];
    if (digest_of(m->digester, DIGEST_SHA256, hashed, digest) < 0)
        abort();
    struct gb_bytes kept = gb_arena_copy(m->arena, hashed);
    floor_add_digest(m->floor, DIGEST_SHA256, kept);
    event(m, pcr, type, data, digest);
}

/* The digest covers something that is not in the log: an image, a file. */
static void elsewhere(struct maker *m, uint32_t pcr, uint32_t type, struct gb_bytes data)
{
    uint8_t digest[32];
    memset(digest, ++m->counter, sizeof digest);
    event(m, pcr, type, data, digest);
}

static void text(struct maker *m, uint32_t pcr, uint32_t type, const char *words)
{
    covered(m, pcr, type, gb_bytes_str(words), gb_bytes_str(words));
}

static void variable(struct maker *m, uint32_t pcr, uint32_t type, const char *name,
                     struct gb_bytes value)
{
    struct gb_buf data;
    gb_buf_init(&data, 1 << 20);
    gb_buf_add(&data, global_guid, 16);
    gb_buf_u32le(&data, (uint32_t)strlen(name));
    gb_buf_u32le(&data, 0);
    gb_buf_u32le(&data, (uint32_t)value.len);
    gb_buf_u32le(&data, 0);
    for (const char *c = name; *c; c++)
        gb_buf_u16le(&data, (uint16_t)*c);
    gb_buf_add(&data, value.data, value.len);
    struct gb_bytes all = gb_buf_bytes(&data);
    covered(m, pcr, type, all,
            type == EV_EFI_VARIABLE_BOOT ? gb_bytes_from(all, all.len - value.len) : all);
    gb_buf_done(&data);
}

/* A signature list of `count` hashes, as dbx is. */
static void hashes(struct maker *m, const char *name, uint32_t count)
{
    struct gb_buf list;
    gb_buf_init(&list, 1 << 20);
    gb_buf_add(&list, sha256_guid, 16);
    gb_buf_u32le(&list, 28 + 48 * count);
    gb_buf_u32le(&list, 0);
    gb_buf_u32le(&list, 48);
    for (uint32_t i = 0; i < 48 * count; i++)
        gb_buf_u8(&list, (uint8_t)(i * 7));
    variable(m, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, name, gb_buf_bytes(&list));
    gb_buf_done(&list);
}

static void firmware(struct maker *m)
{
    static const uint8_t blob[16] = {0, 0, 0x82};
    text(m, 0, EV_S_CRTM_VERSION, "1");
    for (int i = 0; i < 3; i++)
        elsewhere(m, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, gb_bytes(blob, sizeof blob));
    variable(m, 7, EV_EFI_VARIABLE_DRIVER_CONFIG, "SecureBoot", gb_bytes("\1", 1));
    hashes(m, "PK", 20);
    hashes(m, "KEK", 50);
    hashes(m, "db", 60);
    hashes(m, "dbx", 500);
    variable(m, 1, EV_EFI_VARIABLE_BOOT, "BootOrder", gb_bytes("\0\0\1\0", 4));
    for (int i = 0; i < 10; i++)
        variable(m, 1, EV_EFI_VARIABLE_BOOT, "Boot0001", gb_bytes(sha256_guid, 16));
    static const uint8_t driver[48] = {1, 2, 3, 4};
    for (int i = 0; i < 20; i++)
        elsewhere(m, 2, EV_EFI_BOOT_SERVICES_DRIVER, gb_bytes(driver, 32));
    text(m, 4, EV_EFI_ACTION, "Calling EFI Application from Boot Option");
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        covered(m, pcr, EV_SEPARATOR, gb_bytes("\0\0\0", 4), gb_bytes("\0\0\0", 4));
}

static void grub(struct maker *m, const char *prefix, const char *words)
{
    char *line = gb_arena_printf(m->arena, "%s%s", prefix, words);
    if (!line)
        abort();
    covered(m, 8, EV_IPL, gb_bytes(line, strlen(line) + 1), gb_bytes_str(words));
}

static void boot_loader(struct maker *m)
{
    static const uint8_t image[32] = {0x18, 0x40};
    for (int i = 0; i < 2; i++)
        elsewhere(m, 4, EV_EFI_BOOT_SERVICES_APPLICATION, gb_bytes(image, sizeof image));
    for (int i = 0; i < 20; i++)
        grub(
            m, "grub_cmd: ",
            "menuentry 'Debian GNU/Linux' --class debian --class gnu-linux --class gnu --class os");
    for (int i = 0; i < 8; i++)
        elsewhere(m, 9, EV_IPL, gb_bytes("(hd0,gpt1)/EFI/debian/grub.cfg", 31));
    grub(m, "grub_cmd: ", "linux /vmlinuz console=ttyS0 ima_policy=tcb");
    elsewhere(m, 9, EV_IPL, gb_bytes("/vmlinuz", 9));
    elsewhere(m, 4, EV_EFI_BOOT_SERVICES_APPLICATION, gb_bytes(image, sizeof image));
    grub(m, "kernel_cmdline: ", "/vmlinuz console=ttyS0 ima_policy=tcb");
    grub(m, "grub_cmd: ", "initrd /initrd.img");
    elsewhere(m, 9, EV_IPL, gb_bytes("/initrd.img", 12));
    elsewhere(m, 14, EV_IPL, gb_bytes("MokList", 8));
    text(m, 5, EV_EFI_ACTION, "Exit Boot Services Invocation");
    text(m, 5, EV_EFI_ACTION, "Exit Boot Services Returned with Success");
}

struct gb_bytes make_log(struct gb_arena *arena, struct digester *digester, struct floor *floor,
                         uint8_t pcrs[24][32])
{
    struct maker m = {.arena = arena, .digester = digester, .floor = floor, .pcrs = pcrs};
    gb_buf_init(&m.out, 1 << 20);
    header(&m.out);
    firmware(&m);
    boot_loader(&m);
    struct gb_bytes log = gb_arena_copy(arena, gb_buf_bytes(&m.out));
    gb_buf_done(&m.out);
    return log;
}
