#include "policy/ima_signers.h"

#include <string.h>

#include "base/limits.h"

static int read_paths(const struct field_file *file, const struct yaml_node *node,
                      struct ima_signer *signer, struct gb_err *err)
{
    const struct yaml_node *list;
    int r = field_get(file, node, "paths", YAML_SEQUENCE, false, &list, err);
    if (r < 0 || !list)
        return r;
    const char **paths = gb_arena_new_array(file->arena, const char *, list->count + 1);
    if (!paths)
        return gb_err_nomem(err);
    for (const struct yaml_node *path = list->first; path; path = path->next) {
        if (path->kind != YAML_SCALAR || path->text.len == 0 || path->text.data[0] != '/')
            return field_wrong(file, path->line, err, "a path begins with a slash");
        r = field_printable(file, path, &paths[signer->path_count++], err);
        if (r < 0)
            return r;
    }
    signer->paths = paths;
    return GB_OK;
}

static int read_certificate(const struct field_file *file, const struct yaml_node *node,
                            struct ima_signer *signer, struct gb_err *err)
{
    const struct yaml_node *certificate;
    struct gb_err why = {0};
    int r = field_get(file, node, "certificate", YAML_SCALAR, true, &certificate, err);
    if (r < 0)
        return r;
    r = sig_key_from_pem(file->arena, certificate->text, &signer->key, &why);
    if (r == GB_ERR_INPUT || r == GB_ERR_LIMIT)
        return field_wrong(file, certificate->line, err, "field \"certificate\": %s", why.text);
    return r < 0 ? gb_err_set(err, (enum gb_err_code)r, "%s", why.text) : GB_OK;
}

static int read_signer(const struct field_file *file, const struct yaml_node *node,
                       struct ima_signer *signer, struct gb_err *err)
{
    static const char *const known[] = {"name", "certificate", "paths"};
    const struct yaml_node *name;
    int r = field_mapping(file, node, "a signer", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, node, "name", YAML_SCALAR, true, &name, err);
    if (r == GB_OK)
        r = field_name(file, name, &signer->name, err);
    if (r == GB_OK)
        r = read_certificate(file, node, signer, err);
    return r < 0 ? r : read_paths(file, node, signer, err);
}

int ima_signers_read(const struct field_file *file, const struct yaml_node *list,
                     struct ima_signers *ret_signers, struct gb_err *err)
{
    size_t count = 0;
    if (list->count > GB_LIMIT_IMA_SIGNERS)
        return field_wrong(file, list->line, err, "more than %d signers", GB_LIMIT_IMA_SIGNERS);
    struct ima_signer *items = gb_arena_new_array(file->arena, struct ima_signer, list->count + 1);
    if (!items)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next, count++) {
        int r = read_signer(file, node, &items[count], err);
        for (size_t i = 0; r == GB_OK && i < count; i++)
            if (strcmp(items[i].name, items[count].name) == 0)
                r = field_wrong(file, node->line, err, "a second signer \"%s\"", items[i].name);
        if (r < 0)
            return r;
    }
    *ret_signers = (struct ima_signers){items, count};
    return GB_OK;
}

bool ima_signer_speaks_for(const struct ima_signer *signer, struct gb_bytes path)
{
    for (size_t i = 0; i < signer->path_count; i++)
        if (gb_bytes_starts(path, gb_bytes_str(signer->paths[i])))
            return true;
    return !signer->paths;
}
