#include "make_claims.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "reference/capture.h"

static void must(bool ok)
{
    if (!ok) {
        fputs("make_claims: out of room\n", stderr);
        abort();
    }
}

void make_init(struct make *make)
{
    *make = (struct make){.arena = gb_arena_new()};
    must(make->arena);
    make->claims = (struct claims){.quote_proven = true,
                                   .bank = DIGEST_SHA256,
                                   .has_boot = true,
                                   .boot = make->boot,
                                   .ima = make->ima};
    make->claims.findings.arena = make->arena;
    gb_finding_add(&make->claims.findings, GB_FINDING_QUOTE_SIGNED, GB_NO_EVENT, "RSASSA", NULL,
                   NULL);
}

void make_done(struct make *make)
{
    gb_arena_free(make->arena);
}

struct gb_bytes make_digest(struct gb_arena *arena, const char *word)
{
    uint8_t *out = gb_arena_alloc(arena, 32, 1);
    must(out);
    uint32_t h = 2166136261u;
    for (const char *p = word; *p; p++)
        h = (h ^ (uint8_t)*p) * 16777619u;
    for (size_t i = 0; i < 32; i++) {
        h = h * 1664525u + 1013904223u;
        out[i] = (uint8_t)(h >> 24);
    }
    return gb_bytes(out, 32);
}

struct measured *make_event(struct make *make, uint32_t pcr, uint32_t type, const char *word,
                            const char *data, bool proven)
{
    size_t at = make->claims.boot_count++;
    must(at < MAKE_MAX_EVENTS);
    make->boot[at] = (struct measured){.log = GB_LOG_BOOT,
                                       .index = (uint32_t)at + 1,
                                       .pcr = pcr,
                                       .type = type,
                                       .digest = make_digest(make->arena, word),
                                       .data = gb_arena_copy(make->arena, gb_bytes_str(data)),
                                       .data_proven = proven};
    return &make->boot[at];
}

void make_section(struct make *make, const char *name, const char *word)
{
    struct gb_bytes wide;
    must(gb_utf16_encode(make->arena, gb_bytes_str(name), &wide));
    make_event(make, 11, EV_IPL, name, "", true)->data = wide;
    make_event(make, 11, EV_IPL, word, "", false)->data = wide;
}

static struct measured *make_tag(struct make *make, uint32_t id, const char *text, const char *word)
{
    struct gb_buf buf;
    gb_buf_init(&buf, 256);
    gb_buf_u32le(&buf, id);
    gb_buf_u32le(&buf, (uint32_t)strlen(text) + 1);
    gb_buf_add(&buf, text, strlen(text) + 1);
    struct measured *m = make_event(make, 9, EV_EVENT_TAG, word, "", false);
    m->data = gb_arena_copy(make->arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return m;
}

struct measured *make_load_options(struct make *make, const char *word)
{
    return make_tag(make, 0x8f3b22ed, "LOADED_IMAGE::LoadOptions", word);
}

struct measured *make_initrd(struct make *make, const char *word)
{
    return make_tag(make, 0x8f3b22ec, "Linux initrd", word);
}

struct measured *make_image(struct make *make, const char *word)
{
    static const uint8_t no_path[32] = {[16] = 0};
    struct measured *m = make_event(make, 4, EV_EFI_BOOT_SERVICES_APPLICATION, word, "", false);
    m->data = gb_bytes(no_path, sizeof no_path);
    return m;
}

struct measured *make_secure_boot(struct make *make, uint8_t value)
{
    static const uint8_t guid[16] = {0x61, 0xdf, 0xe4, 0x8b, 0xca, 0x93, 0xd2, 0x11,
                                     0xaa, 0x0d, 0x00, 0xe0, 0x98, 0x03, 0x2b, 0x8c};
    struct gb_buf buf;
    struct gb_bytes wide;
    gb_buf_init(&buf, 256);
    must(gb_utf16_encode(make->arena, gb_bytes_str("SecureBoot"), &wide));
    gb_buf_add(&buf, guid, sizeof guid);
    gb_buf_u32le(&buf, 10);
    gb_buf_u32le(&buf, 0);
    gb_buf_u32le(&buf, 1);
    gb_buf_u32le(&buf, 0);
    gb_buf_add(&buf, wide.data, 20);
    gb_buf_u8(&buf, value);
    struct measured *m = make_event(make, 7, EV_EFI_VARIABLE_DRIVER_CONFIG,
                                    value ? "secure-boot-on" : "secure-boot-off", "", true);
    m->data = gb_arena_copy(make->arena, gb_buf_bytes(&buf));
    gb_buf_done(&buf);
    return m;
}

struct measured *make_phase(struct make *make, const char *word)
{
    struct measured *m = make_event(make, 11, EV_IPL, word, word, true);
    m->log = GB_LOG_SYSTEMD;
    return m;
}

void make_firmware(struct make *make)
{
    static const uint8_t zeros[4];
    make_event(make, 0, EV_S_CRTM_VERSION, "crtm", "", true);
    make_event(make, 0, EV_EFI_PLATFORM_FIRMWARE_BLOB, "firmware", "", false);
    make_secure_boot(make, 0);
    make_event(make, 4, EV_EFI_ACTION, "calling", "Calling EFI Application from Boot Option", true);
    for (uint32_t pcr = 0; pcr < 8; pcr++)
        make_event(make, pcr, EV_SEPARATOR, "separator", "", true)->data =
            gb_bytes(zeros, sizeof zeros);
    make_event(make, 5, EV_EFI_GPT_EVENT, "gpt", "", false);
}

static void make_leave(struct make *make)
{
    make_event(make, 5, EV_EFI_ACTION, "exit", "Exit Boot Services Invocation", true);
    make_event(make, 5, EV_EFI_ACTION, "success", "Exit Boot Services Returned with Success", true);
}

static const char *join(struct make *make, const char *a, const char *b)
{
    const char *text = gb_arena_printf(make->arena, "%s%s", a, b);
    must(text);
    return text;
}

/* What the kernel's stub measures, and the text that it was. */
static void make_options(struct make *make, const char *cmdline, const char *text)
{
    size_t at = make->claims.boot_count;
    make_load_options(make, join(make, "options ", cmdline));
    make_initrd(make, "initrd");
    make_leave(make);
    make->claims.cmdline_at = at;
    if (text)
        make->claims.cmdline = gb_bytes_str(text);
}

void make_uki(struct make *make, const char *cmdline, const char *text)
{
    make_firmware(make);
    make_image(make, join(make, "uki with ", cmdline));
    make_section(make, ".linux", "linux");
    make_section(make, ".osrel", "osrel");
    make_section(make, ".cmdline", join(make, "section ", cmdline));
    make_section(make, ".initrd", "initrd");
    make_image(make, "inner kernel");
    make_options(make, cmdline, text);
}

static void make_text(struct make *make, uint32_t pcr, const char *prefix, const char *text,
                      bool proven)
{
    const char *whole = join(make, prefix, text);
    /* GRUB logs its texts with their NUL. */
    make_event(make, pcr, EV_IPL, whole, "", proven)->data = gb_bytes(whole, strlen(whole) + 1);
}

void make_grub(struct make *make, const char *cmdline)
{
    make_firmware(make);
    make_image(make, "shim");
    make_text(make, 14, "", "MokList", false);
    make_image(make, "grub");
    make_text(make, 8, "grub_cmd: ", "source (hd0,gpt1)/grub.cfg", true);
    make_text(make, 9, "", "(hd0,gpt1)/grub.cfg", false);
    make_text(make, 8, "grub_cmd: linux /vmlinuz ", cmdline, true);
    make_text(make, 9, "", "(hd0,gpt1)/x86_64-efi/linux.mod", false);
    make_text(make, 9, "", "/vmlinuz", false);
    make_image(make, "grub's kernel");
    make_text(make, 8, "kernel_cmdline: /vmlinuz ", cmdline, true);
    make_text(make, 8, "grub_cmd: initrd ", "/initrd.img", true);
    make_text(make, 9, "", "/initrd.img", false);
    make_leave(make);
}

void make_efi_stub(struct make *make, const char *cmdline, const char *text)
{
    make_firmware(make);
    make_image(make, "stub kernel");
    make_options(make, cmdline, text);
}

static struct ima_entry *add_entry(struct make *make, const char *word, const char *path)
{
    static const uint8_t template_digest[20] = {1};
    size_t at = make->claims.ima_count++;
    must(at < MAKE_MAX_IMA);
    make->ima[at] =
        (struct ima_entry){.template_digest = template_digest,
                           .template_name = gb_bytes_str("ima-ng"),
                           .file_digest = word ? make_digest(make->arena, word) : gb_bytes(NULL, 0),
                           .file_alg = word ? DIGEST_SHA256 : DIGEST_NONE,
                           .path = gb_bytes_str(path),
                           .pcr = 10};
    return &make->ima[at];
}

struct ima_entry *make_file(struct make *make, const char *word, const char *path)
{
    make->claims.has_ima = true;
    if (make->claims.ima_count == 0)
        add_entry(make, "aggregate", "boot_aggregate");
    return add_entry(make, word, path);
}

static void write_class(struct make *make, struct gb_buf *out, enum ref_class cls)
{
    struct ref_set *set = NULL;
    must(capture(make->arena, &make->claims, cls, ref_class_name(cls), &set, NULL) == 0);
    ref_set_write(out, set);
}

const struct ref_set *make_sets(struct make *make, bool platform, bool os, bool packages)
{
    struct gb_buf out;
    struct policy policy;
    struct gb_err err = {0};
    gb_buf_init(&out, 1 << 20);
    if (platform)
        write_class(make, &out, REF_PLATFORM);
    if (os)
        write_class(make, &out, REF_OS);
    if (packages)
        write_class(make, &out, REF_PACKAGES);
    must(gb_buf_ok(&out));
    const struct policy_file file = {"sets.yaml", gb_buf_bytes(&out)};
    if (policy_read(make->arena, &file, 1, 1, &policy, &err) < 0) {
        fprintf(stderr, "%s\n", err.text);
        abort();
    }
    gb_buf_done(&out);
    return policy.sets;
}

const struct file_index *make_index(struct gb_arena *arena, const struct ref_set *sets)
{
    const struct file_index *index = NULL;
    struct ref_set *own = (struct ref_set *)(uintptr_t)sets;
    if (file_index_build(arena, own, 42, &index, NULL) < 0)
        abort();
    return index;
}

static const struct gb_finding *find(const struct gb_finding *f, enum gb_link link,
                                     enum gb_finding_code code)
{
    while (f && (f->link != link || f->code != code))
        f = f->next;
    return f;
}

const char *make_message(struct gb_arena *arena, const struct verdict *verdict, enum gb_link link,
                         enum gb_finding_code code)
{
    const struct gb_finding *f = find(verdict->findings.first, link, code);
    return f ? gb_finding_message(arena, f) : NULL;
}

size_t make_count(const struct verdict *verdict, enum gb_link link, enum gb_finding_code code)
{
    size_t count = 0;
    for (const struct gb_finding *f = find(verdict->findings.first, link, code); f;
         f = find(f->next, link, code))
        count++;
    return count;
}
