#!/bin/bash
# `garboard server init`: all or nothing, modes, names that agree; and `doctor` over what it made.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

init() {
    local dir=$1
    shift
    exits "${wanted:-0}" server init --dir "$scratch/$dir" --state "$scratch/$dir-state" --socket "$scratch/$dir.sock" \
        --trust-domain example.org --name 127.0.0.1 --name localhost "$@"
}

mode() { stat -c %a "$1"; }

it_makes_what_three_programs_need() {
    openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout root.key -out root.pem -days 30 \
        -subj "/CN=TPM maker" 2>/dev/null
    umask 077 # must not matter
    init a --tpm-root root.pem --api-port 18440
    umask 022
    prints "Next:"
    local private
    for private in a/server.key a/client/operator-admin.key a-state-keyd/ca.key a-state-keyd/token.key; do
        same "mode of $private" "$(mode "$private")" 600
    done
    same "modes of folders" "$(mode a) $(mode a/client) $(mode a-state) $(mode a-state-keyd)" "755 700 700 700"
    same "mode of what all may read" "$(mode a/server.pem) $(mode a/garboardd.conf)" "644 644"
    openssl verify -CAfile a/ca.pem -purpose sslserver -verify_ip 127.0.0.1 a/server.pem >/dev/null || fail "server.pem by address"
    openssl verify -CAfile a/ca.pem -purpose sslserver -verify_hostname localhost a/server.pem >/dev/null || fail "server.pem by name"
    openssl verify -CAfile a/ca.pem -purpose sslclient a/client/operator-admin.pem >/dev/null || fail "operator-admin.pem"
    openssl x509 -in a/client/operator-admin.pem -noout -ext subjectAltName 2>/dev/null |
        grep -q 'URI:spiffe://example.org/operator/admin' || fail "the operator's SPIFFE ID"
    same "certificates in server.pem: the leaf, then the CA" "$(grep -c BEGIN a/server.pem)" 2
    same "keys and their certificates" \
        "$(openssl pkey -in a/server.key -pubout) $(openssl pkey -in a/client/operator-admin.key -pubout) $(openssl pkey -in a-state-keyd/ca.key -pubout)" \
        "$(openssl x509 -in a/server.pem -noout -pubkey) $(openssl x509 -in a/client/operator-admin.pem -noout -pubkey) $(openssl x509 -in a/ca.pem -noout -pubkey)"
    grep -qx "tpm_root = $scratch/a/tpm-root-1.pem" a/keyd.conf || fail "keyd.conf lacks tpm_root"
    grep -qx "api_port = 18440" a/garboardd.conf || fail "garboardd.conf lacks the port"
    grep -qx "server = https://127.0.0.1:18440" a/client/client.conf || fail "client.conf lacks the server"
    checks=$((checks + 7))
}

it_overwrites_nothing() {
    local before
    before=$(find a a-state a-state-keyd -type f -exec sha256sum {} + | sort)
    wanted=2 init a
    says "is there already; nothing was changed"
    same "files after a second run" "$(find a a-state a-state-keyd -type f -exec sha256sum {} + | sort)" "$before"
}

it_makes_nothing_when_it_cannot_make_all() {
    mkdir b-state-keyd
    touch b-state-keyd/token.key # the last file that it would make
    wanted=2 init b
    same "leftovers" "$(find b b-state b-state-keyd 2>/dev/null | sort | tr '\n' ' ')" "b-state-keyd b-state-keyd/token.key "
    exits 4 server init --dir "$scratch/missing/c" --state "$scratch/c-state" --trust-domain example.org --name localhost
    same "leftovers" "$(find . -name 'c-*' -o -name missing)" ""
}

it_names_what_is_wrong() {
    exits 2 server init --name localhost
    says "--trust-domain is needed"
    exits 2 server init --trust-domain Example.org --name localhost
    says 'not "Example.org"'
    exits 2 server init --trust-domain example.org
    says "--name is needed"
    exits 2 server init --trust-domain example.org --name 'a b'
    says "--name is a DNS name"
    wanted=2 init d --api-port 0
    says "--api-port is a number"
    wanted=2 init d --api-port 8441
    says "must differ"
    wanted=2 init d --tpm-root /dev/null
    echo nonsense >nonsense.pem
    wanted=2 init d --tpm-root nonsense.pem
    says "--tpm-root"
    wanted=2 init d --tpm-root nowhere.pem
    : >empty
    wanted=2 init d --passphrase-file empty
    says "first line is empty"
    same "leftovers" "$(find . -name 'd*' ! -name . | sort)" ""
}

keys_are_sealed_by_the_passphrase() {
    printf 'open sesame\nnot this\n' >pass
    init e --passphrase-file pass --officer-passphrase-file pass
    prints "export GARBOARD_CONFIG=$scratch/e/client"
    if grep -q systemctl <<<"$out"; then fail "systemctl is for /etc/garboard"; fi
    grep -qx "officer_passphrase_file = $scratch/pass" e/client/client.conf || fail "client.conf lacks officer_passphrase_file"
    grep -q 'BEGIN ENCRYPTED PRIVATE KEY' e/client/officer.key || fail "officer.key is not sealed"
    grep -q 'BEGIN ENCRYPTED PRIVATE KEY' e-state-keyd/ca.key || fail "ca.key is not sealed"
    grep -q 'BEGIN ENCRYPTED PRIVATE KEY' e-state-keyd/token.key || fail "token.key is not sealed"
    openssl pkey -in e-state-keyd/ca.key -passin 'pass:open sesame' -noout || fail "ca.key does not open"
    openssl pkey -in e-state-keyd/ca.key -passin 'pass:open' -noout 2>/dev/null && fail "ca.key opens by another word"
    grep -qx "passphrase_file = $scratch/pass" e/keyd.conf || fail "keyd.conf lacks passphrase_file"
    checks=$((checks + 5))
}

the_doctor_sees_what_is_wrong() {
    exits 1 doctor --server-dir a
    prints "ok       $scratch/a-state-keyd/ca.key has mode 0600"
    prints "ok       the server's certificate is good for 89 more days"
    prints "ok       garboardd believes 1 root certificate of"
    prints "FAILED   garboard-keyd does not answer"
    prints "-> systemctl status garboard-keyd"
    chmod 0644 a-state-keyd/ca.key
    exits 1 doctor --server-dir a
    prints "others can reach it"
    prints "chmod 0600 $scratch/a-state-keyd/ca.key"
    chmod 0600 a-state-keyd/ca.key
    printf 'no database at all' >a-state/garboard.db
    cp e/ca.pem a/ca.pem # of another CA
    exits 1 doctor --server-dir a --format json
    same "not healthy" "$(jq .healthy <<<"$out")" false
    prints "is no SQLite database"
    same "a certificate of another CA" "$(jq -r '[.checks[] | select(.state == "FAILED" and (.what | startswith("the server"))) ] | length' <<<"$out")" 1
    exits 1 doctor --server-dir nowhere
    prints "-> make it: garboard server init"
}

the_doctor_looks_at_a_node() {
    mkdir node
    printf 'server = localhost\napi_port = 1\nenroll_port = 1\nstate = %s/node\ntcti = device:%s/no-tpm\neventlog = %s/log\nima = %s/ima\ncmdline = %s/cmdline\n' \
        "$scratch" "$scratch" "$scratch" "$scratch" "$scratch" >agent.conf
    printf 'xx' >log
    : >ima
    printf 'root=/dev/sda ro\n' >cmdline
    exits 1 doctor --agent-conf agent.conf
    prints "FAILED   the TPM cannot be opened (device:$scratch/no-tpm): No such file"
    prints "ok       the firmware's event log can be read"
    prints "warning  IMA's list is empty"
    prints "warning  there is no IMA policy on the kernel's command line"
    prints "FAILED   the server does not answer at localhost port 1: Connection refused"
    prints "warning  the node is not enrolled yet, and has no join token"
    printf 'root=/dev/sda ima_policy=tcb\n' >cmdline
    printf 'damaged' >node/node.json
    exits 1 doctor --agent-conf agent.conf
    prints "ok       the kernel was started with an IMA policy"
    prints "node.json is damaged"
}

commands_say_what_they_lack() {
    HOME=/nonexistent exits 2 node list
    says "which server? give --server, GARBOARD_SERVER, or a client.conf"
    GARBOARD_CONFIG=$scratch/e/client exits 4 node list --server https://127.0.0.1:1
    says "https://127.0.0.1:1: "
    exits 2 ledger tial
    says 'no command "ledger tial" (did you mean "ledger tail"?)'
    exits 2 server init --trust-domain Bad_Dom --name x
    says 'not "Bad_Dom"'
    exits 2 token create --expires soon
    says "--expires is like"
    exits 2 token create --name a --pool b
    says "not both"
    exits 2 ek add worker-1 sha256:00
    says "64 hex digits"
    exits 2 apply
    says "needs -f FILE"
}

it_makes_what_three_programs_need
it_overwrites_nothing
it_makes_nothing_when_it_cannot_make_all
it_names_what_is_wrong
keys_are_sealed_by_the_passphrase
the_doctor_sees_what_is_wrong
the_doctor_looks_at_a_node
commands_say_what_they_lack
conclude
