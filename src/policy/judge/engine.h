/* Which measured files speak for the container engine: its runtime, shims, CNI plugins and their
 * configuration. */
#ifndef GB_POLICY_ENGINE_H
#define GB_POLICY_ENGINE_H

#include <stdbool.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "policy/documents/field.h"
#include "policy/policy.h"
#include "wire/yaml.h"

/*
 * Whether the path is one of the engine's: by spec.engine.paths (a path that ends in a slash is a
 * folder, `*` stands for anything), else by where Debian, Red Hat and upstream put containerd,
 * runc, crun, podman, CRI-O, Docker, CNI plugins and their configuration. Paths are the kernel's
 * words, and the digest decides.
 */
bool engine_path(const struct node_policy *node, struct gb_bytes path);

/* spec.engine: `engine: {paths: [...]}` of the mapping `spec`, into engine_paths; these stay NULL
 * where it is absent. GB_ERR_CONFIG, NOMEM. */
GB_MUST_USE int engine_read(const struct field_file *file, const struct yaml_node *spec,
                            struct node_policy *policy, struct gb_err *err);
/* As it is read; nothing where there is none. */
void engine_write(struct gb_buf *out, const struct node_policy *policy);

#endif
