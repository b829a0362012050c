/* GRUB's variables. */
#ifndef GB_REFERENCE_GRUB_ENV_H
#define GB_REFERENCE_GRUB_ENV_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"

struct grub_variable;

struct grub_env {
    struct gb_arena *arena;
    struct grub_variable *first;
};

/* "" for one that is not set; valid until the arena ends. */
const char *grub_env_get(const struct grub_env *env, struct gb_bytes name);
/* False when out of memory. */
GB_MUST_USE bool grub_env_set(struct grub_env *env, struct gb_bytes name, const char *value);
void grub_env_unset(struct grub_env *env, struct gb_bytes name);
/* A configuration that another one starts sees exported variables only. */
GB_MUST_USE bool grub_env_export(struct grub_env *env, struct gb_bytes name);
void grub_env_keep_exported(struct grub_env *env);

#endif
