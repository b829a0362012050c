#include "cli/opt.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/bytes.h"
#include "base/text.h"
#include "cli/cmd.h"

/* Options that every command has. */
static const struct cmd_option common[] = {
    {"format", "FORMAT", "text (default) or json", false, 0},
    {"help", NULL, "this help", false, 'h'},
    {NULL, NULL, NULL, false, 0},
};

static enum opt_answer usage(const struct cmd *cmd, const char *fmt, ...) GB_PRINTF(2, 3);

static enum opt_answer usage(const struct cmd *cmd, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    fprintf(stderr, "garboard %s: ", cmd->name);
    vfprintf(stderr, fmt, args);
    fprintf(stderr, "\nTry 'garboard %s --help'.\n", cmd->name);
    va_end(args);
    return OPT_USAGE;
}

static const struct cmd_option *find_in(const struct cmd_option *table, struct gb_bytes name)
{
    for (const struct cmd_option *o = table; o && o->name; o++)
        if (gb_bytes_is(name, o->name))
            return o;
    return NULL;
}

static enum opt_answer unknown_option(const struct cmd *cmd, struct gb_bytes name)
{
    const char *names[CMD_MAX_OPTIONS + GB_ARRAY_LEN(common)];
    size_t count = 0;
    for (const struct cmd_option *o = cmd->options; o && o->name && count < CMD_MAX_OPTIONS; o++)
        names[count++] = o->name;
    for (const struct cmd_option *o = common; o->name; o++)
        names[count++] = o->name;
    const char *near = gb_text_nearest(name, names, count);
    int len = (int)name.len;
    if (near)
        return usage(cmd, "unknown option \"--%.*s\" (did you mean \"--%s\"?)", len,
                     (const char *)name.data, near);
    return usage(cmd, "unknown option \"--%.*s\"", len, (const char *)name.data);
}

static enum opt_answer add_value(const struct cmd_option *option, const char *value,
                                 struct cmd_line *line)
{
    if (!option->repeatable && cmd_has(line, option->name))
        return usage(line->cmd, "--%s is given twice", option->name);
    if (line->value_count == CMD_MAX_VALUES)
        return usage(line->cmd, "too many options (at most %d)", CMD_MAX_VALUES);
    line->values[line->value_count].option = option;
    line->values[line->value_count].value = value;
    line->value_count++;
    return OPT_RUN;
}

/* The value behind an option: `attached` ("--name=V", "-oV"), or else the next word. */
static enum opt_answer take_value(const struct cmd_option *option, const char *attached, int argc,
                                  char **argv, int *at, struct cmd_line *line)
{
    if (!option->arg)
        return attached ? usage(line->cmd, "--%s takes no value", option->name)
                        : add_value(option, NULL, line);
    if (attached)
        return add_value(option, attached, line);
    if (*at + 1 >= argc)
        return usage(line->cmd, "--%s needs %s", option->name, option->arg);
    *at += 1;
    return add_value(option, argv[*at], line);
}

/* One "-o value" or "-ovalue". */
static enum opt_answer parse_letter(int argc, char **argv, int *at, struct cmd_line *line)
{
    const char *word = argv[*at];
    for (const struct cmd_option *o = line->cmd->options; o && o->name; o++)
        if (o->letter && o->letter == word[1])
            return take_value(o, word[2] ? word + 2 : NULL, argc, argv, at, line);
    return usage(line->cmd, "unknown option \"-%c\"", word[1]);
}

/* One "--name", "--name=value" or "--name value"; *at moves over what was used. */
static enum opt_answer parse_option(int argc, char **argv, int *at, struct cmd_line *line)
{
    struct gb_bytes rest = gb_bytes_str(argv[*at] + 2);
    bool has_equals = memchr(rest.data, '=', rest.len) != NULL;
    struct gb_bytes name = gb_text_until(&rest, '=');
    const struct cmd_option *option = find_in(line->cmd->options, name);
    if (!option)
        option = find_in(common, name);
    if (!option)
        return unknown_option(line->cmd, name);
    return take_value(option, has_equals ? (const char *)rest.data : NULL, argc, argv, at, line);
}

static enum opt_answer add_argument(const char *arg, struct cmd_line *line)
{
    if (line->arg_count == line->cmd->max_args || line->arg_count == CMD_MAX_ARGS)
        return usage(line->cmd, "unexpected argument \"%s\"", arg);
    line->args[line->arg_count++] = arg;
    return OPT_RUN;
}

/* Whether a word that begins with a dash is meant as an option. */
static bool is_option(const struct cmd *cmd, const char *word)
{
    if (word[0] != '-' || !word[1])
        return false;
    if (!cmd->dashed)
        return true;
    struct gb_bytes rest = gb_bytes_str(word + (word[1] == '-' ? 2 : 1));
    struct gb_bytes name = gb_text_until(&rest, '=');
    return word[1] == '-' && (find_in(cmd->options, name) || find_in(common, name));
}

static enum opt_answer finish(struct cmd_line *line)
{
    const char *format = cmd_value(line, "format");
    if (format && strcmp(format, "json") != 0 && strcmp(format, "text") != 0)
        return usage(line->cmd, "--format is text or json, not \"%s\"", format);
    line->json = format && strcmp(format, "json") == 0;
    const char *no_color = getenv("NO_COLOR"); /* no-color.org: any value but an empty one */
    line->colour = isatty(STDOUT_FILENO) && (!no_color || !*no_color);
    if (line->arg_count < line->cmd->min_args)
        return usage(line->cmd, "needs %s", line->cmd->args);
    return OPT_RUN;
}

enum opt_answer opt_parse(const struct cmd *cmd, int argc, char **argv, struct cmd_line *ret_line)
{
    struct cmd_line line = {.cmd = cmd};
    bool options_end = false;
    for (int i = 0; i < argc; i++) {
        enum opt_answer answer;
        if (!options_end && strcmp(argv[i], "--") == 0) {
            options_end = true;
            continue;
        }
        if (!options_end && (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0)) {
            opt_help(cmd, stdout);
            return OPT_HELP;
        }
        if (options_end || !is_option(cmd, argv[i]))
            answer = add_argument(argv[i], &line);
        else if (argv[i][1] == '-')
            answer = parse_option(argc, argv, &i, &line);
        else
            answer = parse_letter(argc, argv, &i, &line);
        if (answer != OPT_RUN)
            return answer;
    }
    enum opt_answer answer = finish(&line);
    if (answer == OPT_RUN)
        *ret_line = line;
    return answer;
}

static void print_options(const struct cmd_option *table, FILE *to)
{
    for (const struct cmd_option *o = table; o && o->name; o++) {
        char left[48];
        char letter[8] = "";
        if (o->letter)
            snprintf(letter, sizeof letter, "-%c, ", o->letter);
        snprintf(left, sizeof left, "%s--%s%s%s", letter, o->name, o->arg ? " " : "",
                 o->arg ? o->arg : "");
        fprintf(to, "  %-24s %s%s\n", left, o->help, o->repeatable ? " (may be repeated)" : "");
    }
}

void opt_help(const struct cmd *cmd, FILE *to)
{
    fprintf(to, "Usage: garboard %s%s%s [OPTION]...\n%s\n\nOptions:\n", cmd->name,
            *cmd->args ? " " : "", cmd->args, cmd->summary);
    print_options(cmd->options, to);
    print_options(common, to);
    if (cmd->examples)
        fprintf(to, "\nExamples:\n%s", cmd->examples);
}
