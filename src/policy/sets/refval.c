#include "policy/sets/refval.h"

#include "base/encode.h"
#include "crypto/digest.h"
#include "policy/chain/chain.h"
#include "policy/documents/field.h"
#include "policy/documents/metadata.h"
#include "policy/selector.h"
#include "policy/sets/ref_files.h"
#include "policy/sets/refval_event.h"
#include "policy/sets/refval_files.h"
#include "wire/yaml.h"

static const char *const class_names[REF_CLASS_COUNT] = {"none", "platform", "os", "packages",
                                                         "engine"};
static const char *const life_names[REF_LIFE_COUNT] = {"accepted", "candidate", "shadow",
                                                       "retired"};

const char *ref_class_name(enum ref_class cls)
{
    return class_names[cls];
}

const char *ref_life_name(enum ref_life life)
{
    return life_names[life];
}

enum ref_class ref_class_of_link(enum gb_link link)
{
    static const enum ref_class classes[GB_LINK_COUNT] = {
        [GB_LINK_FIRMWARE] = REF_PLATFORM,
        [GB_LINK_OPTION_ROMS] = REF_PLATFORM,
        [GB_LINK_BOOT_POLICY] = REF_PLATFORM,
        [GB_LINK_BOOTLOADER] = REF_OS,
        [GB_LINK_KERNEL] = REF_OS,
        [GB_LINK_INITRD] = REF_OS,
        [GB_LINK_CMDLINE] = REF_OS,
        [GB_LINK_OS] = REF_PACKAGES,
        [GB_LINK_ENGINE] = REF_ENGINE,
    };
    return classes[link];
}

size_t ref_digest_position(enum digest_alg alg)
{
    size_t i = 0;
    while (i < DIGEST_ALGS && digest_algs[i] != alg)
        i++;
    return i;
}

static int read_class(const struct field_file *file, const struct yaml_node *spec,
                      enum ref_class *ret_class, struct gb_err *err)
{
    static const struct field_names classes = {&class_names[REF_PLATFORM], REF_CLASS_COUNT - 1};
    const struct yaml_node *node;
    size_t index = 0;
    int r = field_get(file, spec, "class", YAML_SCALAR, true, &node, err);
    if (r < 0)
        return r;
    r = field_choice(file, node, "class", classes, &index, err);
    if (r < 0)
        return r;
    *ret_class = (enum ref_class)(REF_PLATFORM + (int)index);
    return GB_OK;
}

static int read_life(const struct field_file *file, const struct yaml_node *spec,
                     enum ref_life *ret_life, struct gb_err *err)
{
    const struct yaml_node *node;
    size_t index = REF_ACCEPTED;
    int r = field_get(file, spec, "life", YAML_SCALAR, false, &node, err);
    if (r == GB_OK && node)
        r = field_choice(file, node, "life", FIELD_NAMES(life_names), &index, err);
    *ret_life = (enum ref_life)index;
    return r;
}

static int read_applies(const struct field_file *file, const struct yaml_node *spec,
                        struct set_selector *ret_applies, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, spec, "appliesTo", YAML_MAPPING, false, &node, err);
    return r < 0 || !node ? r : set_selector_read(file, node, ret_applies, err);
}

static int read_source(const struct field_file *file, const struct yaml_node *spec,
                       const char **ret_source, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, spec, "source", YAML_SCALAR, false, &node, err);
    if (r < 0)
        return r;
    *ret_source = "written";
    return node ? field_printable(file, node, ret_source, err) : GB_OK;
}

static int read_events(const struct field_file *file, const struct yaml_node *spec,
                       struct ref_set *set, struct gb_err *err)
{
    const struct yaml_node *list;
    int r = field_get(file, spec, "events", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    if (ref_class_has_files(set->cls))
        return field_wrong(file, list->key_line, err, "a set of class %s has no events",
                           ref_class_name(set->cls));
    struct ref_event **tail = &set->events;
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        r = refval_event_read(file, node, tail, err);
        if (r < 0)
            return r;
        if (chain_pcr_class((*tail)->pcr) != set->cls)
            return field_wrong(file, node->line, err, "PCR %u belongs to sets of class %s",
                               (*tail)->pcr, ref_class_name(chain_pcr_class((*tail)->pcr)));
        tail = &(*tail)->next;
        set->event_count++;
    }
    return GB_OK;
}

static int read_files(const struct field_file *file, const struct yaml_node *spec, const char *key,
                      const struct ref_set *set, struct ref_files *files, struct gb_err *err)
{
    const struct yaml_node *node;
    int r = field_get(file, spec, key, YAML_MAPPING, false, &node, err);
    if (r < 0 || !node)
        return r;
    if (!ref_class_has_files(set->cls))
        return field_wrong(file, node->key_line, err,
                           "only a set of class packages or engine has %s", key);
    return refval_files_read(file, node, files, err);
}

static int read_spec(const struct field_file *file, const struct yaml_node *document,
                     struct ref_set *set, struct gb_err *err)
{
    static const char *const known[] = {"class",  "life",  "appliesTo",  "source",
                                        "events", "files", "verityFiles"};
    const struct yaml_node *spec;
    int r = field_get(file, document, "spec", YAML_MAPPING, true, &spec, err);
    if (r < 0)
        return r;
    r = field_mapping(file, spec, "spec", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_class(file, spec, &set->cls, err);
    if (r < 0)
        return r;
    r = read_life(file, spec, &set->life, err);
    if (r < 0)
        return r;
    r = read_applies(file, spec, &set->applies, err);
    if (r < 0)
        return r;
    r = read_source(file, spec, &set->source, err);
    if (r < 0)
        return r;
    r = read_events(file, spec, set, err);
    if (r < 0)
        return r;
    r = read_files(file, spec, "files", set, &set->files, err);
    if (r < 0)
        return r;
    return read_files(file, spec, "verityFiles", set, &set->verity, err);
}

static int read_metadata(const struct field_file *file, const struct yaml_node *document,
                         struct ref_set *set, struct gb_err *err)
{
    struct metadata metadata;
    int r = metadata_read(file, document, false, &metadata, err);
    if (r < 0)
        return r;
    set->name = metadata.name;
    set->version = metadata.version;
    set->deleted = metadata.deleted;
    return GB_OK;
}

int ref_set_read(struct gb_arena *arena, const struct yaml_node *document, const char *file_name,
                 struct ref_set **ret_set, struct gb_err *err)
{
    static const char *const known[] = {"apiVersion", "kind", "metadata", "spec"};
    const struct field_file file = {.arena = arena, .name = file_name};
    struct ref_set *set = gb_arena_new_one(arena, struct ref_set);
    if (!set)
        return gb_err_nomem(err);
    int r = field_mapping(&file, document, "a document", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = read_metadata(&file, document, set, err);
    if (r < 0)
        return r;
    r = set->deleted ? GB_OK : read_spec(&file, document, set, err);
    if (r < 0)
        return r;
    *ret_set = set;
    return GB_OK;
}
