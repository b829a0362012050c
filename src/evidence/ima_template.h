/*
 * Templates of IMA entries: which fields, in which order, in which form. Linux,
 * security/integrity/ima/ima_template.c and ima_template_lib.c. Shared by the readers of binary and
 * ASCII lists.
 */
#ifndef GB_EVIDENCE_IMA_TEMPLATE_H
#define GB_EVIDENCE_IMA_TEMPLATE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/bytes.h"
#include "base/check.h"
#include "base/limits.h"
#include "evidence/ima.h"

/* What a field is, which also says how the kernel prints it. */
enum ima_field {
    IMA_FIELD_NONE,
    IMA_FIELD_D,        /* digest, 20 bytes (16 with MD5) */
    IMA_FIELD_D_NG,     /* "sha256:" NUL digest */
    IMA_FIELD_D_NGV2,   /* "ima:sha256:" or "verity:sha256:" NUL digest */
    IMA_FIELD_D_MODSIG, /* as d-ng, of a file without its appended signature; may be empty */
    IMA_FIELD_NAME,     /* n, n-ng: path and NUL */
    IMA_FIELD_TEXT,     /* xattrnames: text and NUL */
    IMA_FIELD_SIG,
    IMA_FIELD_MODSIG,
    IMA_FIELD_BUF,
    IMA_FIELD_BYTES, /* evmsig, xattrlengths, xattrvalues: printed as hex, not used here */
    IMA_FIELD_U32,   /* iuid, igid: printed in decimal */
    IMA_FIELD_U16,   /* imode */
};

struct ima_template {
    struct gb_bytes name; /* borrowed from the entry that was looked up */
    bool legacy;          /* "ima": no lengths of data and digest, name without NUL */
    size_t count;
    enum ima_field fields[GB_LIMIT_IMA_FIELDS];
};

/* The kernel caps n at 255 bytes and hashes it with zeros up to 256 (IMA_EVENT_NAME_LEN_MAX). */
enum { IMA_LEGACY_DIGEST = 20, IMA_LEGACY_NAME = 256 };

/*
 * Resolves a template's name or custom format ("d-ng|n-ng") and returns NULL, or says what is
 * wrong. No PCR covers the name, so a name that we do not know is refused: it could hide the digest
 * of an entry from the policy. Nor may a format say the same thing twice.
 */
const char *ima_template_find(struct gb_bytes name, struct ima_template *ret_template);

/*
 * Splits entry->template_data by `template` (not the legacy one) into digest, path, signature and
 * buffer; the form of every field is checked. NULL on success, else what is wrong, with its offset
 * in the data. On failure the entry is half filled.
 */
const char *ima_template_split(const struct ima_template *template, struct ima_entry *entry,
                               size_t *ret_at);

#endif
