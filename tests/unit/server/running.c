#include "running.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

#include "../policy/make_signed.h"
#include "../test.h"
#include "base/log.h"
#include "base/mem.h"
#include "crypto/rand.h"
#include "crypto/signer.h"
#include "os/file.h"
#include "server/courier.h"
#include "server/ledger/witnessed.h"
#include "server/snapshot.h"
#include "server/start.h"

static const char *put(struct running *running, const char *name, struct gb_bytes bytes)
{
    char *path = gb_arena_printf(running->arena, "%s/%s", running->folder, name);
    assert_int_equal(file_write(path, bytes, NULL), GB_OK);
    return path;
}

static void configure(struct running *running)
{
    const struct kit_people *who = kit_people();
    const char *cert = put(running, "server.pem", kit_cert_pem(&who->server, NULL));
    const char *key = put(running, "server.key", kit_key_pem(&who->server));
    const char *ca = put(running, "ca.pem", kit_cert_pem(&who->ca, NULL));
    char *text = gb_arena_printf(
        running->arena,
        "people_port = %u\nlisten = 127.0.0.1\napi_port = 0\nenroll_port = 0\n"
        "trust_domain = example\nfounder = anna\nstate = %s\nkeyd_socket = %s/none\n"
        "tls_cert = %s\ntls_key = %s\nca = %s\n",
        (unsigned)running->people, running->folder, running->folder, cert, key, ca);
    const char *path = put(running, "garboardd.conf", gb_bytes_str(text));
    struct gb_err err;
    if (config_read(running->arena, path, &running->config, &err) < 0)
        fail_msg("%s", err.text);
}

/* One that nobody has now, and below those that the system hands out to whoever asks for any. */
static uint16_t free_port(void)
{
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    for (;;) {
        uint16_t chance = 0;
        int fd = socket(AF_INET, SOCK_STREAM, 0);
        assert_int_equal(rand_bytes((uint8_t *)&chance, sizeof chance, NULL), GB_OK);
        address.sin_port = htons((uint16_t)(20000 + chance % 10000));
        assert_true(fd >= 0);
        bool free = bind(fd, (struct sockaddr *)&address, sizeof address) == 0;
        close(fd);
        if (free)
            return ntohs(address.sin_port);
    }
}

static void start(struct running *running, uint16_t people)
{
    struct listeners_tls tls;
    struct gb_err err = {0};
    *running = (struct running){.folder = "/tmp/garboard-server-XXXXXX", .people = people};
    assert_non_null(mkdtemp(running->folder));
    running->arena = gb_arena_new();
    running->server = gb_calloc(1, sizeof *running->server);
    gb_log_setup("garboardd", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    configure(running);
    int r = start_read_tls(running->arena, &running->config, &tls, &err);
    if (r == GB_OK)
        r = witnessed_new(&running->config, &running->server->witnessed, &err);
    if (r == GB_OK)
        r = start_open(running->server, running->arena, &running->config, &err);
    if (r == GB_OK)
        courier_note(running->server, GB_OK, &err); /* as if keyd were there, and agreed */
    if (r == GB_OK)
        r = threads_new(running->server, &tls, &running->threads, &err);
    if (r == GB_OK)
        r = threads_start(running->threads, &err);
    if (r < 0)
        fail_msg("%s", err.text);
    running->api = threads_api_port(running->threads);
    running->enroll = threads_enroll_port(running->threads);
}

void running_start(struct running *running)
{
    start(running, 0);
}

void running_start_people(struct running *running)
{
    start(running, free_port());
}

void running_trust(struct running *running, const char *documents)
{
    const struct conf_list none = {0};
    const char *path = gb_arena_printf(running->arena, "%s/officer.pem", running->folder);
    const struct conf_list officers = {.items = &path, .count = 1};
    gb_cleanup(signer_freep) struct signer *officer = NULL;
    struct snapshot *snapshot = NULL;
    struct gb_err err;
    assert_int_equal(signer_new(&officer, NULL), 0);
    make_officer_file(officer, path);
    const struct store_document document = {
        .kind = "documents", .name = "x", .text = make_signed(running->arena, documents, officer)};
    const struct snapshot_parts parts = {
        .roots = &none, .officers = &officers, .documents = &document, .count = 1};
    if (snapshot_new(&parts, &snapshot, &err) < 0)
        fail_msg("%s", err.text);
    assert_null(snapshot_fault(snapshot));
    start_set_trust(running->server, snapshot);
}

void running_stop(struct running *running)
{
    char command[128];
    threads_stop(running->threads, 1000);
    pool_free(gb_take(running->server->pool));
    threads_free(running->threads);
    start_close(running->server);
    gb_free(running->server);
    gb_arena_free(running->arena);
    snprintf(command, sizeof command, "rm -rf '%s'", running->folder);
    assert_int_equal(system(command), 0);
}

int running_ask(uint16_t port, const struct kit_id *id, const char *line, const char *payload,
                char *body, size_t size)
{
    return running_ask_with(port, id, line, "", payload, body, size);
}

int running_ask_with(uint16_t port, const struct kit_id *id, const char *line, const char *headers,
                     const char *payload, char *body, size_t size)
{
    struct kit_client client;
    static _Thread_local char text[64 << 10];
    body[0] = '\0';
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %zu\r\n\r\n%s", line,
             headers, strlen(payload), payload);
    int status = -1;
    if (kit_connect(&client, port, id, NULL, TLS1_3_VERSION) && kit_say(&client, text)) {
        status = kit_answer(&client, body, size);
        if (status == 0)
            status = -1;
    }
    kit_client_done(&client);
    return status;
}
