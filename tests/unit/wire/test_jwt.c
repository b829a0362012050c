#include <string.h>

#include "../test.h"
#include "base/encode.h"
#include "crypto/signer.h"
#include "make_jwt.h"
#include "wire/jws.h"
#include "wire/jwt.h"

enum { NOW = 1800000000 };

#define CLAIMS                                                                                     \
    "{\"iss\":\"https://a.example\",\"sub\":\"bob\",\"aud\":[\"x\",\"garboard\"],\"jti\":\"1\","   \
    "\"iat\":1799999990,\"nbf\":1799999990,\"exp\":1800000300}"

static const struct jwt_rules rules = {.algs = JWT_ALG_ALL,
                                       .issuer = "https://a.example",
                                       .audience = "garboard",
                                       .now_s = NOW,
                                       .leeway_s = 30};

struct desk {
    struct gb_arena *arena;
    EVP_PKEY *key;
    struct jwks *keys;
};

static int set_up(void **state)
{
    static struct desk desk;
    struct gb_err err = {0};
    desk = (struct desk){.arena = gb_arena_new(), .key = make_jwt_key(JWT_ES256, 0)};
    const char *set = gb_arena_printf(desk.arena, "{\"keys\":[%s]}",
                                      make_jwk(desk.arena, desk.key, ",\"kid\":\"a\""));
    *state = &desk;
    return jwks_read(gb_bytes_str(set), &desk.keys, &err);
}

static int tear_down(void **state)
{
    struct desk *desk = *state;
    jwks_free(desk->keys);
    EVP_PKEY_free(desk->key);
    gb_arena_free(desk->arena);
    return 0;
}

/* What becomes of a token; `why` must stand in the refusal. */
static void expect(struct desk *desk, const char *token, const struct jwt_rules *how, int code,
                   const char *why)
{
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    struct gb_err err = {0};
    int r = jwt_verify(desk->arena, gb_bytes_str(token), desk->keys, how, &jwt, &err);
    if (r != code || (why && !strstr(err.text, why)))
        fail_msg("%s: code %d, \"%s\"; expected %d, \"%s\"", token, r, err.text, code,
                 why ? why : "");
    assert_true(r == 0 || !jwt.claims);
}

static const char *token_of(struct desk *desk, const char *header, const char *claims)
{
    return make_jwt(desk->arena, desk->key, JWT_ES256, header, claims);
}

#define HEADER "{\"alg\":\"ES256\",\"kid\":\"a\",\"typ\":\"JWT\"}"

/* RFC 7515, A.3. */
static void reads_the_example_of_the_rfc(void **state)
{
    struct desk *desk = *state;
    gb_cleanup(jwks_freep) struct jwks *keys = NULL;
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    bool root = false;
    static const char set[] = "{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
                              "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
                              "\"y\":\"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0\"}]}";
    static const char token[] =
        "eyJhbGciOiJFUzI1NiJ9.eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFt"
        "cGxlLmNvbS9pc19yb290Ijp0cnVlfQ.DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa"
        "8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
    const struct jwt_rules then = {.algs = JWT_ES256, .issuer = "joe", .now_s = 1300819379};
    assert_int_equal(jwks_read(gb_bytes_str(set), &keys, NULL), 0);
    assert_int_equal(jwt_verify(desk->arena, gb_bytes_str(token), keys, &then, &jwt, NULL), 0);
    assert_null(jwt.key_id);
    assert_int_equal(jwt.expires_s, 1300819380);
    assert_int_equal(jwt.issued_at_s, -1);
    assert_true(json_get_bool(jwt.claims, "http://example.com/is_root", &root) && root);
}

static void reads_what_jws_writes(void **state)
{
    struct desk *desk = *state;
    gb_cleanup(signer_freep) struct signer *signer = NULL;
    gb_cleanup(jwks_freep) struct jwks *keys = NULL;
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    struct jwk jwk;
    const char *token = NULL;
    assert_int_equal(signer_new(&signer, NULL), 0);
    assert_int_equal(jwk_of(desk->arena, signer, &jwk, NULL), 0);
    assert_int_equal(jws_sign(desk->arena, signer, jwk.key_id, gb_bytes_str(CLAIMS), &token, NULL),
                     0);
    assert_int_equal(jwks_read(gb_bytes_str(jwk.set), &keys, NULL), 0);
    assert_true(jwks_has(keys, jwk.key_id));
    assert_int_equal(jwt_verify(desk->arena, gb_bytes_str(token), keys, &rules, &jwt, NULL), 0);
    assert_string_equal(jwt.key_id, jwk.key_id);
    assert_string_equal(jwt.subject, "bob");
    assert_string_equal(jwt.id, "1");
    assert_int_equal(jwt.not_before_s, 1799999990);
}

/* Each algorithm with its own key, and no other with it. */
static void verifies_every_algorithm_and_no_mixture(void **state)
{
    struct desk *desk = *state;
    static const enum jwt_alg algs[] = {JWT_ES256, JWT_ES384, JWT_RS256, JWT_PS256};
    for (size_t i = 0; i < GB_ARRAY_LEN(algs); i++) {
        struct desk own = {.arena = desk->arena, .key = make_jwt_key(algs[i], 2048)};
        const char *set =
            gb_arena_printf(desk->arena, "{\"keys\":[%s]}", make_jwk(desk->arena, own.key, ""));
        assert_int_equal(jwks_read(gb_bytes_str(set), &own.keys, NULL), 0);
        for (size_t k = 0; k < GB_ARRAY_LEN(algs); k++) {
            const char *header =
                gb_arena_printf(desk->arena, "{\"alg\":\"%s\"}", jwt_alg_name(algs[k]));
            expect(&own, make_jwt(desk->arena, own.key, algs[i], header, CLAIMS), &rules,
                   i == k ? 0 : GB_ERR_DENIED, i == k ? NULL : "signature");
        }
        struct jwt_rules narrow = rules;
        narrow.algs = JWT_ALG_ALL & ~(unsigned)algs[i];
        const char *header =
            gb_arena_printf(desk->arena, "{\"alg\":\"%s\"}", jwt_alg_name(algs[i]));
        expect(&own, make_jwt(desk->arena, own.key, algs[i], header, CLAIMS), &narrow,
               GB_ERR_DENIED, "not allowed");
        jwks_free(own.keys);
        EVP_PKEY_free(own.key);
    }
}

/* RFC 8725, 3.1: what the token says of algorithms is not believed. */
static void knows_neither_none_nor_a_secret(void **state)
{
    struct desk *desk = *state;
    static const char *const names[] = {"none", "None", "HS256", "HS512", "es256", "ES512", ""};
    for (size_t i = 0; i < GB_ARRAY_LEN(names); i++) {
        const char *header = gb_arena_printf(desk->arena, "{\"alg\":\"%s\"}", names[i]);
        expect(desk, token_of(desk, header, CLAIMS), &rules, GB_ERR_DENIED, "not allowed");
    }
    /* "header.payload." of alg none has no third part at all. */
    const char *bare = gb_arena_printf(
        desk->arena, "%s.%s.", gb_base64url(desk->arena, gb_bytes_str("{\"alg\":\"none\"}")),
        gb_base64url(desk->arena, gb_bytes_str(CLAIMS)));
    expect(desk, bare, &rules, GB_ERR_INPUT, "not a signed token");
    expect(desk, token_of(desk, "{\"typ\":\"JWT\"}", CLAIMS), &rules, GB_ERR_INPUT, "alg");
    expect(desk, token_of(desk, "{\"alg\":\"ES256\",\"crit\":[\"exp\"]}", CLAIMS), &rules,
           GB_ERR_INPUT, "critical");
}

/* A key that the token brings itself is never looked at. */
static void takes_keys_from_the_set_only(void **state)
{
    struct desk *desk = *state;
    EVP_PKEY *thief = make_jwt_key(JWT_ES256, 0);
    const char *header = gb_arena_printf(desk->arena, "{\"alg\":\"ES256\",\"jwk\":%s}",
                                         make_jwk(desk->arena, thief, ""));
    expect(desk, make_jwt(desk->arena, thief, JWT_ES256, header, CLAIMS), &rules, GB_ERR_DENIED,
           "signature");
    expect(desk, make_jwt(desk->arena, thief, JWT_ES256, HEADER, CLAIMS), &rules, GB_ERR_DENIED,
           "signature");
    EVP_PKEY_free(thief);
    expect(desk, token_of(desk, "{\"alg\":\"ES256\",\"kid\":\"b\"}", CLAIMS), &rules,
           GB_ERR_NOTFOUND, "\"b\"");
    expect(desk, token_of(desk, "{\"alg\":\"ES256\",\"kid\":7}", CLAIMS), &rules, GB_ERR_INPUT,
           "kid");
}

/* One bit anywhere and it is another token. */
static void a_changed_byte_is_refused(void **state)
{
    struct desk *desk = *state;
    const char *token = token_of(desk, HEADER, CLAIMS);
    gb_cleanup(jwt_done) struct jwt jwt = {0};
    char changed[1024];
    expect(desk, token, &rules, 0, NULL);
    for (size_t i = 0; i < strlen(token); i++) {
        snprintf(changed, sizeof changed, "%s", token);
        changed[i] = changed[i] == 'A' ? 'B' : 'A';
        if (jwt_verify(desk->arena, gb_bytes_str(changed), desk->keys, &rules, &jwt, NULL) == 0)
            fail_msg("byte %zu", i);
    }
    static const char *const tails[] = {"=", "\n", ".AAAA"}; /* other spellings of the same */
    for (size_t i = 0; i < GB_ARRAY_LEN(tails); i++)
        expect(desk, gb_arena_printf(desk->arena, "%s%s", token, tails[i]), &rules, GB_ERR_INPUT,
               "not a signed token");
}

static void judges_time_issuer_and_audience(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *claims;
        int code;
        const char *why;
    } cases[] = {
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1799999971}", 0, NULL},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1799999970}", GB_ERR_DENIED,
         "ended 30 s ago"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\"}", GB_ERR_DENIED, "no end"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1800000001.5}", GB_ERR_INPUT,
         "whole number"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":\"1800000001\"}",
         GB_ERR_INPUT, "whole number"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1800000300,"
         "\"nbf\":1800000030}",
         0, NULL},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1800000300,"
         "\"nbf\":1800000031}",
         GB_ERR_DENIED, "nbf"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"garboard\",\"exp\":1800000300,"
         "\"iat\":1800000031}",
         GB_ERR_DENIED, "iat"},
        {"{\"iss\":\"https://b.example\",\"aud\":\"garboard\",\"exp\":1800000300}", GB_ERR_DENIED,
         "issued by https://b.example"},
        {"{\"aud\":\"garboard\",\"exp\":1800000300}", GB_ERR_DENIED, "issued by nobody"},
        {"{\"iss\":\"https://a.example\",\"exp\":1800000300}", GB_ERR_DENIED, "aud"},
        {"{\"iss\":\"https://a.example\",\"aud\":\"x\",\"exp\":1800000300}", GB_ERR_DENIED, "aud"},
        {"{\"iss\":\"https://a.example\",\"aud\":[],\"exp\":1800000300}", GB_ERR_INPUT, "aud"},
        {"{\"iss\":\"https://a.example\",\"aud\":[\"garboard\",7],\"exp\":1800000300}",
         GB_ERR_INPUT, "aud"},
        {"{\"iss\":\"https://a.example\",\"iss\":\"https://b.example\",\"exp\":1800000300}",
         GB_ERR_INPUT, "twice"},
        {"[]", GB_ERR_INPUT, "no object"},
        {"{} ", GB_ERR_DENIED, "aud"},
        {"{}{}", GB_ERR_INPUT, "follow"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++)
        expect(desk, token_of(desk, HEADER, cases[i].claims), &rules, cases[i].code, cases[i].why);
    struct jwt_rules any = {.algs = JWT_ES256, .now_s = NOW, .may_lack_exp = true};
    expect(desk, token_of(desk, HEADER, "{}"), &any, 0, NULL);
    any.typ = "at+jwt";
    expect(desk, token_of(desk, HEADER, "{}"), &any, GB_ERR_DENIED, "typ");
    expect(desk, token_of(desk, "{\"alg\":\"ES256\",\"typ\":\"application/AT+JWT\"}", "{}"), &any,
           0, NULL);
    expect(desk, token_of(desk, "{\"alg\":\"ES256\"}", "{}"), &any, GB_ERR_DENIED, "typ");
}

static void peeks_without_believing(void **state)
{
    struct desk *desk = *state;
    const char *key_id = NULL;
    const char *issuer = NULL;
    const char *token = token_of(desk, HEADER, CLAIMS);
    assert_int_equal(jwt_peek(desk->arena, gb_bytes_str(token), &key_id, &issuer, NULL), 0);
    assert_string_equal(key_id, "a");
    assert_string_equal(issuer, "https://a.example");
    assert_int_equal(jwt_peek(desk->arena, gb_bytes_str("a.b"), &key_id, &issuer, NULL),
                     GB_ERR_INPUT);
}

static void a_long_token_is_refused(void **state)
{
    struct desk *desk = *state;
    char *text = gb_arena_alloc(desk->arena, GB_LIMIT_JWT + 2, 1);
    memset(text, 'A', GB_LIMIT_JWT + 1);
    expect(desk, text, &rules, GB_ERR_LIMIT, "ceiling");
}

/* How many keys of a set are usable; below zero: its error. */
static int usable(struct desk *desk, const char *set, const char *why)
{
    gb_cleanup(jwks_freep) struct jwks *keys = NULL;
    struct gb_err err = {0};
    (void)desk;
    int r = jwks_read(gb_bytes_str(set), &keys, &err);
    if (r < 0 && (!why || !strstr(err.text, why)))
        fail_msg("%s: \"%s\", expected \"%s\"", set, err.text, why ? why : "");
    return r < 0 ? r : (int)jwks_count(keys);
}

static const char *set_of(struct desk *desk, const char *first, const char *second)
{
    return gb_arena_printf(desk->arena, "{\"keys\":[%s,%s]}", first, second);
}

static void skips_keys_that_are_not_for_us(void **state)
{
    struct desk *desk = *state;
    const char *good = make_jwk(desk->arena, desk->key, "");
    EVP_PKEY *weak = make_jwt_key(JWT_RS256, 1024);
    const char *others[] = {
        "{\"kty\":\"OKP\",\"crv\":\"Ed25519\",\"x\":\"AA\"}",
        "{\"kty\":\"oct\",\"k\":\"AA\"}",
        "{\"kty\":\"EC\",\"crv\":\"secp256k1\",\"x\":\"AA\",\"y\":\"AA\"}",
        make_jwk(desk->arena, desk->key, ",\"use\":\"enc\""),
        make_jwk(desk->arena, desk->key, ",\"alg\":\"ECDH-ES\""),
        make_jwk(desk->arena, desk->key, ",\"alg\":\"ES384\""),
        make_jwk(desk->arena, desk->key, ",\"key_ops\":[\"encrypt\"]"),
        make_jwk(desk->arena, weak, ""),
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(others); i++) {
        if (usable(desk, set_of(desk, others[i], good), NULL) != 1)
            fail_msg("%s", others[i]);
        const char *alone = gb_arena_printf(desk->arena, "{\"keys\":[%s]}", others[i]);
        assert_int_equal(usable(desk, alone, "no key that we could"), GB_ERR_INPUT);
    }
    const char *full = make_jwk(desk->arena, desk->key,
                                ",\"use\":\"sig\",\"alg\":\"ES256\",\"key_ops\":[\"verify\"]");
    assert_int_equal(usable(desk, set_of(desk, full, good), NULL), 2);
    EVP_PKEY_free(weak);
}

/* One slip of an issuer locks nobody out, and opens nothing: under its id nothing verifies. */
static void a_malformed_key_costs_the_others_nothing(void **state)
{
    struct desk *desk = *state;
    EVP_PKEY *other = make_jwt_key(JWT_ES256, 0);
    const char *good = make_jwk(desk->arena, desk->key, ",\"kid\":\"good\"");
    const char *odd = make_jwk(desk->arena, other, ",\"kid\":7");
    const char *malformed[] = {
        "7",
        "null",
        "{\"kid\":\"bad\"}",
        "{\"kid\":\"bad\",\"kty\":7}",
        "{\"kid\":\"bad\",\"kty\":\"EC\"}",
        "{\"kid\":\"bad\",\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}",
        "{\"kid\":\"bad\",\"kty\":\"EC\",\"crv\":\"P-256\","
        "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
        "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}",
        "{\"kid\":\"bad\",\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}",
        "{\"kid\":\"bad\",\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AA\"}",
        odd,
    };
    const char *claims = "{\"exp\":1800000300}";
    const struct jwt_rules any = {.algs = JWT_ALG_ALL, .now_s = NOW};
    const char *by_good =
        make_jwt(desk->arena, desk->key, JWT_ES256, "{\"alg\":\"ES256\",\"kid\":\"good\"}", claims);
    const char *by_other =
        make_jwt(desk->arena, other, JWT_ES256, "{\"alg\":\"ES256\",\"kid\":\"bad\"}", claims);
    for (size_t i = 0; i < GB_ARRAY_LEN(malformed); i++)
        for (int last = 0; last < 2; last++) {
            gb_cleanup(jwks_freep) struct jwks *keys = NULL;
            gb_cleanup(jwt_done) struct jwt jwt = {0};
            const char *set =
                last ? set_of(desk, good, malformed[i]) : set_of(desk, malformed[i], good);
            if (jwks_read(gb_bytes_str(set), &keys, NULL) != 0 || jwks_count(keys) != 1)
                fail_msg("%s", set);
            assert_true(jwks_has(keys, "good"));
            assert_false(jwks_has(keys, "bad"));
            assert_int_equal(jwt_verify(desk->arena, gb_bytes_str(by_good), keys, &any, &jwt, NULL),
                             0);
            assert_true(jwt_verify(desk->arena, gb_bytes_str(by_other), keys, &any, &jwt, NULL) <
                        0);
        }
    EVP_PKEY_free(other);
}

/* Who shows a private key has lost more than that key: the whole set is refused. */
static void a_private_key_voids_its_set(void **state)
{
    struct desk *desk = *state;
    const char *good = make_jwk(desk->arena, desk->key, "");
    const char *private = make_jwk(desk->arena, desk->key, ",\"d\":\"AQ\"");
    assert_int_equal(usable(desk, set_of(desk, good, private), "private"), GB_ERR_INPUT);
    assert_int_equal(usable(desk, set_of(desk, private, good), "private"), GB_ERR_INPUT);
}

static void refuses_sets_that_are_wrong(void **state)
{
    struct desk *desk = *state;
    static const struct {
        const char *set;
        const char *why;
    } cases[] = {
        {"{\"keys\":[]}", "not a key set"},
        {"{}", "not a key set"},
        {"[]", "not a key set"},
        {"{\"keys\":[7]}", "kty"},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"AA\",\"y\":\"AA\"}]}", "as long"},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\",\"x\":\"A=\",\"y\":\"AA\"}]}", "base64url"},
        {"{\"keys\":[{\"kty\":\"EC\",\"x\":\"AA\",\"y\":\"AA\"}]}", "crv"},
        {"{\"keys\":[{\"kty\":\"EC\",\"crv\":\"P-256\","
         "\"x\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\","
         "\"y\":\"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU\"}]}",
         "make no EC key"},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\"}]}", "modulus"},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AA\"}]}", "exponent"},
        {"{\"keys\":[{\"kty\":\"RSA\",\"n\":\"AQ\",\"e\":\"AQAB\",\"d\":\"AQ\"}]}", "private"},
        {"{\"keys\":[{\"kty\":\"EC\",\"kid\":7}]}", "kid"},
    };
    for (size_t i = 0; i < GB_ARRAY_LEN(cases); i++)
        assert_int_equal(usable(desk, cases[i].set, cases[i].why), GB_ERR_INPUT);
}

static void a_set_has_a_ceiling(void **state)
{
    struct desk *desk = *state;
    const char *set = "{\"kty\":\"oct\"}";
    for (int i = 0; i < GB_LIMIT_JWKS_KEYS; i++)
        set = gb_arena_printf(desk->arena, "%s,{\"kty\":\"oct\"}", set);
    set = gb_arena_printf(desk->arena, "{\"keys\":[%s]}", set);
    assert_int_equal(usable(desk, set, "ceiling"), GB_ERR_LIMIT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_the_example_of_the_rfc, set_up, tear_down),
        cmocka_unit_test_setup_teardown(reads_what_jws_writes, set_up, tear_down),
        cmocka_unit_test_setup_teardown(verifies_every_algorithm_and_no_mixture, set_up, tear_down),
        cmocka_unit_test_setup_teardown(knows_neither_none_nor_a_secret, set_up, tear_down),
        cmocka_unit_test_setup_teardown(takes_keys_from_the_set_only, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_changed_byte_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(judges_time_issuer_and_audience, set_up, tear_down),
        cmocka_unit_test_setup_teardown(peeks_without_believing, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_long_token_is_refused, set_up, tear_down),
        cmocka_unit_test_setup_teardown(skips_keys_that_are_not_for_us, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_malformed_key_costs_the_others_nothing, set_up,
                                        tear_down),
        cmocka_unit_test_setup_teardown(a_private_key_voids_its_set, set_up, tear_down),
        cmocka_unit_test_setup_teardown(refuses_sets_that_are_wrong, set_up, tear_down),
        cmocka_unit_test_setup_teardown(a_set_has_a_ceiling, set_up, tear_down),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
