#include "reference/capture.h"

#include <string.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/ima.h"
#include "policy/chain/chain.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval.h"
#include "verify/claims.h"

static struct ref_set *new_set(struct gb_arena *arena, enum ref_class cls, const char *name)
{
    struct ref_set *set = gb_arena_new_one(arena, struct ref_set);
    if (set) {
        set->cls = cls;
        set->name = name;
        set->source = "captured from a boot that its operator vouches for";
    }
    return set;
}

/* The text of a command line, where it can stand in YAML. */
static int copy_value(struct gb_arena *arena, struct gb_bytes text, const char **ret_value,
                      struct gb_err *err)
{
    struct gb_bytes utf16;
    *ret_value = NULL;
    if (!text.data || (text.len > 0 && memchr(text.data, 0, text.len)))
        return GB_OK;
    if (!gb_utf16_encode(arena, text, &utf16))
        return GB_OK;
    struct gb_bytes copy = gb_arena_copy(arena, text);
    if (!copy.data)
        return gb_err_nomem(err);
    *ret_value = (const char *)copy.data;
    return GB_OK;
}

static int add_event(struct gb_arena *arena, const struct chain_event *from,
                     struct ref_event ***tail, struct gb_err *err)
{
    struct ref_event *event = gb_arena_new_one(arena, struct ref_event);
    if (!event)
        return gb_err_nomem(err);
    event->link = from->link;
    event->pcr = from->measured->pcr;
    event->type = from->measured->type;
    event->about = from->about;
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        if (digest_strong(digest_algs[i]))
            event->digest[i] = measured_digest(from->measured, i);
    int r = copy_value(arena, from->text, &event->value, err);
    if (r < 0)
        return r;
    **tail = event;
    *tail = &event->next;
    return GB_OK;
}

static int capture_events(struct gb_arena *arena, const struct claims *claims, struct ref_set *set,
                          struct gb_err *err)
{
    struct chain_event *events = NULL;
    struct ref_event **tail = &set->events;
    if (!claims->has_boot)
        return gb_err_set(
            err, GB_ERR_NOTFOUND,
            "no boot log is proven, so no boot can be captured; put eventlog.bin into "
            "the folder, or choose with --class");
    int r = chain_place(arena, claims, &events, err);
    if (r < 0)
        return r;
    for (size_t i = 0; i < claims->boot_count; i++) {
        if (events[i].cls != set->cls)
            continue;
        r = add_event(arena, &events[i], &tail, err);
        if (r < 0)
            return r;
        set->event_count++;
    }
    return GB_OK;
}

/* Whether an entry has a digest that a set may rest on. Violations have none; boot_aggregate is of
 * one boot. */
static bool is_wanted(const struct ima_entry *entry, bool verity)
{
    return entry->is_verity == verity && !entry->is_violation && !ima_is_boot_aggregate(entry) &&
           digest_strong(entry->file_alg) && entry->file_digest.len == digest_size(entry->file_alg);
}

/* All entries of one kind must be in one algorithm: a set has one. */
static int find_alg(const struct claims *claims, bool verity, struct ref_files *files,
                    struct gb_err *err)
{
    for (size_t i = 0; i < claims->ima_count; i++) {
        const struct ima_entry *entry = &claims->ima[i];
        if (!is_wanted(entry, verity))
            continue;
        if (files->alg != DIGEST_NONE && files->alg != entry->file_alg)
            return gb_err_set(err, GB_ERR_INPUT,
                              "IMA entry %zu is in %s, those before it in %s: set one ima_hash=", i,
                              digest_name(entry->file_alg), digest_name(files->alg));
        files->alg = entry->file_alg;
        files->count++;
    }
    return GB_OK;
}

static int capture_kind(struct gb_arena *arena, const struct claims *claims, bool verity,
                        struct ref_files *ret_files, struct gb_err *err)
{
    struct ref_files files = {0};
    int r = find_alg(claims, verity, &files, err);
    if (r < 0)
        return r;
    size_t size = digest_size(files.alg), at = 0;
    uint8_t *keys = gb_arena_alloc_raw(arena, files.count + 1, size);
    struct gb_bytes *paths = gb_arena_alloc_raw(arena, files.count + 1, sizeof *paths);
    if (!keys || !paths)
        return gb_err_nomem(err);
    for (size_t i = 0; i < claims->ima_count; i++) {
        if (!is_wanted(&claims->ima[i], verity))
            continue;
        memcpy(keys + at * size, claims->ima[i].file_digest.data, size);
        paths[at++] = claims->ima[i].path;
    }
    if (files.count == 0)
        return GB_OK;
    const struct ref_files_parts parts = {files.alg, keys, paths, files.count};
    return ref_files_make(arena, &parts, ret_files, err);
}

static int capture_files(struct gb_arena *arena, const struct claims *claims, struct ref_set *set,
                         struct gb_err *err)
{
    if (!claims->has_ima)
        return gb_err_set(err, GB_ERR_NOTFOUND,
                          "no IMA list is proven, so no file can be captured; put ima_binary into "
                          "the folder, or choose with --class");
    int r = capture_kind(arena, claims, false, &set->files, err);
    if (r < 0)
        return r;
    return capture_kind(arena, claims, true, &set->verity, err);
}

int capture(struct gb_arena *arena, const struct claims *claims, enum ref_class cls,
            const char *name, struct ref_set **ret_set, struct gb_err *err)
{
    struct ref_set *set = new_set(arena, cls, name);
    if (!set)
        return gb_err_nomem(err);
    if (!claims->quote_proven)
        return gb_err_set(err, GB_ERR_INPUT, "the quote is not proven, so nothing is captured");
    int r = cls == REF_PACKAGES ? capture_files(arena, claims, set, err)
                                : capture_events(arena, claims, set, err);
    if (r < 0)
        return r;
    *ret_set = set;
    return GB_OK;
}
