/* What every import must keep: the sets that come of it are a file that loads, and no digest of
 * SHA-1 is in them. */
#ifndef GB_TESTS_FUZZ_IMPORT_CHECK_H
#define GB_TESTS_FUZZ_IMPORT_CHECK_H

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "wire/yaml.h"

static void must_load(struct gb_arena *arena, const struct ref_set *set, struct gb_bytes text)
{
    struct yaml_node *documents = NULL;
    struct ref_set *back = NULL;
    struct gb_err err;
    if (yaml_read(arena, text, "x", &documents, &err) < 0 ||
        ref_set_read(arena, documents->first, "x", &back, &err) < 0 ||
        strcmp(back->name, set->name) != 0 || back->cls != set->cls ||
        back->event_count != set->event_count)
        abort();
}

static void import_check(struct import *import)
{
    struct gb_err err;
    if (import_finish(import, &err) < 0)
        return;
    for (const struct ref_set *set = import->sets; set; set = set->next) {
        struct gb_buf text;
        gb_buf_init(&text, GB_LIMIT_POLICY);
        ref_set_write(&text, set);
        if (!gb_buf_ok(&text))
            abort();
        must_load(import->arena, set, gb_buf_bytes(&text));
        gb_buf_done(&text);
        for (const struct ref_event *event = set->events; event; event = event->next)
            if (event->digest[ref_digest_position(DIGEST_SHA1)].len > 0)
                abort();
    }
}

#endif
