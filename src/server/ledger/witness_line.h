/* One line of garboardd.conf: witness = VKEY URL CA-FILE. */
#ifndef GB_SERVER_WITNESS_LINE_H
#define GB_SERVER_WITNESS_LINE_H

#include "base/arena.h"
#include "base/bytes.h"
#include "base/check.h"
#include "base/err.h"
#include "ledger/note.h"

struct witness_line {
    struct note_key key; /* NOTE_COSIGNATURE */
    const char *host;    /* "https://w.example:8450", no path */
    const char *prefix;  /* "" or "/path", without a slash at its end */
    struct gb_bytes ca_pem;
};

/* Reads the CA's file, too. All is in the arena. GB_ERR_CONFIG, NOTFOUND, LIMIT, IO, NOMEM. */
GB_MUST_USE int witness_line_read(struct gb_arena *arena, const char *line,
                                  struct witness_line *ret_line, struct gb_err *err);

#endif
