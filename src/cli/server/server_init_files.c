#include <string.h>
#include <sys/types.h>

#include "base/buf.h"
#include "cli/reference/file_set.h"
#include "cli/server/server_init.h"

enum { CONF_MAX = 64 << 10 };

static const struct init_owner self = {(uid_t)-1, (gid_t)-1};

static const char *under(struct file_set *set, const char *dir, const char *name)
{
    const char *path = gb_arena_printf(set->arena, "%s/%s", dir, name);
    set->failed = set->failed || !path;
    return path ? path : "";
}

static void add_file(struct file_set *set, const char *dir, const char *name, struct gb_bytes bytes,
                     mode_t mode, struct init_owner owner)
{
    file_set_file(set, under(set, dir, name), bytes, mode, owner.user, owner.group);
}

/* A text that was built line by line. */
static void add_text(struct file_set *set, const char *dir, const char *name, struct gb_buf *text,
                     mode_t mode)
{
    struct gb_bytes copy = gb_arena_copy(set->arena, gb_buf_bytes(text));
    set->failed = set->failed || !gb_buf_ok(text) || !copy.data;
    add_file(set, dir, name, copy, mode, self);
    gb_buf_done(text);
}

static const char *root_name(struct file_set *set, size_t index)
{
    const char *name = gb_arena_printf(set->arena, "tpm-root-%zu.pem", index + 1);
    set->failed = set->failed || !name;
    return name ? name : "";
}

static void put_roots(struct file_set *set, const struct init_plan *plan, struct gb_buf *text)
{
    for (size_t i = 0; i < plan->root_count; i++)
        gb_buf_printf(text, "tpm_root = %s/%s\n", plan->dir, root_name(set, i));
    if (plan->root_count == 0)
        gb_buf_puts(text, "# No TPM is believed until a maker's root certificate stands here.\n"
                          "#tpm_root =\n");
}

static void add_keyd_conf(struct file_set *set, const struct init_plan *plan)
{
    struct gb_buf text;
    gb_buf_init(&text, CONF_MAX);
    gb_buf_puts(&text, "# garboard-keyd.conf(5); by garboard server init\n");
    gb_buf_printf(&text, "trust_domain = %s\nstate = %s\nsocket = %s\n", plan->trust_domain,
                  plan->keyd_state, plan->socket);
    if (plan->server.user != (uid_t)-1)
        gb_buf_puts(&text, "peer_user = garboard\n");
    if (plan->passphrase_file)
        gb_buf_printf(&text, "passphrase_file = %s\n", plan->passphrase_file);
    for (const char *const *name = plan->names; *name; name++)
        gb_buf_printf(&text, "server_name = %s\n", *name);
    gb_buf_printf(&text, "officer_key = %s/officer.pem\n", plan->dir);
    put_roots(set, plan, &text);
    add_text(set, plan->dir, "keyd.conf", &text, 0644);
}

static void add_server_conf(struct file_set *set, const struct init_plan *plan)
{
    struct gb_buf text;
    gb_buf_init(&text, CONF_MAX);
    gb_buf_puts(&text, "# garboardd.conf(5); by garboard server init\n");
    gb_buf_printf(&text, "trust_domain = %s\nstate = %s\nkeyd_socket = %s\n", plan->trust_domain,
                  plan->state, plan->socket);
    gb_buf_puts(&text, "founder = admin\n");
    gb_buf_printf(&text, "api_port = %llu\nenroll_port = %llu\n",
                  (unsigned long long)plan->api_port, (unsigned long long)plan->enroll_port);
    gb_buf_printf(&text, "tls_cert = %s/server.pem\ntls_key = %s/server.key\nca = %s/ca.pem\n",
                  plan->dir, plan->dir, plan->dir);
    gb_buf_printf(&text, "officer_key = %s/officer.pem\n", plan->dir);
    put_roots(set, plan, &text);
    add_text(set, plan->dir, "garboardd.conf", &text, 0644);
}

static void add_client(struct file_set *set, const struct init_plan *plan,
                       const struct init_keys *keys)
{
    const char *dir = under(set, plan->dir, "client");
    bool v6 = strchr(plan->names[0], ':') != NULL;
    struct gb_buf text;
    gb_buf_init(&text, CONF_MAX);
    gb_buf_puts(&text,
                "# garboard(1); by garboard server init. Paths count from this folder, so it "
                "may be\n# copied whole to ~/.config/garboard of an operator.\n");
    gb_buf_printf(&text,
                  "server = https://%s%s%s:%llu\nca = ca.pem\ncert = operator-admin.pem\n"
                  "key = operator-admin.key\nofficer_key = officer.key\n",
                  v6 ? "[" : "", plan->names[0], v6 ? "]" : "", (unsigned long long)plan->api_port);
    if (plan->officer_passphrase_file)
        gb_buf_printf(&text, "officer_passphrase_file = %s\n", plan->officer_passphrase_file);
    file_set_folder(set, dir, 0700, self.user, self.group);
    add_text(set, dir, "client.conf", &text, 0644);
    add_file(set, dir, "ca.pem", keys->ca_pem, 0644, self);
    add_file(set, dir, "operator-admin.pem", keys->operator_pem, 0644, self);
    add_file(set, dir, "operator-admin.key", keys->operator_key, 0600, self);
    add_file(set, dir, "officer.key", keys->officer_key, 0600, self);
}

void init_files_add(struct file_set *set, const struct init_plan *plan,
                    const struct init_keys *keys)
{
    file_set_folder(set, plan->dir, 0755, self.user, self.group);
    add_file(set, plan->dir, "ca.pem", keys->ca_pem, 0644, self);
    add_file(set, plan->dir, "ledger.vkey", keys->ledger_vkey, 0644, self);
    add_file(set, plan->dir, "officer.pem", keys->officer_pem, 0644, self);
    add_file(set, plan->dir, "server.pem", keys->server_pem, 0644, self);
    add_file(set, plan->dir, "server.key", keys->server_key, 0600, plan->server);
    for (size_t i = 0; i < plan->root_count; i++)
        add_file(set, plan->dir, root_name(set, i), plan->roots[i], 0644, self);
    add_keyd_conf(set, plan);
    add_server_conf(set, plan);
    add_client(set, plan, keys);
    file_set_folder(set, plan->state, 0700, plan->server.user, plan->server.group);
    file_set_folder(set, plan->keyd_state, 0700, plan->keyd.user, plan->keyd.group);
    add_file(set, plan->keyd_state, "ca.pem", keys->ca_pem, 0644, plan->keyd);
    add_file(set, plan->keyd_state, "ca.key", keys->ca_key, 0600, plan->keyd);
    add_file(set, plan->keyd_state, "token.key", keys->token_key, 0600, plan->keyd);
    add_file(set, plan->keyd_state, "ledger.key", keys->ledger_key, 0600, plan->keyd);
    add_file(set, plan->keyd_state, "ledger.state", keys->ledger_state, 0600, plan->keyd);
}
