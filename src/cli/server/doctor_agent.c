#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/limits.h"
#include "base/text.h"
#include "cli/server/doctor.h"
#include "crypto/issue.h"
#include "os/file.h"
#include "wire/json.h"

static const char *setting(struct doctor *doctor, struct gb_bytes conf, const char *key,
                           const char *otherwise)
{
    const char *value = doctor_conf(doctor, conf, key, 0);
    return value && *value ? value : otherwise;
}

static const char *device_remedy(int sys)
{
    switch (sys) {
    case ENOENT:
        return "switch the TPM on in the firmware's setup; modprobe tpm_tis or tpm_crb; in a VM, "
               "give it one";
    case EACCES:
    case EPERM:
        return "run as root, or add the agent's user to the group tss (usermod -aG tss "
               "garboard-agent)";
    case EBUSY:
        return "somebody holds the device: use /dev/tpmrm0, which many may open";
    default:
        return "see the kernel's messages: dmesg | grep -i tpm";
    }
}

/* Opening it asks the TPM for nothing. */
static void check_tpm(struct doctor *doctor, const char *tcti)
{
    static const char device[] = "device:";
    const char *shown = doctor_path(doctor, tcti);
    if (strncmp(tcti, device, sizeof device - 1) != 0) {
        doctor_say(doctor, DOCTOR_WARNING, "a node's TPM is device:/dev/tpmrm0",
                   "the TPM is reached by \"%s\", which is not looked at", shown);
        return;
    }
    int fd = open(tcti + sizeof device - 1, O_RDWR | O_CLOEXEC);
    if (fd < 0) {
        int sys = errno;
        doctor_say(doctor, DOCTOR_FAILED, device_remedy(sys), "the TPM cannot be opened (%s): %s",
                   shown, strerrordesc_np(sys));
        return;
    }
    close(fd);
    doctor_say(doctor, DOCTOR_OK, NULL, "the TPM can be opened (%s)", shown);
}

/* Readable and not empty; lists below securityfs tell no size. */
static void check_list(struct doctor *doctor, const char *path, const char *what,
                       const char *absent_remedy)
{
    char byte = 0;
    const char *shown = doctor_path(doctor, path);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, &byte, 1);
    int sys = errno;
    if (fd >= 0)
        close(fd);
    if (n < 0)
        doctor_say(doctor, DOCTOR_FAILED,
                   sys == ENOENT ? absent_remedy
                                 : "run as root, or with the capability CAP_DAC_READ_SEARCH",
                   "%s cannot be read (%s): %s", what, shown, strerrordesc_np(sys));
    else if (n == 0)
        doctor_say(doctor, DOCTOR_WARNING, absent_remedy, "%s is empty (%s)", what, shown);
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s can be read", what);
}

static bool has_word(struct gb_bytes line, const char *begins)
{
    for (struct gb_bytes word = gb_text_word(&line); word.len > 0; word = gb_text_word(&line))
        if (gb_bytes_starts(word, gb_bytes_str(begins)))
            return true;
    return false;
}

static void check_ima_policy(struct doctor *doctor, const char *path)
{
    struct gb_bytes line;
    struct gb_err err;
    if (file_read(doctor->arena, path, GB_LIMIT_CMDLINE, &line, &err) < 0)
        doctor_say(doctor, DOCTOR_WARNING, "mount /proc", "%s", err.text);
    else if (has_word(line, "ima_policy=") || has_word(line, "ima_tcb"))
        doctor_say(doctor, DOCTOR_OK, NULL, "the kernel was started with an IMA policy");
    else
        doctor_say(
            doctor, DOCTOR_WARNING,
            "add ima_policy=tcb to the kernel's command line, or load a policy early "
            "(/etc/ima/ima-policy)",
            "there is no IMA policy on the kernel's command line: programs may run unmeasured");
}

static void check_server(struct doctor *doctor, struct gb_bytes conf)
{
    static const char remedy[] = "check server and ports in agent.conf, the network, the firewall";
    const char *host = setting(doctor, conf, "server", NULL);
    if (!host) {
        doctor_say(doctor, DOCTOR_FAILED, "add \"server = HOST\"", "agent.conf names no server");
        return;
    }
    doctor_reach(doctor, host, setting(doctor, conf, "api_port", "8440"), "the server", remedy);
    doctor_reach(doctor, host, setting(doctor, conf, "enroll_port", "8441"), "its enrolment",
                 remedy);
}

static void check_credential(struct doctor *doctor, struct gb_bytes conf)
{
    const char *token_file = setting(doctor, conf, "token_file", NULL);
    bool token = setting(doctor, conf, "token", NULL) != NULL ||
                 (token_file && access(token_file, R_OK) == 0);
    if (token)
        doctor_say(doctor, DOCTOR_WARNING, "start garboard-agent: it enrols",
                   "the node is not enrolled yet; it has a join token");
    else
        doctor_say(doctor, DOCTOR_WARNING,
                   "on the server: garboard token create --name NODE; put it into token_file",
                   "the node is not enrolled yet, and has no join token that can be read");
}

/* What it is called says whether it was trusted (docs/service.md): keyd gives the name of a node
 * for a good verdict only, and lets it end when there is no other. */
static void check_trusted(struct doctor *doctor, struct gb_bytes pem, struct gb_bytes ca)
{
    static const char remedy[] = "on the server: garboard node why NODE";
    struct issued issued;
    if (issued_read(doctor->arena, pem, ca, &issued, NULL) < 0)
        return; /* doctor_cert has said what ails it */
    if (strstr(issued.spiffe_id, "/joining/"))
        doctor_say(doctor, DOCTOR_WARNING, remedy,
                   "the node is untrusted: it joined, and never "
                   "proved a state that the policy accepts");
    else if (issued.not_after_s <= doctor->now_s)
        doctor_say(doctor, DOCTOR_WARNING, remedy,
                   "the node is untrusted, or the server was away: nothing was renewed");
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "the node was trusted when its certificate was made");
}

/* The agent's node.json: its certificate and the CA that it pinned. */
static void check_node(struct doctor *doctor, struct gb_bytes conf)
{
    gb_cleanup(json_freep) struct json *node = NULL;
    struct gb_bytes text;
    struct gb_bytes pem;
    struct gb_bytes ca;
    struct gb_err err;
    const char *state = setting(doctor, conf, "state", "/var/lib/garboard-agent");
    const char *path = gb_arena_printf(doctor->arena, "%s/node.json", state);
    int r = path ? file_read(doctor->arena, path, GB_LIMIT_CONF, &text, &err) : GB_ERR_NOMEM;
    if (r == GB_ERR_NOTFOUND) {
        check_credential(doctor, conf);
        return;
    }
    if (r < 0)
        doctor_say(doctor, DOCTOR_WARNING, "run garboard doctor as root", "%s", err.text);
    else if (json_read(text, &node, &err) < 0 || !json_get_text(node, "certificate", &pem) ||
             !json_get_text(node, "ca", &ca))
        doctor_say(doctor, DOCTOR_FAILED, "remove it, remove the node on the server, enrol again",
                   "%s is damaged", doctor_path(doctor, path));
    else {
        doctor_cert(
            doctor, "the node's certificate", pem, ca,
            60, /* it is renewed at two thirds of its life */
            "see garboard-agent's log: it renews its certificate while the server is there");
        check_trusted(doctor, pem, ca);
    }
}

void doctor_agent(struct doctor *doctor, const char *conf_path)
{
    struct gb_bytes conf = {0};
    struct gb_err err;
    if (file_read(doctor->arena, conf_path, GB_LIMIT_CONF, &conf, &err) < 0)
        doctor_say(doctor, DOCTOR_FAILED, "write it: see garboard-agent.conf(5)", "%s%s%s",
                   err.text, err.sys ? ": " : "", err.sys ? strerrordesc_np(err.sys) : "");
    else
        doctor_say(doctor, DOCTOR_OK, NULL, "%s is there", doctor_path(doctor, conf_path));
    check_tpm(doctor, setting(doctor, conf, "tcti", "device:/dev/tpmrm0"));
    check_list(
        doctor,
        setting(doctor, conf, "eventlog", "/sys/kernel/security/tpm0/binary_bios_measurements"),
        "the firmware's event log", "mount securityfs; boot by UEFI with the TPM switched on");
    check_list(doctor,
               setting(doctor, conf, "ima", "/sys/kernel/security/ima/binary_runtime_measurements"),
               "IMA's list", "use a kernel with CONFIG_IMA; mount securityfs");
    check_ima_policy(doctor, setting(doctor, conf, "cmdline", "/proc/cmdline"));
    doctor_clock(doctor);
    if (conf.len > 0)
        check_server(doctor, conf);
    check_node(doctor, conf);
}
