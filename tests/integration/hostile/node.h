/*
 * A node taken apart: it enrols and attests step by step against a real server, with a real
 * (software) TPM, so that a test can do each step wrongly. What a step does not get from its knobs
 * it does as the agent does.
 */
#ifndef GB_TESTS_HOSTILE_NODE_H
#define GB_TESTS_HOSTILE_NODE_H

#include <stdbool.h>
#include <stdint.h>

#include "../../unit/tpm/swtpm.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "crypto/digest.h"
#include "net/http_client.h"
#include "tpm/certify.h"
#include "tpm/ek.h"
#include "tpm/keys.h"
#include "tpm/quote.h"

/* Where the service is; from the environment: HOSTILE_ENROLL, HOSTILE_API (URLs), HOSTILE_CA
 * (file). */
struct service {
    const char *enroll_url;
    const char *api_url;
    struct gb_bytes ca_pem;
    bool may_be_away; /* no answer is no failure: status 0 */
};

struct node {
    const struct service *service;
    struct gb_arena *arena;
    struct digester *digester;
    struct swtpm swtpm;
    struct tpm *tpm;
    struct tpm_key ak;
    struct tpm_key transport;
    struct tpm_ek_certs certs;
    struct tpm_ek ek;
    uint8_t fingerprint[32]; /* of the transport key */
    struct tls_external_key tls_key;
    struct http_client *enroll;
    struct http_client *api; /* after enrolment */
    struct gb_bytes challenge;
    struct gb_bytes nonce; /* of the challenge; afterwards of the last answer */
    struct gb_bytes id_object;
    struct gb_bytes encrypted_secret;
    char id[64];
};

/* An answer of the service. */
struct answer {
    int status;          /* 0: none, see may_be_away */
    const char *code;    /* of a refusal; "" */
    const char *verdict; /* of a round; "" */
};

/* A copy of the TPM that lab/tpm made in the folder `tpm`, keys made, nothing asked of the service
 * yet. */
void node_make(struct node *node, const struct service *service, const char *tpm);
void node_done(struct node *node);

/* Step 1. `token` may be NULL. */
struct answer node_begin(struct node *node, const char *token, const char *name);

struct finish {
    struct gb_bytes csr;              /* a request of another key's */
    const uint8_t *fingerprint;       /* bind the quote to this transport key */
    bool wrong_proof;                 /* as a node that cannot activate the credential */
    struct gb_bytes transport_public; /* another key than the one that is certified */
    const struct tpm_key *certify;    /* certify this key */
    struct gb_bytes certify_qualifying;
    const struct node *quote_of; /* send the quote of this node's TPM */
};
/* Steps 2 to 4. A 200 makes the node one that may attest. */
struct answer node_finish(struct node *node, const struct finish *how);
/* Begin and finish, and all must be well. */
void node_enrol(struct node *node, const char *token, const char *name);

/* Asks for a nonce. */
struct answer node_ask(struct node *node);

struct round {
    struct gb_bytes nonce;       /* answer this one */
    const struct node *quote_of; /* the quote of this node's TPM, bound as it would bind it */
    const uint8_t *fingerprint;  /* bind to this transport key */
    struct gb_bytes sent_extras; /* sent, though "extras" were quoted */
    struct gb_bytes ima;         /* a list that is sent with it */
};
/* The body of a round that answers node->nonce; in the node's arena. */
struct gb_bytes node_evidence(struct node *node, const struct round *how);
/* A request without a body, by the node's certificate; a nonce in the answer becomes its own. */
struct answer node_call(struct node *node, const char *method, const char *path);
struct answer node_post(struct node *node, struct gb_bytes evidence);

#endif
