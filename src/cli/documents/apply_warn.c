#include "cli/documents/apply_warn.h"

#include <stdio.h>
#include <string.h>

#include "cli/documents/apply_files.h"
#include "cli/reply.h"
#include "wire/json.h"

/* "node.yaml:12"; NULL for what concerns all documents together. */
static const char *find_place(struct gb_arena *arena, const struct apply_files *files,
                              const struct json *warning)
{
    struct gb_bytes kind;
    if (!json_get_text(warning, "kind", &kind))
        return NULL;
    const char *sent =
        gb_arena_printf(arena, "%s/%s:%s:", reply_text(arena, warning, "kind"),
                        reply_text(arena, warning, "name"), reply_number(arena, warning, "line"));
    const char *here = sent ? apply_files_locate(arena, files, sent) : NULL;
    return here ? gb_arena_printf(arena, "%.*s", (int)strlen(here) - 1, here) : NULL;
}

static void print(const char *level, const char *place, const char *why, const char *remedy)
{
    fprintf(stderr, "garboard: %s: %s%s%s\n  -> %s\n", level, place ? place : "", place ? ": " : "",
            why, remedy);
}

struct json *apply_warn(struct gb_arena *arena, const struct apply_files *files,
                        struct json *warnings, bool with_notes)
{
    struct json *list = json_new_array(), *warning;
    while ((warning = json_take_at(warnings, 0))) {
        const char *place = find_place(arena, files, warning);
        bool is_note = reply_is(warning, "level", "note");
        if (!is_note || with_notes)
            print(is_note ? "note" : "warning", place, reply_text(arena, warning, "why"),
                  reply_text(arena, warning, "remedy"));
        json_free(json_take(warning, "line"));
        json_set(warning, "place", json_text(place));
        json_push(list, warning);
    }
    json_free(warnings);
    return list;
}
