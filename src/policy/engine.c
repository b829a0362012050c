#include "policy/engine.h"

#include <stddef.h>

#include "base/check.h"
#include "policy/pattern.h"
#include "policy/policy.h"

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
