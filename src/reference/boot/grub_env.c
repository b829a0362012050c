#include "reference/boot/grub_env.h"

struct grub_variable {
    struct grub_variable *next;
    struct gb_bytes name;
    const char *value; /* NULL: not set */
    bool exported;
};

static struct grub_variable *find(const struct grub_env *env, struct gb_bytes name)
{
    struct grub_variable *v = env->first;
    while (v && !gb_bytes_equal(v->name, name))
        v = v->next;
    return v;
}

static struct grub_variable *find_or_add(struct grub_env *env, struct gb_bytes name)
{
    struct grub_variable *v = find(env, name);
    if (v)
        return v;
    struct gb_bytes kept = gb_arena_copy(env->arena, name);
    v = gb_arena_new_one(env->arena, struct grub_variable);
    if (!v || !kept.data)
        return NULL;
    *v = (struct grub_variable){.next = env->first, .name = kept};
    env->first = v;
    return v;
}

const char *grub_env_get(const struct grub_env *env, struct gb_bytes name)
{
    const struct grub_variable *v = find(env, name);
    return v && v->value ? v->value : "";
}

bool grub_env_set(struct grub_env *env, struct gb_bytes name, const char *value)
{
    struct grub_variable *v = find_or_add(env, name);
    if (v)
        v->value = value;
    return v;
}

void grub_env_unset(struct grub_env *env, struct gb_bytes name)
{
    struct grub_variable *v = find(env, name);
    if (v)
        *v = (struct grub_variable){.next = v->next, .name = v->name};
}

bool grub_env_export(struct grub_env *env, struct gb_bytes name)
{
    struct grub_variable *v = find_or_add(env, name);
    if (v)
        v->exported = true;
    return v;
}

void grub_env_keep_exported(struct grub_env *env)
{
    for (struct grub_variable *v = env->first; v; v = v->next)
        if (!v->exported)
            v->value = NULL;
}
