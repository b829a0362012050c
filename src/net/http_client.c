#include "net/http_client.h"

#include <curl/curl.h>
#include <openssl/err.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "base/text.h"
#include "net/tls_client.h"

enum { URL_BYTES = 2048 };

struct http_client {
    CURL *curl;
    struct tls_client tls;
    char url[512];
    size_t max_answer;
    const char *bearer; /* borrowed */
    const char *header; /* borrowed */
    char complaint[CURL_ERROR_SIZE];
};

static pthread_once_t once = PTHREAD_ONCE_INIT;

static void set_up_library(void)
{
    (void)curl_global_init(CURL_GLOBAL_DEFAULT); /* if it failed, curl_easy_init fails, too */
}

static CURLcode on_context(CURL *curl, void *ssl_ctx, void *ctx)
{
    (void)curl;
    struct http_client *client = ctx;
    return tls_client_apply(&client->tls, ssl_ctx) ? CURLE_OK : CURLE_SSL_CERTPROBLEM;
}

static size_t on_body(char *data, size_t one, size_t len, void *ctx)
{
    (void)one;
    struct gb_buf *body = ctx;
    gb_buf_add(body, data, len);
    return gb_buf_ok(body) ? len : 0;
}

/* Nothing of the surroundings counts: no proxy of the environment, no netrc, no CA of the system,
 * no redirect. */
static bool set_up(struct http_client *client, const struct http_client_conf *conf)
{
    CURL *c = client->curl;
    long connect_ms = (long)conf->connect_ms;
    long total_ms = (long)conf->total_ms;
    long tls = conf->tls12_ok ? CURL_SSLVERSION_TLSv1_2 : CURL_SSLVERSION_TLSv1_3;
    return curl_easy_setopt(c, CURLOPT_PROTOCOLS_STR, "https") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_PROXY, "") == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NETRC, (long)CURL_NETRC_IGNORED) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_NOSIGNAL, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSLVERSION, tls) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CAINFO, NULL) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CAPATH, NULL) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_CTX_FUNCTION, on_context) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_SSL_CTX_DATA, client) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CONNECTTIMEOUT_MS, connect_ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_TIMEOUT_MS, total_ms) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_ERRORBUFFER, client->complaint) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_USERAGENT, "garboard/" GARBOARD_VERSION) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_WRITEFUNCTION, on_body) == CURLE_OK;
}

static int check_url(const struct http_client_conf *conf, struct gb_err *err)
{
    struct gb_bytes url = gb_bytes_str(conf->url);
    struct http_client *none = NULL;
    if (!gb_bytes_starts(url, gb_bytes_str("https://")) || url.len >= sizeof none->url ||
        strchr(conf->url + strlen("https://"), '/') || strpbrk(conf->url, "@?# \t\r\n"))
        return gb_err_set(err, GB_ERR_CONFIG,
                          "the server's address must be https://HOST:PORT, without a path");
    return GB_OK;
}

int http_client_new(const struct http_client_conf *conf, struct http_client **ret_client,
                    struct gb_err *err)
{
    pthread_once(&once, set_up_library);
    int r = check_url(conf, err);
    if (r < 0)
        return r;
    gb_cleanup(http_client_freep) struct http_client *client = gb_calloc(1, sizeof *client);
    if (!client)
        return gb_err_nomem(err);
    (void)snprintf(client->url, sizeof client->url, "%s", conf->url);
    client->max_answer = conf->max_answer;
    client->bearer = conf->bearer;
    client->header = conf->header;
    r = tls_client_init(&client->tls, conf, err);
    if (r < 0)
        return r;
    client->curl = curl_easy_init();
    if (!client->curl)
        return gb_err_nomem(err);
    if (!set_up(client, conf))
        return gb_err_set(err, GB_ERR_BUG, "libcurl lacks HTTPS, or an option of it");
    *ret_client = gb_take(client);
    return GB_OK;
}

void http_client_free(struct http_client *client)
{
    if (!client)
        return;
    curl_easy_cleanup(client->curl); /* before what its connections borrow */
    tls_client_done(&client->tls);
    gb_free(client);
}

void http_client_freep(struct http_client **client)
{
    http_client_free(*client);
}

void http_reply_done(struct http_reply *reply)
{
    gb_buf_done(&reply->body);
    gb_buf_done(&reply->ca_pem);
}

static bool set_method(CURL *c, const char *method, struct gb_bytes body)
{
    bool get = strcmp(method, "GET") == 0;
    bool post = strcmp(method, "POST") == 0;
    if (body.len == 0 && !post)
        return curl_easy_setopt(c, CURLOPT_HTTPGET, 1L) == CURLE_OK &&
               curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, get ? NULL : method) == CURLE_OK;
    return curl_easy_setopt(c, CURLOPT_POST, 1L) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t)body.len) == CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_POSTFIELDS, body.len ? (const char *)body.data : "") ==
               CURLE_OK &&
           curl_easy_setopt(c, CURLOPT_CUSTOMREQUEST, post ? NULL : method) == CURLE_OK;
}

static struct curl_slist *add_header(struct curl_slist *list, const char *line)
{
    struct curl_slist *longer = curl_slist_append(list, line);
    if (!longer)
        curl_slist_free_all(list);
    return longer;
}

static struct curl_slist *make_headers(const struct http_client *client, const char *content_type)
{
    char line[256];
    size_t size = client->bearer ? strlen(client->bearer) + 32 : 0;
    char *bearer = size > 0 ? gb_calloc(size, 1) : NULL;
    if (size > 0 && !bearer)
        return NULL;
    /* No "Expect: 100-continue": it costs a round trip, and our servers read a refused body. */
    struct curl_slist *list = add_header(NULL, "Expect:");
    (void)snprintf(line, sizeof line, "Content-Type:%s%s", content_type ? " " : "",
                   content_type ? content_type : "");
    if (list)
        list = add_header(list, line);
    if (list && bearer) {
        (void)snprintf(bearer, size, "Authorization: Bearer %s", client->bearer);
        list = add_header(list, bearer);
    }
    gb_free(bearer);
    if (list && client->header)
        list = add_header(list, client->header);
    return list;
}

/* libcurl's words may quote the peer. */
static const char *plain(char *text)
{
    for (char *at = text; *at; at++)
        if (*at < 0x20 || *at == 0x7f)
            *at = '?';
    return text;
}

static int explain_tls(struct http_client *client, struct gb_err *err)
{
    if (client->tls.unpinned)
        return gb_err_set(err, GB_ERR_IO,
                          "the server's CA is not the one that was pinned: another server, or one "
                          "in between");
    if (client->tls.fault != X509_V_OK)
        return gb_err_set(err, GB_ERR_IO, "the server's certificate is not believed: %s",
                          X509_verify_cert_error_string(client->tls.fault));
    return gb_err_set(err, GB_ERR_IO, "TLS failed: %s", plain(client->complaint));
}

static int explain(struct http_client *client, CURLcode code, const struct gb_buf *body,
                   struct gb_err *err)
{
    long sys = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_OS_ERRNO, &sys);
    const char *url = client->url;
    if (code == CURLE_COULDNT_RESOLVE_HOST)
        return gb_err_set(err, GB_ERR_IO, "%s: the name cannot be resolved", url);
    if (code == CURLE_COULDNT_CONNECT)
        return gb_err_sys(err, (int)sys, "%s: cannot connect", url);
    if (code == CURLE_OPERATION_TIMEDOUT)
        return gb_err_set(err, GB_ERR_IO, "%s: timed out", url);
    if (code == CURLE_OUT_OF_MEMORY)
        return gb_err_nomem(err);
    if (code == CURLE_WRITE_ERROR && !gb_buf_ok(body))
        return gb_err_set(err, GB_ERR_LIMIT, "%s: the answer is longer than %zu bytes", url,
                          client->max_answer);
    int r = GB_OK;
    if (code == CURLE_PEER_FAILED_VERIFICATION || code == CURLE_SSL_CONNECT_ERROR ||
        client->tls.unpinned || client->tls.fault != X509_V_OK)
        r = explain_tls(client, err);
    else
        r = gb_err_set(err, GB_ERR_IO, "%s",
                       client->complaint[0] ? plain(client->complaint) : curl_easy_strerror(code));
    gb_err_prefix(err, "%s: ", url);
    return r;
}

static int64_t retry_after(CURL *curl)
{
    struct curl_header *header = NULL;
    uint64_t s = 0;
    if (curl_easy_header(curl, "Retry-After", 0, CURLH_HEADER, -1, &header) != CURLHE_OK ||
        !gb_text_u64(gb_bytes_str(header->value), 24ULL * 3600, &s))
        return 0;
    return (int64_t)s;
}

static CURLcode perform(struct http_client *client, const char *method, const char *path,
                        const char *content_type, struct gb_bytes body, struct gb_buf *answer)
{
    CURL *c = client->curl;
    char url[URL_BYTES];
    int len = snprintf(url, sizeof url, "%s%s", client->url, path);
    struct curl_slist *headers = make_headers(client, content_type);
    CURLcode code = CURLE_OUT_OF_MEMORY;
    client->complaint[0] = '\0';
    ERR_clear_error();
    if (len < 0 || len >= URL_BYTES)
        code = CURLE_URL_MALFORMAT;
    else if (headers && curl_easy_setopt(c, CURLOPT_URL, url) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_HTTPHEADER, headers) == CURLE_OK &&
             curl_easy_setopt(c, CURLOPT_WRITEDATA, answer) == CURLE_OK &&
             set_method(c, method, body))
        code = curl_easy_perform(c);
    (void)curl_easy_setopt(c, CURLOPT_HTTPHEADER, NULL);
    (void)curl_easy_setopt(c, CURLOPT_POSTFIELDS, NULL); /* they are the caller's */
    curl_slist_free_all(headers);
    return code;
}

int http_client_send(struct http_client *client, const char *method, const char *path,
                     const char *content_type, struct gb_bytes body, struct http_reply *ret_reply,
                     struct gb_err *err)
{
    struct http_reply reply = {0};
    gb_buf_init(&reply.body, client->max_answer);
    gb_buf_init(&reply.ca_pem, GB_LIMIT_CERT);
    CURLcode code = perform(client, method, path, content_type, body, &reply.body);
    if (code != CURLE_OK) {
        int r = explain(client, code, &reply.body, err);
        http_reply_done(&reply);
        return r;
    }
    long status = 0;
    (void)curl_easy_getinfo(client->curl, CURLINFO_RESPONSE_CODE, &status);
    reply.status = (int)status;
    reply.retry_after_s = retry_after(client->curl);
    if (client->tls.has_ca_pin)
        tls_client_ca(&client->tls, &reply.ca_pem);
    *ret_reply = reply;
    return GB_OK;
}
