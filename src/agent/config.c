#include "agent/config.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "agent/pcrs.h"
#include "base/limits.h"
#include "os/file.h"

static const char *const ak_forms[] = {"ecc", "rsa", NULL};
static const char *const log_formats[] = {"text", "json", NULL};
static const char *const log_levels[] = {"error", "warning", "info", "debug", NULL};

#define KEY(member) #member, .offset = offsetof(struct config, member)

const struct conf_key config_keys[] = {
    {KEY(server), .type = CONF_TEXT, .required = true, .help = "host name or address of garboardd"},
    {KEY(enroll_port), .type = CONF_NUMBER, .value = "8441", .min = 1, .max = 65535,
     .help = "its port for enrolment"},
    {KEY(api_port), .type = CONF_NUMBER, .value = "8440", .min = 1, .max = 65535,
     .help = "its port for everything else"},
    {KEY(name), .type = CONF_TEXT,
     .help = "the node's name (the host's name, unless given); a label, not its identity"},
    {KEY(token), .type = CONF_TEXT,
     .help = "the join token, for the first contact; better in a file"},
    {KEY(token_file), .type = CONF_TEXT, .help = "a file that holds the join token"},
    {KEY(ca_pin), .type = CONF_TEXT,
     .help = "without a token: sha256:HEX over the public key of the server's CA"},
    {KEY(ca_file), .type = CONF_TEXT,
     .help = "without a token: the server's CA certificate, in PEM"},
    {KEY(state), .type = CONF_TEXT, .value = "/var/lib/garboard-agent",
     .help = "folder of what the agent must not forget; it holds no secret"},
    {KEY(tcti), .type = CONF_TEXT, .value = "device:/dev/tpmrm0",
     .help = "how to reach the TPM, in the words of tpm2-tss"},
    {KEY(ak), .type = CONF_CHOICE, .value = "ecc", .choices = ak_forms,
     .help = "the attestation key's kind: P-256 or RSA-2048"},
    {KEY(ak_handle), .type = CONF_TEXT, .value = "0x81010010",
     .help = "persistent handle of the attestation key"},
    {KEY(transport_handle), .type = CONF_TEXT, .value = "0x81010011",
     .help = "persistent handle of the transport key"},
    {KEY(endorsement_auth_file), .type = CONF_TEXT,
     .help = "a file that holds the endorsement hierarchy's password, if it has one"},
    {KEY(owner_auth_file), .type = CONF_TEXT,
     .help = "a file that holds the owner hierarchy's password, if it has one"},
    {KEY(eventlog), .type = CONF_TEXT,
     .value = "/sys/kernel/security/tpm0/binary_bios_measurements",
     .help = "the firmware's event log"},
    {KEY(ima), .type = CONF_TEXT, .value = "/sys/kernel/security/ima/binary_runtime_measurements",
     .help = "IMA's binary list"},
    {KEY(systemd_log), .type = CONF_TEXT, .value = "/run/log/systemd/tpm2-measure.log",
     .help = "systemd's own measurement log, where there is one"},
    {KEY(cmdline), .type = CONF_TEXT, .value = "/proc/cmdline",
     .help = "the kernel's command line"},
    {KEY(pcrs), .type = CONF_TEXT, .value = "sha256:0-15",
     .help = "what is quoted: BANK:LIST, joined by +"},
    {"interval", .offset = offsetof(struct config, interval_s), .type = CONF_SPAN, .value = "60s",
     .min = 1, .max = 86400, .help = "between two rounds, until the server says another"},
    {KEY(result_file), .type = CONF_TEXT,
     .help = "where workloads of this node find its newest attestation result (a JWT), while it is "
             "trusted"},
    {KEY(result_mode), .type = CONF_TEXT, .value = "0640",
     .help = "mode of that file, in octal; its group is that of its folder or of the agent"},
    {KEY(svid_file), .type = CONF_TEXT,
     .help = "where they find its certificate (public, in PEM) once it was trusted"},
    {KEY(log_format), .type = CONF_CHOICE, .value = "text", .choices = log_formats,
     .help = "of the log on standard error"},
    {KEY(log_level), .type = CONF_CHOICE, .value = "info", .choices = log_levels,
     .help = "the least that is logged"},
    {KEY(sandbox), .type = CONF_BOOL, .value = "yes",
     .help = "give up what is not needed: system calls, files, sockets that listen"},
    {.name = NULL},
};

/* TPM Part 2, 7.5: persistent handles are 0x81xxxxxx, and the owner may use those below 0x81800000.
 */
static int read_handle(const char *key, const char *text, uint32_t *ret_handle, struct gb_err *err)
{
    uint32_t handle = 0;
    size_t digits = strlen(text) > 2 ? strlen(text) - 2 : 0;
    bool good = strncmp(text, "0x", 2) == 0 && digits == 8 &&
                strspn(text + 2, "0123456789abcdefABCDEF") == digits;
    for (size_t i = 0; good && i < digits; i++) {
        char c = text[2 + i];
        uint32_t digit = (uint32_t)(c <= '9' ? c - '0' : (c | 0x20) - 'a' + 10);
        handle = handle << 4 | digit;
    }
    if (!good || handle < 0x81000000 || handle > 0x817fffff)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: not a persistent handle between 0x81000000 and 0x817fffff", key);
    *ret_handle = handle;
    return GB_OK;
}

/* Nobody but the agent writes it. */
static int read_mode(const char *text, unsigned *ret_bits, struct gb_err *err)
{
    unsigned bits = 0;
    size_t digits = strspn(text, "01234567");
    for (size_t i = 0; i < digits && i < 5; i++)
        bits = bits << 3 | (unsigned)(text[i] - '0');
    if (digits < 3 || digits > 4 || text[digits] != '\0' || (bits & ~0644U) != 0)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "result_mode: octal, no more than 0644: it is for reading");
    *ret_bits = bits;
    return GB_OK;
}

static int host_name(struct gb_arena *arena, const char **ret_name, struct gb_err *err)
{
    char name[256] = "";
    if (gethostname(name, sizeof name - 1) != 0 || name[0] == '\0')
        return gb_err_set(err, GB_ERR_CONFIG, "this host has no name: set one with name = NAME");
    *ret_name = gb_arena_printf(arena, "%s", name);
    return *ret_name ? GB_OK : gb_err_nomem(err);
}

int config_read(struct gb_arena *arena, const char *name, struct gb_bytes text,
                struct config *ret_config, struct gb_err *err)
{
    struct config config = {0};
    int r = conf_read(arena, config_keys, name, text, &config, err);
    if (r == GB_OK && !config.name)
        r = host_name(arena, &config.name, err);
    if (r == GB_OK)
        r = read_handle("ak_handle", config.ak_handle, &config.ak_handle_number, err);
    if (r == GB_OK)
        r = read_handle("transport_handle", config.transport_handle,
                        &config.transport_handle_number, err);
    if (r == GB_OK)
        r = read_mode(config.result_mode, &config.result_mode_bits, err);
    if (r == GB_OK && config.ak_handle_number == config.transport_handle_number)
        r = gb_err_set(err, GB_ERR_CONFIG, "ak_handle and transport_handle are the same");
    if (r == GB_OK)
        r = pcrs_parse(config.pcrs, &config.selection, err);
    if (r == GB_OK)
        *ret_config = config;
    return r;
}

int config_load(struct gb_arena *arena, const char *path, struct config *ret_config,
                struct gb_err *err)
{
    struct gb_bytes text;
    int r = file_read(arena, path, GB_LIMIT_CONF, &text, err);
    if (r == GB_OK)
        r = config_read(arena, path, text, ret_config, err);
    return r == GB_ERR_NOTFOUND || r == GB_ERR_LIMIT ? GB_ERR_CONFIG : r;
}
