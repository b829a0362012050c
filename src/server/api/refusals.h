/* Every refusal that a handler may give: stable code, status, what to do. X(ID, status, code,
 * message, remedy); where a handler has better words (an error's text), they replace the message.
 */
#ifndef GB_SERVER_REFUSALS_H
#define GB_SERVER_REFUSALS_H

#define REFUSALS(X)                                                                                \
    X(MALFORMED, 400, "malformed", "the request cannot be read",                                   \
      "see docs/api for the form of requests")                                                     \
    X(EVIDENCE_MALFORMED, 400, "evidence-malformed", "the evidence cannot be read",                \
      "bring the agent and the server to the same version")                                        \
    X(FORBIDDEN, 403, "forbidden", "this certificate is nobody's whom we know",                    \
      "use the certificate of a node or of a person")                                              \
    X(NO_ROLE, 403, "no-role", "you have no role here",                                            \
      "have a security officer name you in the AccessPolicy: garboardd(8), PEOPLE; where no "      \
      "document counts: garboard doctor, on the server")                                           \
    X(ROLE, 403, "role-lacking", "your roles do not include this",                                 \
      "see: garboard whoami; roles are given by the AccessPolicy: garboardd(8), PEOPLE")           \
    X(BEARER_MISSING, 401, "bearer-missing", "this port takes people who show a token",            \
      "send it as Authorization: Bearer; with a client certificate call the API port")             \
    X(BEARER_INVALID, 401, "bearer-invalid", "the token is not good here",                         \
      "get a new one from your identity provider; garboardd(8), PEOPLE, says what it must be")     \
    X(ISSUER_KEYS, 503, "issuer-keys", "the keys of the token's issuer are on their way",          \
      "try again in a moment; the server's log says what keeps them")                              \
    X(NAME_INVALID, 400, "name-invalid", "this is not a node's name",                              \
      "lower case letters, digits, '-' and '.', at most 253 (RFC 1123)")                           \
    X(TOKEN_INVALID, 403, "token-invalid", "this join token is not known here",                    \
      "make one with: garboard token create")                                                      \
    X(TOKEN_EXPIRED, 403, "token-expired", "this join token has expired",                          \
      "make a new one with: garboard token create")                                                \
    X(TOKEN_USED, 403, "token-used", "this join token was used up",                                \
      "make a new one with: garboard token create")                                                \
    X(TOKEN_NAME, 403, "token-name", "this join token is for another name",                        \
      "join under the token's name, or make a token for this one")                                 \
    X(TOKEN_RESERVED, 409, "token-reserved",                                                       \
      "another enrolment with this join token is under way", "wait a minute and try again")        \
    X(GRANT_NAME, 403, "ek-name", "this TPM is listed under another name",                         \
      "join under that name, or have the operator list it under this one")                         \
    X(WAITING_FULL, 503, "waiting-full", "too many nodes wait for approval",                       \
      "have the operator approve or ignore those that wait, or use a join token")                  \
    X(ENROLMENTS_FULL, 503, "enrolments-full", "too many enrolments are under way",                \
      "try again in a minute")                                                                     \
    X(ENROLMENT_DENIED, 403, "enrolment-denied", "the enrolment was refused",                      \
      "the message says which rule it broke; the server's log has more")                           \
    X(NAME_TAKEN, 403, "name-taken", "this name, or this TPM, belongs to another node",            \
      "remove that node first: garboard node remove")                                              \
    X(CHALLENGE_UNKNOWN, 404, "challenge-unknown", "this challenge is unknown, used or expired",   \
      "begin the enrolment again")                                                                 \
    X(BUSY, 409, "busy", "another request of this node is under way", "send one after the other")  \
    X(NODE_UNKNOWN, 403, "node-unknown", "this node is not enrolled here",                         \
      "enrol it again with a join token")                                                          \
    X(NODE_UNTRUSTED, 403, "node-untrusted", "this node is not trusted now",                       \
      "see: garboard node why; tokens and renewals are for nodes that are trusted and fresh")      \
    X(NODE_NOT_FOUND, 404, "node-not-found", "there is no such node", "see: garboard node list")   \
    X(VERDICT_NOT_FOUND, 404, "verdict-not-found", "this node was not judged yet",                 \
      "wait for its first attestation")                                                            \
    X(EVIDENCE_NOT_KEPT, 404, "evidence-not-kept", "nothing of this node is kept until then",      \
      "see: garboard node history")                                                                \
    X(EVIDENCE_TOO_LARGE, 413, "evidence-too-large", "this evidence is larger than an answer",     \
      "272 MB is the most, with the documents that judge it: garboard simulate judges it where "   \
      "it is")                                                                                     \
    X(SIMULATION_NOT_FOUND, 404, "simulation-not-found", "there is no such simulation",            \
      "begin it anew: it is kept for ten minutes after its end, and not over a restart")           \
    X(SIMULATIONS_FULL, 503, "simulations-full", "four simulations run already",                   \
      "wait for one of them, or cancel it")                                                        \
    X(EK_NOT_FOUND, 404, "ek-not-found", "there is no such listed EK", "see: garboard ek list")    \
    X(TOKEN_NOT_FOUND, 404, "token-not-found", "there is no such join token",                      \
      "see: garboard token list")                                                                  \
    X(LEDGER_NOT_FOUND, 404, "ledger-not-found", "the ledger has no such file",                    \
      "begin with the checkpoint: it says how many entries there are")                             \
    X(LEDGER_LARGE, 503, "ledger-file-large", "this file is longer than an answer may be",         \
      "copy it from the server: STATE/rounds")                                                     \
    X(OPENING_NOT_FOUND, 404, "opening-not-found", "the ledger holds no opening of this name",     \
      "see: garboard ledger tail; a name that was forgotten is not shown any more")                \
    X(SECOND_NOT_FOUND, 404, "two-person-not-found",                                               \
      "nothing waits for a second person under this id", "see: garboard two-person list")          \
    X(SECOND_UNDERWAY, 409, "two-person-underway",                                                 \
      "two people have agreed to this call just now: it is being carried out",                     \
      "look what came of it, then ask again if it must be done once more")                         \
    X(SECOND_FULL, 503, "two-person-full", "too many calls wait for a second person",              \
      "have them agreed to, or withdraw some: garboard two-person list")                           \
    X(KEY_FOREIGN, 403, "transport-key-foreign",                                                   \
      "this connection's key is not the one that was certified at enrolment",                      \
      "use the newest certificate, or enrol again")                                                \
    X(NONCE_UNKNOWN, 409, "nonce-unknown",                                                         \
      "no nonce is outstanding: it was used, or never issued", "answer the nonce in next")         \
    X(NONCE_EXPIRED, 409, "nonce-expired", "the nonce has expired", "answer the nonce in next")    \
    X(NONCE_VOID, 409, "nonce-void", "an operator asked for a fresh proof",                        \
      "answer the nonce in next")                                                                  \
    X(EVIDENCE_AGAIN, 409, "evidence-discontinuous",                                               \
      "the evidence continues from what the server does not hold", "send all logs, see next")      \
    X(POLICY_INVALID, 422, "policy-invalid", "the documents are not valid",                        \
      "correct them at the line that is named; nothing was applied")                               \
    X(POLICY_UNSIGNED, 422, "policy-unsigned", "a document is not rightly signed",                 \
      "have the security officer sign it (garboard sign; garboard apply signs with client.conf's " \
      "officer_key), by two officers where the AccessPolicy asks it: delete and reference "        \
      "accept, "                                                                                   \
      "shadow, retire write it with -o FILE, the other officer takes garboard sign -f FILE and "   \
      "garboard apply --no-sign -f FILE; nothing was applied")                                     \
    X(POLICY_VERSION, 409, "policy-version", "a newer version is applied already",                 \
      "raise metadata.version")                                                                    \
    X(POLICY_UNTRUSTS, 409, "policy-untrusts", "trusted nodes would be untrusted",                 \
      "update those nodes first (garboard rollout status; garboard simulate -f FILE judges all "   \
      "of "                                                                                        \
      "them), or give --force: they become untrusted at their next round")                         \
    X(POLICY_LOCKS_OUT, 409, "policy-locks-out", "you would lose all roles",                       \
      "name yourself in the AccessPolicy; or give --force, and the way back is another person "    \
      "with the role security-officer: garboardd(8), PEOPLE")                                      \
    X(POLICY_NOT_AT_KEYD, 503, "policy-not-at-keyd",                                               \
      "the documents are in force here, but garboard-keyd does not have them yet",                 \
      "garboard-keyd is asked again until it has them; see: garboard doctor, on the server")       \
    X(POLICY_NOT_COUNTED, 503, "policy-not-counted",                                               \
      "no document counts: the founder may look and apply documents, and nothing else is done",    \
      "see the reason in /readyz or by: garboard doctor; apply rightly signed documents")          \
    X(POLICY_AWAITED, 503, "policy-awaited",                                                       \
      "garboard-keyd has not agreed to the documents in force since garboardd started: people "    \
      "may look and apply documents, and nothing else is done",                                    \
      "start garboard-keyd; it is asked again by itself, see /readyz, or: garboard doctor")        \
    X(POLICY_BUSY, 409, "policy-busy", "another change of policy is under way", "try again")       \
    X(KEYD_DENIED, 403, "keyd-denied", "garboard-keyd refused", "the message says why")            \
    X(KEYD_AGAIN, 409, "keyd-nonce", "keyd's challenge or nonce is unknown, used or expired",      \
      "ask for a new one")                                                                         \
    X(KEYD_AWAY, 503, "keyd-unreachable", "garboard-keyd does not answer",                         \
      "start it; the server's log has more")                                                       \
    X(STORE, 503, "store-failed", "the store cannot take it: nothing was changed",                 \
      "see the server's log: is the disk full?")                                                   \
    X(JOURNAL_HELD, 503, "journal-held",                                                           \
      "the name may still stand in the database's journal: others read or write it",               \
      "ask again in a moment, until it is done or there is no such opening")                       \
    X(LEDGER_STOPPED, 503, "ledger-stopped",                                                       \
      "the ledger cannot be signed: nothing that needs a record is done",                          \
      "see: garboard doctor, on the server; it goes on by itself once the cause is gone")          \
    X(OVERLOADED, 503, "overloaded", "too much is under way", "try again in a moment")             \
    X(NO_MEMORY, 503, "out-of-memory", "out of memory", "try again in a moment")                   \
    X(INTERNAL, 500, "internal", "the server failed", "see the server's log")

enum refusal {
#define X(id, status, code, message, remedy) REFUSAL_##id,
    REFUSALS(X)
#undef X
        REFUSAL_COUNT
};

#endif
