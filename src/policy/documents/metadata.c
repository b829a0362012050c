#include "policy/documents/metadata.h"

#include "policy/documents/field.h"
#include "policy/documents/signed.h"
#include "wire/yaml.h"

/* A document that is no more: it keeps the place of its name, so that no older one comes back. An
 * AccessPolicy stays: without one nobody has a role. */
static int read_deleted(const struct field_file *file, const struct yaml_node *document,
                        const struct yaml_node *metadata, struct metadata *ret_metadata,
                        struct gb_err *err)
{
    static const char *const yes[] = {"true"};
    const struct yaml_node *node = NULL, *kind = yaml_get(document, "kind");
    size_t index = 0;
    int r = field_get(file, metadata, "deleted", YAML_SCALAR, false, &node, err);
    if (r < 0 || !node)
        return r;
    r = field_choice(file, node, "value of deleted", FIELD_NAMES(yes), &index, err);
    if (r < 0)
        return r;
    if (kind && gb_bytes_is(kind->text, "AccessPolicy"))
        return field_wrong(file, node->line, err,
                           "an AccessPolicy cannot be deleted: nobody would have a role; apply a "
                           "higher version of it");
    if (ret_metadata->version == 0)
        return field_wrong(file, node->line, err, "what is deleted needs a version");
    const struct yaml_node *spec = yaml_get(document, "spec");
    if (spec)
        return field_wrong(file, spec->key_line, err, "what is deleted has no spec");
    ret_metadata->deleted = true;
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
