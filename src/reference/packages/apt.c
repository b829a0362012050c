#include "reference/packages/apt.h"

#include <string.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "reference/packages/control.h"

int apt_release_read(struct gb_bytes text, struct apt_release *ret_release, struct gb_err *err)
{
    static const char *const names[] = {
        "Suite", "Codename",    "Components", "Architectures",
        "Date",  "Valid-Until", "SHA256",     "No-Support-for-Architecture-all"};
    struct gb_bytes values[GB_ARRAY_LEN(names)];
    struct control control;
    control_init(&control, text);
    int r = control_next(&control, names, GB_ARRAY_LEN(names), values, err);
    if (r < 0)
        return r;
    if (values[6].len == 0)
        return gb_err_set(err, GB_ERR_INPUT, "lists no file by SHA-256");
    *ret_release = (struct apt_release){.suite = values[0],
                                        .codename = values[1],
                                        .components = values[2],
                                        .architectures = values[3],
                                        .date = values[4],
                                        .valid_until = values[5],
                                        .sha256 = values[6],
                                        .all_is_within = gb_bytes_is(values[7], "Packages")};
    return GB_OK;
}

bool apt_release_is(const struct apt_release *release, struct gb_bytes suite)
{
    bool says = release->suite.len > 0 || release->codename.len > 0;
    return !says || gb_bytes_equal(release->suite, suite) ||
           gb_bytes_equal(release->codename, suite);
}

bool apt_release_find(const struct apt_release *release, const char *path,
                      struct apt_file *ret_file)
{
    struct gb_bytes rest = release->sha256;
    while (rest.len > 0) {
        struct gb_bytes line = gb_text_until(&rest, '\n');
        struct gb_bytes hex = gb_text_word(&line);
        struct gb_bytes size = gb_text_word(&line);
        struct apt_file file;
        if (!gb_bytes_is(gb_text_trim(line), path))
            continue;
        if (!gb_hex_decode(hex, file.sha256, sizeof file.sha256) ||
            !gb_text_u64(size, INT64_MAX, &file.size))
            return false;
        *ret_file = file;
        return true;
    }
    return false;
}

int apt_unsigned(struct gb_arena *arena, struct gb_bytes text, struct gb_bytes *ret_text,
                 struct gb_err *err)
{
    struct gb_lines lines;
    struct gb_bytes line;
    uint8_t *out = gb_arena_alloc_raw(arena, text.len + 1, 1);
    size_t len = 0;
    bool inside = false;
    if (!out)
        return gb_err_nomem(err);
    gb_lines_init(&lines, text);
    if (!gb_lines_next(&lines, &line) || !gb_bytes_is(line, "-----BEGIN PGP SIGNED MESSAGE-----"))
        return gb_err_set(err, GB_ERR_INPUT, "not signed in the clear");
    while (gb_lines_next(&lines, &line)) {
        if (gb_bytes_is(line, "-----BEGIN PGP SIGNATURE-----")) {
            *ret_text = gb_bytes(out, len);
            return GB_OK;
        }
        if (inside) {
            if (gb_bytes_starts(line, gb_bytes_str("- ")))
                line = gb_bytes_from(line, 2);
            if (line.len > 0)
                memcpy(out + len, line.data, line.len);
            len += line.len;
            out[len++] = '\n';
        }
        inside |= line.len == 0; /* after the armour's own header lines */
    }
    return gb_err_set(err, GB_ERR_INPUT, "its signature is missing");
}

/* No way out of the repository, and nothing that a terminal would obey. */
static bool path_ok(struct gb_bytes path)
{
    struct gb_bytes rest = path;
    if (path.len == 0 || path.len > GB_LIMIT_ARC_PATH || path.data[0] == '/')
        return false;
    while (rest.len > 0)
        if (gb_bytes_is(gb_text_until(&rest, '/'), ".."))
            return false;
    for (size_t i = 0; i < path.len; i++)
        if (path.data[i] < ' ' || path.data[i] > '~')
            return false;
    return true;
}

static int read_one(const struct gb_bytes *values, size_t number, struct apt_package *ret_package,
                    struct gb_err *err)
{
    struct apt_package package = {
        .name = values[0], .version = values[1], .arch = values[2], .path = values[3]};
    if (!control_word(package.name) || !control_word(package.version) ||
        !control_word(package.arch))
        return gb_err_set(err, GB_ERR_INPUT, "package %zu lacks name, version or architecture",
                          number);
    if (!path_ok(package.path))
        return gb_err_set(err, GB_ERR_INPUT, "package %zu: a file name that is none", number);
    if (!gb_text_u64(values[4], INT64_MAX, &package.file.size) ||
        !gb_hex_decode(values[5], package.file.sha256, sizeof package.file.sha256))
        return gb_err_set(err, GB_ERR_INPUT, "package %zu: no size or no SHA-256", number);
    *ret_package = package;
    return GB_OK;
}

int apt_packages_read(struct gb_bytes text,
                      int (*take)(void *ctx, const struct apt_package *package, struct gb_err *err),
                      void *ctx, struct gb_err *err)
{
    static const char *const names[] = {"Package",  "Version", "Architecture",
                                        "Filename", "Size",    "SHA256"};
    struct gb_bytes values[GB_ARRAY_LEN(names)];
    struct apt_package package;
    struct control control;
    size_t number = 0;
    control_init(&control, text);
    int r = control_next(&control, names, GB_ARRAY_LEN(names), values, err);
    while (r > 0) {
        r = read_one(values, ++number, &package, err);
        if (r == 0)
            r = take(ctx, &package, err);
        if (r == 0)
            r = control_next(&control, names, GB_ARRAY_LEN(names), values, err);
    }
    return r;
}
