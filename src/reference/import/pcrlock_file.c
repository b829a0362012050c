#include "reference/import/pcrlock_file.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "reference/import/pcrlock.h"
#include "reference/import/pcrlock_known.h"
#include "wire/json.h"

/* A file while it is read. */
struct reading {
    struct import *import;
    const struct pcrlock_known *known;
    const struct pcrlock_file *file;
    const struct pcrlock_word *section; /* its name was measured, its contents come next */
    struct ref_event **tail;
};

static const char *label(const struct reading *reading)
{
    const struct pcrlock_file *file = reading->file;
    const char *text = file->variant ? gb_arena_printf(reading->import->arena, "%s (%s)",
                                                       file->component, file->variant)
                                     : file->component;
    if (!text)
        import_fail(reading->import, GB_ERR_NOMEM);
    return text ? text : "";
}

static int read_digest(struct reading *reading, const struct json *node, struct ref_event *event,
                       struct gb_err *err)
{
    struct gb_bytes name, hex;
    if (!json_get_text(node, "hashAlg", &name) || !json_get_text(node, "digest", &hex))
        return gb_err_set(err, GB_ERR_INPUT, "a digest needs hashAlg and digest");
    enum digest_alg alg = digest_from_name(name);
    size_t size = digest_size(alg);
    uint8_t *room = size > 0 ? gb_arena_alloc(reading->import->arena, size, 1) : NULL;
    if (alg == DIGEST_NONE) {
        import_note(reading->import, "%s: a digest of %s, which is not computed here",
                    label(reading), import_text(reading->import, name));
        return GB_OK;
    }
    if (!room)
        return gb_err_nomem(err);
    if (!gb_hex_decode(hex, room, size))
        return gb_err_set(err, GB_ERR_INPUT, "a digest of %s is %zu hex digits", digest_name(alg),
                          2 * size);
    struct gb_bytes *place = &event->digest[ref_digest_position(alg)];
    if (place->len > 0)
        return gb_err_set(err, GB_ERR_INPUT, "two digests of %s", digest_name(alg));
    if (digest_strong(alg))
        *place = gb_bytes(room, size);
    return GB_OK;
}

static bool component_has(const struct reading *reading, const char *word)
{
    return strstr(reading->file->component, word) != NULL;
}

/* The link where a PCR alone leaves it open: the component's name tells what it is. */
static enum gb_link link_of(const struct reading *reading, uint32_t pcr)
{
    if (pcr == 4 && component_has(reading, "kernel"))
        return GB_LINK_KERNEL;
    if (pcr == 8 && component_has(reading, "cmdline"))
        return GB_LINK_CMDLINE;
    if (pcr != 9)
        return chain_pcr_link(pcr);
    if (component_has(reading, "cmdline"))
        return GB_LINK_CMDLINE;
    return component_has(reading, "initrd") ? GB_LINK_INITRD : chain_pcr_link(pcr);
}

/* What mostly stands in a PCR: a record has no type, and no digest covers one. */
static uint32_t type_of(uint32_t pcr)
{
    static const uint32_t types[GB_LIMIT_PCRS] = {
        [0] = EV_EFI_PLATFORM_FIRMWARE_BLOB,    [1] = EV_PLATFORM_CONFIG_FLAGS,
        [2] = EV_EFI_BOOT_SERVICES_DRIVER,      [3] = EV_PLATFORM_CONFIG_FLAGS,
        [4] = EV_EFI_BOOT_SERVICES_APPLICATION, [5] = EV_EFI_GPT_EVENT,
        [7] = EV_EFI_VARIABLE_DRIVER_CONFIG,    [9] = EV_EVENT_TAG,
    };
    return pcr == 0 || types[pcr] != 0 ? types[pcr] : EV_IPL;
}

/* Whether our judge knows it without a reference: then a set that has it would miss it. */
static bool is_left_out(struct reading *reading, uint32_t pcr, const struct pcrlock_word *word)
{
    bool names_machine = pcr == 15 && (component_has(reading, "machine-id") ||
                                       component_has(reading, "file-system"));
    if (word && !word->is_section)
        import_note(reading->import, "%s: \"%s\" in PCR %u needs no reference", label(reading),
                    word->about, pcr);
    else if (names_machine)
        import_note(reading->import, "%s: what names one machine in PCR 15 needs no reference",
                    label(reading));
    return names_machine || (word && !word->is_section);
}

static bool has_digest(const struct ref_event *event)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (event->digest[i].len > 0)
            return true;
    return false;
}

/* A section's name comes before its contents; both stand for the section's link. */
static void place(struct reading *reading, struct ref_event *event, const struct pcrlock_word *word)
{
    struct gb_arena *arena = reading->import->arena;
    const struct pcrlock_word *section = word ? word : reading->section;
    if (event->pcr == 11 && section) {
        event->link = chain_section_link(gb_bytes_str(section->about));
        event->about = gb_arena_printf(
            arena, word ? "the name of UKI section %s" : "the UKI's section %s", section->about);
        reading->section = word;
    } else {
        event->link = link_of(reading, event->pcr);
        event->about = label(reading);
    }
    if (!event->about)
        import_fail(reading->import, GB_ERR_NOMEM);
    event->type = type_of(event->pcr);
    *reading->tail = event;
    reading->tail = &event->next;
}

static int read_record(struct reading *reading, const struct json *node, struct gb_err *err)
{
    struct ref_event *event = gb_arena_new_one(reading->import->arena, struct ref_event);
    uint64_t pcr = 0;
    const struct json *digests = json_get(node, "digests");
    if (!event)
        return gb_err_nomem(err);
    if (!json_get_number(node, "pcr", &pcr) || pcr >= GB_LIMIT_PCRS)
        return gb_err_set(err, GB_ERR_INPUT, "needs a pcr from 0 to %d", GB_LIMIT_PCRS - 1);
    event->pcr = (uint32_t)pcr;
    if (json_count(digests) == 0)
        return gb_err_set(err, GB_ERR_INPUT, "needs digests");
    for (size_t i = 0; i < json_count(digests); i++) {
        int r = read_digest(reading, json_at(digests, i), event, err);
        if (r < 0)
            return r;
    }
    if (!has_digest(event)) {
        import_note(reading->import, "%s: PCR %u: no digest but SHA-1 or unknown ones",
                    label(reading), event->pcr);
        reading->import->weak++;
        return GB_OK;
    }
    const struct pcrlock_word *word = pcrlock_known_find(reading->known, event->pcr, event->digest);
    if (!is_left_out(reading, event->pcr, word))
        place(reading, event, word);
    return GB_OK;
}

int pcrlock_file_read(struct import *import, const struct pcrlock_known *known,
                      const struct pcrlock_file *file, struct ref_event **ret_events,
                      struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *root = NULL;
    struct ref_event *events = NULL;
    struct reading reading = {import, known, file, NULL, &events};
    int r = json_read(file->bytes, &root, err);
    if (r < 0)
        return r;
    /* systemd-pcrlock writes an object; its manual speaks of the bare array. */
    const struct json *records = json_get(root, "records");
    if (json_is_list(root))
        records = root;
    if (!json_is_list(records))
        return gb_err_set(err, GB_ERR_INPUT, "no list of records");
    for (size_t i = 0; i < json_count(records); i++) {
        r = read_record(&reading, json_at(records, i), err);
        if (r < 0) {
            gb_err_prefix(err, "record %zu: ", i);
            return r;
        }
    }
    *ret_events = events;
    return GB_OK;
}
