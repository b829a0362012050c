/* garboard server rotate: changes a signing key of garboard-keyd without downtime, in two runs. */
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/server/server_rotate.h"
#include "wire/json.h"

/* What to do next; "%s" stands for the folder. */
static const char *advice(const struct rotation_kind *kind, const struct rotation_keys *keys,
                          bool turned)
{
    if (*keys->next)
        return kind->at_published;
    return turned || *keys->before ? kind->at_turned : kind->at_rest;
}

static void print_advice(const char *text, const char *folder)
{
    const char *hole = strstr(text, "%s");
    puts("\nNext:");
    if (hole)
        printf("%.*s%s%s", (int)(hole - text), text, folder, hole + 2);
    else
        fputs(text, stdout);
}

static int print_json(const struct rotation_kind *kind, const struct rotation_keys *keys,
                      const char *done)
{
    char since[GB_CLOCK_TEXT];
    struct json *object = json_new_object();
    json_set(object, "key", json_text(kind->name));
    json_set(object, "done", json_text(done));
    json_set(object, "signs", json_text(keys->present));
    if (*keys->next) {
        gb_clock_text(keys->next_since_s, since);
        json_set(object, "next", json_text(keys->next));
        json_set(object, "next_since", json_text(since));
    }
    if (*keys->before)
        json_set(object, "before", json_text(keys->before));
    return output_json(object);
}

static int print_text(const struct rotation *rotation, const struct rotation_kind *kind,
                      const struct rotation_keys *keys, const char *done)
{
    char since[GB_CLOCK_TEXT];
    if (done)
        printf("Done: %s.\n\n", done);
    printf("Keys of the %s in %s:\n", kind->name, rotation->state);
    printf("  signs   %s\n", keys->present);
    if (*keys->next) {
        gb_clock_text(keys->next_since_s, since);
        printf("  next    %s (since %s)\n", keys->next, since);
    }
    if (*keys->before)
        printf("  before  %s (still published)\n", keys->before);
    print_advice(advice(kind, keys, done != NULL), rotation->state);
    return output_flush();
}

static int rotate(struct rotation *rotation, const struct rotation_kind *kind,
                  const struct cmd_line *line, struct gb_err *err)
{
    struct rotation_keys keys = {.present = "", .next = "", .before = ""};
    const char *done = NULL;
    int r = rotation_open(rotation, cmd_value(line, "passphrase-file"), err);
    if (r == GB_OK)
        r = rotation_look(rotation, kind, &keys, err);
    if (r == GB_OK && !cmd_has(line, "status")) {
        r = rotation_step(rotation, kind, &keys, &done, err);
        if (r == GB_OK)
            r = rotation_look(rotation, kind, &keys, err);
    }
    if (r < 0)
        return r;
    return line->json ? print_json(kind, &keys, done) : print_text(rotation, kind, &keys, done);
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    const char *state = cmd_value(line, "keyd-state");
    struct rotation rotation = {.arena = arena,
                                .state = state ? state : "/var/lib/garboard-keyd",
                                .now_s = gb_clock_s(),
                                .force = cmd_has(line, "force")};
    const struct rotation_kind *kind = strcmp(line->args[0], "token") == 0    ? &rotation_token
                                       : strcmp(line->args[0], "ledger") == 0 ? &rotation_ledger
                                                                              : NULL;
    if (!kind)
        return output_usage(line, "token or ledger is changed, not \"%s\"", line->args[0]);
    int r = rotate(&rotation, kind, line, err);
    rotation_done(&rotation);
    return r;
}

static const struct cmd_option options[] = {
    {"keyd-state", "DIR", "garboard-keyd's folder of state (default: /var/lib/garboard-keyd)",
     false, 0},
    {"passphrase-file", "FILE", "its first line opens and seals the keys", false, 0},
    {"status", NULL, "only tell which keys there are", false, 0},
    {"force", NULL, "do not wait until the next key is known everywhere", false, 0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_server_rotate = {
    .name = "server rotate",
    .args = "token|ledger",
    .min_args = 1,
    .max_args = 1,
    .summary = "change a signing key, without downtime",
    .examples = "  garboard server rotate token --status\n"
                "  garboard server rotate token && systemctl reload garboard-keyd\n",
    .options = options,
    .run = run,
};
