#include "policy/metadata.h"

#include "policy/field.h"
#include "policy/signed.h"
#include "wire/yaml.h"

int metadata_read(const struct field_file *file, const struct yaml_node *document, bool versioned,
                  struct metadata *ret_metadata, struct gb_err *err)
{
    static const char *const known[] = {"name", "version", "signatures"};
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
        r = signed_list_read(file, document, &signatures, err);
    if (r < 0)
        return r;
    *ret_metadata = metadata;
    return GB_OK;
}
