/* Attributes and small idioms that every file may use. No code of its own. */
#ifndef GB_BASE_CHECK_H
#define GB_BASE_CHECK_H

/* The caller must look at the result: an ignored error is how verifiers fail open. */
#define GB_MUST_USE __attribute__((warn_unused_result))

/* Checks printf-like arguments at compile time. `fmt` and `first` count from 1. */
#define GB_PRINTF(fmt, first) __attribute__((format(printf, fmt, first)))

/*
 * One owner, freed on every way out:
 *     gb_cleanup(x509_freep) struct x509 *leaf = NULL;
 *     ...
 *     return gb_take(leaf);
 * The cleanup function receives the address of the variable.
 */
#define gb_cleanup(fn) __attribute__((cleanup(fn)))
#define gb_take(ptr)                                                                               \
    __extension__({                                                                                \
        __typeof__(ptr) gb_taken_ = (ptr);                                                         \
        (ptr) = NULL;                                                                              \
        gb_taken_;                                                                                 \
    })

#define GB_ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

/* strcpy strcat sprintf strtok atoi alloca are refused by tools/layers: poisoning them here would
 * trip system headers. */

#endif
