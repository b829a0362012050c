/* The ledger's files as they stand, for whoever verifies without us. Read in the pool: a loop waits
 * for no disk. */

#include <stdio.h>
#include <string.h>

#include "base/limits.h"
#include "base/text.h"
#include "ledger/tiles.h"
#include "net/http_server.h"
#include "net/router.h"
#include "os/file.h"
#include "rpc/keyd.h"
#include "server/api/answer.h"
#include "server/api/api.h"
#include "server/api/refusals.h"
#include "server/ledger/round_files.h"
#include "server/server.h"
#include "server/work.h"
#include "wire/json.h"

struct serving {
    struct work work; /* first */
    const char *path;
    const char *type;
    struct gb_bytes bytes;
};

static void read_it(struct work *work, struct worker_parts *parts)
{
    struct serving *serving = (struct serving *)work;
    (void)parts;
    work->result =
        file_read(work->arena, serving->path, GB_LIMIT_HTTP_ANSWER, &serving->bytes, &work->err);
}

static void serve(struct work *work)
{
    struct serving *serving = (struct serving *)work;
    if (work->result == GB_OK)
        http_answer(work->request, 200, serving->type, serving->bytes);
    else if (work->result == GB_ERR_NOTFOUND)
        answer_refuse(work->thread, work->request, REFUSAL_LEDGER_NOT_FOUND, NULL);
    else if (work->result == GB_ERR_LIMIT)
        answer_refuse(work->thread, work->request, REFUSAL_LEDGER_LARGE, NULL);
    else
        answer_refuse(work->thread, work->request,
                      answer_of_store(work->thread, work->result, &work->err), NULL);
}

/* `name` is below the state folder, and was judged: it never leaves it. */
static void serve_file(struct thread *thread, const struct route_call *call, const char *name,
                       const char *type)
{
    struct serving *serving = work_new_of(thread, call->request, struct serving);
    if (!serving)
        return;
    serving->type = type;
    serving->path =
        gb_arena_printf(serving->work.arena, "%s/%s", thread->server->config->state, name);
    serving->work.run = read_it;
    serving->work.then = serve;
    if (!serving->path)
        answer_refuse(thread, call->request, REFUSAL_NO_MEMORY, NULL);
    else if (!work_start(&serving->work))
        answer_refuse(thread, call->request, REFUSAL_OVERLOADED, NULL);
}

void api_ledger_checkpoint(void *ctx, const struct route_call *call)
{
    serve_file(ctx, call, "ledger/checkpoint", "text/plain; charset=utf-8");
}

/* Only what a log's writer could have named: the path is written anew from what was read. */
void api_ledger_tile(void *ctx, const struct route_call *call)
{
    struct gb_arena *arena = http_request_arena(call->request);
    struct tiles_name tile;
    char path[TILES_PATH];
    const char *asked = arena ? gb_arena_printf(arena, "tile/%.*s", (int)call->params[0].len,
                                                (const char *)call->params[0].data)
                              : NULL;
    if (!asked || !tiles_parse(gb_bytes_str(asked), &tile)) {
        answer_refuse(ctx, call->request, REFUSAL_LEDGER_NOT_FOUND, NULL);
        return;
    }
    tiles_path(&tile, path);
    const char *name = gb_arena_printf(arena, "ledger/%s", path);
    if (name)
        serve_file(ctx, call, name, "application/octet-stream");
    else
        answer_refuse(ctx, call->request, REFUSAL_NO_MEMORY, NULL);
}

/* "0102.leaves" or "0102.quotes" */
static bool minute_file(struct gb_bytes file, unsigned *ret_hhmm, const char **ret_kind)
{
    uint64_t hhmm;
    struct gb_bytes rest = file;
    struct gb_bytes digits = gb_text_until(&rest, '.');
    if (digits.len != 4 || !gb_text_u64(digits, 2359, &hhmm) || hhmm % 100 > 59)
        return false;
    *ret_hhmm = (unsigned)hhmm;
    *ret_kind = gb_bytes_is(rest, "leaves")   ? "leaves"
                : gb_bytes_is(rest, "quotes") ? "quotes"
                                              : NULL;
    return *ret_kind != NULL;
}

void api_ledger_rounds(void *ctx, const struct route_call *call)
{
    struct gb_arena *arena = http_request_arena(call->request);
    const char *kind;
    unsigned hhmm;
    int64_t minute;
    char day[16] = "";
    if (call->params[0].len < sizeof day)
        memcpy(day, call->params[0].data, call->params[0].len);
    if (!arena || !round_files_day_minute(day, &minute) ||
        !minute_file(call->params[1], &hhmm, &kind)) {
        answer_refuse(ctx, call->request, REFUSAL_LEDGER_NOT_FOUND, NULL);
        return;
    }
    const char *name = gb_arena_printf(arena, "rounds/%s/%04u.%s", day, hhmm, kind);
    if (name)
        serve_file(ctx, call, name, "application/octet-stream");
    else
        answer_refuse(ctx, call->request, REFUSAL_NO_MEMORY, NULL);
}

struct key_asking {
    struct work work; /* first */
    struct keyd_ledger ledger;
};

static void ask_keys(struct work *work, struct worker_parts *parts)
{
    struct key_asking *asking = (struct key_asking *)work;
    work->result = keyd_ledger_state(parts->keyd, work->arena, &asking->ledger, &work->err);
}

static void answer_keys(struct work *work)
{
    const struct key_asking *asking = (const struct key_asking *)work;
    struct gb_lines lines;
    struct gb_bytes line;
    if (work->result < 0) {
        answer_refuse(work->thread, work->request,
                      answer_of_keyd(work->thread, work->result, &work->err), NULL);
        return;
    }
    struct json *keys = json_new_array();
    gb_lines_init(&lines, gb_bytes_str(asking->ledger.vkeys ? asking->ledger.vkeys : ""));
    while (gb_lines_next(&lines, &line)) {
        struct gb_bytes copy = gb_arena_copy(work->arena, line);
        json_push(keys, copy.data ? json_text((const char *)copy.data) : NULL);
    }
    struct json *body = json_new_object();
    json_set(body, "keys", keys);
    answer_json(work->thread, work->request, 200, body);
}

void api_ledger_keys(void *ctx, const struct route_call *call)
{
    struct key_asking *asking = work_new_of(ctx, call->request, struct key_asking);
    if (!asking)
        return;
    asking->work.run = ask_keys;
    asking->work.then = answer_keys;
    if (!work_start(&asking->work))
        answer_refuse(ctx, call->request, REFUSAL_OVERLOADED, NULL);
}
