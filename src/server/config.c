#include "server/config.h"

#include <stddef.h>

#include "base/limits.h"
#include "os/file.h"

static const char *const log_formats[] = {
    [GB_LOG_FORM_TEXT] = "text", [GB_LOG_FORM_JSON] = "json", NULL};
static const char *const log_levels[] = {[GB_LOG_ERROR] = "error",
                                         [GB_LOG_WARNING] = "warning",
                                         [GB_LOG_INFO] = "info",
                                         [GB_LOG_DEBUG] = "debug",
                                         NULL};

enum { DAY_S = 86400, MAX_LIFE_S = 30 * DAY_S, MAX_KEEP_S = 3650 * DAY_S, MIB = 1 << 20 };

#define AT(member) offsetof(struct config, member)

static const struct conf_key table[] = {
    {"listen", CONF_TEXT, AT(listen), "::", 0, 0, NULL, "Address of all listeners.", false},
    {"api_port", CONF_NUMBER, AT(api_port), "8440", 0, 65535, NULL,
     "Port for nodes and operators, who have certificates; 0: the system chooses.", false},
    {"enroll_port", CONF_NUMBER, AT(enroll_port), "8441", 0, 65535, NULL,
     "Port for nodes that have no certificate yet; 0: the system chooses.", false},
    {"people_port", CONF_NUMBER, AT(people_port), "0", 0, 65535, NULL,
     "Port for people who show a token of their identity provider instead of a certificate; 0: "
     "none.",
     false},
    {"oidc_ca", CONF_TEXT, AT(oidc_ca), NULL, 0, 0, NULL,
     "CA certificates, PEM, of the servers that hold token issuers' keys; without it the system's.",
     false},
    {"threads", CONF_NUMBER, AT(threads), "2", 1, 64, NULL, "Event loops.", false},
    {"workers", CONF_NUMBER, AT(workers), "2", 1, 64, NULL,
     "Threads for long evidence, policy, and what garboard-keyd is asked.", false},
    {"state", CONF_TEXT, AT(state), "/var/lib/garboard", 0, 0, NULL,
     "Folder of the database garboard.db.", false},
    {"keyd_socket", CONF_TEXT, AT(keyd_socket), "/run/garboard-keyd/keyd.sock", 0, 0, NULL,
     "Socket of garboard-keyd.", false},
    {"tls_cert", CONF_TEXT, AT(tls_cert), "/etc/garboard/server.pem", 0, 0, NULL,
     "The server's certificate.", false},
    {"tls_key", CONF_TEXT, AT(tls_key), "/etc/garboard/server.key", 0, 0, NULL,
     "Its private key: the only one in this process.", false},
    {"ca", CONF_TEXT, AT(ca), "/etc/garboard/ca.pem", 0, 0, NULL,
     "Certificate of the CA of server, nodes and operators.", false},
    {"trust_domain", CONF_TEXT, AT(trust_domain), NULL, 0, 0, NULL,
     "Trust domain of all SPIFFE IDs.", true},
    {"founder", CONF_TEXT, AT(founder), NULL, 0, 0, NULL,
     "Who has all roles while no AccessPolicy is in force: a name of a certificate.", false},
    {"tpm_root", CONF_LIST, AT(tpm_root), NULL, 0, 0, NULL,
     "Root certificates of TPM makers, PEM; may be repeated.", false},
    {"officer_key", CONF_LIST, AT(officer_key), NULL, 0, 0, NULL,
     "File of a security officer's public key, PEM; may be repeated; documents count only with "
     "their signatures.",
     false},
    {"interval", CONF_SPAN, AT(interval_s), "60s", 1, DAY_S, NULL,
     "How often a node proves itself.", false},
    {"nonce_life", CONF_SPAN, AT(nonce_life_s), "10m", 3, MAX_LIFE_S, NULL,
     "How long a nonce may be answered; at least three intervals.", false},
    {"freshness", CONF_SPAN, AT(freshness_s), "0s", 0, MAX_LIFE_S, NULL,
     "Age of the last proof up to which a node is fresh; 0s: three intervals.", false},
    {"unreachable", CONF_SPAN, AT(unreachable_s), "0s", 0, MAX_LIFE_S, NULL,
     "Age of the last proof from which a node is unreachable; 0s: ten intervals.", false},
    {"approval_wait", CONF_SPAN, AT(approval_wait_s), "1h", 60, DAY_S, NULL,
     "How long a node that asked to join is shown to operators.", false},
    {"ledger_interval", CONF_SPAN, AT(ledger_interval_s), "1s", 1, 3600, NULL,
     "The ledger is signed at most once in this time.", false},
    {"ledger_lag", CONF_SPAN, AT(ledger_lag_s), "60s", 2, DAY_S, NULL,
     "How long an entry of the ledger may stay unsigned; then what needs a record is refused.",
     false},
    {"witness", CONF_LIST, AT(witness), NULL, 0, 0, NULL,
     "Who co-signs the ledger: VKEY URL CA-FILE, as garboard-witness init prints it; may be "
     "repeated.",
     false},
    {"witness_quorum", CONF_NUMBER, AT(witness_quorum), "0", 0, GB_LIMIT_WITNESSES, NULL,
     "So many witnesses must co-sign within ledger_lag; else what needs a record is refused.",
     false},
    {"rounds_keep", CONF_SPAN, AT(rounds_keep_s), "90d", DAY_S, MAX_KEEP_S, NULL,
     "How long the leaves of sealed minutes are kept: what proves a node's every round.", false},
    {"quotes_keep", CONF_SPAN, AT(quotes_keep_s), "30d", DAY_S, MAX_KEEP_S, NULL,
     "How long the quotes of sealed minutes are kept: what strangers verify again.", false},
    {"evidence_keep", CONF_SPAN, AT(evidence_keep_s), "30d", 1, MAX_KEEP_S, NULL,
     "How long evidence of boots that are over is kept; of each node the newest always is.", false},
    {"evidence_max", CONF_NUMBER, AT(evidence_max), "53687091200", MIB, (int64_t)1 << 50, NULL,
     "Bytes of kept evidence, packed; above, the oldest boots that are over are dropped.", false},
    {"max_connections", CONF_NUMBER, AT(max_connections), "20000", 16, 1000000, NULL,
     "Connections of one listener and thread; above, the longest idle is closed.", false},
    {"max_body", CONF_NUMBER, AT(max_body), "67108864", MIB, 300 * (int64_t)MIB, NULL,
     "Bytes of one attestation: a node's first one brings its whole IMA list.", false},
    {"body_memory", CONF_NUMBER, AT(body_memory), "268435456", MIB, 65536 * (int64_t)MIB, NULL,
     "Bytes of bodies above 64 KB that one thread holds; above, 503; documents need theirs and 2 "
     "MiB.",
     false},
    {"body_time", CONF_SPAN, AT(body_time_s), "60s", 1, 3600, NULL,
     "How long a body may take on its way, and again the answer.", false},
    {"shutdown_grace", CONF_SPAN, AT(shutdown_grace_s), "10s", 0, 600, NULL,
     "How long requests under way may take when the service stops.", false},
    {"log_format", CONF_CHOICE, AT(log_format), "json", 0, 0, log_formats, "Form of log lines.",
     false},
    {"log_level", CONF_CHOICE, AT(log_level), "info", 0, 0, log_levels, "What is logged.", false},
    {"sandbox", CONF_BOOL, AT(sandbox), "yes", 0, 0, NULL,
     "Give up system calls that are not needed.", false},
    {.name = NULL},
};

const struct conf_key *config_table(void)
{
    return table;
}

/* What one key's bounds cannot say. */
static int settle(const char *path, struct config *config, struct gb_err *err)
{
    if (config->freshness_s == 0)
        config->freshness_s = 3 * config->interval_s;
    if (config->unreachable_s == 0)
        config->unreachable_s = 10 * config->interval_s;
    if (config->nonce_life_s < 3 * config->interval_s)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: nonce_life must be at least three intervals",
                          path);
    if (config->unreachable_s < config->freshness_s)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: unreachable must not be less than freshness",
                          path);
    if (config->body_memory < config->max_body + 2 * MIB)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: body_memory must be 2 MiB more than max_body",
                          path);
    if (config->ledger_lag_s <= config->ledger_interval_s)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: ledger_lag must be more than ledger_interval",
                          path);
    if ((size_t)config->witness_quorum > config->witness.count)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: witness_quorum is more than there are witnesses",
                          path);
    if (config->quotes_keep_s > config->rounds_keep_s)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: quotes_keep must not be more than rounds_keep",
                          path);
    if (config->api_port == config->enroll_port && config->api_port != 0)
        return gb_err_set(err, GB_ERR_CONFIG, "%s: api_port and enroll_port must differ", path);
    if (config->people_port != 0 &&
        (config->people_port == config->api_port || config->people_port == config->enroll_port))
        return gb_err_set(err, GB_ERR_CONFIG, "%s: people_port must be a port of its own", path);
    return GB_OK;
}

int config_read(struct gb_arena *arena, const char *path, struct config *ret_config,
                struct gb_err *err)
{
    struct config config = {0};
    struct gb_bytes text;
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r == GB_OK)
        r = conf_read(arena, table, path, text, &config, err);
    if (r == GB_OK)
        r = settle(path, &config, err);
    if (r < 0)
        return r;
    *ret_config = config;
    return GB_OK;
}

void config_print(const struct config *config, struct gb_buf *out)
{
    conf_print(table, config, out);
}

void config_help(struct gb_buf *out)
{
    conf_help(table, out);
}
