#!/bin/bash
# People: roles from an AccessPolicy, tokens of an identity provider, two people for what takes two. The service is real, and so
# is the issuer: HTTPS, keys that change, a server that goes away.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$source_dir/tests/integration/service.sh"

mint() { "$source_dir/tests/integration/issuer.py" "$@"; }
new_key() { openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out "$1" 2>/dev/null; }

issuer_make() {
    mkdir -p "$s/idp"
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$s/idp/tls.key" -out "$s/idp/tls.pem" -days 2 \
        -subj /CN=idp -addext subjectAltName=IP:127.0.0.1 2>/dev/null
    new_key "$s/idp/one.key"
    new_key "$s/idp/two.key"
    mint jwks one="$s/idp/one.key" >"$s/idp/certs"
    issuer_port=$(free_port)
    url=https://127.0.0.1:$issuer_port/realm
}

issuer_start() {
    start issuer "$source_dir/tests/integration/issuer.py" serve "$issuer_port" "$s/idp/tls.pem" "$s/idp/tls.key" "$s/idp/certs"
    until_true 10 curl -sf --cacert "$s/idp/tls.pem" "$url/certs"
}

# access VERSION TWO: who may do what; written to access.yaml.
access() {
    cat >access.yaml <<END
apiVersion: garboard.dev/v1alpha1
kind: AccessPolicy
metadata: {name: people, version: $1}
spec:
  issuers:
    - {issuer: "$url", audience: garboard, jwks: "$url/certs", algorithms: [ES256]}
  people:
    - {name: admin, roles: [admin, security-officer]}
    - {name: bob, roles: [admin]}
    - {name: eve, roles: [auditor]}
    - {name: pia, roles: [enforcement-point]}
    - {name: tara, roles: [tag-authority]}
    - {name: tom, token: {issuer: "$url", subject: t-1}, roles: [enroller]}
    - {name: bob, token: {issuer: "$url", subject: b-1}, roles: [admin]}
    - {name: sec-team, token: {issuer: "$url", claim: groups, value: security}, roles: [auditor]}
  twoPerson: [$2]
END
}

# person NAME: a certificate, and a client folder with it.
person() {
    "$garboard" operator create "$1" --out "$s/$1" --keyd-state "$keyd_state" >>"$s/log/people" 2>&1 || {
        cat "$s/log/people"
        exit 1
    }
    cp "$s/etc/client/ca.pem" "$s/$1/"
    printf '%s\n' "server = https://127.0.0.1:$api_port" 'ca = ca.pem' "cert = operator-$1.pem" "key = operator-$1.key" >"$s/$1/client.conf"
}

# as NAME CODE WORD...: a command by NAME's certificate.
as() {
    local dir=$s/$1
    [ "$1" = admin ] && dir=$s/etc/client
    shift
    GARBOARD_CONFIG=$dir exits "$@"
}

# bearer CODE WORD...: a command by the token in the file `bearer`.
bearer() {
    GARBOARD_CONFIG=$s/none GARBOARD_SERVER=https://127.0.0.1:$people_port GARBOARD_CA=$s/etc/ca.pem \
        GARBOARD_BEARER_TOKEN_FILE=$scratch/bearer exits "$@"
}

# give KEY KID CLAIM=VALUE...: the token from now on; later claims win.
give() { mint token "$s/idp/$1.key" "$2" iss="$url" aud=garboard exp=@300 "${@:3}" >"$scratch/bearer"; }

# refuses TEXT: the token is refused with these words.
refuses() {
    bearer 5 token list
    says "$1"
}

before_there_is_a_policy() {
    exits 0 whoami
    prints "founder"
    as bob 5 node list
    says "you are bob (by certificate), who has no role here"
}

roles_count() {
    access 1 ""
    exits 0 apply -f access.yaml
    exits 0 whoami --format json
    prints '"AccessPolicy people version 1"'
    sed 's/version: 1/version: 2/; s/name: admin, roles/name: other, roles/' access.yaml >without.yaml
    exits 5 apply -f without.yaml
    says "you would lose all roles: the AccessPolicy does not name you (policy-locks-out)"
    says "or give --force, and the way back is"
    exits 5 apply -f without.yaml --dry-run
    exits 0 apply -f without.yaml --dry-run --force
    says "you lose all roles"
    exits 0 apply -f access.yaml --dry-run
    case $err in *"you lose"*) fail "a warning for nothing" "$err" ;; esac
    as eve 0 node list
    as pia 0 node list # who may not see who waits to join sees the nodes
    as tara 0 node list
    as tara 0 node list --format json
    prints '"nodes"'
    as eve 5 token create --name x
    says "(role-lacking)"
    cp -r "$s/etc" "$s/etc-zoe" # a doctor whose certificate has no role
    cp "$s/zoe/operator-zoe.pem" "$s/etc-zoe/client/operator-admin.pem"
    cp "$s/zoe/operator-zoe.key" "$s/etc-zoe/client/operator-admin.key"
    "$garboard" doctor --server-dir "$s/etc-zoe" >"$s/doctor"
    ! grep -q "no role" "$s/doctor" || fail "the doctor needs a role" "$(cat "$s/doctor")"
    grep -q "^warning  the server's policy: none is applied" "$s/doctor" || fail "the doctor says why" "$(cat "$s/doctor")"
    as bob 0 token create --name x
    as bob 5 apply -f access.yaml
    says "(role-lacking)"
}

tokens_open_doors() {
    give one one sub=t-1
    until_true 10 quiet_list || fail "the issuer's keys do not come" "$(tail -3 "$s/log/server")"
    bearer 0 token list
    bearer 0 whoami
    prints "tom"
    prints "token"
    bearer 5 get policy
    says "tom has: enroller"
    give one one sub=somebody 'groups=["cooks","security"]'
    bearer 0 get policy
    bearer 0 whoami
    prints "$url somebody"
    give one one sub=mallory
    bearer 5 node list
    says "(no-role)"
}

quiet_list() {
    GARBOARD_CONFIG=$s/none GARBOARD_SERVER=https://127.0.0.1:$people_port GARBOARD_CA=$s/etc/ca.pem \
        GARBOARD_BEARER_TOKEN_FILE=$scratch/bearer "$garboard" token list
}

tokens_that_are_not_good() {
    give one one sub=t-1 aud=other
    refuses "(aud)"
    give one one sub=t-1 iss=https://elsewhere.example
    refuses "(iss)"
    give one one sub=t-1 exp=@-90
    refuses "ended"
    give one one sub=t-1 nbf=@120
    refuses "begins"
    give two one sub=t-1 # by another key under this one's name
    refuses "signature"
    give two two sub=t-1 # an id that the issuer does not have
    refuses '"two"'
    printf 'x.y.z\n' >bearer
    refuses "(bearer-invalid)"
    rm bearer
    bearer 2 token list
}

# The issuer changes its key; ours are renewed for the unknown id, after at most a minute.
keys_change_at_the_issuer() {
    mint jwks one="$s/idp/one.key" two="$s/idp/two.key" >"$s/idp/certs"
    give two two sub=t-1
    until_true 90 quiet_list || fail "the issuer's new key is not believed" "$(tail -3 "$s/log/server")"
    give one one sub=t-1
    bearer 0 token list
}

an_issuer_that_is_away_locks_nobody_out() {
    stop issuer
    give two two sub=t-1
    bearer 0 token list
    exits 0 node list
}

two_people() {
    issuer_start
    access 2 "node.remove, token.create"
    exits 0 apply -f access.yaml
    exits 6 token create --name w --expires 1h
    says "waiting for a second person: garboard token create, by admin, until"
    exits 6 token create --name w --expires 1h
    as eve 5 token create --name w --expires 1h
    as eve 0 two-person list
    prints "token.create"
    prints "admin"
    as bob 0 token create --name w --expires 1h
    case $out in gbj1.*) ;; *) fail "bob got no token" "$out" ;; esac
    as bob 0 two-person list
    prints "Nothing waits"
}

# Bob's token and Bob's certificate are one Bob.
one_human_stays_one() {
    as bob 6 token create --name v --expires 1h
    give one one sub=b-1
    bearer 6 token create --name v --expires 1h
    give one one sub=t-1
    bearer 0 token create --name v --expires 1h
}

a_restart_forgets_what_waits() {
    as bob 6 token create --name u --expires 1h
    exits 0 two-person list --format json
    local id
    id=$(jq -r '.waiting[0].id' <<<"$out")
    as bob 0 two-person withdraw "$id"
    as bob 5 two-person withdraw "$id"
    says "(two-person-not-found)"
    as bob 6 token create --name u --expires 1h
    stop server
    server_start || exit 1
    exits 0 two-person list
    prints "Nothing waits"
}

for program in openssl jq curl; do
    command -v "$program" >/dev/null || {
        echo "no $program: skipped"
        exit 77
    }
done
issuer_make
issuer_start || exit 1
people_port=$(free_port)
service_init "people_port = $people_port" "oidc_ca = $s/idp/tls.pem"
keyd_state=$(sed -n 's/^state = //p' "$s/etc/keyd.conf")
person bob
person eve
person pia
person tara
person zoe
keyd_start && server_start || exit 1

before_there_is_a_policy
roles_count
tokens_open_doors
tokens_that_are_not_good
keys_change_at_the_issuer
an_issuer_that_is_away_locks_nobody_out
two_people
one_human_stays_one
a_restart_forgets_what_waits
conclude
