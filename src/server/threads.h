/* The loops: each a thread with listeners of its own on the same ports, and what else is its own.
 */
#ifndef GB_SERVER_THREADS_H
#define GB_SERVER_THREADS_H

#include "base/check.h"
#include "base/err.h"
#include "server/server.h"
#include "server/tls_pair.h"

struct threads;

/* Binds all ports, starts nothing. Fills server->threads. GB_ERR_CONFIG, IO. */
GB_MUST_USE int threads_new(struct server *server, const struct listeners_tls *tls,
                            struct threads **ret_threads, struct gb_err *err);
GB_MUST_USE int threads_start(struct threads *threads, struct gb_err *err);
/* The ports in use, where the system chose them. */
uint16_t threads_api_port(const struct threads *threads);
uint16_t threads_enroll_port(const struct threads *threads);
/* 0: nobody listens for tokens. */
uint16_t threads_people_port(const struct threads *threads);
/* New handshakes use this certificate; all of the threads or none. */
GB_MUST_USE int threads_reload(struct threads *threads, const struct listeners_tls *tls,
                               struct gb_err *err);
/* Accepts no more, answers what is under way, ends the loops and joins. */
void threads_stop(struct threads *threads, int64_t grace_ms);
void threads_free(struct threads *threads);

#endif
