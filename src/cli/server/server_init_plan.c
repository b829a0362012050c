#include <pwd.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/text.h"
#include "base/utf8.h"
#include "cli/cmd.h"
#include "cli/documents/officer_key.h"
#include "cli/output.h"
#include "cli/server/server_init.h"
#include "crypto/x509.h"
#include "os/file.h"

/* Paths become lines of configuration files: no line break, nothing that hides. */
static bool printable(const char *text)
{
    struct gb_bytes in = gb_bytes_str(text);
    uint32_t code = 0;
    for (size_t i = 0, n = 0; i < in.len; i += n) {
        n = gb_utf8_at(in, i, &code);
        if (n == 0 || !gb_utf8_printable(code))
            return false;
    }
    return in.len > 0 && in.len < 1024;
}

/* The services start elsewhere: their files need whole paths. */
static const char *absolute(struct gb_arena *arena, const char *path)
{
    size_t len = strlen(path);
    while (len > 1 && path[len - 1] == '/')
        len--;
    if (*path == '/')
        return gb_arena_printf(arena, "%.*s", (int)len, path);
    char here[4096];
    if (!getcwd(here, sizeof here))
        return NULL;
    return gb_arena_printf(arena, "%s/%.*s", here, (int)len, path);
}

static int read_path(struct gb_arena *arena, const struct cmd_line *line, const char *option,
                     const char *otherwise, const char **ret_path)
{
    const char *given = cmd_value(line, option);
    if (given && !printable(given))
        return output_usage(line, "--%s is no path that a configuration file can hold", option);
    *ret_path = absolute(arena, given ? given : otherwise);
    return *ret_path ? CMD_OK
                     : output_usage(line, "--%s: no working folder, or out of memory", option);
}

static bool all_of(const char *text, const char *also)
{
    for (; *text; text++)
        if (!((*text >= 'a' && *text <= 'z') || (*text >= '0' && *text <= '9') ||
              strchr(also, *text)))
            return false;
    return true;
}

/* SPIFFE's rule for trust domains. */
static int read_trust_domain(const struct cmd_line *line, struct init_plan *plan)
{
    const char *domain = cmd_value(line, "trust-domain");
    if (!domain)
        return output_usage(line, "--trust-domain is needed: a name like example.org");
    if (!*domain || strlen(domain) > 128 || !all_of(domain, ".-_"))
        return output_usage(line,
                            "--trust-domain takes at most 128 lower case letters, digits, dots, "
                            "dashes, underscores, like example.org; not \"%s\"",
                            domain);
    plan->trust_domain = domain;
    return CMD_OK;
}

static int read_names(const struct cmd_line *line, struct init_plan *plan)
{
    size_t at = 0;
    size_t count = 0;
    for (const char *name; (name = cmd_next(line, "name", &at));) {
        if (count == INIT_NAMES)
            return output_usage(line, "at most %d times --name", INIT_NAMES);
        if (!*name || strlen(name) > 253 || !all_of(name, ".-:"))
            return output_usage(line, "--name is a DNS name in lower case, or an IP address");
        plan->names[count++] = name;
    }
    return count > 0
               ? CMD_OK
               : output_usage(line, "--name is needed: how nodes and operators reach the server");
}

static int read_port(const struct cmd_line *line, const char *option, uint64_t otherwise,
                     uint64_t *ret_port)
{
    const char *given = cmd_value(line, option);
    *ret_port = otherwise;
    if (given && (!gb_text_u64(gb_bytes_str(given), 65535, ret_port) || *ret_port == 0))
        return output_usage(line, "--%s is a number from 1 to 65535, not \"%s\"", option, given);
    return CMD_OK;
}

static int read_options(struct gb_arena *arena, const struct cmd_line *line, struct init_plan *plan)
{
    int code = read_trust_domain(line, plan);
    if (code == CMD_OK)
        code = read_names(line, plan);
    if (code == CMD_OK)
        code = read_port(line, "api-port", 8440, &plan->api_port);
    if (code == CMD_OK)
        code = read_port(line, "enroll-port", 8441, &plan->enroll_port);
    if (code == CMD_OK && plan->api_port == plan->enroll_port)
        code = output_usage(line, "--api-port and --enroll-port must differ");
    if (code == CMD_OK)
        code = read_path(arena, line, "dir", "/etc/garboard", &plan->dir);
    if (code == CMD_OK)
        code = read_path(arena, line, "state", "/var/lib/garboard", &plan->state);
    if (code == CMD_OK)
        code = read_path(arena, line, "socket", "/run/garboard-keyd/keyd.sock", &plan->socket);
    if (code != CMD_OK)
        return code;
    /* Beside garboardd's folder, not in it: who owns a folder can replace what is in it. */
    plan->keyd_state = gb_arena_printf(arena, "%s-keyd", plan->state);
    return plan->keyd_state ? CMD_OK : output_usage(line, "out of memory");
}

/* The first line, as garboard-keyd reads it. */
static int read_passphrase(struct gb_arena *arena, const struct cmd_line *line,
                           struct init_plan *plan, struct gb_err *err)
{
    struct gb_bytes text;
    if (!cmd_has(line, "passphrase-file"))
        return CMD_OK;
    int code = read_path(arena, line, "passphrase-file", "", &plan->passphrase_file);
    if (code != CMD_OK)
        return code;
    int r = file_read(arena, plan->passphrase_file, GB_LIMIT_CONF, &text, err);
    if (r < 0)
        return r;
    plan->passphrase = gb_text_until(&text, '\n');
    if (plan->passphrase.len > 0)
        return GB_OK;
    return gb_err_set(err, GB_ERR_CONFIG, "the passphrase file's first line is empty");
}

static int read_officer_passphrase(struct gb_arena *arena, const struct cmd_line *line,
                                   struct init_plan *plan, struct gb_err *err)
{
    if (!cmd_has(line, "officer-passphrase-file"))
        return CMD_OK;
    int code =
        read_path(arena, line, "officer-passphrase-file", "", &plan->officer_passphrase_file);
    return code != CMD_OK ? code
                          : officer_passphrase(arena, plan->officer_passphrase_file,
                                               &plan->officer_passphrase, err);
}

/* Each must hold certificates: found now, not when the service starts. */
static int read_roots(struct gb_arena *arena, const struct cmd_line *line, struct init_plan *plan,
                      struct gb_err *err)
{
    gb_cleanup(x509_store_freep) struct x509_store *store = NULL;
    int r = x509_store_new(&store, err);
    size_t at = 0;
    for (const char *path; r == GB_OK && (path = cmd_next(line, "tpm-root", &at));) {
        struct gb_bytes bytes = {0};
        if (plan->root_count == INIT_ROOTS)
            return gb_err_set(err, GB_ERR_CONFIG,
                              "more than %d --tpm-root: put several in one file", INIT_ROOTS);
        r = file_read(arena, path, GB_LIMIT_CERT, &bytes, err);
        if (r == GB_OK && x509_store_add(store, bytes, err) < 0) {
            gb_err_prefix(err, "--tpm-root: ");
            err->code = GB_ERR_CONFIG; /* the operator's own file */
            return GB_ERR_CONFIG;
        }
        plan->roots[plan->root_count++] = bytes;
    }
    return r;
}

/* The users that the package makes; whoever is not root cannot give files away. */
static void find_users(struct init_plan *plan)
{
    const struct init_owner self = {(uid_t)-1, (gid_t)-1};
    plan->server = plan->keyd = self;
    if (geteuid() != 0)
        return;
    const struct passwd *user = getpwnam("garboard");
    if (user)
        plan->server = (struct init_owner){user->pw_uid, user->pw_gid};
    bool server = user != NULL;
    user = getpwnam("garboard-keyd");
    if (user)
        plan->keyd = (struct init_owner){user->pw_uid, user->pw_gid};
    plan->users_missing = !server || !user;
}

int init_plan_read(struct gb_arena *arena, const struct cmd_line *line, struct init_plan *ret_plan,
                   struct gb_err *err)
{
    struct init_plan plan = {.now_s = gb_clock_s()};
    int r = read_options(arena, line, &plan);
    if (r == 0)
        r = read_passphrase(arena, line, &plan, err);
    if (r == 0)
        r = read_officer_passphrase(arena, line, &plan, err);
    if (r == 0)
        r = read_roots(arena, line, &plan, err);
    if (r != 0)
        return r;
    find_users(&plan);
    *ret_plan = plan;
    return CMD_OK;
}
