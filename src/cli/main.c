#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/cmd.h"
#include "cli/opt.h"
#include "cli/output.h"

/* The order of --help. */
const struct cmd *const cmd_table[] = {
    /* offline */
    &cmd_verify,
    &cmd_reference_capture,
    &cmd_reference_suggest,
    &cmd_predict_apt, /* before the shorter name */
    &cmd_predict_deb,
    &cmd_predict_oci,
    &cmd_predict_rpm,
    &cmd_predict_tree,
    &cmd_reference_predict,
    &cmd_reference_import,
    &cmd_reference_export,
    &cmd_eventlog,
    &cmd_ima,
    &cmd_ledger_verify,
    &cmd_ledger_prove,
    &cmd_officer_create,
    &cmd_sign,
    &cmd_schema,
    /* the service */
    &cmd_server_init,
    &cmd_server_rotate,
    &cmd_operator_create,
    &cmd_token_create,
    &cmd_token_list,
    &cmd_token_revoke,
    &cmd_token_verify,
    &cmd_ek_add,
    &cmd_ek_list,
    &cmd_ek_remove,
    &cmd_node_list,
    &cmd_node_show,
    &cmd_node_why,
    &cmd_node_history,
    &cmd_node_label,
    &cmd_node_approve,
    &cmd_node_attest,
    &cmd_node_remove,
    &cmd_ledger_tail,
    &cmd_ledger_export,
    &cmd_ledger_forget,
    &cmd_apply,
    &cmd_simulate,
    &cmd_get_policy,
    &cmd_get,
    &cmd_diff,
    &cmd_delete,
    &cmd_reference_list,
    &cmd_reference_show,
    &cmd_reference_accept,
    &cmd_reference_shadow,
    &cmd_reference_retire,
    &cmd_rollout_status,
    &cmd_whoami,
    &cmd_two_person_list,
    &cmd_two_person_withdraw,
    &cmd_doctor,
    NULL,
};

static const char *const exit_help = "Exit codes:\n"
                                     "  0  affirming or warning\n"
                                     "  1  contraindicated\n"
                                     "  2  usage or configuration\n"
                                     "  3  malformed input (offset and event are named)\n"
                                     "  4  the system failed\n"
                                     "  5  the server refused\n"
                                     "  6  waiting for a second person (garboard two-person)\n";

static void print_help(FILE *to)
{
    fputs("Usage: garboard COMMAND [OPTION]... [ARGUMENT]...\n"
          "Read, prove and judge what a machine's TPM measured, link by link.\n\n"
          "Commands:\n",
          to);
    for (const struct cmd *const *c = cmd_table; *c; c++)
        fprintf(to, "  %-23s %s\n", (*c)->name, (*c)->summary);
    fputs("\n  help COMMAND         the same as COMMAND --help\n"
          "  --version            the version of this program\n\n",
          to);
    fputs(exit_help, to);
}

/* Words of a command's name that the arguments begin with; 0 when they do not. */
static int match(const struct cmd *cmd, int argc, char **argv)
{
    struct gb_bytes rest = gb_bytes_str(cmd->name);
    int words = 0;
    for (struct gb_bytes word = gb_text_word(&rest); word.len > 0;
         word = gb_text_word(&rest), words++)
        if (words >= argc || !gb_bytes_is(word, argv[words]))
            return 0;
    return words;
}

/* "garboard reference": the commands that begin with this word. */
static int print_group(const char *word, FILE *to)
{
    int count = 0;
    for (const struct cmd *const *c = cmd_table; *c; c++) {
        struct gb_bytes rest = gb_bytes_str((*c)->name);
        if (!gb_bytes_is(gb_text_word(&rest), word))
            continue;
        fprintf(to, "%s  garboard %-23s %s\n", count++ ? "" : "Commands:\n", (*c)->name,
                (*c)->summary);
    }
    return count;
}

static const char *ending_with(const char *word, const char *const *names, size_t count)
{
    for (size_t i = 0; i < count; i++) {
        struct gb_bytes rest = gb_bytes_str(names[i]);
        (void)gb_text_word(&rest);
        if (gb_bytes_is(gb_text_word(&rest), word))
            return names[i];
    }
    return NULL;
}

static int unknown_command(int argc, char **argv)
{
    const char *names[64];
    size_t count = 0;
    for (const struct cmd *const *c = cmd_table; *c && count < GB_ARRAY_LEN(names); c++)
        names[count++] = (*c)->name;
    char typed[64];
    snprintf(typed, sizeof typed, argc > 1 && argv[1][0] != '-' ? "%s %s" : "%s", argv[0],
             argc > 1 ? argv[1] : "");
    bool in_group = false; /* "ledger" is right, and what follows is not */
    for (size_t i = 0; i < count && !in_group; i++) {
        struct gb_bytes rest = gb_bytes_str(names[i]);
        in_group = gb_bytes_is(gb_text_word(&rest), argv[0]) && rest.len > 0;
    }
    const char *near = gb_text_nearest(gb_bytes_str(typed), names, count);
    if (!near)
        near = gb_text_nearest(gb_bytes_str(argv[0]), names, count);
    if (!in_group && !near) /* "import": the group was left out */
        near = ending_with(argv[0], names, count);
    fprintf(stderr,
            near ? "garboard: no command \"%s\" (did you mean \"%s\"?)\n"
                 : "garboard: no command \"%s\"\n",
            in_group ? typed : argv[0], near);
    fputs("Try 'garboard --help'.\n", stderr);
    return CMD_USAGE;
}

static int run(int argc, char **argv, bool help)
{
    for (const struct cmd *const *c = cmd_table; *c; c++) {
        int words = match(*c, argc, argv);
        if (words == 0)
            continue;
        if (help) {
            opt_help(*c, stdout);
            return output_flush();
        }
        struct cmd_line line;
        enum opt_answer answer = opt_parse(*c, argc - words, argv + words, &line);
        if (answer != OPT_RUN)
            return answer == OPT_HELP ? output_flush() : CMD_USAGE;
        return cmd_run(&line);
    }
    bool asked = help || (argc > 1 && strcmp(argv[1], "--help") == 0);
    if ((argc == 1 || asked) && print_group(argv[0], asked ? stdout : stderr) > 0)
        return asked ? output_flush() : CMD_USAGE;
    return unknown_command(argc, argv);
}

int main(int argc, char **argv)
{
    signal(SIGPIPE, SIG_IGN); /* a closed pipe is a write error, reported like any other */
    if (argc < 2) {
        print_help(stderr);
        return CMD_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
        (argc == 2 && strcmp(argv[1], "help") == 0)) {
        print_help(stdout);
        return output_flush();
    }
    if (strcmp(argv[1], "--version") == 0) {
        puts("garboard " GARBOARD_VERSION);
        return output_flush();
    }
    if (strcmp(argv[1], "help") == 0)
        return run(argc - 2, argv + 2, true);
    return run(argc - 1, argv + 1, false);
}
