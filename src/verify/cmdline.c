#include "verify/cmdline.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "verify/claims.h"

enum { STUB_PCR = 9, GRUB_PCR = 8 };

static bool is_load_options(const struct measured *item)
{
    struct uefi_tagged tagged;
    return item->pcr == STUB_PCR && item->type == EV_EVENT_TAG &&
           uefi_tagged_read(item->data, &tagged, NULL) == GB_OK &&
           tagged.id == UEFI_TAG_LOAD_OPTIONS;
}

/* The last one counts: a loader's own options may be measured before the kernel's. */
static const struct measured *load_options(const struct measured *items, size_t count)
{
    for (size_t i = count; i-- > 0;)
        if (is_load_options(&items[i]))
            return &items[i];
    return NULL;
}

/* The stub hashes the options as it was given them (efi-stub-helper.c): UTF-16, nearly always with
 * a closing NUL. */
static int hashes_to(struct gb_arena *arena, struct digester *digester, enum digest_alg bank,
                     struct gb_bytes text, struct gb_bytes digest, bool *ret_same,
                     struct gb_err *err)
{
    uint8_t out[GB_LIMIT_DIGEST];
    struct gb_bytes wide;
    *ret_same = false;
    if (!gb_utf16_encode(arena, text, &wide)) /* not UTF-8, or no memory: not proven */
        return GB_OK;
    const struct gb_bytes forms[] = {wide, gb_bytes(wide.data, wide.len - 2)};
    for (size_t i = 0; i < GB_ARRAY_LEN(forms) && !*ret_same; i++) {
        if (digest_of(digester, bank, forms[i], out) < 0)
            return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(bank));
        *ret_same = gb_bytes_equal(digest, gb_bytes(out, digest_size(bank)));
    }
    return GB_OK;
}

/* GRUB logs "kernel_cmdline: /vmlinuz root=..."; the kernel is told "BOOT_IMAGE=/vmlinuz root=...".
 */
static bool logged_by_grub(const struct measured *items, size_t count, struct gb_bytes text)
{
    const struct gb_bytes image = gb_bytes_str("BOOT_IMAGE=");
    if (gb_bytes_starts(text, image))
        text = gb_bytes_from(text, image.len);
    for (size_t i = 0; i < count; i++) {
        if (items[i].pcr != GRUB_PCR || items[i].type != EV_IPL || !items[i].data_proven)
            continue;
        const struct boot_event event = {.pcr = GRUB_PCR, .type = EV_IPL, .data = items[i].data};
        struct uefi_ipl_form form = uefi_ipl_split(&event);
        while (form.text.len > 0 && form.text.data[form.text.len - 1] == 0)
            form.text.len--;
        if (form.kind == UEFI_IPL_GRUB_CMDLINE && gb_bytes_equal(form.text, text))
            return true;
    }
    return false;
}

int cmdline_prove(struct gb_arena *arena, struct digester *digester, const struct measured *items,
                  size_t count, enum digest_alg bank, struct gb_bytes text,
                  struct gb_bytes *ret_proven, struct gb_err *err)
{
    *ret_proven = gb_bytes(NULL, 0);
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    if (!text.data)
        return GB_OK;
    const struct measured *options = load_options(items, count);
    bool same = false;
    if (options) {
        int r = hashes_to(arena, digester, bank, text, options->digest, &same, err);
        if (r < 0)
            return r;
    } else {
        same = logged_by_grub(items, count, text);
    }
    if (same)
        *ret_proven = text;
    return GB_OK;
}
