#include "keyd/token.h"

#include <inttypes.h>

#include "base/clock.h"
#include "base/mem.h"
#include "crypto/digest.h"
#include "crypto/issue.h"
#include "crypto/key.h"
#include "crypto/rand.h"
#include "evidence/bundle.h"
#include "keyd/desk.h"
#include "keyd/node_cert.h"
#include "keyd/proof.h"
#include "keyd/told.h"
#include "keyd/vault.h"
#include "result/ear.h"
#include "result/verdict.h"
#include "rpc/keyd.h"
#include "rpc/messages.h"
#include "verify/claims.h"
#include "verify/facts.h"
#include "wire/json.h"

enum { TOKEN_LIFE_S = 300 };

static void textp(char **text)
{
    gb_free(*text);
}

static int write_token(struct desk *desk, const uint8_t node_id[16], const struct bundle *bundle,
                       const struct proof_node *proof, const struct verdict *verdict,
                       const char **ret_jwt, struct gb_err *err)
{
    uint8_t quote[32];
    uint8_t facts[32];
    uint8_t id[16];
    char at[GB_CLOCK_TEXT];
    gb_cleanup(textp) char *text = NULL;
    const char *issuer =
        gb_arena_printf(desk->arena, "spiffe://%s/keyd", desk->house->config->trust_domain);
    const char *trust_id = gb_arena_printf(desk->arena, "%016" PRIx64, desk->beliefs->trust.id);
    const char *node = node_cert_uuid(desk->arena, node_id);
    /* Of whom it speaks, whichever certificate it holds yet. */
    const char *subject = node_cert_name(desk, NODE_CERT_NODE, node_id);
    if (!issuer || !trust_id || !node || !subject)
        return gb_err_nomem(err);
    if (digest_of(desk->digester, DIGEST_SHA256, bundle->quote, quote) < 0)
        return gb_err_set(err, GB_ERR_BUG, "sha256 failed");
    int r = rand_bytes(id, sizeof id, err);
    if (r == 0)
        r = told_digest(desk, proof->facts, facts, err);
    if (r < 0)
        return r;
    gb_clock_text(desk->now_s, at);
    const struct ear_attester attester = {EAR_SUBMOD, verdict};
    const struct ear ear = {.attesters = &attester,
                            .attester_count = 1,
                            .build = "garboard-keyd " GARBOARD_VERSION,
                            .issuer = issuer,
                            .subject = subject,
                            .node = node,
                            .trust_id = trust_id,
                            .nonce = proof->nonce,
                            .facts = gb_bytes(facts, sizeof facts),
                            .quote = gb_bytes(quote, sizeof quote),
                            .id = gb_bytes(id, sizeof id),
                            .issued_s = desk->now_s,
                            .verified_at = at,
                            .life_s = TOKEN_LIFE_S,
                            .trusted = proof_is_trusted(desk, verdict)};
    gb_cleanup(json_freep) struct json *claims = ear_json(desk->arena, &ear);
    r = json_print(claims, &text, err);
    if (r == 0)
        r = vault_token(desk->house->vault, desk->arena, gb_bytes_str(text), ret_jwt, err);
    return r;
}

int token_serve(struct desk *desk, const struct rpc_request *request, struct rpc_reply *reply,
                struct gb_err *err)
{
    const struct keyd_token_ask *ask = &request->token;
    struct node_facts facts;
    const struct proof_node proof = {.nonce = gb_bytes(ask->nonce, sizeof ask->nonce),
                                     .evidence = ask->evidence,
                                     .attest = ask->certify_attest,
                                     .signature = ask->certify_signature,
                                     .transport_public = ask->transport_public,
                                     .facts = &facts};
    uint8_t node_id[16];
    struct issued issued;
    struct bundle *bundle = NULL;
    struct claims claims;
    struct verdict verdict;
    gb_cleanup(key_freep) struct key *key = NULL;
    int r = told_read(desk, ask->name, ask->labels, &facts, err);
    if (r == 0)
        r = node_cert_read(desk, ask->cert_pem, 0, node_id, &issued, err);
    if (r == 0)
        r = proof_of_state(desk, &proof, node_id, &issued, &bundle, &key, &claims, &verdict, err);
    if (r == 0 && !claims.ek_certified)
        r = desk_refuse(desk, &claims.findings, "the EK is not certified", err);
    return r != 0 ? r
                  : write_token(desk, node_id, bundle, &proof, &verdict, &reply->token.jwt, err);
}
