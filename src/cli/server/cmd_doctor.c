/* garboard doctor: what is wrong with this machine, and what to do about it. */
#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/cmd.h"
#include "cli/output.h"
#include "cli/server/doctor.h"
#include "wire/json.h"

static const char *const server_dir = "/etc/garboard";
static const char *const agent_conf = "/etc/garboard/agent.conf";

/* Which sides to look at: those asked for, else those that are set up here. */
static int choose(const struct cmd_line *line, const char **ret_dir, const char **ret_conf)
{
    *ret_dir = cmd_value(line, "server-dir");
    *ret_conf = cmd_value(line, "agent-conf");
    if (cmd_has(line, "agent") && !*ret_conf)
        *ret_conf = agent_conf;
    if (*ret_dir || *ret_conf)
        return CMD_OK;
    if (access("/etc/garboard/garboardd.conf", F_OK) == 0)
        *ret_dir = server_dir;
    if (access(agent_conf, F_OK) == 0)
        *ret_conf = agent_conf;
    if (*ret_dir || *ret_conf)
        return CMD_OK;
    return output_usage(line,
                        "neither a server nor an agent is set up here; give --server-dir DIR or "
                        "--agent");
}

static int conclude(struct doctor *doctor)
{
    int code = doctor->counts[DOCTOR_FAILED] > 0 ? 1 : CMD_OK;
    int printed = CMD_OK;
    if (doctor->line->json) {
        struct json *object = json_new_object();
        json_set(object, "healthy", json_bool(code == CMD_OK));
        json_set(object, "checks", doctor->checks);
        printed = output_json(object);
    } else {
        printf("\n%zu ok, %zu warning%s, %zu failed\n", doctor->counts[DOCTOR_OK],
               doctor->counts[DOCTOR_WARNING], doctor->counts[DOCTOR_WARNING] == 1 ? "" : "s",
               doctor->counts[DOCTOR_FAILED]);
        printed = output_flush();
    }
    return printed == CMD_OK ? code : printed;
}

static int run(const struct cmd_line *line, struct gb_arena *arena, struct gb_err *err)
{
    (void)err;
    const char *dir = NULL;
    const char *conf = NULL;
    int code = choose(line, &dir, &conf);
    if (code != CMD_OK)
        return code;
    struct doctor doctor = {.line = line,
                            .arena = arena,
                            .checks = line->json ? json_new_array() : NULL,
                            .now_s = gb_clock_s()};
    if (dir)
        doctor_server(&doctor, dir);
    if (conf)
        doctor_agent(&doctor, conf);
    return conclude(&doctor);
}

static const struct cmd_option options[] = {
    {"server-dir", "DIR", "look at the server whose configuration is in this folder", false, 0},
    {"agent", NULL, "look at this machine as a node", false, 0},
    {"agent-conf", "FILE", "the same, with this agent.conf (default: /etc/garboard/agent.conf)",
     false, 0},
    {NULL, NULL, NULL, false, 0},
};

const struct cmd cmd_doctor = {
    .name = "doctor",
    .args = "",
    .summary = "say what is wrong with a server or node, and what to do",
    .examples = "  garboard doctor --server-dir /etc/garboard\n"
                "  garboard doctor --agent\n",
    .options = options,
    .run = run,
};
