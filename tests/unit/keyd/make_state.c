#include "make_state.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/clock.h"
#include "crypto/digest.h"
#include "crypto/ed25519.h"
#include "crypto/issue.h"
#include "crypto/signer.h"
#include "ledger/last_signed.h"
#include "os/file.h"

/* Sanitizers look into their own process by means that the sandbox forbids. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANDBOX "sandbox = no\n"
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANDBOX "sandbox = no\n"
#endif
#endif
#ifndef SANDBOX
#define SANDBOX ""
#endif

static void write_file(const struct keyd_state *state, const char *name, struct gb_bytes bytes)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", state->folder, name);
    assert_int_equal(file_write(path, bytes, NULL), 0);
}

static void write_key(const struct keyd_state *state, const char *name, const struct signer *signer,
                      const char *passphrase)
{
    struct gb_buf pem;
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    assert_int_equal(signer_to_pem(signer, gb_bytes_str(passphrase), &pem, NULL), 0);
    write_file(state, name, gb_buf_bytes(&pem));
    gb_buf_done(&pem);
}

static void write_keys(const struct keyd_state *state, const char *passphrase)
{
    gb_cleanup(signer_freep) struct signer *ca = NULL;
    gb_cleanup(signer_freep) struct signer *token = NULL;
    struct gb_buf pem;
    const struct issue what = {.role = ISSUE_CA,
                               .common_name = "Test CA",
                               .not_before_s = gb_clock_s() - 3600,
                               .not_after_s = gb_clock_s() + 365 * 86400};
    gb_buf_init(&pem, GB_LIMIT_CERT);
    assert_int_equal(signer_new(&ca, NULL), 0);
    assert_int_equal(signer_new(&token, NULL), 0);
    assert_int_equal(issue_ca(ca, &what, &pem, NULL), 0);
    write_key(state, "ca.key", ca, passphrase);
    write_key(state, "token.key", token, passphrase);
    write_file(state, "ca.pem", gb_buf_bytes(&pem));
    gb_buf_done(&pem);
}

void keyd_state_ledger_key(const struct keyd_state *state, const char *name, const char *passphrase)
{
    gb_cleanup(ed25519_freep) struct ed25519 *key = NULL;
    struct gb_buf pem;
    gb_buf_init(&pem, GB_LIMIT_PUBLIC);
    assert_int_equal(ed25519_new(&key, NULL), 0);
    assert_int_equal(ed25519_to_pem(key, gb_bytes_str(passphrase), &pem, NULL), 0);
    write_file(state, name, gb_buf_bytes(&pem));
    gb_buf_done(&pem);
}

void keyd_state_token_key(const struct keyd_state *state, const char *name, const char *passphrase)
{
    gb_cleanup(signer_freep) struct signer *key = NULL;
    assert_int_equal(signer_new(&key, NULL), 0);
    write_key(state, name, key, passphrase);
}

void keyd_state_ledger_begin(const struct keyd_state *state)
{
    gb_cleanup(digester_freep) struct digester *digester = NULL;
    struct last_signed first;
    struct gb_buf text;
    gb_buf_init(&text, LAST_SIGNED_MAX);
    assert_int_equal(digester_new(&digester, NULL), 0);
    assert_int_equal(last_signed_first(digester, "example.test/ledger", &first, NULL), 0);
    assert_int_equal(last_signed_write(digester, &first, &text, NULL), 0);
    write_file(state, "ledger.state", gb_buf_bytes(&text));
    gb_buf_done(&text);
}

void keyd_state_configure(const struct keyd_state *state, const char *passphrase, const char *more)
{
    char text[2048];
    snprintf(text, sizeof text,
             SANDBOX "trust_domain = example.test\nstate = %s\nsocket = %s\n%s%s%s%s",
             state->folder, state->socket, passphrase[0] ? "passphrase_file = " : "",
             passphrase[0] ? state->folder : "", passphrase[0] ? "/passphrase\n" : "", more);
    write_file(state, "keyd.conf", gb_bytes_str(text));
}

void keyd_state_make(struct keyd_state *state, const char *passphrase, const char *more)
{
    char line[256];
    snprintf(state->folder, sizeof state->folder, "/tmp/gb-keyd-XXXXXX");
    assert_non_null(mkdtemp(state->folder));
    snprintf(state->socket, sizeof state->socket, "%s/keyd.sock", state->folder);
    snprintf(state->config, sizeof state->config, "%s/keyd.conf", state->folder);
    snprintf(line, sizeof line, "%s\n", passphrase);
    write_keys(state, passphrase);
    keyd_state_ledger_key(state, "ledger.key", passphrase);
    keyd_state_ledger_begin(state);
    write_file(state, "passphrase", gb_bytes_str(line));
    keyd_state_configure(state, passphrase, more);
}

void keyd_state_done(struct keyd_state *state)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", state->folder);
    assert_int_equal(system(command), 0);
}
