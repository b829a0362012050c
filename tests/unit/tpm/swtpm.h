/* A software TPM of a test's own, in a temporary folder, with the certificates of a vendor
 * (lab/tpm). It dies with the test. */
#ifndef GB_TESTS_UNIT_TPM_SWTPM_H
#define GB_TESTS_UNIT_TPM_SWTPM_H

#include <stdbool.h>
#include <sys/types.h>

struct swtpm {
    char folder[64];
    char tcti[96]; /* "swtpm:path=..." */
    pid_t pid;
};

/* False when swtpm is not installed: skip. */
bool swtpm_there(void);
/* A manufactured TPM in `swtpm->folder`, running. Fails the test when it cannot be had. */
void swtpm_make(struct swtpm *swtpm);
/* The same of a TPM that lab/tpm made: a copy of `made`, running. */
void swtpm_copy(struct swtpm *swtpm, const char *made);
/* As a machine that loses power and comes back. */
void swtpm_restart(struct swtpm *swtpm);
/* Stops it and removes the folder. */
void swtpm_done(struct swtpm *swtpm);
/* Runs a tpm2-tools command line against it; fails the test when that fails. */
void swtpm_tool(const struct swtpm *swtpm, const char *command);

#endif
