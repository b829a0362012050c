/* garboard operator create: an operator's certificate, made on garboard-keyd's host, offline. */
#include <stdio.h>
#include <string.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/limits.h"
#include "base/secret.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/file_set.h"
#include "cli/server/operator_cert.h"
#include "os/file.h"
#include "wire/json.h"

enum { DEFAULT_DAYS = 365, MOST_DAYS = 825 };

/* As garboardd's router takes it (spiffe://DOMAIN/operator/NAME); no path comes of it. */
static bool good_name(const char *name)
{
    size_t len = strlen(name);
    return len > 0 && len <= 48 && name[0] != '-' && name[0] != '.' &&
           strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._:~") ==
               len;
}

static int read_ask(struct gb_arena *arena, const struct cmd_line *line, struct operator_ask *ask)
{
    const char *days = cmd_value(line, "days");
    uint64_t count = DEFAULT_DAYS;
    if (!good_name(line->args[0]))
        return output_usage(
            line, "a name is of at most 48 letters, digits and . - _ : ~, and begins with "
                  "neither dot nor dash");
    if (cmd_has(line, "out") == cmd_has(line, "csr"))
        return output_usage(line, "give --out (key and certificate are made there) or --csr (the "
                                  "key stays where it is)");
    if (days && (!gb_text_u64(gb_bytes_str(days), MOST_DAYS, &count) || count == 0))
        return output_usage(line, "--days is a number from 1 to %d, not \"%s\"", MOST_DAYS, days);
    const char *state = cmd_value(line, "keyd-state");
    *ask = (struct operator_ask){.arena = arena,
                                 .name = line->args[0],
                                 .keyd_state = state ? state : "/var/lib/garboard-keyd",
                                 .passphrase_file = cmd_value(line, "passphrase-file"),
                                 .now_s = gb_clock_s(),
                                 .days = (int64_t)count};
    return CMD_OK;
}

static int print_json(const struct operator_ask *ask, const struct operator_cert *cert)
{
    char end[GB_CLOCK_TEXT];
    struct json *object = json_new_object();
    gb_clock_text(cert->not_after_s, end);
    json_set(object, "operator", json_text(ask->name));
    json_set(object, "spiffe_id", json_text(cert->spiffe_id));
    json_set(object, "not_after", json_text(end));
    if (cert->key_pem.len == 0)
        json_set(object, "certificate", json_text((const char *)cert->pem.data));
    return output_json(object);
}

/* The certificate alone on standard output. */
static int print_certificate(const struct operator_cert *cert)
{
    char end[GB_CLOCK_TEXT];
    gb_clock_text(cert->not_after_s, end);
    printf("%.*s", (int)cert->pem.len, (const char *)cert->pem.data);
    fprintf(stderr, "garboard: %s, good until %s\n", cert->spiffe_id, end);
    return output_flush();
}

/* Beside client.conf and ca.pem, as `server init` names them. */
static int make_files(const struct cmd_line *line, const struct operator_ask *ask,
                      const struct operator_cert *cert, struct gb_err *err)
{
    char end[GB_CLOCK_TEXT];
    const char *dir = cmd_value(line, "out");
    struct file_set set = {.arena = ask->arena};
    const char *key = gb_arena_printf(ask->arena, "%s/operator-%s.key", dir, ask->name);
    const char *pem = gb_arena_printf(ask->arena, "%s/operator-%s.pem", dir, ask->name);
    if (!key || !pem)
        return gb_err_nomem(err);
    file_set_folder(&set, dir, 0700, (uid_t)-1, (gid_t)-1);
    file_set_file(&set, key, cert->key_pem, 0600, (uid_t)-1, (gid_t)-1);
    file_set_file(&set, pem, cert->pem, 0644, (uid_t)-1, (gid_t)-1);
    int r = file_set_make(&set, err);
    if (r < 0 || line->json)
        return r < 0 ? r : print_json(ask, cert);
    gb_clock_text(cert->not_after_s, end);
    printf(
        "Made %s, good until %s:\n  0600 %s\n  0644 %s\n\n"
        "Next: give both to %s over a safe channel, and remove them here; client.conf names them\n"
        "as cert and key. What %s may do is for AccessPolicy to say.\n",
        cert->spiffe_id, end, key, pem, ask->name, ask->name);
    return output_flush();
}

static int make(const struct cmd_line *line, struct operator_ask *ask, struct operator_cert *cert,
                struct gb_err *err)
{
    int r = cmd_has(line, "csr")
                ? file_read(ask->arena, cmd_value(line, "csr"), GB_LIMIT_CERT, &ask->csr, err)
                : GB_OK;
    if (r == GB_OK && cmd_has(line, "csr") && ask->csr.len == 0)
        r = gb_err_set(err, GB_ERR_INPUT, "the request is empty");
    if (r == GB_OK)
        r = operator_cert_make(ask, cert, err);
    if (r < 0)
        return r;
    if (cmd_has(line, "out"))
        return make_files(line, ask, cert, err);
    return line->json ? print_json(ask, cert) : print_certificate(cert);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct operator_ask ask = {0};
    struct operator_cert cert = {0};
    int r = read_ask(arena, line, &ask);
    if (r != CMD_OK)
        return r;
    r = make(line, &ask, &cert, err);
    operator_cert_wipe(&cert);
    return r;
}

static const struct cmd_option options[] = {
    {"keyd-state", "DIR", "garboard-keyd's folder of state (default: /var/lib/garboard-keyd)",
     false, 0},
    {"out", "DIR", "make key and certificate there", false, 0},
    {"csr", "FILE", "certify this request's key (PKCS#10; - is standard input)", false, 0},
    {"days", "N", "how long it is good (default: 365)", false, 0},
    {"passphrase-file", "FILE", "its first line opens the CA's key", false, 0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_operator_create = {
    .name = "operator create",
    .args = "NAME",
    .min_args = 1,
    .max_args = 1,
    .summary = "make an operator's certificate, on garboard-keyd's host",
    .examples = "  garboard operator create alice --out alice\n"
                "  garboard operator create bob --csr bob.csr --days 90 > operator-bob.pem\n",
    .options = options,
    .run = run,
};
