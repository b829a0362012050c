/* The command line. */
#ifndef GB_LOAD_OPTIONS_H
#define GB_LOAD_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/check.h"
#include "base/err.h"

struct options {
    const char *command;
    const char *state;
    const char *server;
    const char *api_port;
    const char *enroll_port;
    const char *ca;
    const char *token;
    uint64_t nodes;
    uint64_t files;   /* different ones that are measured */
    uint64_t first;   /* IMA entries of the first round */
    uint64_t entries; /* new ones each round */
    uint64_t rounds;  /* each node's */
    uint64_t rate;    /* rounds a second of all; 0: as fast as it goes */
    uint64_t threads;
    bool resume;
    pid_t pid; /* whose CPU time and memory are reported; 0: nobody's */
};

/* 0: go on; 1: help or version was printed; negative: usage. */
GB_MUST_USE int options_read(int argc, char **argv, struct options *ret_options,
                             struct gb_err *err);

#endif
