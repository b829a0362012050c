#include "reference/packages/dpkg.h"

#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "reference/packages/control.h"

static int order_of(struct gb_bytes a, struct gb_bytes b)
{
    size_t len = a.len < b.len ? a.len : b.len;
    int order = len > 0 ? memcmp(a.data, b.data, len) : 0;
    return order ? order : (a.len > b.len) - (a.len < b.len);
}

static int compare(const void *a, const void *b)
{
    const struct dpkg_package *x = a;
    const struct dpkg_package *y = b;
    int order = order_of(x->name, y->name);
    if (order == 0)
        order = order_of(x->arch, y->arch);
    return order ? order : order_of(x->version, y->version);
}

/* "install ok installed": what is wanted, whether an error is known, the state. */
static bool on_disk(struct gb_bytes status)
{
    struct gb_bytes rest = status;
    (void)gb_text_word(&rest);
    (void)gb_text_word(&rest);
    struct gb_bytes state = gb_text_word(&rest);
    return state.len > 0 && !gb_bytes_is(state, "config-files") &&
           !gb_bytes_is(state, "not-installed");
}

static int add(struct dpkg_list *list, const struct gb_bytes *values, struct gb_err *err)
{
    struct dpkg_package package = {.name = values[0], .version = values[1], .arch = values[2]};
    if (!on_disk(values[3]))
        return GB_OK;
    if (!control_word(package.name) || !control_word(package.version) ||
        !control_word(package.arch))
        return gb_err_set(
            err, GB_ERR_INPUT,
            "package %zu lacks name, version or architecture, or has other characters",
            list->count + 1);
    if (list->count == GB_LIMIT_PACKAGES)
        return gb_err_set(err, GB_ERR_LIMIT, "more than %d packages", GB_LIMIT_PACKAGES);
    list->packages[list->count++] = package;
    return GB_OK;
}

int dpkg_read(struct gb_arena *arena, struct gb_bytes status, struct dpkg_list *ret_list,
              struct gb_err *err)
{
    static const char *const names[] = {"Package", "Version", "Architecture", "Status"};
    struct gb_bytes values[GB_ARRAY_LEN(names)];
    struct control control;
    /* No paragraph with these fields is shorter. */
    size_t most = status.len / 32 < GB_LIMIT_PACKAGES ? status.len / 32 : GB_LIMIT_PACKAGES;
    struct dpkg_list list = {.packages = gb_arena_new_array(arena, struct dpkg_package, most + 1)};
    if (!list.packages)
        return gb_err_nomem(err);
    control_init(&control, status);
    int r = control_next(&control, names, GB_ARRAY_LEN(names), values, err);
    for (; r > 0; r = control_next(&control, names, GB_ARRAY_LEN(names), values, err)) {
        int added = add(&list, values, err);
        if (added < 0)
            return added;
    }
    if (r < 0)
        return r;
    qsort(list.packages, list.count, sizeof *list.packages, compare);
    size_t kept = 0;
    for (size_t i = 0; i < list.count; i++)
        if (i == 0 || compare(&list.packages[kept - 1], &list.packages[i]) != 0)
            list.packages[kept++] = list.packages[i];
    list.count = kept;
    *ret_list = list;
    return GB_OK;
}

struct dpkg_package *dpkg_find(const struct dpkg_list *list, struct gb_bytes name,
                               struct gb_bytes version, struct gb_bytes arch)
{
    const struct dpkg_package wanted = {.name = name, .version = version, .arch = arch};
    if (list->count == 0)
        return NULL;
    return bsearch(&wanted, list->packages, list->count, sizeof *list->packages, compare);
}
