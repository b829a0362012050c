/* Concise Module Identifiers: the tags of a CoRIM that hold reference values. Private to corim.c
 * and what it is made of. */
#ifndef GB_REFERENCE_COMID_H
#define GB_REFERENCE_COMID_H

#include <stdbool.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/bytes.h"
#include "policy/sets/refval.h"
#include "reference/import/import.h"
#include "wire/cbor.h"

/* environment-map: whom values are for. */
struct comid_env {
    struct gb_bytes vendor; /* data NULL: none */
    struct gb_bytes model;
    bool has_other_class; /* class-id, layer, index: sets cannot hold them */
    bool is_narrow;       /* instance or group: values for some machines only */
};

/* measurement-map: one measured element. */
struct comid_measurement {
    struct gb_bytes key_text;            /* mkey; data NULL: none, or no text */
    uint64_t key_number;                 /* mkey */
    bool has_number;                     /* mkey is an unsigned number */
    struct gb_bytes digest[DIGEST_ALGS]; /* by position in digest_algs */
    bool has_digests;                    /* any, known or not */
    struct gb_bytes name;                /* name (11); data NULL: none */
    struct gb_bytes raw;                 /* raw-value (4) as tagged bytes; data NULL: none */
    const char *left_out; /* printable: names of members that no set holds, or NULL */
    bool needs_more;      /* a condition that no set can hold: authorized-by */
};

/* A CoMID while it is read. */
struct comid {
    struct import *import;
    struct gb_bytes id; /* text or 16 bytes of a UUID */
    bool id_is_text;
    uint64_t version;
    const char *label;   /* printable: for notes */
    struct ref_set *own; /* the set of ours that this CoMID is; NULL: of others */
    struct ref_event **own_tail;
    unsigned own_words; /* bit by bit, which settings it had */
    bool own_has_life;
    struct import_list own_files, own_verity;
    enum digest_alg own_files_alg, own_verity_alg;
};

/* Reads the CBOR of one concise-mid-tag; failures stick in `reader`, or in the import. */
void comid_read(struct cbor_reader *reader, struct import *import);

void comid_env_read(struct cbor_reader *reader, struct comid_env *ret_env);
void comid_measurement_read(struct cbor_reader *reader, struct import *import,
                            struct comid_measurement *ret_measurement);

/* "pcr4 EV_IPL 3", "pcr4" or the number 4: which PCR, and which type where it is said. */
bool comid_key_pcr(const struct comid_measurement *measurement, uint32_t *ret_pcr,
                   uint32_t *ret_type);

/* One reference-triple-record of an environment of ours. Failures stick in `reader`. */
void comid_own_values(struct cbor_reader *reader, struct comid *comid, const struct comid_env *env);
/* What an endorsed triple of ours says of the set as a whole. */
void comid_own_settings(struct cbor_reader *reader, struct comid *comid,
                        const struct comid_env *env);
/* Text of a set, copied: no NUL, and where it must be `printable` nothing that could rewrite a
 * terminal or hide. NULL and failed otherwise. */
const char *comid_own_text(struct cbor_reader *reader, struct comid *comid, struct gb_bytes text,
                           bool printable);
/* One setting of the set, by its key: source, life, appliesTo. An unknown one fails: what narrows a
 * set must not be lost. */
void comid_setting_read(struct cbor_reader *reader, struct comid *comid,
                        const struct comid_measurement *m);
/* The same settings as measurements of an endorsed triple: their count, and each. */
size_t comid_settings_count(const struct ref_set *set);
void comid_settings_write(struct gb_buf *out, const struct ref_set *set);
/* All of the CoMID is read: the set goes to the import. */
void comid_own_end(struct cbor_reader *reader, struct comid *comid);

#endif
