/* garboard server init: keys, certificates and configuration of a new attestation server. */
#include <stdio.h>
#include <string.h>

#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/reference/file_set.h"
#include "cli/server/server_init.h"
#include "wire/json.h"

static int print_json(const struct init_plan *plan, const struct init_keys *keys,
                      const struct file_set *set)
{
    struct json *files = json_new_array();
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i].folder)
            json_push(files, json_text(set->items[i].path));
    struct json *object = json_new_object();
    json_set(object, "trust_domain", json_text(plan->trust_domain));
    json_set(object, "ca", json_text(keys->ca_fingerprint));
    json_set(object, "officer", json_text(keys->officer_id));
    json_set(object, "files", files);
    return output_json(object);
}

static void say_files(const struct file_set *set)
{
    for (size_t i = 0; i < set->count; i++)
        if (!set->items[i].folder)
            printf("  %04o %s\n", (unsigned)set->items[i].mode, set->items[i].path);
}

static int print_text(const struct init_plan *plan, const struct init_keys *keys,
                      const struct file_set *set)
{
    printf("Made:\n");
    say_files(set);
    printf("\nTrust domain %s, CA %s\nSecurity officer %s\n\n", plan->trust_domain,
           keys->ca_fingerprint, keys->officer_id);
    if (plan->users_missing)
        puts(
            "There are no users garboard and garboard-keyd: all files are root's. Make the users,\n"
            "and give them server.key and the two folders of state, before the units start.\n");
    if (plan->root_count == 0)
        puts("No --tpm-root was given: no TPM is believed until keyd.conf and garboardd.conf name "
             "a\n"
             "maker's root certificate.\n");
    if (strcmp(plan->dir, "/etc/garboard") == 0)
        printf("Next:\n"
               "  systemctl enable --now garboard-keyd garboardd\n");
    else
        printf("Next:\n"
               "  garboard-keyd --config %s/keyd.conf &\n"
               "  garboardd --config %s/garboardd.conf &\n"
               "  export GARBOARD_CONFIG=%s/client\n",
               plan->dir, plan->dir, plan->dir);
    printf("  garboard doctor --server-dir %s\n"
           "  garboard apply -f POLICY.yaml\n"
           "  garboard token create --name NODE > NODE.token\n"
           "Keep %s/client for operators only, and a copy of %s in a safe place\n"
           "(never bring an old ledger.state back: it would sign a fork).\n"
           "Documents count only with the signature of %s/client/officer.key: move it to\n"
           "where the server cannot read it.\n"
           "Give %s/ledger.vkey to whoever is to check the ledger.\n",
           plan->dir, plan->dir, plan->keyd_state, plan->dir, plan->dir);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    struct init_plan plan;
    struct init_keys keys;
    struct file_set set = {.arena = arena};
    int r = init_plan_read(arena, line, &plan, err);
    if (r != 0)
        return r;
    r = init_keys_make(arena, &plan, &keys, err);
    if (r < 0)
        return r;
    init_files_add(&set, &plan, &keys);
    r = file_set_make(&set, err);
    init_keys_wipe(&keys);
    if (r < 0)
        return r;
    return line->json ? print_json(&plan, &keys, &set) : print_text(&plan, &keys, &set);
}

static const struct cmd_option options[] = {
    {"name", "HOST", "DNS name or IP address of the server; the first goes into client.conf", true,
     0},
    {"trust-domain", "DOMAIN", "trust domain of all identities, like example.org", false, 0},
    {"tpm-root", "CA.pem", "root certificate of a TPM maker", true, 0},
    {"dir", "DIR", "folder of configuration (default: /etc/garboard)", false, 0},
    {"state", "DIR", "folder of state; DIR-keyd is garboard-keyd's (default: /var/lib/garboard)",
     false, 0},
    {"socket", "PATH", "garboard-keyd's socket (default: /run/garboard-keyd/keyd.sock)", false, 0},
    {"api-port", "PORT", "port for nodes and operators (default: 8440)", false, 0},
    {"enroll-port", "PORT", "port for nodes that join (default: 8441)", false, 0},
    {"passphrase-file", "FILE", "seal garboard-keyd's keys by its first line", false, 0},
    {"officer-passphrase-file", "FILE", "seal the security officer's key by its first line", false,
     0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_server_init = {
    .name = "server init",
    .args = "",
    .summary = "make keys, certificates and configuration of a new server",
    .examples = "  garboard server init --name attest.example.org --trust-domain example.org \\\n"
                "      --tpm-root infineon.pem --tpm-root stm.pem\n",
    .options = options,
    .run = run,
};
