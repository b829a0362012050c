#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/server/doctor.h"
#include "crypto/x509.h"
#include "net/http_client.h"
#include "os/file.h"
#include "policy/documents/signed.h"
#include "policy/policy.h"
#include "rpc/keyd.h"
#include "wire/json.h"

enum { WEEK_S = 7 * 24 * 3600, MONTH_S = 30 * 24 * 3600, ANSWER_MS = 5000, LEAST_MB = 200 };

/* What the two configuration files say, with the programs' defaults. */
struct setting {
    struct gb_bytes server; /* the texts */
    struct gb_bytes keyd;
    const char *dir;
    struct gb_bytes ca_pem;
    struct officers *keyd_officers; /* that keyd.conf names; owned, NULL: unknown */
};

static const char *or_else(const char *value, const char *otherwise)
{
    return value && *value ? value : otherwise;
}

static const char *under(struct doctor *doctor, const char *dir, const char *name)
{
    const char *path = gb_arena_printf(doctor->arena, "%s/%s", dir, name);
    return path ? path : "";
}

/* False when it cannot be read, which was said. */
static bool read_file(struct doctor *doctor, const char *path, size_t max, const char *remedy,
                      struct gb_bytes *ret_bytes)
{
    struct gb_err err;
    if (file_read(doctor->arena, path, max, ret_bytes, &err) == GB_OK)
        return true;
    doctor_say(doctor, DOCTOR_FAILED, remedy, "%s%s%s", err.text, err.sys ? ": " : "",
               err.sys ? strerrordesc_np(err.sys) : "");
    return false;
}

static bool read_conf(struct doctor *doctor, const char *dir, const char *name,
                      struct gb_bytes *ret_text)
{
    const char *path = under(doctor, dir, name);
    if (!read_file(doctor, path, GB_LIMIT_CONF, "make it: garboard server init", ret_text))
        return false;
    doctor_say(doctor, DOCTOR_OK, NULL, "%s is there", doctor_path(doctor, path));
    return true;
}

static void check_keys(struct doctor *doctor, const struct setting *setting)
{
    const char *tls = or_else(doctor_conf(doctor, setting->server, "tls_key", 0),
                              under(doctor, setting->dir, "server.key"));
    const char *state =
        or_else(doctor_conf(doctor, setting->keyd, "state", 0), "/var/lib/garboard-keyd");
    doctor_private(doctor, tls, 0600);
    doctor_private(doctor, state, 0700);
    doctor_private(doctor, under(doctor, state, "ca.key"), 0600);
    doctor_private(doctor, under(doctor, state, "token.key"), 0600);
    doctor_private(doctor, under(doctor, state, "ledger.key"), 0600);
    doctor_private(doctor, under(doctor, state, "ledger.state"), 0600);
}

static void check_certs(struct doctor *doctor, struct setting *setting)
{
    struct gb_bytes pem;
    const char *ca = or_else(doctor_conf(doctor, setting->server, "ca", 0),
                             under(doctor, setting->dir, "ca.pem"));
    const char *server = or_else(doctor_conf(doctor, setting->server, "tls_cert", 0),
                                 under(doctor, setting->dir, "server.pem"));
    const char *operators = under(doctor, setting->dir, "client/operator-admin.pem");
    if (!read_file(doctor, ca, GB_LIMIT_CERT, "restore it from a copy", &setting->ca_pem))
        return;
    if (read_file(doctor, server, GB_LIMIT_CERT, "restore it from a copy", &pem))
        doctor_cert(doctor, "the server's certificate", pem, setting->ca_pem, WEEK_S,
                    "start garboardd and garboard-keyd: they renew it");
    struct stat st;
    if (stat(operators, &st) == 0 &&
        file_read(doctor->arena, operators, GB_LIMIT_CERT, &pem, NULL) == 0)
        doctor_cert(doctor, "the operator's certificate", pem, setting->ca_pem, MONTH_S,
                    "on garboard-keyd's host: garboard operator create");
}

static void check_roots(struct doctor *doctor, struct gb_bytes conf, const char *program)
{
    gb_cleanup(x509_store_freep) struct x509_store *roots = NULL;
    struct gb_bytes pem;
    struct gb_err err;
    if (x509_store_new(&roots, &err) < 0)
        return;
    for (size_t i = 0; i < GB_LIMIT_CONF_ITEMS; i++) {
        const char *path = doctor_conf(doctor, conf, "tpm_root", i);
        if (!path)
            break;
        if (read_file(doctor, path, GB_LIMIT_CERT, "restore it, or take its line out", &pem) &&
            x509_store_add(roots, pem, &err) < 0)
            doctor_say(doctor, DOCTOR_FAILED, "put the maker's certificate there, as PEM", "%s: %s",
                       doctor_path(doctor, path), err.text);
    }
    size_t count = x509_store_count(roots);
    if (count == 0)
        doctor_say(doctor, DOCTOR_WARNING,
                   "give tpm_root the root certificates of your TPMs' makers",
                   "%s believes no TPM maker: no node can enrol", program);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s believes %zu root certificate%s of TPM makers",
                   program, count, count == 1 ? "" : "s");
}

/* NULL when a file of theirs cannot be used: that was said then. */
static struct officers *read_officers(struct doctor *doctor, struct gb_bytes conf,
                                      const char *program)
{
    struct policy_file *pems =
        gb_arena_new_array(doctor->arena, struct policy_file, GB_LIMIT_CONF_ITEMS);
    struct officers *officers = NULL;
    struct gb_err err = {0};
    size_t count = 0;
    for (; pems && count < GB_LIMIT_CONF_ITEMS; count++) {
        pems[count].name = doctor_conf(doctor, conf, "officer_key", count);
        if (!pems[count].name)
            break;
        if (!read_file(doctor, pems[count].name, GB_LIMIT_CERT, "restore it, or take its line out",
                       &pems[count].bytes))
            return NULL;
    }
    if (pems && officers_read(pems, count, &officers, &err) == GB_OK && count > 0)
        return officers;
    doctor_say(doctor, DOCTOR_FAILED,
               "name the officers' public keys: officer_key = FILE (garboard officer create)",
               count > 0 ? "%s: %s" : "%s has no security officer: no document counts%s", program,
               count > 0 ? err.text : "");
    officers_free(officers);
    return NULL;
}

static bool has_all(const struct officers *of, const struct officers *in)
{
    for (size_t i = 0; i < officers_count(of); i++) {
        bool found = false;
        for (size_t k = 0; !found && k < officers_count(in); k++)
            found = memcmp(officers_id(of, i), officers_id(in, k), SIGNATURE_KEY_LEN) == 0;
        if (!found)
            return false;
    }
    return true;
}

/* What one of them believes and the other does not is applied nowhere. */
static void check_officers(struct doctor *doctor, struct setting *setting)
{
    const struct officers *keyd = setting->keyd_officers =
        read_officers(doctor, setting->keyd, "garboard-keyd");
    gb_cleanup(officers_freep) struct officers *server =
        read_officers(doctor, setting->server, "garboardd");
    if (!keyd || !server)
        return;
    if (has_all(keyd, server) && has_all(server, keyd))
        doctor_say(doctor, DOCTOR_OK, NULL, "%zu security officer%s, known to both programs",
                   officers_count(server), officers_count(server) == 1 ? "" : "s");
    else
        doctor_say(doctor, DOCTOR_FAILED, "make officer_key the same in both files",
                   "garboardd.conf and keyd.conf name different security officers");
}

/* Where `server init` puts the first one: whoever takes this machine could sign what it believes.
 */
static void check_officer_key(struct doctor *doctor, const struct setting *setting)
{
    const char *path = under(doctor, setting->dir, "client/officer.key");
    struct stat st;
    if (stat(path, &st) == 0)
        doctor_say(doctor, DOCTOR_WARNING,
                   "keep it on another machine, and sign there: garboard sign",
                   "a security officer's key lies on the server: %s", doctor_path(doctor, path));
}

/* What keyd goes by is what it has read, not what its file says now. */
static void check_officers_in_force(struct doctor *doctor, const struct officers *named,
                                    const struct keyd_status *status)
{
    const struct gb_bytes in_force = gb_bytes_str(status->officers ? status->officers : "");
    struct gb_lines lines;
    struct gb_bytes line;
    size_t count = 0;
    size_t missing = 0;
    gb_lines_init(&lines, in_force);
    while (gb_lines_next(&lines, &line))
        count++;
    for (size_t i = 0; i < officers_count(named); i++) {
        const char *hex = gb_hex(doctor->arena, gb_bytes(officers_id(named, i), SIGNATURE_KEY_LEN));
        missing += !hex || !strstr((const char *)in_force.data, hex);
    }
    if (missing > 0 || count != officers_count(named))
        doctor_say(doctor, DOCTOR_FAILED,
                   "systemctl reload garboard-keyd garboardd; look for reload-failed in their logs",
                   "garboard-keyd believes other security officers than keyd.conf names");
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "garboard-keyd believes the officers of keyd.conf");
}

static void check_space(struct doctor *doctor, const char *state)
{
    struct statvfs fs;
    if (statvfs(state, &fs) != 0)
        return; /* the database's own check says why */
    uint64_t free_mb = (uint64_t)fs.f_bavail * fs.f_frsize >> 20;
    doctor_say(doctor, free_mb < LEAST_MB ? DOCTOR_WARNING : DOCTOR_OK,
               free_mb < LEAST_MB ? "make room: without durable records there are no verdicts"
                                  : NULL,
               "%llu MB are free for the database", (unsigned long long)free_mb);
}

/* Only looked at: opening it would make files that garboardd could not write. */
static void check_database(struct doctor *doctor, const struct setting *setting)
{
    static const char magic[] = "SQLite format 3"; /* and its NUL: 16 bytes */
    const char *state =
        or_else(doctor_conf(doctor, setting->server, "state", 0), "/var/lib/garboard");
    const char *path = under(doctor, state, "garboard.db");
    const char *shown = doctor_path(doctor, path);
    struct stat st;
    struct stat folder;
    struct gb_bytes head;
    if (stat(path, &st) != 0 || stat(state, &folder) != 0) {
        bool absent = errno == ENOENT;
        doctor_say(doctor, DOCTOR_WARNING,
                   absent ? "garboardd makes it when it starts first"
                          : "run garboard doctor as root",
                   absent ? "%s is not there yet" : "%s cannot be looked at", shown);
        return;
    }
    if (st.st_uid != folder.st_uid)
        doctor_say(doctor, DOCTOR_FAILED, "chown it to the user garboard",
                   "%s does not belong to the owner of its folder", shown);
    else if (file_map(path, SIZE_MAX / 2, &head, NULL) < 0)
        doctor_say(doctor, DOCTOR_WARNING, "run garboard doctor as root", "%s cannot be read",
                   shown);
    else {
        bool good = head.len >= sizeof magic && memcmp(head.data, magic, sizeof magic) == 0;
        file_unmap(head);
        doctor_say(doctor, good ? DOCTOR_OK : DOCTOR_FAILED,
                   good ? NULL : "restore it from a copy; garboardd will not start with it",
                   good ? "%s is a database" : "%s is no SQLite database", shown);
    }
    check_space(doctor, state);
}

static void check_keyd(struct doctor *doctor, const struct setting *setting)
{
    gb_cleanup(keyd_client_freep) struct keyd_client *client = NULL;
    struct keyd_status status = {0};
    struct gb_err err;
    const char *socket = or_else(doctor_conf(doctor, setting->server, "keyd_socket", 0),
                                 "/run/garboard-keyd/keyd.sock");
    const char *domain = or_else(doctor_conf(doctor, setting->server, "trust_domain", 0), "");
    int r = keyd_client_new(socket, ANSWER_MS, &client, &err);
    if (r == GB_OK)
        r = keyd_status(client, doctor->arena, &status, &err);
    if (r < 0)
        doctor_say(doctor, DOCTOR_FAILED, "systemctl status garboard-keyd; run as root or garboard",
                   "garboard-keyd does not answer at %s: %s", doctor_path(doctor, socket),
                   err.text);
    else if (strcmp(or_else(status.trust_domain, ""), domain) != 0)
        doctor_say(doctor, DOCTOR_FAILED, "make trust_domain the same in both files",
                   "garboard-keyd signs for trust domain %s, garboardd serves %s",
                   doctor_path(doctor, status.trust_domain), doctor_path(doctor, domain));
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "garboard-keyd answers at %s",
                   doctor_path(doctor, socket));
    if (r == GB_OK && setting->keyd_officers)
        check_officers_in_force(doctor, setting->keyd_officers, &status);
    if (r == GB_OK)
        doctor_ledger(doctor, client, under(doctor, setting->dir, "ledger.vkey"));
}

/* An address that one can dial, of one that listens everywhere. */
static const char *dial(const char *listen)
{
    if (!listen || strcmp(listen, "::") == 0 || strcmp(listen, "0.0.0.0") == 0)
        return "localhost";
    return listen;
}

static void check_ports(struct doctor *doctor, const struct setting *setting)
{
    static const char remedy[] = "systemctl status garboardd; garboardd --check-config";
    const char *host = dial(doctor_conf(doctor, setting->server, "listen", 0));
    doctor_reach(doctor, host, or_else(doctor_conf(doctor, setting->server, "api_port", 0), "8440"),
                 "the API", remedy);
    doctor_reach(doctor, host,
                 or_else(doctor_conf(doctor, setting->server, "enroll_port", 0), "8441"),
                 "enrolment", remedy);
}

/* What /readyz says of one part, when that is not well. */
static const struct ready_part {
    const char *name;
    const char *fault; /* what a failure begins with; NULL: whatever is not fine */
    const char *fine;  /* the answer of one that is well */
    const char *remedy;
    enum doctor_state state;
} ready_parts[] = {
    {"store", NULL, "ok", "make room, then see garboardd's log", DOCTOR_FAILED},
    {"ledger", "stopped", "ok", "it goes on by itself once that is mended; see garboardd's log",
     DOCTOR_FAILED},
    {"ledger", "behind", "ok", "see garboardd's log, if it stays so", DOCTOR_WARNING},
    {"witnesses", "forked", NULL, "see garboardd's log, and: garboard-witness forks",
     DOCTOR_FAILED},
    {"witnesses", "late", NULL, "see that the witnesses run, and can be reached", DOCTOR_WARNING},
    {"keyd", NULL, "ok", "systemctl status garboard-keyd; see its log", DOCTOR_FAILED},
    {"policy", "no document counts", NULL,
     "have the documents signed and apply them again, or give the officer's key back to "
     "officer_key and reload",
     DOCTOR_FAILED},
    {"policy", "none is applied", NULL, "garboard apply -f FILE", DOCTOR_WARNING},
    {"keyd_policy", NULL, "ok", "see the logs of garboardd and garboard-keyd", DOCTOR_FAILED},
};

/* keyd gets no documents while none counts: that is said already. */
static bool is_told(const struct json *ready, const struct ready_part *part)
{
    struct gb_bytes policy;
    return strcmp(part->name, "keyd_policy") == 0 && json_get_text(ready, "policy", &policy) &&
           gb_bytes_starts(policy, gb_bytes_str("no document counts"));
}

static bool is_ill(const struct json *ready, const struct ready_part *part,
                   struct gb_bytes *ret_text)
{
    if (!json_get_text(ready, part->name, ret_text) || is_told(ready, part))
        return false;
    return part->fault ? gb_bytes_starts(*ret_text, gb_bytes_str(part->fault))
                       : !gb_bytes_is(*ret_text, part->fine);
}

/* Each part that is not well, with its reason. A server without a policy is new, not broken. */
static bool say_parts(struct doctor *doctor, const struct json *ready)
{
    bool said = false;
    for (size_t i = 0; i < GB_ARRAY_LEN(ready_parts); i++) {
        const struct ready_part *part = &ready_parts[i];
        struct gb_bytes text;
        if (!is_ill(ready, part, &text))
            continue;
        const char *shown = gb_text_escape(doctor->arena, text, 300);
        doctor_say(doctor, part->state, part->remedy, "the server's %s: %s", part->name,
                   shown ? shown : "?");
        said = true;
    }
    return said;
}

/* The answer of /readyz, ready or not; anything else came from the gate, or from between us. */
static void say_ready(struct doctor *doctor, const struct http_reply *reply)
{
    gb_cleanup(json_freep) struct json *body = NULL;
    bool known = json_read(gb_buf_bytes(&reply->body), &body, NULL) == GB_OK;
    struct gb_bytes text;
    if (!known || !json_get_text(body, "status", &text)) {
        bool message = known && json_get_text(json_get(body, "error"), "message", &text);
        const char *shown = message ? gb_text_escape(doctor->arena, text, 200) : NULL;
        doctor_say(doctor, DOCTOR_WARNING, "see garboardd's log",
                   "whether the server is ready was not looked at: it answers %d: %s",
                   reply->status, shown ? shown : "no reason");
        return;
    }
    bool said = say_parts(doctor, body);
    if (reply->status == 200)
        doctor_say(doctor, DOCTOR_OK, NULL, "the server is ready");
    else if (!said)
        doctor_say(doctor, DOCTOR_FAILED, "see garboardd's log", "the server is not ready");
}

/* Asks as the operator whose files `server init` made; without them there is nothing to ask with.
 */
static void check_ready(struct doctor *doctor, const struct setting *setting)
{
    const char *dir = under(doctor, setting->dir, "client");
    struct gb_bytes text;
    struct http_client_conf conf = {.connect_ms = ANSWER_MS,
                                    .total_ms = ANSWER_MS,
                                    .max_answer = GB_LIMIT_CONF,
                                    .ca_pem = setting->ca_pem};
    gb_cleanup(http_client_freep) struct http_client *client = NULL;
    gb_cleanup(http_reply_done) struct http_reply reply = {0};
    struct gb_err err;
    if (file_read(doctor->arena, under(doctor, dir, "client.conf"), GB_LIMIT_CONF, &text, NULL) <
            0 ||
        file_read(doctor->arena, under(doctor, dir, "operator-admin.pem"), GB_LIMIT_CERT,
                  &conf.cert_pem, NULL) < 0 ||
        file_read(doctor->arena, under(doctor, dir, "operator-admin.key"), GB_LIMIT_CERT,
                  &conf.key_pem, NULL) < 0)
        return;
    conf.url = doctor_conf(doctor, text, "server", 0);
    int r = conf.url ? http_client_new(&conf, &client, &err) : GB_ERR_CONFIG;
    if (r == GB_OK)
        r = http_client_send(client, "GET", "/readyz", NULL, gb_bytes(NULL, 0), &reply, &err);
    if (r < 0)
        doctor_say(doctor, DOCTOR_FAILED, "see the lines above, and garboardd's log",
                   "the operator cannot speak with the server: %s", conf.url ? err.text : "no URL");
    else
        say_ready(doctor, &reply);
}

void doctor_server(struct doctor *doctor, const char *dir)
{
    struct setting setting = {.dir = dir};
    bool both = read_conf(doctor, dir, "garboardd.conf", &setting.server);
    both = read_conf(doctor, dir, "keyd.conf", &setting.keyd) && both;
    doctor_clock(doctor);
    if (!both)
        return;
    check_keys(doctor, &setting);
    check_certs(doctor, &setting);
    check_roots(doctor, setting.keyd, "garboard-keyd");
    check_roots(doctor, setting.server, "garboardd");
    check_officers(doctor, &setting);
    check_officer_key(doctor, &setting);
    check_database(doctor, &setting);
    check_keyd(doctor, &setting);
    check_ports(doctor, &setting);
    check_ready(doctor, &setting);
    officers_free(setting.keyd_officers);
}
