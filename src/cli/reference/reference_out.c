#include "cli/reference/reference_out.h"

#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "base/encode.h"
#include "base/limits.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "os/file.h"
#include "policy/policy.h"
#include "policy/sets/refval.h"

enum { MOST_NAME = 48, MOST_SOURCE = 160 };

/* Kubernetes' rule for names (RFC 1123 label, dots allowed). */
static bool name_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
}

static bool good_name(const char *name)
{
    size_t len = strlen(name);
    if (len == 0 || len > MOST_NAME || *name == '-' || *name == '.' || name[len - 1] == '-' ||
        name[len - 1] == '.')
        return false;
    for (const char *c = name; *c; c++)
        if (!name_char(*c))
            return false;
    return true;
}

/* Where `name` without what tells the kind of file ends. A version's last part is none of these. */
static size_t stem_len(const char *name, size_t len)
{
    static const char *const endings[] = {".deb", ".rpm",  ".efi",  ".img",   ".tar",
                                          ".gz",  ".tgz",  ".xz",   ".zst",   ".json",
                                          ".yml", ".yaml", ".cbor", ".corim", ".txt"};
    for (size_t i = 0; i < GB_ARRAY_LEN(endings); i++) {
        size_t n = strlen(endings[i]);
        if (len > n && memcmp(name + len - n, endings[i], n) == 0)
            return stem_len(name, len - n); /* ".tar.gz" */
    }
    return len;
}

/* In letters that a name may have: "My Image" becomes "my-image". Of a long one the end stays,
 * where versions stand: names of two versions must differ. */
static char *plain_name(struct gb_arena *arena, const char *text, size_t len, size_t most)
{
    char *name = gb_arena_new_array(arena, char, len + 1);
    size_t used = 0;
    for (size_t i = 0; name && i < len; i++) {
        char c = text[i] >= 'A' && text[i] <= 'Z' ? (char)(text[i] - 'A' + 'a') : text[i];
        bool part = name_char(c) && c != '-' && c != '.';
        if (part)
            name[used++] = c;
        else if (used > 0 && name[used - 1] != '-' && name[used - 1] != '.')
            name[used++] = c == '.' ? '.' : '-';
    }
    while (name && used > 0 && (name[used - 1] == '-' || name[used - 1] == '.'))
        name[--used] = '\0';
    if (!name || used <= most)
        return name;
    name += used - most;
    return name + strspn(name, "-.");
}

/* The last part of a path, without slashes behind it. */
static const char *last_part(const char *path, size_t *ret_len)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    size_t start = len;
    while (start > 0 && path[start - 1] != '/')
        start--;
    *ret_len = len - start;
    return path + start;
}

const char *reference_out_file(struct gb_arena *arena, const char *path)
{
    size_t len = 0;
    const char *name = last_part(path, &len);
    return gb_text_escape(arena, gb_bytes(name, len), MOST_SOURCE);
}

int reference_out_name(struct gb_arena *arena, const struct cmd_line *line, const char *prefix,
                       const char *path, const char **ret_name)
{
    const char *given = cmd_value(line, "name");
    if (given && !good_name(given))
        return output_usage(line,
                            "--name is at most %d lower case letters, digits, dots and dashes, "
                            "with none of the last two at its ends",
                            MOST_NAME);
    const char *name = given;
    if (!given) {
        size_t len = 0;
        const char *part = last_part(path, &len);
        char *base = plain_name(arena, part, stem_len(part, len), MOST_NAME - strlen(prefix) - 1);
        name = base && *base ? gb_arena_printf(arena, "%s-%s", prefix, base) : prefix;
    }
    if (!name)
        return output_usage(line, "out of memory");
    *ret_name = name;
    return CMD_OK;
}

int reference_out_life(const struct cmd_line *line, enum ref_life *ret_life)
{
    static const enum ref_life lives[] = {REF_CANDIDATE, REF_SHADOW, REF_ACCEPTED};
    const char *wanted = cmd_value(line, "life");
    *ret_life = REF_ACCEPTED;
    for (size_t i = 0; wanted && i < GB_ARRAY_LEN(lives); i++)
        if (strcmp(wanted, ref_life_name(lives[i])) == 0) {
            *ret_life = lives[i];
            return CMD_OK;
        }
    return wanted
               ? output_usage(line, "--life is candidate, shadow or accepted, not \"%s\"", wanted)
               : CMD_OK;
}

/* Who chooses a life has a policy already: a second one of the same priority would tie with it, and
 * then no node is trusted. */
static bool writes_policy(const struct cmd_line *line, const struct reference_out *out)
{
    return out->with_policy && !cmd_has(line, "life") && !cmd_has(line, "sets-only");
}

static void require(const struct ref_set *set, struct node_policy *policy)
{
    for (const struct ref_event *event = set->events; event; event = event->next)
        if (event->link != GB_LINK_NONE)
            policy->require[event->link] = true;
    if (set->cls == REF_PACKAGES)
        policy->require[GB_LINK_OS] = true;
}

int reference_out_write(struct gb_arena *arena, const struct cmd_line *line,
                        const struct reference_out *out, struct gb_err *err)
{
    (void)arena;
    const bool with_policy = writes_policy(line, out);
    const char *path = cmd_value(line, "output");
    struct node_policy policy = {.name = out->name, .version = 1};
    struct gb_buf text;
    gb_buf_init(&text, GB_LIMIT_POLICY);
    gb_buf_puts(&text, out->comment);
    for (size_t i = 0; i < out->count; i++) {
        ref_set_write(&text, out->sets[i]);
        require(out->sets[i], &policy);
    }
    if (with_policy)
        node_policy_write(&text, &policy);
    int r = gb_buf_ok(&text)
                ? file_write(path ? path : "-", gb_buf_bytes(&text), err)
                : gb_err_set(err, GB_ERR_LIMIT,
                             "out of memory, or more than the %d MB that a policy file may have",
                             GB_LIMIT_POLICY >> 20);
    gb_buf_done(&text);
    if (r == 0 && path && strcmp(path, "-") != 0)
        fprintf(stderr, "garboard: %s holds %zu reference set%s%s; it is local and unsigned\n",
                path, out->count, out->count == 1 ? "" : "s", with_policy ? " and a policy" : "");
    return r;
}
