/* What changed documents would do to the fleet: begun by one call, asked for by others. */

#include "base/buf.h"
#include "base/clock.h"
#include "base/encode.h"
#include "base/limits.h"
#include "net/http_server.h"
#include "net/router.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/kept/simulation.h"
#include "server/kept/simulations.h"
#include "server/server.h"
#include "server/work.h"
#include "wire/json.h"

struct beginning {
    struct work work; /* first */
    struct simulation *simulation;
    bool full;
};

/* In the pool: documents may be large. */
static void prepare(struct work *work, struct worker_parts *parts)
{
    struct beginning *b = (struct beginning *)work;
    struct server *server = work->thread->server;
    (void)parts;
    work->result =
        simulation_new(server, http_request_body(work->request), &b->simulation, &work->err);
    if (work->result < 0)
        return;
    struct simulation *held = simulation_ref(b->simulation);
    b->full = !simulations_add(server->simulations, held, gb_clock_ms());
    if (b->full)
        simulation_unref(held);
    else if (!simulation_start(b->simulation))
        b->full = simulations_remove(server->simulations, simulation_id(b->simulation));
}

static void answer_begun(struct work *work)
{
    struct beginning *b = (struct beginning *)work;
    struct simulation *simulation = b->simulation;
    char id[2 * SIMULATION_ID + 1];
    if (work->result == GB_ERR_CONFIG || work->result == GB_ERR_INPUT ||
        work->result == GB_ERR_LIMIT) {
        answer_refuse(work->thread, work->request, REFUSAL_POLICY_INVALID, work->err.text);
    } else if (work->result < 0) {
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
    } else if (b->full) {
        answer_refuse(work->thread, work->request, REFUSAL_SIMULATIONS_FULL, NULL);
    } else {
        struct json *body = json_new_object();
        gb_hex_encode(gb_bytes(simulation_id(simulation), SIMULATION_ID), id);
        json_set(body, "id", json_text(id));
        answer_json(work->thread, work->request, 202, body);
    }
    simulation_unref(simulation);
}

void api_simulate(void *ctx, const struct route_call *call)
{
    struct beginning *b = work_new_of(ctx, call->request, struct beginning);
    if (!b)
        return;
    b->work.run = prepare;
    b->work.then = answer_begun;
    if (!work_start(&b->work))
        answer_refuse(ctx, call->request, REFUSAL_OVERLOADED, NULL);
}

static bool read_id(const struct route_call *call, uint8_t id[SIMULATION_ID])
{
    return gb_hex_decode(call->params[0], id, SIMULATION_ID);
}

void api_simulation_show(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    uint8_t id[SIMULATION_ID];
    struct gb_buf out;
    struct simulation *simulation =
        read_id(call, id) ? simulations_find(thread->server->simulations, id) : NULL;
    if (!simulation) {
        answer_refuse(thread, call->request, REFUSAL_SIMULATION_NOT_FOUND, NULL);
        return;
    }
    gb_buf_init(&out, GB_LIMIT_HTTP_ANSWER);
    simulation_write(simulation, &out);
    simulation_unref(simulation);
    if (gb_buf_ok(&out))
        http_answer(call->request, 200, "application/json", gb_buf_bytes(&out));
    else
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
    gb_buf_done(&out);
}

void api_simulation_cancel(void *ctx, const struct route_call *call)
{
    struct thread *thread = ctx;
    uint8_t id[SIMULATION_ID];
    if (read_id(call, id) && simulations_remove(thread->server->simulations, id))
        answer_empty(call->request, 204);
    else
        answer_refuse(thread, call->request, REFUSAL_SIMULATION_NOT_FOUND, NULL);
}
