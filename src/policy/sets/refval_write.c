/* The writing half of refval.h: what ref_set_read reads, in the same order of fields. */
#include <inttypes.h>

#include "base/encode.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/selector.h"
#include "policy/sets/refval.h"
#include "policy/sets/refval_files.h"
#include "wire/yaml.h"

static void write_text(struct gb_buf *out, const char *key, const char *text)
{
    gb_buf_puts(out, key);
    yaml_write_scalar(out, gb_bytes_str(text));
    gb_buf_puts(out, "\n");
}

static void write_digests(struct gb_buf *out, const struct ref_event *event)
{
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        if (!digest_strong(digest_algs[i]) || event->digest[i].len == 0)
            continue;
        char hex[2 * GB_LIMIT_DIGEST + 1];
        gb_hex_encode(event->digest[i], hex);
        gb_buf_printf(out, "      %s: ", digest_name(digest_algs[i]));
        /* A digest of digits alone is quoted, so that other YAML readers keep it text. */
        yaml_write_scalar(out, gb_bytes_str(hex));
        gb_buf_puts(out, "\n");
    }
}

static void write_event(struct gb_buf *out, const struct ref_event *event)
{
    char room[11];
    gb_buf_printf(out, "    - link: %s\n      pcr: %u\n      type: %s\n", gb_link_name(event->link),
                  event->pcr, event_type_name(event->type, room));
    write_text(out, "      about: ", event->about ? event->about : "a measurement");
    if (event->value)
        write_text(out, "      value: ", event->value);
    write_digests(out, event);
}

void ref_set_write(struct gb_buf *out, const struct ref_set *set)
{
    gb_buf_puts(out, "---\napiVersion: " REFVAL_API_VERSION "\nkind: ReferenceSet\nmetadata:\n");
    write_text(out, "  name: ", set->name);
    if (set->version > 0)
        gb_buf_printf(out, "  version: %" PRIu64 "\n", set->version);
    gb_buf_printf(out, "spec:\n  class: %s\n", ref_class_name(set->cls));
    if (set->life != REF_ACCEPTED)
        gb_buf_printf(out, "  life: %s\n", ref_life_name(set->life));
    set_selector_write(out, &set->applies);
    write_text(out, "  source: ", set->source ? set->source : "written");
    if (!ref_class_has_files(set->cls))
        gb_buf_printf(out, "  events:%s\n", set->events ? "" : " []");
    for (const struct ref_event *event = set->events; event; event = event->next)
        write_event(out, event);
    refval_files_write(out, "files", &set->files);
    refval_files_write(out, "verityFiles", &set->verity);
}
