/* Answers and refusals, in the forms of docs/api. */
#ifndef GB_SERVER_ANSWER_H
#define GB_SERVER_ANSWER_H

#include "base/bytes.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "server/api/refusals.h"
#include "server/server.h"
#include "wire/json.h"

/* Prints and frees `json`. */
void answer_json(struct thread *thread, struct http_request *request, int status,
                 struct json *json);
void answer_empty(struct http_request *request, int status);
/* `message` NULL: the catalogue's. 503 carries Retry-After. Counted. */
void answer_refuse(struct thread *thread, struct http_request *request, enum refusal refusal,
                   const char *message);
/* The same, with an entry of that kind instead of ENTRY_CALL_REFUSED, whose data has more; `data`
 * is freed. A refusal of a person whose call was let in is an entry, durable before it is told; not
 * so when the store, or memory, is what fails. */
void answer_refuse_as(struct thread *thread, struct http_request *request, enum refusal refusal,
                      const char *message, enum entry_what what, struct json *data);
/* {"error":{...}} of a refusal, for answers that hold more beside it. */
struct json *answer_error(enum refusal refusal, const char *message);
int answer_status(enum refusal refusal);
const char *answer_code(enum refusal refusal);
/* The refusal that an error of the store, of keyd, or of our own becomes; logged when it is ours.
 */
enum refusal answer_of_keyd(struct thread *thread, int result, const struct gb_err *err);
enum refusal answer_of_store(struct thread *thread, int result, const struct gb_err *err);

/* A time as RFC 3339; 0 is null. */
struct json *answer_time(int64_t time_s);
/* "sha256:" and hex. */
struct json *answer_digest(struct gb_arena *arena, const uint8_t digest[32]);
struct json *answer_base64(struct gb_arena *arena, struct gb_bytes in);

#endif
