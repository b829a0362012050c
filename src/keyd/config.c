#include "keyd/config.h"

#include <stddef.h>
#include <string.h>

#include "os/file.h"

enum { HOUR = 3600, DAY = 24 * HOUR };

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

#define AT(member) offsetof(struct keyd_config, member)
const struct conf_key keyd_config_table[] = {
    {"socket", CONF_TEXT, AT(socket), "/run/garboard-keyd/keyd.sock", 0, 0, NULL,
     "The unix socket where garboardd asks; systemd may pass one instead.", false},
    {"state", CONF_TEXT, AT(state), "/var/lib/garboard-keyd", 0, 0, NULL,
     "Folder of its keys and of ledger.state, as `garboard server init` makes them; it is written "
     "to.",
     false},
    {"trust_domain", CONF_TEXT, AT(trust_domain), NULL, 0, 0, NULL,
     "Name in every identity: spiffe://TRUST_DOMAIN/node/...", true},
    {"tpm_root", CONF_LIST, AT(tpm_roots), NULL, 0, 0, NULL,
     "File of TPM makers' root certificates (PEM or DER); may be repeated; without any, no node "
     "can enrol.",
     false},
    {"tpm_intermediate", CONF_LIST, AT(tpm_intermediates), NULL, 0, 0, NULL,
     "File of TPM makers' intermediate certificates; may be repeated.", false},
    {"officer_key", CONF_LIST, AT(officer_keys), NULL, 0, 0, NULL,
     "File of a security officer's public key, PEM; may be repeated; policy counts only with their "
     "signatures.",
     false},
    {"server_name", CONF_LIST, AT(server_names), NULL, 0, 0, NULL,
     "DNS name or IP address that garboardd's certificate carries; may be repeated.", false},
    {"node_cert_life", CONF_SPAN, AT(node_cert_life_s), "1h", 300, 90 * DAY, NULL,
     "How long a trusted node's certificate is valid: so long relying parties accept a node that "
     "is "
     "trusted no more.",
     false},
    {"joining_cert_life", CONF_SPAN, AT(joining_cert_life_s), "24h", 300, 90 * DAY, NULL,
     "How long the certificate of a node that joins is valid; it is good for proving itself only.",
     false},
    {"renew_grace", CONF_SPAN, AT(renew_grace_s), "90d", 0, 365 * DAY, NULL,
     "How long after its end a node's certificate can still be renewed.", false},
    {"server_cert_life", CONF_SPAN, AT(server_cert_life_s), "90d", HOUR, 825 * DAY, NULL,
     "How long garboardd's certificate is valid.", false},
    {"passphrase_file", CONF_TEXT, AT(passphrase_file), NULL, 0, 0, NULL,
     "File whose first line opens the keys; a name without a slash is a systemd credential.",
     false},
    {"peer_user", CONF_TEXT, AT(peer_user), NULL, 0, 0, NULL,
     "The user who may ask, beside root; when unset, keyd's own user.", false},
    {"log_format", CONF_CHOICE, AT(log_format), "text", 0, 0, log_formats, "Form of the log.",
     false},
    {"log_level", CONF_CHOICE, AT(log_level), "info", 0, 0, log_levels,
     "What is logged, and all that is graver.", false},
    {"sandbox", CONF_BOOL, AT(sandbox), "yes", 0, 0, NULL,
     "Whether keyd closes its own doors: system calls, folders; no only for debugging.", false},
    {NULL},
};

/* It becomes part of a URI and of claims: the letters that SPIFFE allows (SPIFFE-ID, 2.1). */
static bool good_domain(const char *name)
{
    size_t len = name ? strlen(name) : 0;
    return len > 0 && len <= 255 && strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789.-_") == len;
}

int keyd_config_read(struct gb_arena *arena, const char *path, struct keyd_config *ret_config,
                     struct gb_err *err)
{
    struct gb_bytes text;
    struct keyd_config config = {0};
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r == 0)
        r = conf_read(arena, keyd_config_table, path, text, &config, err);
    if (r < 0)
        return r;
    if (!good_domain(config.trust_domain))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "trust_domain: lower case letters, digits, dots, dashes, underscores");
    *ret_config = config;
    return GB_OK;
}
