#!/bin/bash
# Two servers' ledgers and one witness, all as they are built: both are co-signed; then one server's whole machine is copied
# and both copies go on. The witness refuses the second, keeps the evidence and says so; the copy finds out and stops (T28).
# usage: test_witness.sh GARBOARD SOURCE; exit 77 means skipped.
set -uo pipefail
# shellcheck source=tests/integration/lib.sh
. "$2/tests/integration/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$2/tests/integration/service.sh"

witness=$bin/garboard-witness
witness_conf=$s/w/etc/witness.conf
declare -A api=() enroll=()

witness_init() {
    mkdir -p "$s/w"
    witness_port=$(free_port)
    "$witness" init --name w.example/1 --dns 127.0.0.1 --dir "$s/w/etc" --state "$s/w/state" --listen 127.0.0.1 \
        --port "$witness_port" >"$s/log/witness-init" || exit 1
    printf 'sandbox = %s\n' "$sandbox" >>"$witness_conf"
    witness_vkey=$(grep -o 'w.example/1+[^ ]*' "$s/log/witness-init" | head -n 1)
}

healthz() {
    curl -s --cacert "$s/w/etc/ca.pem" "https://127.0.0.1:$witness_port/healthz"
}

witness_start() {
    start witness "$witness" --config "$witness_conf"
    until_true 10 healthz || {
        cat "$s/log/witness"
        exit 1
    }
}

# server_conf NAME: ports, sockets and paths are those of the folder $s/NAME.
server_conf() {
    api[$1]=$(free_port) enroll[$1]=$(free_port)
    sed -i -e "s#^api_port = .*#api_port = ${api[$1]}#" -e "s#^enroll_port = .*#enroll_port = ${enroll[$1]}#" \
        "$s/$1/etc/garboardd.conf"
    sed -i "s#^server = .*#server = https://127.0.0.1:${api[$1]}#" "$s/$1/etc/client/client.conf"
}

# server_make NAME DOMAIN LINE...
server_make() {
    local name=$1 domain=$2
    shift 2
    mkdir -p "$s/$name"
    "$garboard" server init --dir "$s/$name/etc" --state "$s/$name/state" --socket "$s/$name.sock" --name 127.0.0.1 \
        --trust-domain "$domain" >"$s/log/init-$name" 2>&1 || {
        cat "$s/log/init-$name"
        exit 1
    }
    printf '%s\n' 'listen = 127.0.0.1' "sandbox = $sandbox" "ledger_interval = 1s" \
        "witness = $witness_vkey https://127.0.0.1:$witness_port $s/w/etc/ca.pem" "$@" >>"$s/$name/etc/garboardd.conf"
    printf '%s\n' "sandbox = $sandbox" >>"$s/$name/etc/keyd.conf"
    server_conf "$name"
    "$witness" add-log --config "$witness_conf" "$(cat "$s/$name/etc/ledger.vkey")" >"$s/log/add-log" || fail "add-log"
}

# copy NAME AS: the whole machine, which stands still; its keys, too.
copy() {
    cp -a "$s/$1" "$s/$2"
    find "$s/$2/etc" -type f -name '*.conf' -exec sed -i -e "s#$s/$1/#$s/$2/#g" -e "s#$s/$1\.sock#$s/$2.sock#g" {} +
    server_conf "$2"
}

# ask NAME WORD...: garboard, to that server; exit code is garboard's.
ask() {
    local name=$1
    shift
    GARBOARD_CONFIG=$s/$name/etc/client "$garboard" "$@"
}

up() {
    start "keyd-$1" "$bin/garboard-keyd" --config "$s/$1/etc/keyd.conf"
    until_true 10 test -S "$s/$1.sock" || fail "keyd of $1" "$(cat "$s/log/keyd-$1")"
    start "server-$1" "$bin/garboardd" --config "$s/$1/etc/garboardd.conf"
    until_true 20 ask "$1" node list || fail "server $1" "$(cat "$s/log/server-$1")"
}

down() {
    stop "server-$1"
    stop "keyd-$1"
}

# grow NAME: something that is recorded.
grow() {
    ask "$1" token create --name "n$RANDOM" >/dev/null 2>"$s/log/grow"
}

# verified NAME: its files hold against its key, and the witness has co-signed them.
verified() {
    "$garboard" ledger verify "$s/$1/state/ledger" --key "$(cat "$s/$1/etc/ledger.vkey")" --witness "$witness_vkey" --quorum 1
}

ready() {
    local etc=$s/$1/etc/client
    curl -s --cacert "$etc/ca.pem" --cert "$etc/operator-admin.pem" --key "$etc/operator-admin.key" \
        "https://127.0.0.1:${api[$1]}/readyz"
}

# answers NAME TEXT: /readyz holds it.
answers() {
    ready "$1" | grep -qF "$2"
}

sick() {
    case $(healthz) in *'"status":"fork"'* | *'"status":"suspect"'*) ;; *) return 1 ;; esac
}

T28_both_servers_are_cosigned() {
    up a
    up b
    for name in a b; do
        for _ in 1 2 3; do grow "$name" || fail "a token of $name"; done
        checks=$((checks + 1))
        until_true 15 verified "$name" || fail "$name is not verified" "$(verified "$name" 2>&1)"
        checks=$((checks + 1))
        answers "$name" '1 of 1 have co-signed' || fail "readyz of $name" "$(ready "$name")"
    done
    same "logs of the witness" "$(healthz)" '{"status":"ok","logs":2,"forks":0,"suspects":0}'
}

# What is published has its cosignature nearly always: until the next has its own, the old one stands. A machine that is
# busy may keep a witness from answering in time: then it is looked at anew.
nearly_always_cosigned() {
    local good=0
    for _ in $(seq 12); do
        grow a
        sleep 0.25
        verified a >/dev/null 2>&1 && good=$((good + 1))
    done
    echo "$good" >"$s/log/cosigned"
    [ "$good" -ge 9 ]
}
T28_under_load_what_is_published_is_cosigned() {
    checks=$((checks + 1))
    until_true 5 nearly_always_cosigned ||
        fail "only $(cat "$s/log/cosigned") of 12 looks saw a cosigned checkpoint" "$(verified a 2>&1)"
}

# A witness that is away holds nobody up; a quorum that is missing for longer than ledger_lag does, until it is back.
T28_a_missing_quorum_stops_and_goes_on() {
    stop witness KILL
    grow a || fail "a witness that is away stops what follows at once"
    checks=$((checks + 2))
    until_true 20 answers a '"ledger": "stopped' || fail "the quorum is missing, and a goes on" "$(ready a)"
    answers a '0 of 1 witnesses that are needed' || fail "readyz does not say why" "$(ready a)"
    checks=$((checks + 1))
    ! grow a || fail "a change without a quorum"
    grep -q 'ledger' "$s/log/grow" || fail "the refusal does not name the ledger" "$(cat "$s/log/grow")"
    answers b '"ledger": "ok"' || fail "b has no quorum to miss" "$(ready b)"
    witness_start
    checks=$((checks + 2))
    until_true 90 grow a || fail "a does not go on with its witness" "$(ready a)"
    until_true 15 verified a || fail "a is not verified again" "$(verified a 2>&1)"
}

# The whole machine of a, copied while it stood still; then both go on.
T28_a_copy_that_grows_apart_is_found() {
    down a
    copy a c
    up a
    grow a && grow a && grow a || fail "a goes on"
    until_true 15 verified a || fail "a is verified" "$(verified a 2>&1)"
    up c
    grow c
    checks=$((checks + 4))
    until_true 20 grep -q 'ledger-forked' "$s/log/server-c" || fail "c does not see that it forked" "$(cat "$s/log/server-c")"
    until_true 10 answers c 'forked: ' || fail "readyz of c" "$(ready c)"
    ! grow c || fail "c goes on"
    ls "$s"/c/state/fork-*.checkpoint >/dev/null 2>&1 || fail "c keeps no evidence"
    checks=$((checks + 2))
    grow a || fail "a is held up by its copy"
    until_true 15 verified a || fail "a is not verified any more" "$(verified a 2>&1)"
}

# Set back means: fewer entries than the key signed. Grown apart means: as many or more, and others.
T28_the_witness_names_the_fork() {
    local base shown
    down c
    down a
    copy a d
    sed -i '/^witness/d' "$s/d/etc/garboardd.conf" # it grows where nobody looks
    up d
    for _ in $(seq 8); do grow d; done
    sleep 2
    down d
    up a
    grow a
    until_true 15 verified a || fail "a is verified" "$(verified a 2>&1)"
    echo "witness = $witness_vkey https://127.0.0.1:$witness_port $s/w/etc/ca.pem" >>"$s/d/etc/garboardd.conf"
    up d
    checks=$((checks + 5))
    until_true 20 grep -q 'ledger-forked' "$s/log/server-d" || fail "d does not see that it forked" "$(cat "$s/log/server-d")"
    grep -q 'log-\(forked\|suspect\).*a.example/ledger' "$s/log/witness" || fail "the witness names nothing" "$(cat "$s/log/witness")"
    shown=$("$witness" forks --config "$witness_conf")
    case $shown in *a.example/ledger*) ;; *) fail "forks shows nothing" "$shown" ;; esac
    until_true 5 sick || fail "healthz" "$(healthz)"
    base=$(grep -o '/.*\.signed' <<<"$shown" | head -n 1)
    base=${base%.signed}
    "$witness" compare --config "$witness_conf" "$base.signed" "$base.refused" >"$s/log/compare" 2>&1
    case $?:$(head -n 1 <<<"$shown") in
    1:fork*) ;;
    5:suspect*) ;; # its old size was a power of two
    *) fail "compare does not agree with forks" "$(cat "$s/log/compare")" "$shown" ;;
    esac
    until_true 15 verified a || fail "a goes on" "$(verified a 2>&1)"
}

witness_init
server_make a a.example "witness_quorum = 1" "ledger_lag = 10s"
server_make b b.example
witness_start
T28_both_servers_are_cosigned
T28_under_load_what_is_published_is_cosigned
T28_a_missing_quorum_stops_and_goes_on
T28_a_copy_that_grows_apart_is_found
T28_the_witness_names_the_fork
conclude
