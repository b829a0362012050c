/* What every unit test needs. Include it last: cmocka wants these headers before its own. */
#ifndef GB_TESTS_UNIT_TEST_H
#define GB_TESTS_UNIT_TEST_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <unistd.h>
#include <cmocka.h>

/* The folder of known answers, or skips the test when this clone has none beside it. */
#define TEST_VECTORS_OR_SKIP(name)                                                                 \
    const char *name = getenv("GARBOARD_VECTORS");                                                 \
    do {                                                                                           \
        if (!name || access(name, R_OK) != 0) {                                                    \
            print_message("skipped: no vectors\n");                                                \
            skip();                                                                                \
        }                                                                                          \
    } while (0)

#endif
