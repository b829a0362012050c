/* Enrolment of one machine, as docs/api/README.md has it. */
#ifndef GB_LOAD_ENROL_H
#define GB_LOAD_ENROL_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "load/mimic.h"
#include "net/tls_link.h"

struct enrol {
    const char *name;
    const char *token;
    struct gb_bytes ek_cert; /* DER */
};

/* The issued certificate and the CA's, PEM, in the arena. */
GB_MUST_USE int enrol_machine(struct gb_arena *arena, struct tls_link *link,
                              struct digester *digester, const struct lists *lists,
                              const struct mimic *machine, const struct enrol *what,
                              struct gb_bytes *ret_cert, struct gb_bytes *ret_ca,
                              struct gb_err *err);

#endif
