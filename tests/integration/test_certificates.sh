#!/bin/bash
# Certificates as time passes: joining, then node/ once trusted; renewed in time, after an absence within the grace, and
# past it; none for a node that is untrusted, which comes back by itself; and a token that others can check. The calendar is moved by clock_shift.c. usage: test_certificates.sh GARBOARD SOURCE CLOCK_SHIFT PRINT_JWKS
clock_shift=$(readlink -f "$3") print_jwks=$(readlink -f "$4")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

# good WHAT COMMAND...: the command must succeed within 20 seconds.
good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 20 "$@" || fail "$what" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/agent-w1")" "$(tail -3 "$s/log/keyd")"
}
logged() { grep -qF -- "$2" "$s/log/$1"; }
newer() { [[ $(field w1 verified_at) > $1 ]]; }

certificate() {
    python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["certificate"])' "$s/node/w1/state/node.json"
}
# not_after: when the agent's certificate ends
not_after() { certificate | openssl x509 -noout -enddate | cut -d= -f2 | date -u -f - +%s; }
# kind: "joining" or "node", of its SPIFFE ID
kind() { certificate | openssl x509 -noout -ext subjectAltName | sed -n "s#.*URI:spiffe://test.example/\\([a-z]*\\)/$id\$#\\1#p"; }
is_kind() { [ "$(kind)" = "$1" ]; }
later_than() { [ "$(not_after)" -gt "$1" ]; }

# pass SECONDS: the service, and what asks it, wake up so much later. The agent sleeps on: it knows no dates.
pass() {
    stop server
    stop keyd
    shift_s=$((shift_s + $1))
    export CLOCK_SHIFT_S=$shift_s
    keyd_start || exit 1
    server_start || exit 1
}

renewed_in_time() {
    local end
    end=$(not_after)
    pass 240 # of 300: more than two thirds are over
    good 'renewed before its end' later_than "$end"
    good 'the agent says so' logged agent-w1 certificate-renewed
    checks=$((checks + 1))
    ! logged server certificate-expired || fail 'it came too late'
    good 'and goes on under the new one' newer "$(field w1 verified_at)"
}

absent_within_the_grace() {
    local end
    stop agent-w1
    end=$(not_after)
    pass 900 # past its end; 20 minutes of grace
    : >"$s/log/agent-w1"
    agent_start w1
    good 'renewed after an absence' later_than "$end"
    good 'trusted as before' newer "$(field w1 verified_at)"
    same 'trusted' "$(field w1 verdict)" trusted
}

# A program that nobody knows ran: no certificate, however often it asks, and no way out but to be well again.
T20_untrusted_it_is_not_renewed_and_comes_back_by_itself() {
    local end
    end=$(not_after)
    # One client at a time may hold the TPM.
    stop agent-w1
    echo "9 $(printf '%064d' 1)" | extend w1
    : >"$s/log/agent-w1"
    agent_start w1
    good 'untrusted' is w1 verdict untrusted
    pass 900 # past its end
    good 'it is seen as untrusted, its certificate being past its date' newer "$(date -u -d "@$end" +%FT%TZ)"
    same 'still untrusted' "$(field w1 verdict)" untrusted
    sleep 3
    same 'no new certificate' "$(not_after)" "$end"
    checks=$((checks + 1))
    ! "$bin/garboard-agent" -c "$s/node/w1/agent.conf" token >"$s/none" 2>&1 || fail 'a token' "$(cat "$s/none")"
    stop agent-w1
    stop tpm-w1 KILL # the machine
    boot w1 >"$s/log/boot"
    agent_start w1
    good 'trusted again' is w1 verdict trusted
    good 'and renewed by itself' later_than "$end"
    same 'its kind' "$(kind)" node
}

absent_past_the_grace() {
    local end
    stop agent-w1
    end=$(not_after)
    pass 3600
    : >"$s/log/agent-w1"
    agent_once w1 || fail 'it may prove its state for ever' "$(tail -3 "$s/log/agent-w1")"
    good 'past the grace it is not renewed' logged agent-w1 'enrol again'
    same 'no new certificate' "$(not_after)" "$end"
    rm "$s/node/w1/state/node.json"
    agent_conf w1 "token = $(token w1)"
    agent_once w1 || fail 'enrolled again' "$(tail -3 "$s/log/agent-w1")"
    same 'the same node' "$(field w1 id)" "$id"
    same 'its kind' "$(kind)" node
}

# Signature by keyd's published key, then what it claims.
a_token_for_others() {
    local jwt
    jwt=$("$bin/garboard-agent" -c "$s/node/w1/agent.conf" token 2>>"$s/log/agent-w1")
    python3 - "$jwt" "$jwks" "$id" "$s" <<'END' || fail 'the token verifies' "$jwt"
import base64, json, subprocess, sys

token, jwks, node, folder = sys.argv[1:]
b64 = lambda text: base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
der = lambda tag, body: bytes([tag, len(body)]) + body
number = lambda raw: der(2, (b"\0" if raw.lstrip(b"\0")[0] >= 128 else b"") + raw.lstrip(b"\0"))
head, claims, signature = token.split(".")
header = json.loads(b64(head))
assert header["alg"] == "ES256", header
with open(jwks, encoding="utf-8") as file:
    (key,) = [k for k in json.load(file)["keys"] if k["kid"] == header["kid"]]
assert (key["kty"], key["crv"]) == ("EC", "P-256"), key
spki = bytes.fromhex("3059301306072a8648ce3d020106082a8648ce3d03010703420004") + b64(key["x"]) + b64(key["y"])
raw = b64(signature)
assert len(raw) == 64


def check(text):
    for name, data in (("k.der", spki), ("sig", der(0x30, number(raw[:32]) + number(raw[32:]))), ("text", text)):
        with open(f"{folder}/{name}", "wb") as file:
            file.write(data)
    return subprocess.run(["openssl", "dgst", "-sha256", "-verify", "k.der", "-keyform", "DER", "-signature", "sig", "text"],
                          cwd=folder, stdout=subprocess.DEVNULL, check=False).returncode == 0


assert check(f"{head}.{claims}".encode()), "signature"
assert not check(f"{head}.{claims}x".encode()), "a signature that is good for anything"
said = json.loads(b64(claims))
assert said["sub"] == f"spiffe://test.example/node/{node}", said
assert said["iss"] == "spiffe://test.example/keyd" and said["exp"] - said["iat"] == 300, said
assert said["eat_profile"] == "tag:ietf.org,2026:rats/ear#04", said
assert said["submods"]["node"]["ear_status"] in ("affirming", "warning"), said
assert said["submods"]["node"]["ear_trustworthiness_vector"]["instance-identity"] == 2, said
assert said["garboard.dev"]["trusted"] is True and said["garboard.dev"]["links"]["os"] == "affirming", said
END
    checks=$((checks + 1))
    printf '%s\n' "$jwt" >"$s/jwt"
}

# What a relying party's shell script would do.
garboard_verifies_it() {
    exits 0 token verify "$s/jwt" --jwks "$jwks" --domain test.example --node "$id"
    prints "spiffe://test.example/node/$id"
    prints "instance-identity    2  recognised"
    exits 0 token verify --jwks "https://127.0.0.1:$enroll_port/v1/jwks" --format json <"$s/jwt"
    prints '"status": "'
    exits 1 token verify "$s/jwt" --jwks "$jwks" --domain another.example
    says 'issued by spiffe://test.example/keyd'
    exits 1 token verify "$s/jwt" --jwks "$jwks" --node 00000000-0000-8000-8000-000000000000
    says 'is of node'
    exits 1 token verify "$s/jwt" --jwks "$jwks" --nonce 00
    says 'another nonce'
    sed 's/\.\(.\)/.\1A/2' "$s/jwt" >"$s/forged"
    exits 1 token verify "$s/forged" --jwks "$jwks"
    says 'not verified'
    echo gbj1.a.b.c >"$s/forged"
    exits 3 token verify "$s/forged" --jwks "$jwks"
    GARBOARD_SERVER=https://127.0.0.1:1 exits 3 token verify "$s/forged" # nobody was asked
    says 'is no token'
    exits 0 token verify "$s/jwt" # the keys come from the server of client.conf
    CLOCK_SHIFT_S=400 exits 1 token verify "$s/jwt" --jwks "$jwks"
    says 'ended'
    exits 2 token verify "$s/jwt" --jwks "$s/none"
}

shift_s=0
export LD_PRELOAD=$clock_shift CLOCK_SHIFT_S=0 ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0"
tpm_make w1
boot w1 >"$s/log/boot"
service_init 'interval = 1s' 'nonce_life = 60s' 'freshness = 60s' 'unreachable = 2m'
exits 0 reference capture "$evidence/good" -o "$s/policy.yaml"
printf '%s\n' 'node_cert_life = 5m' 'joining_cert_life = 1h' 'renew_grace = 20m' >>"$s/etc/keyd.conf"
jwks=$s/jwks
keyd_start || exit 1
"$print_jwks" "$s/keyd.sock" >"$jwks" || fail "keyd's keys"
server_start || exit 1
agent_conf w1 "token = $(token w1)"
agent_once w1 # no policy yet: nobody is trusted
id=$(field w1 id)
same 'who joined has a certificate for joining' "$(kind)" joining
exits 0 apply -f "$s/policy.yaml"
agent_start w1
good 'trusted' is w1 verdict trusted
good 'a certificate for others after the first trusted verdict' is_kind node
stop agent-w1
a_token_for_others
garboard_verifies_it
agent_start w1
good 'trusted' is w1 verdict trusted
renewed_in_time
absent_within_the_grace
T20_untrusted_it_is_not_renewed_and_comes_back_by_itself
absent_past_the_grace
stop server
stop keyd
conclude
