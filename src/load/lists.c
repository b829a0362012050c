#include "load/lists.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"

enum { IMA_PCR = 10, PATH = 96, BOOT_LOG_MAX = 256 << 10 };

static void event_header(struct gb_buf *out)
{
    static const uint8_t spec[] = "Spec ID Event03"; /* with its NUL */
    gb_buf_u32le(out, 0);
    gb_buf_u32le(out, EV_NO_ACTION);
    gb_buf_add(out, (uint8_t[20]){0}, 20);
    gb_buf_u32le(out, sizeof spec + 4 + 4 + 4 + 4 + 1);
    gb_buf_add(out, spec, sizeof spec);
    gb_buf_u32le(out, 0);
    gb_buf_add(out, (uint8_t[]){0, 2, 0, 2}, 4);
    gb_buf_u32le(out, 1);
    gb_buf_u16le(out, DIGEST_SHA256);
    gb_buf_u16le(out, 32);
    gb_buf_u8(out, 0);
}

static int event(struct lists *lists, struct digester *digester, struct gb_buf *out, uint32_t pcr,
                 uint32_t type, struct gb_bytes data, struct gb_bytes hashed)
{
    uint8_t digest[32];
    uint8_t *value = lists->pcrs[pcr];
    int r = digest_of(digester, DIGEST_SHA256, hashed, digest);
    if (r == GB_OK)
        r = digest_of_two(digester, DIGEST_SHA256, gb_bytes(value, 32), gb_bytes(digest, 32),
                          value);
    gb_buf_u32le(out, pcr);
    gb_buf_u32le(out, type);
    gb_buf_u32le(out, 1);
    gb_buf_u16le(out, DIGEST_SHA256);
    gb_buf_add(out, digest, 32);
    gb_buf_u32le(out, (uint32_t)data.len);
    gb_buf_add(out, data.data, data.len);
    return r;
}

/* Firmware, separators, and a hundred words of a boot loader. */
static int boot(struct gb_arena *arena, struct digester *digester, struct lists *lists,
                struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf out;
    static const char grub[] = "kernel_cmdline: ";
    static const char cmdline[] = "kernel_cmdline: /vmlinuz ima_policy=tcb ima_template=ima-ng";
    const struct gb_bytes zeros = gb_bytes("\0\0\0", 4);
    int r = GB_OK;
    gb_buf_init(&out, BOOT_LOG_MAX);
    event_header(&out);
    for (uint32_t pcr = 0; pcr < 8 && r == GB_OK; pcr++)
        r = event(lists, digester, &out, pcr, EV_SEPARATOR, zeros, zeros);
    for (int i = 0; i < 90 && r == GB_OK; i++) {
        char words[48];
        int len = snprintf(words, sizeof words, "garboard-load boots, step %d", i);
        r = event(lists, digester, &out, 9, EV_IPL, gb_bytes(words, (size_t)len + 1),
                  gb_bytes(words, (size_t)len));
    }
    /* as GRUB measures it: without its own words before it */
    if (r == GB_OK)
        r = event(lists, digester, &out, 8, EV_IPL, gb_bytes(cmdline, sizeof cmdline),
                  gb_bytes(cmdline + sizeof grub - 1, sizeof cmdline - sizeof grub));
    lists->boot_log = gb_arena_copy(arena, gb_buf_bytes(&out));
    if (r < 0 || !gb_buf_ok(&out) || !lists->boot_log.data)
        return gb_err_nomem(err);
    return digest_of(digester, DIGEST_SHA256, lists->boot_log, lists->boot_log_digest);
}

static void name_file(size_t number, char path[PATH])
{
    snprintf(path, PATH, "/usr/lib/x86_64-linux-gnu/libexample%zu.so.%zu.0.1", number, number % 7);
}

static int file_digest(struct digester *digester, size_t number, uint8_t out[32])
{
    uint64_t seed = number;
    return digest_of(digester, DIGEST_SHA256, gb_bytes(&seed, sizeof seed), out);
}

/* ima-ng: d-ng, n-ng. */
static int make_entry(struct gb_arena *arena, struct digester *digester, const uint8_t file[32],
                      const char *path, struct list_entry *ret_entry)
{
    gb_cleanup(gb_buf_done) struct gb_buf data, out;
    uint8_t digest[20];
    gb_buf_init(&data, 1024);
    gb_buf_init(&out, 1024);
    gb_buf_u32le(&data, 40);
    gb_buf_add(&data, "sha256:", 8);
    gb_buf_add(&data, file, 32);
    gb_buf_u32le(&data, (uint32_t)strlen(path) + 1);
    gb_buf_add(&data, path, strlen(path) + 1);
    int r = digest_of(digester, DIGEST_SHA1, gb_buf_bytes(&data), digest);
    if (r == GB_OK)
        r = digest_of(digester, DIGEST_SHA256, gb_buf_bytes(&data), ret_entry->extend);
    gb_buf_u32le(&out, IMA_PCR);
    gb_buf_add(&out, digest, 20);
    gb_buf_u32le(&out, 6);
    gb_buf_puts(&out, "ima-ng");
    gb_buf_u32le(&out, (uint32_t)data.len);
    gb_buf_add(&out, data.data, data.len);
    ret_entry->record = gb_arena_copy(arena, gb_buf_bytes(&out));
    return ret_entry->record.data && gb_buf_ok(&data) && gb_buf_ok(&out) ? r : GB_ERR_NOMEM;
}

static int make_files(struct gb_arena *arena, struct digester *digester, struct lists *lists)
{
    uint8_t digest[32];
    char path[PATH];
    int r = digest_of(digester, DIGEST_SHA256, gb_bytes(lists->pcrs, 10 * 32), digest);
    if (r == GB_OK)
        r = make_entry(arena, digester, digest, "boot_aggregate", &lists->aggregate);
    for (size_t i = 0; i < lists->count && r == GB_OK; i++) {
        name_file(i, path);
        r = file_digest(digester, i, digest);
        if (r == GB_OK)
            r = make_entry(arena, digester, digest, path, &lists->files[i]);
    }
    return r;
}

int lists_init(struct gb_arena *arena, struct digester *digester, size_t files,
               struct lists *ret_lists, struct gb_err *err)
{
    struct lists lists = {.count = files};
    lists.files = gb_arena_new_array(arena, struct list_entry, files);
    if (!lists.files)
        return gb_err_nomem(err);
    int r = boot(arena, digester, &lists, err);
    if (r < 0)
        return r;
    if (make_files(arena, digester, &lists) < 0)
        return gb_err_nomem(err);
    uint8_t *ten = lists.pcrs[IMA_PCR];
    if (digest_of_two(digester, DIGEST_SHA256, gb_bytes(ten, 32),
                      gb_bytes(lists.aggregate.extend, 32), ten) < 0)
        return gb_err_set(err, GB_ERR_BUG, "no digest");
    *ret_lists = lists;
    return GB_OK;
}

const struct list_entry *lists_entry(const struct lists *lists, uint64_t index)
{
    return index == 0 ? &lists->aggregate : &lists->files[(index - 1) % lists->count];
}

int lists_reference(struct digester *digester, size_t known, struct gb_buf *out, struct gb_err *err)
{
    gb_buf_puts(out, "apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n"
                     "  name: load-files\nspec:\n  class: packages\n  source: garboard-load\n"
                     "  files:\n    algorithm: sha256\n    digests:\n");
    for (size_t i = 0; i < known; i++) {
        uint8_t digest[32];
        char hex[65], path[PATH];
        if (file_digest(digester, i, digest) < 0)
            return gb_err_set(err, GB_ERR_BUG, "no digest");
        gb_hex_encode(gb_bytes(digest, 32), hex);
        name_file(i, path);
        gb_buf_printf(out, "      - %s %s\n", hex, path);
    }
    return gb_buf_ok(out) ? GB_OK : gb_err_nomem(err);
}
