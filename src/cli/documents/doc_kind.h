/* Kinds of documents as people name them: "ReferenceSet", "referencesets", "rs". */
#ifndef GB_CLI_DOC_KIND_H
#define GB_CLI_DOC_KIND_H

#include "base/check.h"
#include "cli/cmd.h"

struct doc_kind {
    const char *kind; /* as documents say it */
    const char *plural;
    const char *brief;
};

/* By kind, plural or short name, in any case; NULL: none. */
const struct doc_kind *doc_kind_find(const char *word);
/* The same of a command line: CMD_OK, or CMD_USAGE with the nearest name told. */
GB_MUST_USE int doc_kind_arg(const struct cmd_line *line, const char *word,
                             const struct doc_kind **ret_kind);

#endif
