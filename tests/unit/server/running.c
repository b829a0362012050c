#include "running.h"

#include <stdio.h>
#include <string.h>

#include "../test.h"
#include "base/log.h"
#include "base/mem.h"
#include "os/file.h"
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
        "listen = 127.0.0.1\napi_port = 0\nenroll_port = 0\n"
        "trust_domain = example\nfounder = anna\nstate = %s\nkeyd_socket = %s/none\n"
        "tls_cert = %s\ntls_key = %s\nca = %s\n",
        running->folder, running->folder, cert, key, ca);
    const char *path = put(running, "garboardd.conf", gb_bytes_str(text));
    struct gb_err err;
    if (config_read(running->arena, path, &running->config, &err) < 0)
        fail_msg("%s", err.text);
}

void running_start(struct running *running)
{
    struct listeners_tls tls;
    struct gb_err err = {0};
    *running = (struct running){.folder = "/tmp/garboard-server-XXXXXX"};
    assert_non_null(mkdtemp(running->folder));
    running->arena = gb_arena_new();
    running->server = gb_calloc(1, sizeof *running->server);
    gb_log_setup("garboardd", GB_LOG_FORM_TEXT, GB_LOG_ERROR);
    configure(running);
    int r = start_read_tls(running->arena, &running->config, &tls, &err);
    if (r == GB_OK)
        r = start_open(running->server, running->arena, &running->config, &err);
    if (r == GB_OK)
        r = threads_new(running->server, &tls, &running->threads, &err);
    if (r == GB_OK)
        r = threads_start(running->threads, &err);
    if (r < 0)
        fail_msg("%s", err.text);
    running->api = threads_api_port(running->threads);
    running->enroll = threads_enroll_port(running->threads);
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
    struct kit_client client;
    char text[1024];
    body[0] = '\0';
    snprintf(text, sizeof text, "%s HTTP/1.1\r\nHost: x\r\nContent-Length: %zu\r\n\r\n%s", line,
             strlen(payload), payload);
    int status = -1;
    if (kit_connect(&client, port, id, NULL, TLS1_3_VERSION) && kit_say(&client, text)) {
        status = kit_answer(&client, body, size);
        if (status == 0)
            status = -1;
    }
    kit_client_done(&client);
    return status;
}
