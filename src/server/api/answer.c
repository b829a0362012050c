#include "server/api/answer.h"

#include "base/arena.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/log.h"
#include "base/mem.h"
#include "ledger/entry.h"
#include "net/http_server.h"
#include "server/api/call.h"
#include "server/api/person.h"
#include "server/api/refusals.h"
#include "server/ledger/record.h"
#include "server/server.h"
#include "server/stats.h"
#include "server/work.h"
#include "store/store.h"
#include "wire/json.h"

static const struct {
    int status;
    const char *code;
    const char *message;
    const char *remedy;
} catalogue[REFUSAL_COUNT] = {
#define X(id, status, code, message, remedy) [REFUSAL_##id] = {status, code, message, remedy},
    REFUSALS(X)
#undef X
};

static const char json_type[] = "application/json";

void answer_json(struct thread *thread, struct http_request *request, int status, struct json *json)
{
    gb_cleanup(json_freep) struct json *owned = json;
    char *text = NULL;
    struct gb_err err;
    if (json_print(owned, &text, &err) < 0) {
        answer_refuse(thread, request, REFUSAL_NO_MEMORY, NULL);
        return;
    }
    http_answer(request, status, json_type, gb_bytes_str(text));
    gb_free(text);
}

void answer_empty(struct http_request *request, int status)
{
    http_answer(request, status, json_type, gb_bytes("", 0));
}

static void tell(struct thread *thread, struct http_request *request, enum refusal refusal,
                 const char *message)
{
    const char *text = message ? message : catalogue[refusal].message;
    stats_add(&thread->server->stats.refusals[refusal]);
    gb_log_event(GB_LOG_INFO, "refused", GB_LOG_TEXT("code", catalogue[refusal].code),
                 GB_LOG_TEXT("remote", http_request_remote(request)), GB_LOG_TEXT("why", text));
    if (catalogue[refusal].status == 503)
        http_answer_header(request, "Retry-After", "5");
    http_refuse(request, catalogue[refusal].status, catalogue[refusal].code, text,
                catalogue[refusal].remedy);
}

struct refusing {
    struct work work; /* first */
    enum refusal refusal;
    const char *message;
};

static void recorded(struct work *work)
{
    struct refusing *refusing = (struct refusing *)work;
    if (work->result < 0)
        tell(work->thread, work->request, answer_of_store(work->thread, work->result, &work->err),
             NULL);
    else
        tell(work->thread, work->request, refusing->refusal, refusing->message);
}

static bool is_of_the_store(enum refusal refusal)
{
    return refusal == REFUSAL_STORE || refusal == REFUSAL_LEDGER_STOPPED ||
           refusal == REFUSAL_NO_MEMORY;
}

/* Takes `data` over. */
static void record(struct refusing *refusing, struct person *person, enum entry_what what,
                   struct json *data)
{
    struct work *work = &refusing->work;
    struct record record = {.what = what, .who = record_person(person->identity), .data = data};
    json_set(data, "how", json_text(person_how_word(person->how)));
    call_tell(work->arena, work->request, data);
    json_set(data, "refused", json_text(answer_code(refusing->refusal)));
    person->let_in = NULL;
    work->then = recorded;
    store_entry_add(work->thread->server->store,
                    record_make(work->arena, work->thread->digester, &record), work_stored, work);
}

/* Once: what goes wrong with the record is told without another. The message may be the caller's
 * own. */
void answer_refuse_as(struct thread *thread, struct http_request *request, enum refusal refusal,
                      const char *message, enum entry_what what, struct json *data)
{
    struct person *person = person_of(request);
    if (!person || !person->let_in || is_of_the_store(refusal)) {
        json_free(data);
        tell(thread, request, refusal, message);
        return;
    }
    struct refusing *refusing = work_new_of(thread, request, struct refusing);
    if (!refusing) {
        json_free(data);
        return;
    }
    refusing->refusal = refusal;
    if (message)
        refusing->message =
            (const char *)gb_arena_copy(refusing->work.arena, gb_bytes_str(message)).data;
    record(refusing, person, what, data ? data : json_new_object());
}

void answer_refuse(struct thread *thread, struct http_request *request, enum refusal refusal,
                   const char *message)
{
    answer_refuse_as(thread, request, refusal, message, ENTRY_CALL_REFUSED, NULL);
}

struct json *answer_error(enum refusal refusal, const char *message)
{
    struct json *error = json_new_object();
    json_set(error, "code", json_text(catalogue[refusal].code));
    json_set(error, "message", json_text(message ? message : catalogue[refusal].message));
    json_set(error, "remedy", json_text(catalogue[refusal].remedy));
    return error;
}

int answer_status(enum refusal refusal)
{
    return catalogue[refusal].status;
}

const char *answer_code(enum refusal refusal)
{
    return catalogue[refusal].code;
}

enum refusal answer_of_keyd(struct thread *thread, int result, const struct gb_err *err)
{
    if (result == GB_ERR_DENIED)
        return REFUSAL_KEYD_DENIED;
    if (result == GB_ERR_INPUT || result == GB_ERR_LIMIT || result == GB_ERR_NOTFOUND)
        return REFUSAL_MALFORMED;
    if (result == GB_ERR_AGAIN)
        return REFUSAL_KEYD_AGAIN;
    stats_add(&thread->server->stats.keyd_failures);
    gb_log_err(GB_LOG_ERROR, "keyd-failed", err);
    return result == GB_ERR_NOMEM ? REFUSAL_NO_MEMORY : REFUSAL_KEYD_AWAY;
}

enum refusal answer_of_store(struct thread *thread, int result, const struct gb_err *err)
{
    (void)thread;
    gb_log_err(GB_LOG_ERROR, "store-failed", err);
    return result == GB_ERR_NOMEM ? REFUSAL_NO_MEMORY : REFUSAL_STORE;
}

struct json *answer_time(int64_t time_s)
{
    char text[GB_CLOCK_TEXT];
    if (time_s == 0)
        return json_text(NULL);
    gb_clock_text(time_s, text);
    return json_text(text);
}

struct json *answer_digest(struct gb_arena *arena, const uint8_t digest[32])
{
    char hex[65];
    gb_hex_encode(gb_bytes(digest, 32), hex);
    char *text = gb_arena_printf(arena, "sha256:%s", hex);
    return text ? json_text(text) : NULL;
}

struct json *answer_base64(struct gb_arena *arena, struct gb_bytes in)
{
    char *text = gb_base64(arena, in);
    return text ? json_text(text) : NULL;
}
