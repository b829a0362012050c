#include "policy/chain/chain_payload.h"

#include <string.h>

#include "base/encode.h"
#include "evidence/eventlog.h"
#include "evidence/uefi.h"
#include "verify/claims.h"

enum { ABOUT_MAX = 160 };

/* The log's record again, for the readers of payloads. */
static struct boot_event as_event(const struct measured *m)
{
    return (struct boot_event){.index = m->index, .pcr = m->pcr, .type = m->type, .data = m->data};
}

/* Out of memory is an error; a payload that does not decode is merely one without words. */
int chain_payload_ipl(struct gb_arena *arena, const struct measured *m, struct uefi_ipl *ret_ipl,
                      struct gb_err *err)
{
    struct uefi_ipl ipl = {.kind = UEFI_IPL_OTHER, .text = ""};
    if (m->type == EV_IPL && m->log == GB_LOG_BOOT) {
        const struct boot_event event = as_event(m);
        int r = uefi_ipl_read(arena, &event, &ipl, err);
        if (r < 0)
            return r;
    }
    *ret_ipl = ipl;
    return GB_OK;
}

uint32_t chain_payload_tag(const struct measured *m)
{
    struct uefi_tagged tagged;
    if (m->type != EV_EVENT_TAG || uefi_tagged_read(m->data, &tagged, NULL) < 0)
        return 0;
    return tagged.id;
}

/* Cuts at a character's boundary; `text` is printable already. */
static const char *shorten(struct gb_arena *arena, const char *text)
{
    size_t len = strlen(text);
    if (len <= ABOUT_MAX)
        return text;
    len = ABOUT_MAX;
    while (len > 0 && ((uint8_t)text[len] & 0xc0) == 0x80)
        len--;
    return gb_arena_printf(arena, "%.*s...", (int)len, text);
}

int chain_payload_describe(struct gb_arena *arena, const struct measured *m, const char **ret_about,
                           struct gb_err *err)
{
    const struct boot_event record = as_event(m);
    const char *text = NULL;
    char room[11];
    if (m->log == GB_LOG_SYSTEMD) {
        text = gb_text_escape(arena, m->data, ABOUT_MAX);
    } else {
        int r = uefi_describe(arena, &record, &text, NULL);
        if (r == GB_ERR_NOMEM)
            return gb_err_nomem(err);
        if (r < 0 || !text || !text[0])
            text = gb_arena_printf(arena, "%s", event_type_name(m->type, room));
    }
    const char *about = text ? shorten(arena, text) : NULL;
    if (!about)
        return gb_err_nomem(err);
    *ret_about = about;
    return GB_OK;
}
