#include "agent/state.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/encode.h"
#include "base/mem.h"
#include "os/file.h"
#include "wire/json.h"

enum { STATE_VERSION = 1, MAX_STATE = 256 << 10 /* two certificates and some names */ };

void state_done(struct state *state)
{
    gb_arena_free(state->arena);
    *state = (struct state){0};
}

static char *path_of(struct gb_arena *arena, const char *folder)
{
    return gb_arena_printf(arena, "%s/node.json", folder);
}

static bool get_text(struct gb_arena *arena, const struct json *json, const char *key,
                     const char **ret_text)
{
    struct gb_bytes text;
    if (!json_get_text(json, key, &text) || text.len == 0)
        return false;
    *ret_text = (const char *)gb_arena_copy(arena, text).data;
    return *ret_text;
}

static bool get_bytes(struct gb_arena *arena, const struct json *json, const char *key,
                      struct gb_bytes *ret_bytes)
{
    const char *text;
    if (!get_text(arena, json, key, &text))
        return false;
    *ret_bytes = gb_bytes_str(text);
    return true;
}

static bool get_hex(struct gb_arena *arena, const struct json *json, const char *key,
                    struct gb_bytes *ret_bytes)
{
    struct gb_bytes text;
    if (!json_get_text(json, key, &text) || text.len == 0 || text.len % 2 != 0)
        return false;
    uint8_t *out = gb_arena_alloc(arena, text.len / 2, 1);
    *ret_bytes = gb_bytes(out, text.len / 2);
    return out && gb_hex_decode(text, out, text.len / 2);
}

static bool fill(const struct json *json, struct state *state)
{
    struct gb_arena *arena = state->arena;
    uint64_t version = 0;
    uint64_t interval = 0;
    bool good = json_get_number(json, "version", &version) && version == STATE_VERSION &&
                json_get_number(json, "interval_s", &interval) && interval <= INT32_MAX &&
                get_text(arena, json, "node", &state->node) &&
                get_text(arena, json, "name", &state->name) &&
                get_text(arena, json, "trust_domain", &state->trust_domain) &&
                get_bytes(arena, json, "certificate", &state->certificate) &&
                get_bytes(arena, json, "ca", &state->ca) &&
                get_hex(arena, json, "ak_name", &state->ak_name) &&
                get_hex(arena, json, "transport_name", &state->transport_name);
    state->interval_s = (int64_t)interval;
    return good;
}

int state_load(const char *folder, struct state *ret_state, struct gb_err *err)
{
    gb_cleanup(state_done) struct state state = {.arena = gb_arena_new()};
    gb_cleanup(json_freep) struct json *json = NULL;
    struct gb_bytes text;
    char *path = state.arena ? path_of(state.arena, folder) : NULL;
    if (!path)
        return gb_err_nomem(err);
    int r = file_read(state.arena, path, MAX_STATE, &text, err);
    if (r == GB_ERR_NOTFOUND) {
        *ret_state = (struct state){0};
        return GB_OK;
    }
    if (r == GB_OK && (json_read(text, &json, NULL) < 0 || !fill(json, &state)))
        r = gb_err_set(err, GB_ERR_CONFIG,
                       "%s: damaged: delete it, remove the node on the server and enrol again",
                       path);
    if (r < 0)
        return r;
    *ret_state = state;
    state = (struct state){0};
    return GB_OK;
}

static char *copy_text(struct gb_arena *arena, struct gb_bytes bytes)
{
    return gb_arena_printf(arena, "%.*s", (int)bytes.len, (const char *)bytes.data);
}

static struct json *to_json(const struct state *state)
{
    struct json *json = json_new_object();
    json_set(json, "version", json_number(STATE_VERSION));
    json_set(json, "node", json_text(state->node));
    json_set(json, "name", json_text(state->name));
    json_set(json, "trust_domain", json_text(state->trust_domain));
    json_set(json, "interval_s", json_number((uint64_t)state->interval_s));
    json_set(json, "ak_name", json_hex(state->ak_name));
    json_set(json, "transport_name", json_hex(state->transport_name));
    json_set(json, "certificate", json_text(copy_text(state->arena, state->certificate)));
    json_set(json, "ca", json_text(copy_text(state->arena, state->ca)));
    return json;
}

int state_save(const char *folder, const struct state *state, struct gb_err *err)
{
    gb_cleanup(json_freep) struct json *json = to_json(state);
    char *text = NULL;
    char *path = path_of(state->arena, folder);
    if (!path)
        return gb_err_nomem(err);
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return gb_err_sys(err, errno, "%s", folder);
    int r = json_print(json, &text, err);
    if (r == GB_OK)
        r = file_write(path, gb_bytes_str(text), err);
    gb_free(text);
    return r;
}

int state_claim(const char *folder, const struct state *state, int *ret_fd, struct gb_err *err)
{
    char path[PATH_MAX];
    if ((size_t)snprintf(path, sizeof path, "%s/lock", folder) >= sizeof path)
        return gb_err_set(err, GB_ERR_CONFIG, "state: the path is too long");
    (void)mkdir(folder, 0700); /* open says what is wrong */
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    int sys = errno;
    if (fd < 0 && !state->node)
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: %s: a node that joins must be able to keep who it is", folder,
                          strerrordesc_np(sys));
    if (fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) != 0) {
        (void)close(fd);
        return gb_err_set(err, GB_ERR_CONFIG,
                          "%s: another garboard-agent uses this folder: stop it first", folder);
    }
    *ret_fd = fd;
    return GB_OK;
}

static bool copy_all(struct gb_arena *arena, const struct state *from, struct state *to)
{
    to->node = gb_arena_printf(arena, "%s", from->node);
    to->name = gb_arena_printf(arena, "%s", from->name);
    to->trust_domain = gb_arena_printf(arena, "%s", from->trust_domain);
    to->certificate = gb_arena_copy(arena, from->certificate);
    to->ca = gb_arena_copy(arena, from->ca);
    to->ak_name = gb_arena_copy(arena, from->ak_name);
    to->transport_name = gb_arena_copy(arena, from->transport_name);
    return to->node && to->name && to->trust_domain && to->certificate.data && to->ca.data &&
           to->ak_name.data && to->transport_name.data;
}

int state_set(struct state *state, const struct state *from, struct gb_err *err)
{
    gb_cleanup(state_done) struct state copy = {.arena = gb_arena_new()};
    if (!copy.arena || !copy_all(copy.arena, from, &copy))
        return gb_err_nomem(err);
    copy.interval_s = from->interval_s;
    copy.unsaved = from->unsaved;
    struct state old = *state;
    *state = copy;
    copy = old; /* freed on the way out; `from` may have been in it */
    return GB_OK;
}
