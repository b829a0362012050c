#include "reference/import/pcrlock.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "reference/import/pcrlock_file.h"
#include "reference/import/pcrlock_known.h"

struct variant {
    const struct pcrlock_file *file;
    struct ref_event *events;
};

/* A component of the boot, and what it may measure. */
struct component {
    const struct variant *variants;
    size_t count;
    size_t chosen; /* of the set that is being made */
};

static int by_name(const void *left, const void *right)
{
    const struct variant *a = left, *b = right;
    int order = strcmp(a->file->component, b->file->component);
    if (order != 0)
        return order;
    return strcmp(a->file->variant ? a->file->variant : "",
                  b->file->variant ? b->file->variant : "");
}

static int read_all(struct import *import, struct digester *digester,
                    const struct pcrlock_file *files, size_t count, struct variant *variants,
                    struct gb_err *err)
{
    struct pcrlock_known known;
    int r = pcrlock_known_init(&known, digester, err);
    for (size_t i = 0; r == GB_OK && i < count; i++) {
        variants[i] = (struct variant){.file = &files[i]};
        r = pcrlock_file_read(import, &known, &files[i], &variants[i].events, err);
        if (r < 0)
            gb_err_prefix(err, "%s%s%s: ", files[i].component, files[i].variant ? ", " : "",
                          files[i].variant ? files[i].variant : "");
    }
    return r;
}

static int check_twice(const struct variant *variants, size_t count, struct gb_err *err)
{
    for (size_t i = 1; i < count; i++)
        if (by_name(&variants[i - 1], &variants[i]) == 0)
            return gb_err_set(err, GB_ERR_CONFIG,
                              "%s comes twice: systemd takes the one in /etc before /run, "
                              "/var/lib and /usr; give only that",
                              variants[i].file->component);
    return GB_OK;
}

/* One component a name; the variants stand side by side. */
static size_t group(const struct variant *variants, size_t count, struct component *components)
{
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        bool same = used > 0 && strcmp(components[used - 1].variants->file->component,
                                       variants[i].file->component) == 0;
        if (same)
            components[used - 1].count++;
        else
            components[used++] = (struct component){.variants = &variants[i], .count = 1};
    }
    return used;
}

static bool speaks_of(const struct component *component, enum ref_class cls)
{
    for (size_t i = 0; i < component->count; i++)
        for (const struct ref_event *e = component->variants[i].events; e; e = e->next)
            if (chain_pcr_class(e->pcr) == cls)
                return true;
    return false;
}

/* The next combination of variants, as an odometer counts; false when all were had. */
static bool next_choice(struct component *components, size_t count, enum ref_class cls)
{
    for (size_t i = count; i > 0; i--) {
        struct component *component = &components[i - 1];
        if (component->count < 2 || !speaks_of(component, cls))
            continue;
        if (++component->chosen < component->count)
            return true;
        component->chosen = 0;
    }
    return false;
}

/* "pcrlock: 650-kernel 6.1.0-40", so that a person sees which variants a set stands for. */
static const char *source_of(struct import *import, const struct component *components,
                             size_t count, enum ref_class cls)
{
    const char *text = "imported from pcrlock files";
    for (size_t i = 0; i < count && text; i++) {
        const struct pcrlock_file *file = components[i].variants[components[i].chosen].file;
        if (file->variant && speaks_of(&components[i], cls))
            text =
                gb_arena_printf(import->arena, "%s, %s %s", text, file->component, file->variant);
    }
    if (!text)
        import_fail(import, GB_ERR_NOMEM);
    return text;
}

static void make_set(struct import *import, const struct component *components, size_t count,
                     enum ref_class cls)
{
    struct ref_set *set = import_new_set(import, cls, ref_class_name(cls));
    if (!set)
        return;
    struct ref_event **tail = &set->events;
    set->source = source_of(import, components, count, cls);
    for (size_t i = 0; i < count; i++) {
        const struct variant *variant = &components[i].variants[components[i].chosen];
        for (const struct ref_event *e = variant->events; e; e = e->next)
            if (chain_pcr_class(e->pcr) == cls)
                tail = import_event(import, set, tail, e);
    }
}

static int make_sets(struct import *import, struct component *components, size_t count,
                     enum ref_class cls, struct gb_err *err)
{
    size_t speakers = 0, combinations = 1;
    for (size_t i = 0; i < count; i++) {
        components[i].chosen = 0;
        if (!speaks_of(&components[i], cls))
            continue;
        speakers++;
        if (combinations <= GB_LIMIT_VARIANTS)
            combinations *= components[i].count;
    }
    if (speakers == 0)
        return GB_OK;
    if (import->only != REF_NONE && import->only != cls) {
        import_note(import, "%zu components of class %s are left out: --class asks for %s",
                    speakers, ref_class_name(cls), ref_class_name(import->only));
        return GB_OK;
    }
    if (combinations > GB_LIMIT_VARIANTS)
        return gb_err_set(err, GB_ERR_LIMIT,
                          "the variants make more than %d sets of class %s: import fewer of them "
                          "at a time",
                          GB_LIMIT_VARIANTS, ref_class_name(cls));
    do
        make_set(import, components, count, cls);
    while (import->failed == GB_OK && next_choice(components, count, cls));
    return GB_OK;
}

int pcrlock_read(struct import *import, struct digester *digester, const struct pcrlock_file *files,
                 size_t count, struct gb_err *err)
{
    struct variant *variants = gb_arena_new_array(import->arena, struct variant, count);
    struct component *components = gb_arena_new_array(import->arena, struct component, count);
    if (!variants || !components)
        return gb_err_nomem(err);
    int r = read_all(import, digester, files, count, variants, err);
    if (r < 0)
        return r;
    qsort(variants, count, sizeof *variants, by_name);
    r = check_twice(variants, count, err);
    if (r < 0)
        return r;
    size_t used = group(variants, count, components);
    r = make_sets(import, components, used, REF_PLATFORM, err);
    return r < 0 ? r : make_sets(import, components, used, REF_OS, err);
}
