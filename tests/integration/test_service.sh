#!/bin/bash
# The service as it runs: one node enrols and stays trusted while each side is restarted, killed, starved of disk and
# given a broken database. usage: test_service.sh GARBOARD SOURCE
set -u
# shellcheck source=tests/integration/lib.sh
. "$2/tests/integration/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$2/tests/integration/service.sh"

# good WHAT COMMAND...: the command must succeed within 20 seconds.
good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 20 "$@" || fail "$what" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/agent-w1")"
}

# newer TIME: the node was verified after it.
newer() {
    local now
    now=$(field w1 verified_at)
    [[ $now > $1 ]] && [ "$now" != None ]
}

ask_api() {
    curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" \
        --key "$s/etc/client/operator-admin.key" "https://127.0.0.1:$api_port/$1"
}

enrolments() {
    ledger_entries | grep -c '"node.enrol"'
}

tpm_make w1
boot w1
service_init 'interval = 1s' 'nonce_life = 60s'
keyd_start || exit 1
server_start || exit 1
exits 0 reference capture "$evidence/good" -o "$s/policy.yaml"
exits 0 apply -f "$s/policy.yaml"
agent_conf w1 "token = $(token w1)"
agent_start w1
good 'the node becomes trusted' is w1 verdict trusted
id=$(field w1 id)

echo '# a second server on the same ports is refused'
mkdir "$s/other"
sed -e "s#^state = .*#state = $s/other#" -e "s#^keyd_socket = .*#keyd_socket = $s/none#" "$s/etc/garboardd.conf" \
    >"$s/etc/other.conf"
"$bin/garboardd" --config "$s/etc/other.conf" >"$s/log/other" 2>&1
same 'two servers on one port' $? 4
grep -q "cannot listen on port $api_port" "$s/log/other" || fail 'and says so' "$(tail -1 "$s/log/other")"
# T28: nor one with a database of its own beside the same garboard-keyd, which would write another history
sed -e "s#^state = .*#state = $s/other#" -e 's#^\(api\|enroll\)_port = .*#\1_port = 0#' "$s/etc/garboardd.conf" >"$s/etc/other.conf"
good 'something is signed' test -s "$s/state/ledger/checkpoint"
timeout 20 "$bin/garboardd" --config "$s/etc/other.conf" >"$s/log/other" 2>&1
same 'two histories for one keyd' $? 2
grep -q 'come from an older copy' "$s/log/other" || fail 'and says why' "$(tail -1 "$s/log/other")"

echo '# restarts: nobody enrols again'
at=$(field w1 verified_at)
stop server
same 'garboardd ends well' "$code" 0
server_start || exit 1
is w1 verdict trusted || fail 'trusted before the first round after a restart' "$(field w1 verdict)"
good 'it goes on after a restart of garboardd' newer "$at"
stop keyd
same 'garboard-keyd ends well' "$code" 0
at=$(field w1 verified_at)
good 'rounds do not need garboard-keyd' newer "$at"
keyd_start || exit 1
good 'ready again' eval 'ask_api readyz | grep -q "\"status\": \"ready\""'
stop agent-w1
agent_start w1
at=$(field w1 verified_at)
good 'it goes on after a restart of the agent' newer "$at"
same 'same node' "$(field w1 id)" "$id"
same 'one enrolment' "$(enrolments)" 1

echo '# T01: kill -9 under rounds: no old nonce counts, nothing acknowledged is lost'
for i in 1 2 3 4 5; do
    exits 0 token create --name "kept-$i" --format json
    sleep 0.5 # between two rounds: the agent holds a nonce
    kill -STOP "${pid[agent-w1]}"
    stop server KILL
    server_start || exit 1
    kill -CONT "${pid[agent-w1]}"
    exits 0 token list
    prints "kept-$i"
    is w1 verdict trusted || fail "trusted after kill $i"
    at=$(field w1 verified_at)
    good "rounds go on after kill $i" newer "$at"
done
grep -q '"code":"nonce-unknown"' "$s/log/server" || fail 'no nonce of before a crash was refused'
same 'still one enrolment' "$(enrolments)" 1

echo '# reload: whole or not at all'
cp "$s/etc/server.pem" "$s/server.pem.kept"
echo nonsense >"$s/etc/server.pem"
kill -HUP "${pid[server]}"
good 'a broken certificate is refused' grep -q reload-failed "$s/log/server"
good 'and the old one serves' "$garboard" node list
cp "$s/server.pem.kept" "$s/etc/server.pem"
kill -HUP "${pid[server]}"
good 'a good one is taken' grep -q '"reloaded"' "$s/log/server"
good 'and serves' "$garboard" node list

echo '# T17: reloads beside changes of policy never bring an older one back'
hang_up_often() { while sleep 0.1; do kill -HUP "${pid[server]}"; done; }
hang_up_often &
often=$!
for version in 2 3 4 5 6 7 8 9; do
    sed "s/^  version: 1\$/  version: $version/" "$s/policy.yaml" >"$s/policy-$version.yaml"
    until_true 20 "$garboard" apply -f "$s/policy-$version.yaml" || fail "version $version is not applied"
    sleep 0.1
    exits 0 get policy
    prints "version $version"
done
kill "$often"
wait "$often" 2>/dev/null
good 'trusted under the last one' is w1 verdict trusted

echo '# full disk: nothing is acknowledged, nothing good is told; then it goes on'
at=$(field w1 verified_at)
stop server
trap '' XFSZ # as a full disk does, writes fail; the signal would kill
server_start || exit 1
trap - XFSZ
good 'rounds before' newer "$at"
prlimit --pid "${pid[server]}" --fsize=4096:unlimited
exits 5 token create --name lost
says store-failed
"$source_dir/tests/integration/add_ima.py" "$s/node/w1/ima_binary" /usr/bin/stranger unknown | extend w1
metric() { ask_api metrics | awk -v name="$1" '$1 == name {print $2}'; }
counts() { [ "$(metric "garboard_nodes{verdict=\"$1\"}")" = "$2" ]; }
good 'an unknown program makes it untrusted at once' counts untrusted 1
good 'no node is trusted' counts trusted 0
exits 5 node why w1
says store-failed # a call that cannot be recorded is not answered, even one that only reads
prlimit --pid "${pid[server]}" --fsize=unlimited:unlimited
why_works() { "$garboard" node why w1 >"$scratch/why"; [ $? = 1 ]; }
good 'it is recorded as soon as it can be' why_works
same 'with no word of the store' "$(field w1 reason | grep -c 'store-failed')" 0
exits 1 node why w1
prints /usr/bin/stranger
good 'and writes go on' "$garboard" token create --name found
exits 0 token list
prints found
case $out in *lost*) fail 'a write that was refused is there' "$out" ;; esac
stop server KILL
server_start || exit 1
is w1 verdict untrusted || fail 'untrusted is not forgotten' "$(field w1 verdict)"
is w1 broken "['os']" || fail 'nor why' "$(field w1 broken)"

echo '# a broken database is refused, and a copy brings all back'
stop server
cp "$s/state/garboard.db" "$s/kept.db"
rm -f "$s"/state/garboard.db-*
dd if=/dev/urandom of="$s/state/garboard.db" bs=4096 seek=1 count=4 conv=notrunc status=none
start server "$bin/garboardd" --config "$s/etc/garboardd.conf"
wait "${pid[server]}"
same 'garboardd refuses a corrupt database' $? 2
unset 'pid[server]'
tail -1 "$s/log/server" | grep -q 'garboard.db' || fail 'and says which' "$(tail -1 "$s/log/server")"
cp "$s/kept.db" "$s/state/garboard.db"
server_start || exit 1
same 'the node is there' "$(field w1 id)" "$id"
stop server

echo '# a certificate that is about to end is renewed by garboard-keyd, for the same key'
mkdir "$scratch/ca"
: >"$scratch/ca/index"
cat >"$scratch/ca.conf" <<END
[ca]
default_ca = ca
[ca]
database = $scratch/ca/index
new_certs_dir = $scratch/ca
serial = $scratch/ca/serial
default_md = sha256
policy = any
x509_extensions = leaf
[any]
commonName = supplied
[leaf]
subjectAltName = IP:127.0.0.1,URI:spiffe://test.example/server
extendedKeyUsage = serverAuth
END
echo 1000 >"$scratch/ca/serial"
openssl req -new -key "$s/etc/server.key" -subj /CN=garboardd -out "$scratch/ca/csr" 2>/dev/null
openssl ca -batch -config "$scratch/ca.conf" -cert "$s/etc/ca.pem" -keyfile "$s/state-keyd/ca.key" -in "$scratch/ca/csr" \
    -startdate "$(date -u -d '-80 days' +%Y%m%d%H%M%SZ)" -enddate "$(date -u -d '+9 days' +%Y%m%d%H%M%SZ)" \
    -out "$s/etc/server.pem" -notext 2>"$scratch/ca/log" || fail 'no old certificate' "$(cat "$scratch/ca/log")"
old=$(openssl x509 -in "$s/etc/server.pem" -noout -serial)
shown() { # the certificate that new connections see
    openssl s_client -connect "127.0.0.1:$enroll_port" </dev/null 2>/dev/null | openssl x509 -noout -serial
}
server_start || exit 1
renewed() { [ -s "$s/state/server.pem" ] && [ "$(shown)" != "$old" ]; }
good 'new connections see the new certificate' renewed
new=$(shown)
same 'it is the one that was kept' "$new" "$(openssl x509 -in "$s/state/server.pem" -noout -serial)"
stop server
server_start || exit 1
same 'and it is there after a restart' "$(shown)" "$new"
stop server
stop keyd

conclude
