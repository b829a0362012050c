#include "verify/cmdline.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "verify/claims.h"

enum { STUB_PCR = 9, GRUB_PCR = 8 };

bool cmdline_said_by_stub(const struct measured *item)
{
    struct uefi_tagged tagged;
    return item->pcr == STUB_PCR && item->type == EV_EVENT_TAG &&
           uefi_tagged_read(item->data, &tagged, NULL) == GB_OK &&
           tagged.id == UEFI_TAG_LOAD_OPTIONS;
}

static bool is_path(struct gb_bytes text)
{
    return text.len > 0 && (text.data[0] == '/' || text.data[0] == '(');
}

struct gb_bytes cmdline_of_grub(const struct measured *item)
{
    const struct boot_event event = {.pcr = item->pcr, .type = item->type, .data = item->data};
    struct uefi_ipl_form form = {.text = item->data};
    if (item->type == EV_IPL) /* the digests of other types cover all of their data */
        form = uefi_ipl_split(&event);
    struct gb_bytes text = form.text;
    if (item->pcr != GRUB_PCR || !item->data_proven || form.utf16)
        return gb_bytes(NULL, 0);
    while (text.len > 0 && text.data[text.len - 1] == 0)
        text.len--;
    return is_path(text) ? text : gb_bytes(NULL, 0);
}

/* The stub hashes the options as it was given them (efi-stub-helper.c): UTF-16, nearly always with
 * a closing NUL. What the log calls the measurement is not asked: the node chooses that. The last
 * one counts: a kernel that gave up may have measured its own before. */
static int find_measured(struct gb_arena *arena, struct digester *digester,
                         const struct measured *items, size_t count, enum digest_alg bank,
                         struct gb_bytes text, size_t *ret_at, struct gb_err *err)
{
    uint8_t out[2][GB_LIMIT_DIGEST];
    struct gb_bytes wide;
    *ret_at = count;
    if (!gb_utf16_encode(arena, text, &wide)) /* not UTF-8, or no memory: not proven */
        return GB_OK;
    if (digest_of(digester, bank, wide, out[0]) < 0 ||
        digest_of(digester, bank, gb_bytes(wide.data, wide.len - 2), out[1]) < 0)
        return gb_err_set(err, GB_ERR_BUG, "%s failed", digest_name(bank));
    for (size_t i = count; i-- > 0 && *ret_at == count;)
        for (size_t form = 0; form < GB_ARRAY_LEN(out); form++)
            if (items[i].pcr == STUB_PCR &&
                gb_bytes_equal(items[i].digest, gb_bytes(out[form], digest_size(bank))))
                *ret_at = i;
    return GB_OK;
}

/* GRUB logs "kernel_cmdline: /vmlinuz root=..."; the kernel is told "BOOT_IMAGE=/vmlinuz root=...".
 */
static bool measured_by_grub(const struct measured *items, size_t count, struct gb_bytes text)
{
    const struct gb_bytes image = gb_bytes_str("BOOT_IMAGE=");
    bool same = false;
    if (gb_bytes_starts(text, image))
        text = gb_bytes_from(text, image.len);
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes words = cmdline_of_grub(&items[i]);
        if (cmdline_said_by_stub(&items[i])) /* it speaks for the kernel, and says another one */
            return false;
        same = same || (words.data && gb_bytes_equal(words, text));
    }
    return same;
}

int cmdline_prove(struct gb_arena *arena, struct digester *digester, const struct measured *items,
                  size_t count, enum digest_alg bank, struct gb_bytes text,
                  struct gb_bytes *ret_proven, size_t *ret_at, struct gb_err *err)
{
    *ret_proven = gb_bytes(NULL, 0);
    *ret_at = count;
    if (text.len > 0 && text.data[text.len - 1] == '\n')
        text.len--;
    if (!text.data)
        return GB_OK;
    int r = find_measured(arena, digester, items, count, bank, text, ret_at, err);
    if (r < 0)
        return r;
    if (*ret_at < count || measured_by_grub(items, count, text))
        *ret_proven = text;
    return GB_OK;
}
