#include <pthread.h>
#include <stdatomic.h>

#include "base/clock.h"
#include "base/encode.h"
#include "server/kept/simulation.h"
#include "server/kept/simulation_inside.h"
#include "server/kept/simulation_shadows.h"
#include "wire/json.h"

const uint8_t *simulation_id(const struct simulation *s)
{
    return s->id;
}

static enum simulation_state state(const struct simulation *s)
{
    if (s->ended_ms == 0)
        return SIMULATION_RUNNING;
    if (s->failed)
        return SIMULATION_FAILED;
    return s->done == s->count ? SIMULATION_DONE : SIMULATION_CANCELLED;
}

enum simulation_state simulation_state(struct simulation *s)
{
    pthread_mutex_lock(&s->lock);
    enum simulation_state now = state(s);
    pthread_mutex_unlock(&s->lock);
    return now;
}

int64_t simulation_ended_ms(struct simulation *s)
{
    pthread_mutex_lock(&s->lock);
    int64_t ended_ms = s->ended_ms;
    pthread_mutex_unlock(&s->lock);
    return ended_ms;
}

static const char *why_not(const struct simulation *s)
{
    if (s->failed)
        return s->err.text;
    if (state(s) != SIMULATION_CANCELLED)
        return NULL;
    return s->alone ? "nobody asked for it for a minute: begin again, and ask every few seconds"
                    : "it was cancelled";
}

static void write_results(const struct simulation *s, struct gb_buf *out)
{
    const char *error = why_not(s);
    gb_buf_printf(out,
                  ",\"unchanged\":%zu,\"worse\":%zu,\"better\":%zu,\"other\":%zu,"
                  "\"without_evidence_count\":%zu,\"changes_left_out\":%zu,\"error\":",
                  s->unchanged, s->worse, s->better, s->other, s->without, s->left_out);
    if (error)
        json_line_text(gb_bytes_str(error), out);
    else
        gb_buf_puts(out, "null");
    if (state(s) != SIMULATION_DONE)
        return;
    gb_buf_puts(out, ",\"without_evidence\":[");
    gb_buf_add(out, s->names.data, s->names.len);
    gb_buf_puts(out, "],\"changes\":[");
    gb_buf_add(out, s->changes.data, s->changes.len);
    gb_buf_puts(out, "],\"shadow\":");
    simulation_shadows_write(&s->shadows, out);
}

void simulation_write(struct simulation *s, struct gb_buf *out)
{
    static const char *const words[] = {[SIMULATION_RUNNING] = "running",
                                        [SIMULATION_DONE] = "done",
                                        [SIMULATION_FAILED] = "failed",
                                        [SIMULATION_CANCELLED] = "cancelled"};
    char id[2 * SIMULATION_ID + 1];
    gb_hex_encode(gb_bytes(s->id, sizeof s->id), id);
    atomic_store(&s->asked_ms, gb_clock_ms());
    pthread_mutex_lock(&s->lock);
    gb_buf_printf(out, "{\"id\":\"%s\",\"state\":\"%s\",\"nodes\":%zu,\"done\":%zu", id,
                  words[state(s)], s->count, s->done);
    write_results(s, out);
    pthread_mutex_unlock(&s->lock);
    gb_buf_puts(out, "}\n");
}
