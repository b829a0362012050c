#include "reference/import/import.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "policy/sets/refval.h"

enum { NOTE_TEXT = 512, SHOWN_TEXT = 120 };

void import_init(struct import *import, struct gb_arena *arena, const char *name,
                 enum ref_class only)
{
    *import = (struct import){.arena = arena, .name = name, .source = "imported", .only = only};
    import->set_tail = &import->sets;
    import->note_tail = &import->notes;
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        import_list_init(&import->lists[i]);
}

void import_done(struct import *import)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++)
        import_list_done(&import->lists[i]);
}

void import_fail(struct import *import, enum gb_err_code code)
{
    if (import->failed == GB_OK)
        import->failed = code;
}

void import_note(struct import *import, const char *fmt, ...)
{
    char text[NOTE_TEXT];
    va_list args;
    if (import->note_count == GB_LIMIT_IMPORT_NOTES) {
        import->notes_left_out++;
        return;
    }
    va_start(args, fmt);
    vsnprintf(text, sizeof text, fmt, args);
    va_end(args);
    struct import_note *note = gb_arena_new_one(import->arena, struct import_note);
    struct gb_bytes kept = gb_arena_copy(import->arena, gb_bytes_str(text));
    if (!note || !kept.data) {
        import_fail(import, GB_ERR_NOMEM);
        return;
    }
    note->text = (const char *)kept.data;
    *import->note_tail = note;
    import->note_tail = &note->next;
    import->note_count++;
}

const char *import_text(struct import *import, struct gb_bytes text)
{
    const char *shown = gb_text_escape(import->arena, text, SHOWN_TEXT);
    if (!shown)
        import_fail(import, GB_ERR_NOMEM);
    return shown ? shown : "";
}

void import_file(struct import *import, enum digest_alg alg, struct gb_bytes digest,
                 struct gb_bytes path)
{
    if (!digest_strong(alg)) {
        import->weak++;
        return;
    }
    struct import_list *list = &import->lists[ref_digest_position(alg)];
    if (import_list_add(list, import->arena, digest, path))
        import->mapped++;
    else
        import_fail(import, GB_ERR_LIMIT);
}

bool import_file_hex(struct import *import, struct gb_bytes hex, struct gb_bytes path)
{
    uint8_t digest[GB_LIMIT_DIGEST];
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        size_t size = digest_size(digest_algs[i]);
        if (hex.len != 2 * size || !gb_hex_decode(hex, digest, size))
            continue;
        import_file(import, digest_algs[i], gb_bytes(digest, size), path);
        return true;
    }
    return false;
}

static bool is_taken(const struct import *import, const char *name)
{
    for (const struct ref_set *set = import->sets; set; set = set->next)
        if (strcmp(set->name, name) == 0)
            return true;
    return false;
}

void import_add_set(struct import *import, struct ref_set *set)
{
    if (import->set_count == GB_LIMIT_IMPORT_SETS) {
        import_fail(import, GB_ERR_LIMIT);
        return;
    }
    if (is_taken(import, set->name)) {
        import_note(import, "the set %s comes twice", set->name);
        import_fail(import, GB_ERR_INPUT);
        return;
    }
    *import->set_tail = set;
    import->set_tail = &set->next;
    import->set_count++;
}

struct ref_set *import_new_set(struct import *import, enum ref_class cls, const char *suffix)
{
    struct ref_set *set = gb_arena_new_one(import->arena, struct ref_set);
    const char *name = gb_arena_printf(import->arena, "%s-%s", import->name, suffix);
    for (unsigned n = 2; set && name && is_taken(import, name); n++)
        name = gb_arena_printf(import->arena, "%s-%s-%u", import->name, suffix, n);
    if (!set || !name) {
        import_fail(import, GB_ERR_NOMEM);
        return NULL;
    }
    set->name = name;
    set->cls = cls;
    set->source = import->source;
    import_add_set(import, set);
    return import->failed == GB_OK ? set : NULL;
}

struct ref_event **import_event(struct import *import, struct ref_set *set, struct ref_event **tail,
                                const struct ref_event *event)
{
    struct ref_event *kept = gb_arena_new_one(import->arena, struct ref_event);
    if (!kept) {
        import_fail(import, GB_ERR_NOMEM);
        return tail;
    }
    *kept = *event;
    kept->next = NULL;
    *tail = kept;
    set->event_count++;
    import->mapped++;
    return &kept->next;
}
