#include "policy/metadata.h"

#include "policy/field.h"
#include "policy/signed.h"
#include "wire/yaml.h"

/* `deleted: true`: the document lives on as its name and version alone, so that none of its
 * versions can come back (T17). */
static int read_deleted(const struct field_file *file, const struct yaml_node *document,
                        const struct yaml_node *node, struct metadata *metadata, struct gb_err *err)
{
    static const char *const words[] = {"false", "true"};
    const struct yaml_node *deleted;
    const struct yaml_node *spec = yaml_get(document, "spec");
    size_t index = 0;
    int r = field_get(file, node, "deleted", YAML_SCALAR, false, &deleted, err);
    if (r < 0 || !deleted)
        return r;
    r = field_choice(file, deleted, "value", FIELD_NAMES(words), &index, err);
    if (r < 0 || index == 0)
        return r;
    if (spec)
        return field_wrong(file, spec->key_line, err, "a deleted document has no spec");
    if (metadata->version == 0)
        return field_wrong(file, node->line, err,
                           "a deleted document needs a version above that of what it deletes");
    metadata->deleted = true;
    return GB_OK;
}

int metadata_read(const struct field_file *file, const struct yaml_node *document, bool versioned,
                  struct metadata *ret_metadata, struct gb_err *err)
{
    static const char *const known[] = {"name", "version", "deleted", "signatures"};
    const struct yaml_node *node, *name, *version;
    struct signature_list signatures;
    struct metadata metadata = {0};
    int r = field_get(file, document, "metadata", YAML_MAPPING, true, &node, err);
    if (r < 0)
        return r;
    r = field_mapping(file, node, "metadata", FIELD_NAMES(known), err);
    if (r < 0)
        return r;
    r = field_get(file, node, "name", YAML_SCALAR, true, &name, err);
    if (r < 0)
        return r;
    r = field_name(file, name, &metadata.name, err);
    if (r < 0)
        return r;
    r = field_get(file, node, "version", YAML_SCALAR, versioned, &version, err);
    if (r == GB_OK && version)
        r = field_number(file, version, 1, INT64_MAX, &metadata.version, err);
    if (r == GB_OK)
        r = read_deleted(file, document, node, &metadata, err);
    if (r == GB_OK)
        r = signed_list_read(file, document, &signatures, err);
    if (r < 0)
        return r;
    *ret_metadata = metadata;
    return GB_OK;
}
