/* Which measured files speak for the container engine: its runtime, shims, CNI plugins and their
 * configuration. */
#ifndef GB_POLICY_ENGINE_H
#define GB_POLICY_ENGINE_H

#include <stdbool.h>

#include "base/bytes.h"
#include "policy/policy.h"

/*
 * Whether the path is one of the engine's: by spec.engine.paths (a path that ends in a slash is a
 * folder, `*` stands for anything), else by where Debian, Red Hat and upstream put containerd,
 * runc, crun, podman, CRI-O, Docker, CNI plugins and their configuration. Paths are the kernel's
 * words, and the digest decides.
 */
bool engine_path(const struct node_policy *node, struct gb_bytes path);

#endif
