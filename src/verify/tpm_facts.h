/* What is proven of a node's TPM. */
#ifndef GB_VERIFY_TPM_FACTS_H
#define GB_VERIFY_TPM_FACTS_H

/* Printable; NULL: not known. */
struct tpm_facts {
    const char *manufacturer; /* "IFX": of an EK certificate that chains to a root given */
    const char *model;        /* "SLB9670": of the same */
    const char *firmware; /* "7.85.4555.0": of the quote. TPMs blur it under a key that is not in
                             the endorsement hierarchy (Part 1, 36.7): the AK must be in that */
};

#endif
