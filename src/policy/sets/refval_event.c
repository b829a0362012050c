#include "policy/sets/refval_event.h"

#include <inttypes.h>

#include "base/encode.h"
#include "base/limits.h"
#include "crypto/digest.h"
#include "evidence/eventlog.h"
#include "policy/documents/field.h"
#include "policy/sets/refval.h"
#include "wire/yaml.h"

enum { EVENT_TYPES_MAX = 48 };

static int read_link(const struct field_file *file, const struct yaml_node *node,
                     enum gb_link *ret_link, struct gb_err *err)
{
    const struct yaml_node *field;
    const char *names[GB_LINK_COUNT];
    enum gb_link links[GB_LINK_COUNT];
    size_t count = 0, index = 0;
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++) {
        if (ref_class_of_link((enum gb_link)i) == REF_NONE)
            continue;
        links[count] = (enum gb_link)i;
        names[count++] = gb_link_name((enum gb_link)i);
    }
    int r = field_get(file, node, "link", YAML_SCALAR, true, &field, err);
    if (r < 0)
        return r;
    r = field_choice(file, field, "link", (struct field_names){names, count}, &index, err);
    if (r < 0)
        return r;
    *ret_link = links[index];
    return GB_OK;
}

/* The names of all event types that eventlog.h knows. */
static size_t type_names(const char *names[EVENT_TYPES_MAX])
{
    static const struct {
        uint32_t from, to;
    } ranges[] = {{EV_PREBOOT_CERT, EV_POST_CODE2},
                  {EV_EFI_VARIABLE_DRIVER_CONFIG, EV_EFI_HCRTM_EVENT},
                  {EV_EFI_VARIABLE_AUTHORITY, EV_EFI_SPDM_DEVICE_AUTHORITY}};
    size_t count = 0;
    for (size_t i = 0; i < GB_ARRAY_LEN(ranges); i++) {
        for (uint32_t type = ranges[i].from; type <= ranges[i].to; type++) {
            char room[11];
            const char *name = event_type_name(type, room);
            if (name != room && count < EVENT_TYPES_MAX)
                names[count++] = name;
        }
    }
    return count;
}

/* A type that has no name is written as 0x%08x. */
static bool type_from_hex(struct gb_bytes text, uint32_t *ret_type)
{
    uint8_t bytes[4];
    if (text.len != 10 || !gb_bytes_starts(text, gb_bytes_str("0x")) ||
        !gb_hex_decode(gb_bytes_from(text, 2), bytes, sizeof bytes))
        return false;
    *ret_type = (uint32_t)bytes[0] << 24 | (uint32_t)bytes[1] << 16 | (uint32_t)bytes[2] << 8 |
                (uint32_t)bytes[3];
    return true;
}

static int read_type(const struct field_file *file, const struct yaml_node *node,
                     uint32_t *ret_type, struct gb_err *err)
{
    const struct yaml_node *field;
    int r = field_get(file, node, "type", YAML_SCALAR, true, &field, err);
    if (r < 0)
        return r;
    if (event_type_from_name(field->text, ret_type) || type_from_hex(field->text, ret_type))
        return GB_OK;
    const char *names[EVENT_TYPES_MAX];
    size_t count = type_names(names);
    return field_unknown(file, field->line, "event type", field->text,
                         (struct field_names){names, count}, err);
}

static int read_pcr(const struct field_file *file, const struct yaml_node *node, uint32_t *ret_pcr,
                    struct gb_err *err)
{
    const struct yaml_node *field;
    uint64_t value = 0;
    int r = field_get(file, node, "pcr", YAML_SCALAR, true, &field, err);
    if (r < 0)
        return r;
    r = field_number(file, field, 0, GB_LIMIT_PCRS - 1, &value, err);
    if (r < 0)
        return r;
    *ret_pcr = (uint32_t)value;
    return GB_OK;
}

/* A set can never rest on SHA-1. The field is known only to be refused in so many words. */
static int read_digests(const struct field_file *file, const struct yaml_node *node,
                        struct ref_event *event, struct gb_err *err)
{
    size_t found = 0;
    const struct yaml_node *weak = yaml_get(node, "sha1");
    if (weak)
        return field_wrong(file, weak->key_line, err, "SHA-1 digests are not accepted");
    for (size_t i = 0; i < DIGEST_ALGS; i++) {
        const struct yaml_node *field;
        enum digest_alg alg = digest_algs[i];
        if (!digest_strong(alg))
            continue;
        int r = field_get(file, node, digest_name(alg), YAML_SCALAR, false, &field, err);
        if (r < 0)
            return r;
        if (!field)
            continue;
        size_t size = digest_size(alg);
        uint8_t *bytes = gb_arena_alloc_raw(file->arena, size, 1);
        if (!bytes)
            return gb_err_nomem(err);
        if (!gb_hex_decode(field->text, bytes, size))
            return field_wrong(file, field->line, err, "field \"%s\" must be %zu hex digits",
                               digest_name(alg), 2 * size);
        event->digest[i] = gb_bytes(bytes, size);
        found++;
    }
    if (found == 0)
        return field_wrong(file, node->line, err,
                           "an event needs a digest: sha256, sha384 or sha512");
    return GB_OK;
}

static int read_words(const struct field_file *file, const struct yaml_node *node,
                      struct ref_event *event, struct gb_err *err)
{
    const struct yaml_node *about, *value;
    int r = field_get(file, node, "about", YAML_SCALAR, false, &about, err);
    if (r < 0)
        return r;
    event->about = "a measurement";
    r = about ? field_printable(file, about, &event->about, err) : GB_OK;
    if (r < 0)
        return r;
    r = field_get(file, node, "value", YAML_SCALAR, false, &value, err);
    if (r < 0)
        return r;
    return value ? field_text(file, value, &event->value, err) : GB_OK;
}

int refval_event_read(const struct field_file *file, const struct yaml_node *node,
                      struct ref_event **ret_event, struct gb_err *err)
{
    static const char *const known[] = {"link", "pcr",    "type",   "about", "value",
                                        "sha1", "sha256", "sha384", "sha512"};
    struct ref_event *event = gb_arena_new_one(file->arena, struct ref_event);
    if (!event)
        return gb_err_nomem(err);
    int r = field_mapping(file, node, "an event", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_link(file, node, &event->link, err);
    if (r < 0)
        return r;
    r = read_pcr(file, node, &event->pcr, err);
    if (r < 0)
        return r;
    r = read_type(file, node, &event->type, err);
    if (r < 0)
        return r;
    r = read_digests(file, node, event, err);
    if (r < 0)
        return r;
    r = read_words(file, node, event, err);
    if (r < 0)
        return r;
    *ret_event = event;
    return GB_OK;
}
