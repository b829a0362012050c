#!/bin/bash
# Relying parties off the shelf: dist/examples/relying-party, run as it stands before a real node. Apache takes the
# node's result; nginx takes that, its certificate with the key in the TPM (tpm_get.c), or both. They refuse what they
# must, also once the node is no longer trusted. usage: test_relying.sh GARBOARD SOURCE CLOCK_SHIFT TPM_GET
clock_shift=$(readlink -f "$3") tpm_get=$(readlink -f "$4")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

for file in /usr/lib/nginx/modules/ngx_http_js_module.so "$(command -v nginx || echo nginx)" "$(command -v jq || echo jq)"; do
    [ -e "$file" ] || {
        echo "no $file: skipped"
        exit 77
    }
done
example=$source_dir/dist/examples/relying-party/nginx
web=$s/web

# good WHAT COMMAND...: the command must succeed within 20 seconds.
good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 20 "$@" || fail "$what" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/agent-w1")" "$(tail -3 "$s/log/keyd")"
}
certificate() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["certificate"])' "$s/node/w1/state/node.json"; }

# The example's own files, on ports and in folders of this test.
relying_party_make() {
    token_port=$(free_port) cert_port=$(free_port)
    mkdir -p "$web/www/secret"
    echo attested >"$web/www/x"
    echo attested >"$web/www/secret/x"
    cp "$example/garboard.js" "$s/etc/ca.pem" "$web/"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3 -subj /CN=127.0.0.1 \
        -addext subjectAltName=IP:127.0.0.1 -keyout "$web/server.key" -out "$web/server.pem" 2>/dev/null
    sed -e "s#/etc/nginx/garboard#$web#; s#/var/lib/garboard-relying-party#$web#; s#/srv/attested#$web/www#" \
        -e "s#listen 8443#listen 127.0.0.1:$token_port#; s#listen 8444#listen 127.0.0.1:$cert_port#" \
        -e "s#default example.org#default test.example#" \
        -e "s#^http {#&\n access_log off; client_body_temp_path $web/t1; proxy_temp_path $web/t2; fastcgi_temp_path $web/t3; uwsgi_temp_path $web/t4; scgi_temp_path $web/t5;#" \
        "$example/nginx.conf" >"$web/nginx.conf"
    "$example/fetch-jwks" "https://127.0.0.1:$enroll_port/v1/jwks" "$s/etc/ca.pem" "$web/jwks.json" || fail "fetch-jwks"
}

relying_party_start() {
    start nginx nginx -c "$web/nginx.conf" -e "$s/log/nginx" -g "daemon off; user root; env CLOCK_SHIFT_S; pid $web/pid; error_log $s/log/nginx warn;"
    until_true 10 curl -sk -o "$s/none" "https://127.0.0.1:$token_port/" || fail "nginx" "$(tail -5 "$s/log/nginx")"
}

# Apache with mod_auth_openidc: its own check of tokens, our claims. The key set comes from the server itself.
apache_make() {
    apache_port=$(free_port)
    mkdir -p "$web/apache"
    {
        printf 'ServerRoot %s\nServerName 127.0.0.1\nListen 127.0.0.1:%s\nPidFile %s\n' "$web/apache" "$apache_port" "$web/apache/pid"
        printf 'DefaultRuntimeDir %s\nErrorLog %s\nDocumentRoot %s\n' "$web/apache" "$s/log/apache" "$web/www"
        printf 'LoadModule %s_module /usr/lib/apache2/modules/mod_%s.so\n' mpm_event mpm_event authn_core authn_core \
            authz_core authz_core headers headers auth_openidc auth_openidc
        [ "$(id -u)" != 0 ] || printf 'User #%s\nGroup #%s\n' 65534 65534
        sed -e "s#attest.example.org:8441#127.0.0.1:$enroll_port#; s#example.org#test.example#; s#/etc/apache2/garboard#$web#" \
            "$example/../apache/attested.conf"
    } >"$web/apache/conf"
    chmod 755 "$scratch" "$s" # the server is somebody else there
}

apache_start() {
    start apache apache2 -f "$web/apache/conf" -D FOREGROUND
    until_true 10 curl -s -o "$s/none" "http://127.0.0.1:$apache_port/" || fail "apache" "$(tail -5 "$s/log/apache")"
}

# by_apache [TOKEN [CURL-OPTION...]]: the status that Apache answers with
by_apache() {
    curl -s -o "$s/body" -w '%{http_code}' ${1:+-H "Authorization: Bearer $1"} "${@:2}" "http://127.0.0.1:$apache_port/x"
}

# by_token [TOKEN]: the status that nginx answers with
by_token() {
    curl -s -o "$s/body" -w '%{http_code}' --cacert "$web/server.pem" ${1:+-H "Authorization: Bearer $1"} "https://127.0.0.1:$token_port/x"
}

# by_certificate CERT PATH [TOKEN]: the same, over TLS with the key in the TPM; the agent must not hold it.
by_certificate() {
    timeout 30 "$tpm_get" "swtpm:path=$s/w1.tpm" "$1" "$web/server.pem" "$cert_port" "${@:2}" 2>>"$s/log/tpm_get"
}

# by_person CERT KEY: with a certificate of the same CA that is no node's
by_person() {
    curl -s -o "$s/body" -w '%{http_code}' --cacert "$web/server.pem" --cert "$1" --key "$2" "https://127.0.0.1:$cert_port/x"
}

# lie HEADER CLAIMS: a token by a key that is in the set
lie() { "$source_dir/tests/integration/make_token.py" "$s/liar.pem" sign "$1" "$2"; }

# claims SED: good ones, edited
claims() {
    local now
    now=$(date +%s)
    printf '%s' '{"eat_profile":"tag:ietf.org,2026:rats/ear#04","iss":"spiffe://test.example/keyd","sub":"spiffe://test.example/node/x","nbf":'"$now"',"exp":'"$((now + 300))"',"submods":{"node":{"ear_status":"affirming","ear_trustworthiness_vector":{"instance-identity":2}}}}' |
        sed "$1"
}

# A key that was taken out of the set must not verify for ever: not when it is fetched, not when nobody fetches.
a_key_set_is_kept_for_minutes_only() {
    local theirs
    theirs=$(lie '{"alg":"ES256","kid":"liar"}' "$(claims '')")
    touch -d '-14 minutes' "$web/jwks.json"
    same 'a key set of 14 minutes ago' "$(by_token "$theirs")" 200
    touch -d '-16 minutes' "$web/jwks.json"
    same 'a key set of 16 minutes ago' "$(by_token "$theirs")" 401
    "$example/fetch-jwks" "https://127.0.0.1:$enroll_port/v1/jwks" "$s/etc/ca.pem" "$web/jwks.json" || fail 'fetch-jwks again'
    same 'a key that is in the set no more' "$(by_token "$theirs")" 401
    same 'one that still is' "$(by_token "$jwt")" 200
    cp "$s/two" "$web/jwks.json"
}

# What signs well and must be refused all the same, and what does not sign.
T20_a_result_is_looked_at_in_every_respect() {
    local header='{"alg":"ES256","kid":"liar"}'
    jq --argjson key "$("$source_dir/tests/integration/make_token.py" "$s/liar.pem" jwk liar)" '.keys += [$key]' "$web/jwks.json" >"$s/two"
    cp "$s/two" "$web/jwks.json"
    same 'a second key of the set' "$(by_token "$(lie "$header" "$(claims '')")")" 200
    same 'a warning' "$(by_token "$(lie "$header" "$(claims s/affirming/warning/)")")" 200
    same 'contraindicated' "$(by_token "$(lie "$header" "$(claims s/affirming/contraindicated/)")")" 403
    same 'no policy' "$(by_token "$(lie "$header" "$(claims s/affirming/none/)")")" 403
    same 'no status' "$(by_token "$(lie "$header" "$(claims s/ear_status/status/)")")" 403
    same 'no identity' "$(by_token "$(lie "$header" "$(claims s/instance-identity/hardware/)")")" 403
    same 'another domain' "$(by_token "$(lie "$header" "$(claims s/test.example.keyd/another.example\\/keyd/)")")" 401
    same 'another kind of token' "$(by_token "$(lie "$header" "$(claims s/ear#04/ear#03/)")")" 401
    same 'without an end' "$(by_token "$(lie "$header" "$(claims s/exp/xxx/)")")" 401
    same 'ended' "$(by_token "$(lie "$header" "$(claims 's/"exp":[0-9]*/"exp":1700000000/')")")" 401
    same 'not yet' "$(by_token "$(lie "$header" "$(claims 's/"nbf":[0-9]*/"nbf":4000000000/')")")" 401
    same 'a key that is not in the set' "$(by_token "$(lie '{"alg":"ES256","kid":"other"}' "$(claims '')")")" 401
    same 'no signature' "$(by_token "$(lie '{"alg":"none","kid":"liar"}' "$(claims '')")")" 401
    same 'a secret for a key' "$(by_token "$(lie '{"alg":"HS256","kid":"liar"}' "$(claims '')")")" 401
    same 'critical extensions' "$(by_token "$(lie '{"alg":"ES256","kid":"liar","crit":["x"]}' "$(claims '')")")" 401
    same 'changed claims' "$(by_token "$(lie "$header" "$(claims '')" | sed 's/\.\(.\)/.A/')")" 401
    same 'nothing' "$(by_token)" 401
    same 'no token' "$(by_token aaaa)" 401
}

# Signed by a key of the set that Apache fetches, and all the same not to be believed at this moment.
T20_apache_looks_at_the_time() {
    local header='{"alg":"ES256","kid":"liar"}' later port
    local iat='s/"nbf":\([0-9]*\)/"nbf":\1,"iat":\1/'
    port=$(free_port) later=$(($(date +%s) + 3600))
    "$source_dir/tests/integration/issuer.py" jwks "liar=$s/liar.pem" >"$s/certs"
    start issuer "$source_dir/tests/integration/issuer.py" serve "$port" "$web/server.pem" "$web/server.key" "$s/certs"
    sed -i "s#^OIDCOAuthVerifyJwksUri .*#OIDCOAuthVerifyJwksUri https://127.0.0.1:$port/realm/certs#; s#^OIDCCABundlePath .*#OIDCCABundlePath $web/server.pem#" "$web/apache/conf"
    until_true 10 curl -s -o "$s/none" --cacert "$web/server.pem" "https://127.0.0.1:$port/realm/certs" || fail 'a key set'
    apache_start
    same 'Apache: a second key' "$(by_apache "$(lie "$header" "$(claims "$iat")")")" 200
    same 'Apache: nbf in an hour' "$(by_apache "$(lie "$header" "$(claims "$iat;s/\"nbf\":[0-9]*/\"nbf\":$later/;s/\"exp\":/&9/")")")" 401
    same 'Apache: iat in an hour' "$(by_apache "$(lie "$header" "$(claims "$iat;s/\"iat\":[0-9]*/\"iat\":$later/;s/\"exp\":/&9/")")")" 401
    same 'Apache: no end' "$(by_apache "$(lie "$header" "$(claims "$iat;s/exp/xxx/")")")" 401
    same 'Apache: ended' "$(by_apache "$(lie "$header" "$(claims "$iat;s/\"exp\":[0-9]*/\"exp\":1700000000/")")")" 401
    same 'Apache: no nbf' "$(by_apache "$(lie "$header" "$(claims "$iat;s/nbf/xxx/")")")" 401
    same 'Apache: no iat' "$(by_apache "$(lie "$header" "$(claims '')")")" 401
    same 'Apache: a client sets no claim and no clock' "$(by_apache "$(lie "$header" "$(claims "$iat;s/exp/xxx/")")" -H 'OIDC_CLAIM_exp: 9999999999' -H 'Garboard-Now: t=1000000')" 401
    stop apache
    stop issuer
}

T20_apache_takes_it_and_nothing_less() {
    [ -e /usr/lib/apache2/modules/mod_auth_openidc.so ] || {
        echo "no mod_auth_openidc: that part is skipped"
        return 0
    }
    apache_make
    apache_start
    same 'Apache: by its result' "$(by_apache "$jwt")" 200
    same 'Apache: nothing' "$(by_apache)" 401
    same 'Apache: changed claims' "$(by_apache "$(sed 's/\.\(.\)/.A/' <<<"$jwt")")" 401
    same 'Apache: no signature' "$(by_apache "${jwt%.*}.")" 401
    stop apache
    sed -i 's#spiffe://test.example/keyd#spiffe://another.example/keyd#' "$web/apache/conf"
    apache_start
    same 'Apache: another domain' "$(by_apache "$jwt" | grep -c '40[13]')" 1
    stop apache
    sed -i 's#spiffe://another.example/keyd#spiffe://test.example/keyd#; s#ear_status:[a-z]*#ear_status:none#' "$web/apache/conf"
    apache_start
    same 'Apache: the status decides' "$(by_apache "$jwt" | grep -c '40[13]')" 1
    stop apache
    sed -i 's#ear_status:none#ear_status:affirming#' "$web/apache/conf"
    T20_apache_looks_at_the_time
}

accepted() {
    same 'by its result' "$(by_token "$jwt")" 200
    same 'by its certificate' "$(by_certificate "$s/run/svid.pem" /x)" 200
    same 'by both' "$(by_certificate "$s/run/svid.pem" /secret/x "$jwt")" 200
}

# All are of the same CA: the name decides.
T19_only_a_trusted_nodes_certificate_is_accepted() {
    same 'who only joined' "$(by_certificate "$web/joining.pem" /x)" 403
    same 'a person' "$(by_person "$s/etc/client/operator-admin.pem" "$s/etc/client/operator-admin.key")" 403
    same 'the server' "$(by_person "$s/etc/server.pem" "$s/etc/server.key")" 400 # not for clients
    same 'nobody' "$(curl -s -o "$s/body" -w '%{http_code}' --cacert "$web/server.pem" "https://127.0.0.1:$cert_port/x")" 400
    same "another's result" "$(by_certificate "$s/run/svid.pem" /secret/x "$(lie '{"alg":"ES256","kid":"liar"}' "$(claims '')")")" 403
    same 'a certificate alone where both are asked' "$(by_certificate "$s/run/svid.pem" /secret/x)" 401
}

# take_result: the newest result, once there is one; then the TPM is ours.
take_result() {
    good 'a result for workloads' test -s "$s/run/result.jwt"
    good 'a certificate for workloads' test -s "$s/run/svid.pem"
    jwt=$(cat "$s/run/result.jwt")
    stop agent-w1
    checks=$((checks + 1))
    [ ! -e "$s/run/result.jwt" ] || fail 'a result that nobody renews'
}

no_longer_trusted() {
    echo "9 $(printf '%064d' 1)" | extend w1
    agent_start w1
    good 'untrusted' is w1 verdict untrusted
    checks=$((checks + 1))
    [ ! -e "$s/run/result.jwt" ] || fail 'a result of a node that is not trusted'
    stop agent-w1
    same 'until it ends the certificate is good' "$(by_certificate "$s/run/svid.pem" /x)" 200
    stop nginx
    stop server
    stop keyd
    export CLOCK_SHIFT_S=400 # node_cert_life and a result's life are 300
    keyd_start || exit 1
    server_start || exit 1
    relying_party_start
    agent_start w1
    sleep 3
    stop agent-w1
    same 'then it is refused' "$(by_certificate "$s/run/svid.pem" /x)" 400
    same 'as is the newest that it could get' "$(certificate | openssl x509 -noout -checkend 0 | grep -c 'will expire')" 1
    same 'and its last result' "$(by_token "$jwt")" 401
}

tpm_make w1
boot w1 >"$s/log/boot"
service_init 'interval = 1s' 'nonce_life = 60s' 'freshness = 60s' 'unreachable = 2m'
exits 0 reference capture "$evidence/good" -o "$s/policy.yaml"
printf '%s\n' 'node_cert_life = 5m' >>"$s/etc/keyd.conf"
export LD_PRELOAD=$clock_shift CLOCK_SHIFT_S=0 ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
keyd_start || exit 1
server_start || exit 1
mkdir "$s/run"
agent_conf w1 "token = $(token w1)" "result_file = $s/run/result.jwt" "svid_file = $s/run/svid.pem"
agent_once w1 # no policy yet
relying_party_make
certificate >"$web/joining.pem"
exits 0 apply -f "$s/policy.yaml"
relying_party_start
agent_start w1
good 'trusted' is w1 verdict trusted
take_result
accepted
openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$s/liar.pem" 2>/dev/null
T20_apache_takes_it_and_nothing_less
T20_a_result_is_looked_at_in_every_respect
a_key_set_is_kept_for_minutes_only
T19_only_a_trusted_nodes_certificate_is_accepted
no_longer_trusted
stop tpm-w1 KILL # the machine boots well again
boot w1 >"$s/log/boot"
agent_start w1
good 'trusted again' is w1 verdict trusted
take_result
accepted
stop nginx
stop server
stop keyd
conclude
