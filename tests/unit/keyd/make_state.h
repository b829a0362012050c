/* A folder of keyd's own for a test: keys, CA certificate, configuration. */
#ifndef GB_TESTS_UNIT_KEYD_MAKE_STATE_H
#define GB_TESTS_UNIT_KEYD_MAKE_STATE_H

struct keyd_state {
    char folder[64];
    char socket[96];
    char config[96]; /* path of keyd.conf */
};

/* Keys sealed by `passphrase` ("" for none), and a keyd.conf with trust domain "example.test" and
 * `more` lines. Fails the test when it cannot. */
void keyd_state_make(struct keyd_state *state, const char *passphrase, const char *more);
/* The configuration anew, with other lines. */
void keyd_state_configure(const struct keyd_state *state, const char *passphrase, const char *more);
/* Another key file of the folder: what `server rotate` leaves there. */
void keyd_state_ledger_key(const struct keyd_state *state, const char *name,
                           const char *passphrase);
void keyd_state_token_key(const struct keyd_state *state, const char *name, const char *passphrase);
/* ledger.state as it is before the first signature. */
void keyd_state_ledger_begin(const struct keyd_state *state);
void keyd_state_done(struct keyd_state *state);

#endif
