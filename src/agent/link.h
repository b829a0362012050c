/* The agent's side of the API: one request, one answer, refusals in words. */
#ifndef GB_AGENT_LINK_H
#define GB_AGENT_LINK_H

#include <stdbool.h>
#include <stdint.h>

#include "agent/config.h"
#include "agent/machine.h"
#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "net/http_client.h"
#include "wire/json.h"

struct link {
    struct http_client *client; /* owned; NULL: closed */
    struct tls_external_key key;
    struct machine *machine; /* whose transport key speaks TLS */
};

/* First contact: no certificate of our own, the server is known by its CA's pin or file.
 * GB_ERR_CONFIG: neither was given. `pin` may be NULL, `ca` empty. */
GB_MUST_USE int link_open_enroll(struct link *link, const struct config *config, const uint8_t *pin,
                                 struct gb_bytes ca, struct gb_err *err);
/* Mutual TLS with the key in the TPM. `certificate` and `ca` are copied. */
GB_MUST_USE int link_open(struct link *link, const struct config *config, struct machine *machine,
                          struct gb_bytes certificate, struct gb_bytes ca, struct gb_err *err);
void link_close(struct link *link);

struct link_answer {
    int status;
    struct json *body;     /* owned; NULL when there is none */
    const char *code;      /* of a refusal, printable, in the arena; "" when none */
    int64_t retry_after_s; /* 0: not said */
};
void link_answer_done(struct link_answer *answer);

/*
 * 200 to 299 give GB_OK. Others fill `answer` as well and return an error with the server's reason
 * and remedy: GB_ERR_AGAIN (409, 429), DENIED (other 4xx), IO (5xx, or no answer at all).
 */
GB_MUST_USE int link_call(struct link *link, struct gb_arena *arena, const char *method,
                          const char *path, const char *type, struct gb_bytes body,
                          struct link_answer *ret_answer, struct gb_err *err);
/* The same with a JSON body, which is taken over. */
GB_MUST_USE int link_post_json(struct link *link, struct gb_arena *arena, const char *path,
                               struct json *body, struct link_answer *ret_answer,
                               struct gb_err *err);

/* Members of an answer; GB_ERR_INPUT names the one that is missing or no base64. In the arena. */
GB_MUST_USE int link_get_text(struct gb_arena *arena, const struct json *body, const char *key,
                              const char **ret_text, struct gb_err *err);
GB_MUST_USE int link_get_base64(struct gb_arena *arena, const struct json *body, const char *key,
                                struct gb_bytes *ret_bytes, struct gb_err *err);
/* For requests: {"key": base64}. */
void link_set_base64(struct json *object, struct gb_arena *arena, const char *key,
                     struct gb_bytes bytes);

#endif
