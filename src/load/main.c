/* garboard-load: machines that exist only in software attest to a real server. garboard-load(8). */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "crypto/digest.h"
#include "load/fleet.h"
#include "load/keys.h"
#include "load/lists.h"
#include "load/options.h"

static int prepare(const struct options *options, struct gb_err *err)
{
    if (!options->state)
        return gb_err_set(err, GB_ERR_CONFIG, "--state FOLDER is needed");
    return keys_prepare(options->state, options->nodes, err);
}

static int reference(const struct options *options, struct gb_err *err)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    gb_cleanup(gb_buf_done) struct gb_buf out;
    gb_buf_init(&out, GB_LIMIT_POLICY);
    int r = digester_new(&digester, err);
    if (r == GB_OK)
        r = lists_reference(digester, options->files, &out, err);
    if (r == GB_OK && fwrite(out.data, 1, out.len, stdout) != out.len)
        r = gb_err_set(err, GB_ERR_IO, "standard output cannot be written");
    return r;
}

static const struct {
    const char *name;
    int (*run)(const struct options *options, struct gb_err *err);
} commands[] = {
    {"prepare", prepare},
    {"enrol", fleet_enrol},
    {"run", fleet_run},
    {"reference", reference},
};

int main(int argc, char **argv)
{
    struct options options;
    struct gb_err err = {0};
    signal(SIGPIPE, SIG_IGN);
    umask(077); /* it writes private keys */
    setvbuf(stdout, NULL, _IOLBF, 0);
    int r = options_read(argc, argv, &options, &err);
    if (r > 0)
        return 0;
    bool found = r < 0;
    for (size_t i = 0; i < GB_ARRAY_LEN(commands) && !found; i++) {
        found = strcmp(commands[i].name, options.command) == 0;
        if (found)
            r = commands[i].run(&options, &err);
    }
    if (!found)
        r = gb_err_set(&err, GB_ERR_CONFIG, "no such command: see --help");
    if (r < 0)
        fprintf(stderr, "garboard-load: %s\n", err.text);
    return r == GB_OK ? 0 : r == GB_ERR_CONFIG ? 2 : 1;
}
