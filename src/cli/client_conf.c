#include "cli/client_conf.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/limits.h"
#include "cli/cmd.h"
#include "os/file.h"

#define AT(member) offsetof(struct client_conf, member)
const struct conf_key client_conf_table[] = {
    {"server", CONF_TEXT, AT(server), NULL, 0, 0, NULL, "The server, as https://HOST:8440.", false},
    {"ca", CONF_TEXT, AT(ca), NULL, 0, 0, NULL, "Certificate of the server's CA, PEM.", false},
    {"cert", CONF_TEXT, AT(cert), NULL, 0, 0, NULL, "The operator's certificate, PEM.", false},
    {"key", CONF_TEXT, AT(key), NULL, 0, 0, NULL, "Its private key, PEM.", false},
    {"bearer_token_file", CONF_TEXT, AT(bearer_token_file), NULL, 0, 0, NULL,
     "File with a token of your identity provider, instead of cert and key.", false},
    {"officer_key", CONF_TEXT, AT(officer_key), NULL, 0, 0, NULL,
     "The security officer's private key, PEM: apply signs with it.", false},
    {"officer_passphrase_file", CONF_TEXT, AT(officer_passphrase_file), NULL, 0, 0, NULL,
     "File whose first line opens officer_key.", false},
    {NULL},
};

static const char *const from_env[] = {"GARBOARD_SERVER", "GARBOARD_CA", "GARBOARD_CERT",
                                       "GARBOARD_KEY"};

enum { IDENTITY = 2 }; /* from here on who we are: a token may say it instead */

static const char **member(struct client_conf *conf, size_t index)
{
    const char **const members[] = {&conf->server, &conf->ca, &conf->cert, &conf->key};
    return members[index];
}

/* A variable that is set and not empty. */
static const char *env(const char *name)
{
    const char *value = getenv(name);
    return value && *value ? value : NULL;
}

/* A path of the file counts from the file's folder, so that the folder can move as a whole. */
static int settle_path(struct gb_arena *arena, const char *dir, const char **path,
                       struct gb_err *err)
{
    if (!*path || **path == '/')
        return GB_OK;
    *path = gb_arena_printf(arena, "%s/%s", dir, *path);
    return *path ? GB_OK : gb_err_nomem(err);
}

/* GB_ERR_NOTFOUND when the folder has no client.conf. */
static int read_file(struct gb_arena *arena, const char *dir, struct client_conf *ret_conf,
                     struct gb_err *err)
{
    const char *path = gb_arena_printf(arena, "%s/client.conf", dir);
    struct gb_bytes text;
    if (!path)
        return gb_err_nomem(err);
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r == GB_OK)
        r = conf_read(arena, client_conf_table, path, text, ret_conf, err);
    for (size_t i = 1; r == GB_OK && i < GB_ARRAY_LEN(from_env); i++)
        r = settle_path(arena, dir, member(ret_conf, i), err);
    if (r == GB_OK)
        r = settle_path(arena, dir, &ret_conf->bearer_token_file, err);
    if (r == GB_OK)
        r = settle_path(arena, dir, &ret_conf->officer_key, err);
    return r < 0 ? r : settle_path(arena, dir, &ret_conf->officer_passphrase_file, err);
}

static int find_file(struct gb_arena *arena, struct client_conf *ret_conf, struct gb_err *err)
{
    const char *own = env("GARBOARD_CONFIG");
    if (own)
        return read_file(arena, own, ret_conf, err);
    const char *xdg = env("XDG_CONFIG_HOME");
    const char *home = env("HOME");
    const char *user = xdg    ? gb_arena_printf(arena, "%s/garboard", xdg)
                       : home ? gb_arena_printf(arena, "%s/.config/garboard", home)
                              : NULL;
    int r = user ? read_file(arena, user, ret_conf, err) : GB_ERR_NOTFOUND;
    return r == GB_ERR_NOTFOUND ? read_file(arena, "/etc/garboard/client", ret_conf, err) : r;
}

/* What is given on the line or by the environment; whether that is all that is needed. */
static bool take_given(const struct cmd_line *line, struct client_conf *given)
{
    bool complete = true;
    const char *cert = cmd_value(line, "cert");
    if (!cert && !env("GARBOARD_CERT")) /* a certificate that is given outdoes a token */
        given->bearer_token_file = env("GARBOARD_BEARER_TOKEN_FILE");
    for (size_t i = 0; i < GB_ARRAY_LEN(from_env); i++) {
        const char *option = cmd_value(line, client_conf_table[i].name);
        *member(given, i) = option ? option : env(from_env[i]);
        complete = complete && (*member(given, i) || (i >= IDENTITY && given->bearer_token_file));
    }
    return complete;
}

int client_conf_find(struct gb_arena *arena, const struct cmd_line *line,
                     struct client_conf *ret_conf, struct gb_err *err)
{
    struct client_conf given = {0};
    struct client_conf file = {0};
    int r = take_given(line, &given) ? GB_OK : find_file(arena, &file, err);
    if (r < 0 && r != GB_ERR_NOTFOUND)
        return r;
    if (!given.bearer_token_file && !given.cert)
        given.bearer_token_file = file.bearer_token_file;
    for (size_t i = 0; i < GB_ARRAY_LEN(from_env); i++) {
        if (!*member(&given, i))
            *member(&given, i) = *member(&file, i);
        if (!*member(&given, i) && !(i >= IDENTITY && given.bearer_token_file))
            return gb_err_set(err, GB_ERR_CONFIG,
                              "which %s? give --%s, %s, or a client.conf (garboard server init "
                              "writes one; GARBOARD_CONFIG names its folder)",
                              client_conf_table[i].name, client_conf_table[i].name, from_env[i]);
    }
    *ret_conf = given;
    return GB_OK;
}

int client_conf_officer(struct gb_arena *arena, const struct cmd_line *line,
                        struct client_conf *conf, struct gb_err *err)
{
    struct client_conf file = {0};
    const char *option = cmd_value(line, "officer-key");
    const char *passphrase = cmd_value(line, "officer-passphrase-file");
    conf->officer_key = option ? option : env("GARBOARD_OFFICER_KEY");
    if (!conf->officer_key) {
        int r = find_file(arena, &file, err);
        if (r < 0 && r != GB_ERR_NOTFOUND)
            return r;
        conf->officer_key = file.officer_key;
    }
    /* A file's passphrase opens the file's key, and no other. */
    conf->officer_passphrase_file = passphrase ? passphrase : file.officer_passphrase_file;
    return GB_OK;
}
