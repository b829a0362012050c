#include "policy/judge/engine.h"

#include <stddef.h>

#include "base/check.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "policy/rules/pattern.h"
#include "wire/yaml.h"

static const char *const usual_paths[] = {"/usr/bin/containerd*",
                                          "/usr/bin/ctr",
                                          "/usr/bin/runc",
                                          "/usr/sbin/runc",
                                          "/usr/bin/crun",
                                          "/usr/bin/conmon*",
                                          "/usr/bin/podman",
                                          "/usr/bin/crio*",
                                          "/usr/bin/dockerd",
                                          "/usr/sbin/dockerd",
                                          "/usr/bin/docker-*",
                                          "/usr/sbin/docker-*",
                                          "/usr/local/bin/containerd*",
                                          "/usr/local/sbin/runc",
                                          "/usr/libexec/crio/",
                                          "/usr/libexec/podman/",
                                          "/usr/lib/podman/",
                                          "/opt/cni/bin/",
                                          "/usr/lib/cni/",
                                          "/usr/libexec/cni/",
                                          "/etc/cni/",
                                          "/etc/containerd/",
                                          "/etc/containers/",
                                          "/etc/crio/",
                                          "/etc/docker/"};

static bool is_below(struct gb_bytes folder_or_pattern, struct gb_bytes path)
{
    if (folder_or_pattern.data[folder_or_pattern.len - 1] == '/')
        return gb_bytes_starts(path, folder_or_pattern);
    return pattern_matches(folder_or_pattern, path);
}

bool engine_path(const struct node_policy *node, struct gb_bytes path)
{
    const char *const *paths = node->engine_paths ? node->engine_paths : usual_paths;
    size_t count = node->engine_paths ? node->engine_path_count : GB_ARRAY_LEN(usual_paths);
    for (size_t i = 0; i < count; i++)
        if (is_below(gb_bytes_str(paths[i]), path))
            return true;
    return false;
}

int engine_read(const struct field_file *file, const struct yaml_node *spec,
                struct node_policy *policy, struct gb_err *err)
{
    static const char *const known[] = {"paths"};
    const struct yaml_node *mapping, *list;
    size_t count = 0;
    int r = field_get(file, spec, "engine", YAML_MAPPING, false, &mapping, err);
    if (r < 0 || !mapping)
        return r;
    r = field_mapping(file, mapping, "engine", FIELD_NAMES(known), err);
    if (r == GB_OK)
        r = field_get(file, mapping, "paths", YAML_SEQUENCE, true, &list, err);
    if (r != GB_OK)
        return r;
    const char **paths = gb_arena_new_array(file->arena, const char *, list->count + 1);
    if (!paths)
        return gb_err_nomem(err);
    for (const struct yaml_node *node = list->first; node; node = node->next) {
        if (node->kind != YAML_SCALAR || node->text.len == 0 || node->text.data[0] != '/')
            return field_wrong(file, node->line, err, "a path begins with a slash");
        r = field_printable(file, node, &paths[count++], err);
        if (r < 0)
            return r;
    }
    policy->engine_paths = paths;
    policy->engine_path_count = count;
    return GB_OK;
}

void engine_write(struct gb_buf *out, const struct node_policy *policy)
{
    if (!policy->engine_paths)
        return;
    gb_buf_printf(out, "  engine:\n    paths:%s\n", policy->engine_path_count == 0 ? " []" : "");
    for (size_t i = 0; i < policy->engine_path_count; i++) {
        gb_buf_puts(out, "      - ");
        yaml_write_scalar(out, gb_bytes_str(policy->engine_paths[i]));
        gb_buf_puts(out, "\n");
    }
}
