/* garboard rollout status: which nodes run what, and which set may be retired. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "cli/client_conf.h"
#include "cli/cmd.h"
#include "cli/documents/rollout.h"
#include "cli/output.h"
#include "cli/reply.h"
#include "cli/server_client.h"
#include "wire/json.h"

static bool is_accepted(const struct rollout_set *set)
{
    return strcmp(set->life, "accepted") == 0;
}

static const char *plural(size_t count)
{
    return count == 1 ? "" : "s";
}

static void print_set(const struct rollout_set *set)
{
    printf("%s version %" PRIu64 " (%s, %s): %zu node%s", set->name, set->version, set->cls,
           set->life, set->matched, plural(set->matched));
    if (set->stale > 0)
        printf(", %zu of them without a fresh proof", set->stale);
    if (is_accepted(set) && set->rest > 0)
        printf("; safe to retire: no, %zu trusted node%s it: %s%s", set->rest,
               set->rest == 1 ? " still needs" : "s still need", set->names,
               set->rest > 5 ? ", ..." : "");
    else if (is_accepted(set))
        printf("; safe to retire: yes, no trusted node needs it");
    else if (set->matched > 0 && strcmp(set->life, "retired") != 0)
        printf("; what they run is in it: garboard reference accept %s", set->name);
    putchar('\n');
}

/* Those that no set accepts: by name, with the reason. */
static void print_left(struct gb_arena *arena, const struct rollout *rollout, const char *only)
{
    const struct json *nodes = json_get(rollout->answer, "nodes");
    for (size_t i = 0; !only && i < json_count(nodes); i++) {
        const struct json *node = json_at(nodes, i);
        if (!reply_is(node, "verdict", "untrusted"))
            continue;
        printf("  untrusted: %s: %s\n", reply_text(arena, node, "name"),
               reply_text(arena, node, "reason"));
    }
}

static int unknown_set(struct gb_arena *arena, const struct rollout *rollout, const char *name,
                       struct gb_err *err)
{
    size_t count = 0;
    for (const struct rollout_set *set = rollout->sets; set; set = set->next)
        count++;
    const char **names = gb_arena_new_array(arena, const char *, count + 1);
    if (!names)
        return gb_err_nomem(err);
    count = 0;
    for (const struct rollout_set *set = rollout->sets; set; set = set->next)
        names[count++] = set->name;
    const char *near = gb_text_nearest(gb_bytes_str(name), names, count);
    return gb_err_set(err, GB_ERR_NOTFOUND, "no reference set \"%.100s\"%s%s%s", name,
                      near ? " (did you mean \"" : "", near ? near : "", near ? "\"?)" : "");
}

static int print(const struct cmd_line *line, struct gb_arena *arena, const struct rollout *rollout,
                 struct gb_err *err)
{
    const char *only = line->arg_count > 0 ? line->args[0] : NULL;
    size_t shown = 0;
    for (const struct rollout_set *set = rollout->sets; set; set = set->next) {
        if (only && strcmp(set->name, only) != 0)
            continue;
        print_set(set);
        shown++;
    }
    if (only && shown == 0)
        return unknown_set(arena, rollout, only, err);
    printf("%s%zu node%s: %zu trusted, %zu without a fresh proof, %zu that match no set\n",
           shown > 0 ? "\n" : "", rollout->nodes, plural(rollout->nodes), rollout->trusted,
           rollout->stale, rollout->unmatched);
    print_left(arena, rollout, only);
    return output_flush();
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    gb_cleanup(server_client_freep) struct server_client *client = NULL;
    struct rollout rollout = {0};
    const char *form = cmd_value(line, "output");
    if (form && strcmp(form, "json") != 0)
        return output_usage(line, "-o is json, not \"%s\"", form);
    int r = server_client_new(arena, line, &client, err);
    if (r == 0)
        r = rollout_get(arena, client, &rollout, err);
    if (r != 0)
        return r;
    if (form || line->json)
        return output_json(gb_take(rollout.answer));
    r = print(line, arena, &rollout, err);
    rollout_done(&rollout);
    return r;
}

static const struct cmd_option options[] = {
    {"output", "FORM", "json", false, 'o'},
    CLIENT_CONF_OPTIONS,
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_rollout_status = {
    .name = "rollout status",
    .args = "[SET]",
    .max_args = 1,
    .summary = "say which nodes run what, and which reference set may be retired",
    .examples = "  garboard rollout status\n"
                "  garboard rollout status debian12-6.1.0-56 -o json\n",
    .options = options,
    .run = run,
};
