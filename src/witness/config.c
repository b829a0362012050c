#include "witness/config.h"

#include <stddef.h>

#include "base/limits.h"
#include "os/file.h"

static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

#define AT(member) offsetof(struct witness_config, member)
const struct conf_key witness_config_table[] = {
    {"name", CONF_TEXT, AT(name), NULL, 0, 0, NULL,
     "Name of the witness in its cosignatures: a host's name and a path, without blanks and plus.",
     true},
    {"key", CONF_TEXT, AT(key), "/etc/garboard-witness/witness.key", 0, 0, NULL,
     "File of the Ed25519 key that co-signs, PEM.", false},
    {"state", CONF_TEXT, AT(state), "/var/lib/garboard-witness", 0, 0, NULL,
     "Folder of what was co-signed last, a file a log, and of the evidence of forks.", false},
    {"log", CONF_LIST, AT(logs), NULL, 0, 0, NULL,
     "Verifier key of a log to witness; may be repeated; two of one name while a log changes its "
     "key.",
     false},
    {"listen", CONF_TEXT, AT(listen), "::", 0, 0, NULL, "Address of the listener.", false},
    {"port", CONF_NUMBER, AT(port), "8450", 0, 65535, NULL,
     "Port of the listener; 0: the system chooses.", false},
    {"tls_cert", CONF_TEXT, AT(tls_cert), "/etc/garboard-witness/tls.pem", 0, 0, NULL,
     "The listener's certificate, and those that lead to its CA.", false},
    {"tls_key", CONF_TEXT, AT(tls_key), "/etc/garboard-witness/tls.key", 0, 0, NULL,
     "Its private key.", false},
    {"workers", CONF_NUMBER, AT(workers), "2", 1, 16, NULL,
     "Threads that check checkpoints and make them durable.", false},
    {"max_connections", CONF_NUMBER, AT(max_connections), "512", 16, 65536, NULL,
     "Open connections; above, the longest idle is closed.", false},
    {"log_format", CONF_CHOICE, AT(log_format), "text", 0, 0, log_formats, "Form of the log.",
     false},
    {"log_level", CONF_CHOICE, AT(log_level), "info", 0, 0, log_levels,
     "What is logged, and all that is graver.", false},
    {"sandbox", CONF_BOOL, AT(sandbox), "yes", 0, 0, NULL,
     "Whether the witness closes its own doors: system calls, folders; no only for debugging.",
     false},
    {NULL},
};

int witness_config_read(struct gb_arena *arena, const char *path, struct witness_config *ret_config,
                        struct gb_err *err)
{
    struct gb_bytes text;
    struct witness_config config = {0};
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r == GB_OK)
        r = conf_read(arena, witness_config_table, path, text, &config, err);
    if (r < 0)
        return r;
    *ret_config = config;
    return GB_OK;
}
