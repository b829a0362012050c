#include "keyd/token.h"

#include <inttypes.h>

#include "base/encode.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/rand.h"
#include "evidence/bundle.h"
#include "keyd/desk.h"
#include "keyd/node_cert.h"
#include "keyd/proof.h"
#include "keyd/vault.h"
#include "result/verdict.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"
#include "verify/claims.h"
#include "wire/json.h"

enum { TOKEN_LIFE_S = 300 };

static void textp(char **text)
{
    gb_free(*text);
}

static struct json *links_json(const struct verdict *verdict)
{
    struct json *links = json_new_object();
    for (int i = GB_LINK_NONE + 1; i < GB_LINK_COUNT; i++)
        json_set(links, gb_link_name((enum gb_link)i),
                 json_text(gb_tier_name(verdict->links[i].tier)));
    return links;
}

/* Without a policy nobody said what is good. */
static bool trusted(const struct desk *desk, const struct verdict *verdict)
{
    return desk->beliefs->trust.policy.node && verdict_is_yes(verdict->tier);
}

static int judged_json(struct desk *desk, const struct bundle *bundle, struct gb_bytes nonce,
                       const struct verdict *verdict, struct json *object, struct gb_err *err)
{
    uint8_t quote[32];
    if (digest_of(desk->digester, DIGEST_SHA256, bundle->quote, quote) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    const char *trust_id = gb_arena_printf(desk->arena, "%016" PRIx64, desk->beliefs->trust.id);
    if (!trust_id)
        return gb_err_nomem(err);
    json_set(object, "tier", json_text(gb_tier_name(verdict->tier)));
    json_set(object, "trusted", json_bool(trusted(desk, verdict)));
    json_set(object, "links", links_json(verdict));
    json_set(object, "policy", json_text(verdict->policy));
    json_set(object, "trust_id", json_text(trust_id));
    json_set(object, "quote", json_hex(gb_bytes(quote, sizeof quote)));
    json_set(object, "nonce", json_hex(nonce));
    return GB_OK;
}

static int head_json(struct desk *desk, const char *spiffe_id, struct json *object,
                     struct gb_err *err)
{
    uint8_t jti[16];
    const char *issuer =
        gb_arena_printf(desk->arena, "spiffe://%s/keyd", desk->house->config->trust_domain);
    int r = issuer ? rand_bytes(jti, sizeof jti, err) : gb_err_nomem(err);
    if (r < 0)
        return r;
    uint64_t now_s = desk->now_s > 0 ? (uint64_t)desk->now_s : 0;
    json_set(object, "iss", json_text(issuer));
    json_set(object, "sub", json_text(spiffe_id));
    json_set(object, "iat", json_number(now_s));
    json_set(object, "nbf", json_number(now_s));
    json_set(object, "exp", json_number(now_s + TOKEN_LIFE_S));
    json_set(object, "jti", json_hex(gb_bytes(jti, sizeof jti)));
    return GB_OK;
}

static int write_token(struct desk *desk, const char *spiffe_id, const struct bundle *bundle,
                       struct gb_bytes nonce, const struct verdict *verdict, const char **ret_jwt,
                       struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *claims = json_new_object();
    gb_cleanup(textp) char *text = NULL;
    struct json *judged = json_new_object();
    int r = head_json(desk, spiffe_id, claims, err);
    if (r == 0)
        r = judged_json(desk, bundle, nonce, verdict, judged, err);
    json_set(claims, "garboard", judged); /* takes it over */
    if (r == 0)
        r = json_print(claims, &text, err);
    if (r == 0)
        r = vault_token(desk->house->vault, desk->arena, gb_bytes_str(text), ret_jwt, err);
    return r;
}

int token_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                struct gb_err *err)
{
    const struct keyd_token_ask *ask = &request->token;
    const struct proof_node proof = {.nonce = gb_bytes(ask->nonce, sizeof ask->nonce),
                                     .evidence = ask->evidence,
                                     .attest = ask->certify_attest,
                                     .signature = ask->certify_signature,
                                     .transport_public = ask->transport_public};
    uint8_t node_id[16];
    struct issued issued;
    struct bundle *bundle = NULL;
    struct claims claims;
    struct verdict verdict;
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = node_cert_read(desk, ask->cert_pem, 0, node_id, &issued, err);
    if (r == 0)
        r = proof_of_node(desk, &proof, &issued, &bundle, &key, err);
    if (r == 0)
        r = proof_of_ek(desk, node_id, bundle, err);
    if (r == 0)
        r = proof_of_quote(desk, &desk->beliefs->trust, bundle, proof.nonce, issued.fingerprint,
                           &claims, &verdict, err);
    if (r == 0 && !claims.ek_certified)
        r = desk_refuse(desk, &claims.findings, "the EK is not certified", err);
    return r != 0 ? r
                  : write_token(desk, issued.spiffe_id, bundle, proof.nonce, &verdict,
                                &reply->token.jwt, err);
}
