#include "keyd/node_cert.h"

#include <string.h>

#include "base/buf.h"
#include "base/encode.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "keyd/config.h"
#include "keyd/desk.h"
#include "keyd/vault.h"
#include "rpc/keyd.h"

enum { BACKDATE_S = 300 }; /* the node's clock may be behind ours */

static int issue(struct desk *desk, const struct key *key, const struct issue *what,
                 struct keyd_certificate *ret_certificate, struct gb_err *err)
{
    gb_cleanup(gb_buf_done) struct gb_buf pem = {0};
    struct keyd_certificate certificate = {.not_after_s = what->not_after_s};
    gb_buf_init(&pem, GB_LIMIT_CERT);
    int r = vault_issue(desk->house->vault, key, what, &pem, err);
    if (r == 0)
        r = key_fingerprint(key, certificate.transport, err);
    if (r < 0)
        return r;
    certificate.pem = gb_arena_copy(desk->arena, gb_buf_bytes(&pem));
    if (!certificate.pem.data)
        return gb_err_nomem(err);
    *ret_certificate = certificate;
    return GB_OK;
}

const char *node_cert_uuid(struct gb_arena *arena, const uint8_t id[16])
{
    const char *hex = gb_hex(arena, gb_bytes(id, 16));
    return hex ? gb_arena_printf(arena, "%.8s-%.4s-%.4s-%.4s-%s", hex, hex + 8, hex + 12, hex + 16,
                                 hex + 20)
               : NULL;
}

/* One way to write it: what reads to the same text. */
static bool uuid_read(struct gb_arena *arena, const char *text, uint8_t ret_id[16])
{
    enum { UUID_TEXT = 36 };
    char hex[32];
    size_t len = 0;
    if (strlen(text) != UUID_TEXT)
        return false;
    for (const char *c = text; *c && len < sizeof hex; c++)
        if (*c != '-')
            hex[len++] = *c;
    if (len != sizeof hex || !gb_hex_decode(gb_bytes(hex, len), ret_id, 16))
        return false;
    const char *again = node_cert_uuid(arena, ret_id);
    return again && strcmp(again, text) == 0;
}

static const char *kind_name(enum node_cert_kind kind)
{
    return kind == NODE_CERT_NODE ? "node" : "joining";
}

const char *node_cert_name(struct desk *desk, enum node_cert_kind kind, const uint8_t id[16])
{
    const char *uuid = node_cert_uuid(desk->arena, id);
    return uuid ? gb_arena_printf(desk->arena, "spiffe://%s/%s/%s",
                                  desk->house->config->trust_domain, kind_name(kind), uuid)
                : NULL;
}

int node_cert_issue(struct desk *desk, enum node_cert_kind kind, const uint8_t node_id[16],
                    const uint8_t ak[32], const struct key *key,
                    struct keyd_certificate *ret_certificate, struct gb_err *err)
{
    const struct keyd_config *config = desk->house->config;
    const char *id = node_cert_uuid(desk->arena, node_id);
    const char *spiffe_id = node_cert_name(desk, kind, node_id);
    if (!id || !spiffe_id)
        return gb_err_nomem(err);
    const struct issue what = {.role = ISSUE_CLIENT,
                               .common_name = id,
                               .spiffe_id = spiffe_id,
                               .ak = ak,
                               .not_before_s = desk->now_s - BACKDATE_S,
                               .not_after_s = desk->now_s + (kind == NODE_CERT_NODE
                                                                 ? config->node_cert_life_s
                                                                 : config->joining_cert_life_s)};
    return issue(desk, key, &what, ret_certificate, err);
}

/* NULL-terminated. */
static const char **server_names(struct desk *desk)
{
    const struct conf_list *list = &desk->house->config->server_names;
    const char **names = gb_arena_new_array(desk->arena, const char *, list->count + 1);
    for (size_t i = 0; names && i < list->count; i++)
        names[i] = list->items[i];
    return names;
}

int server_cert_issue(struct desk *desk, const struct key *key,
                      struct keyd_certificate *ret_certificate, struct gb_err *err)
{
    const struct keyd_config *config = desk->house->config;
    if (config->server_names.count == 0)
        return gb_err_set(err, GB_ERR_DENIED, "keyd.conf names no server_name");
    const char **names = server_names(desk);
    const char *spiffe_id =
        gb_arena_printf(desk->arena, "spiffe://%s/server", config->trust_domain);
    if (!names || !spiffe_id)
        return gb_err_nomem(err);
    const struct issue what = {.role = ISSUE_SERVER,
                               .common_name = "garboardd",
                               .spiffe_id = spiffe_id,
                               .names = names,
                               .not_before_s = desk->now_s - BACKDATE_S,
                               .not_after_s = desk->now_s + config->server_cert_life_s};
    return issue(desk, key, &what, ret_certificate, err);
}

/* spiffe://<our domain>/node/<UUID> or .../joining/<UUID>, and nothing else. */
static bool read_node_id(struct desk *desk, const char *spiffe_id, uint8_t ret_node_id[16])
{
    for (int kind = NODE_CERT_JOINING; kind <= NODE_CERT_NODE; kind++) {
        const char *prefix =
            gb_arena_printf(desk->arena, "spiffe://%s/%s/", desk->house->config->trust_domain,
                            kind_name((enum node_cert_kind)kind));
        size_t len = prefix ? strlen(prefix) : 0;
        if (prefix && strncmp(spiffe_id, prefix, len) == 0)
            return uuid_read(desk->arena, spiffe_id + len, ret_node_id);
    }
    return false;
}

int node_cert_read(struct desk *desk, struct gb_bytes pem, int64_t grace_s, uint8_t ret_node_id[16],
                   struct issued *ret_issued, struct gb_err *err)
{
    struct issued issued;
    int r = issued_read(desk->arena, pem, vault_ca_pem(desk->house->vault), &issued, err);
    if (r < 0)
        return r;
    if (!read_node_id(desk, issued.spiffe_id, ret_node_id) || !issued.has_ak)
        return gb_err_set(err, GB_ERR_DENIED, "the certificate is not a node's");
    if (desk->now_s < issued.not_before_s || desk->now_s > issued.not_after_s + grace_s)
        return gb_err_set(err, GB_ERR_DENIED, "the certificate is not valid now: enrol again");
    *ret_issued = issued;
    return GB_OK;
}
