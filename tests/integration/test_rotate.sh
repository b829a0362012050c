#!/bin/bash
# Keys that are changed while the service works: every token verifies by the key set that was served before or after it, every
# checkpoint by the old key, by both, then by the new one; nothing is refused meanwhile. A rotation that is cut anywhere leaves
# keys that keyd can load; a keyd that is killed anywhere signs no fork. And operators' certificates.
# usage: test_rotate.sh GARBOARD SOURCE ROTATION DIE_AT
rotation=$(readlink -f "$3") die_at=$(readlink -f "$4")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

state=$s/state-keyd

# jwks [FILE]: as strangers get it
jwks() { curl -sSf --cacert "$s/etc/ca.pem" "https://127.0.0.1:$enroll_port/v1/jwks" -o "${1:--}"; }
kids() { python3 -c 'import json, sys; print(*[k["kid"] for k in json.load(sys.stdin)["keys"]])'; }
publishes() { [ "$(jwks | kids)" = "$1" ]; }
has_kids() { [ "$(jwks | kids | wc -w)" = "$1" ]; }
id_of() { "$garboard" server rotate "$1" --keyd-state "$2" --status --format json "${@:4}" | python3 -c 'import json, sys; print(json.load(sys.stdin).get(sys.argv[1], ""))' "$3"; }
reload_keyd() { kill -HUP "${pid[keyd]}"; }
signs_with() { tail -n 1 "$s/kids" | grep -qxF -- "$1"; }

# One token after the other until $s/tokens/stop is there: each with the key sets before and after it.
tokens() {
    local n=0
    while [ ! -e "$s/tokens/stop" ]; do
        if ! { jwks "$s/tokens/$n.before" &&
            "$bin/garboard-agent" -c "$s/node/w1/agent.conf" token >"$s/tokens/$n.jwt" 2>>"$s/tokens/errors" &&
            jwks "$s/tokens/$n.after"; }; then
            echo "token $n" >>"$s/tokens/failed"
            return 1
        fi
        "$rotation" token "$s/tokens/$n.before" <"$s/tokens/$n.jwt" 2>/dev/null ||
            "$rotation" token "$s/tokens/$n.after" <"$s/tokens/$n.jwt" >>"$s/kids" 2>>"$s/tokens/unverified" || return 1
        n=$((n + 1))
    done >>"$s/kids"
}

token_keys_change_under_load() {
    local old new
    old=$(id_of token "$state" signs)
    same 'one key is published, the one that signs' "$(jwks | kids)" "$old"
    mkdir "$s/tokens"
    tokens &
    pid[tokens]=$!
    until_true 20 signs_with "$old" || fail 'tokens by the old key' "$(cat "$s/tokens/errors")"
    exits 0 server rotate token --keyd-state "$state"
    prints 'systemctl reload garboard-keyd'
    new=$(id_of token "$state" next)
    reload_keyd
    until_true 10 has_kids 2 || fail 'both keys are published within 10 s' "$(jwks)"
    same 'the one that signs comes first' "$(jwks | kids)" "$old $new"
    exits 5 server rotate token --keyd-state "$state"
    says '--force'
    exits 0 server rotate token --keyd-state "$state" --force
    prints 'token-old.jwk'
    reload_keyd
    until_true 20 signs_with "$new" || fail 'tokens by the new key' "$(tail -3 "$s/kids" "$s/tokens/errors")"
    until_true 10 publishes "$new $old" || fail 'the old key stays for its last tokens' "$(jwks)"
    sleep 1
    touch "$s/tokens/stop"
    wait "${pid[tokens]}" || fail 'a token failed' "$(cat "$s/tokens/failed" "$s/tokens/errors" "$s/tokens/unverified" 2>/dev/null)"
    unset 'pid[tokens]'
    same 'signed by the old key, then by the new one, and by no other' "$(uniq "$s/kids" | tr '\n' ' ')" "$old $new "
    same 'no private half of the old key is left' "$(grep -c 'BEGIN.*PRIVATE' "$state"/token*)" "$state/token-old.jwk:0
$state/token-old.until:0
$state/token.key:1"
    exits 5 server rotate token --keyd-state "$state"
    says 'not over'
}

# Ten minutes in a few seconds: the moment that keyd wrote down is moved to the near future. Reloads until then, and a start, do not
# put it off; then the running service drops the key, and what it signed verifies no more.
the_old_key_goes_whatever_is_reloaded() {
    local new old end
    new=$(id_of token "$state" signs)
    old=$(cut -d' ' -f1 "$state/token-old.until")
    end=$(($(date +%s) + 15)) # a busy machine has not started keyd before
    printf '%s %s000\n' "$old" "$end" >"$state/token-old.until"
    stop keyd
    keyd_start || exit 1
    until_true 10 publishes "$new $old" || fail 'both after a start' "$(jwks)"
    while [ "$(date +%s)" -lt $((end - 1)) ]; do
        reload_keyd
        sleep .5
    done
    until_true 8 publishes "$new" || fail 'the old key is dropped' "$(jwks)" "$(cat "$state"/token-old*)"
    same 'its files are gone' "$(find "$state" -name 'token-old*')" ''
    jwks "$s/now"
    ! "$rotation" token "$s/now" <"$s/tokens/0.jwt" >"$s/second" 2>&1 || fail 'a token by the old key verifies'
}

strangers_may_keep_the_key_set() {
    local headers tag url=https://127.0.0.1:$enroll_port/v1/jwks
    headers=$(curl -sS --cacert "$s/etc/ca.pem" -D - -o "$s/body" "$url" | tr -d '\r')
    tag=$(sed -n 's/^ETag: //p' <<<"$headers")
    same 'how long' "$(grep -c '^Cache-Control: public, max-age=60$' <<<"$headers")" 1
    same 'it is a key set' "$(grep -c '^Content-Type: application/jwk-set+json$' <<<"$headers")" 1
    same 'the same again' "$(curl -sS --cacert "$s/etc/ca.pem" -H "If-None-Match: W/\"x\", $tag" -o "$s/body" -w '%{http_code} %{size_download}' "$url")" '304 0'
    same 'another' "$(curl -sS --cacert "$s/etc/ca.pem" -H 'If-None-Match: "x"' -o /dev/null -w '%{http_code}' "$url")" 200
    same 'people see it, too' "$(curl -sS --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" --key "$s/etc/client/operator-admin.key" "https://127.0.0.1:$api_port/v1/jwks" | kids)" "$(jwks | kids)"
    stop keyd # whoever asks for keys does not ask keyd
    same 'without keyd' "$(jwks | kids | wc -w)" 2
    keyd_start || exit 1
}

# The service's own ledger: its newest head, under the keys that auditors hold.
head_by() {
    exits 0 token create --name "t$RANDOM" # something to record
    sleep 1.2
    "$garboard" ledger verify "$s/state/ledger" --key "$1"
}
head_by_both() { head_by "$s/was.vkey" && "$garboard" ledger verify "$s/state/ledger" --key "$s/next.vkey"; }
head_by_next() { head_by "$s/next.vkey" && ! "$garboard" ledger verify "$s/state/ledger" --key "$s/was.vkey"; }

T28_the_services_ledger_goes_on_under_another_key() {
    id_of ledger "$state" signs >"$s/was.vkey"
    until_true 20 head_by "$s/was.vkey" || fail 'by the old key' "$("$garboard" ledger verify "$s/state/ledger" --key "$s/was.vkey" 2>&1)"
    exits 0 server rotate ledger --keyd-state "$state"
    id_of ledger "$state" next >"$s/next.vkey"
    reload_keyd
    until_true 20 head_by_both || fail 'by both' "$(cat "$s/state/ledger/checkpoint")"
    exits 0 server rotate ledger --keyd-state "$state" --force
    reload_keyd
    until_true 20 head_by_next || fail 'by the next key alone' "$(cat "$s/state/ledger/checkpoint")"
}

# call CERT KEY: the status of GET /v1/nodes
call() { curl -sS --cacert "$s/etc/ca.pem" --cert "$1" --key "$2" -o "$s/body" -w '%{http_code}' "https://127.0.0.1:$api_port/v1/nodes"; }

operators_get_certificates() {
    exits 0 operator create alice --keyd-state "$state" --out "$s/alice"
    prints 'operator/alice'
    same 'modes' "$(stat -c %a "$s/alice" "$s/alice/operator-alice.key" "$s/alice/operator-alice.pem" | tr '\n' ' ')" '700 600 644 '
    same 'she is somebody, and may nothing yet' "$(call "$s/alice/operator-alice.pem" "$s/alice/operator-alice.key") $(grep -o no-role "$s/body")" '403 no-role'
    exits 2 operator create alice --keyd-state "$state" --out "$s/alice"
    says 'is there already'
    openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:P-256 -noenc -keyout "$s/admin.key" -subj /CN=mallory -out "$s/admin.csr" 2>/dev/null
    exits 0 operator create admin --keyd-state "$state" --csr "$s/admin.csr" --days 2
    printf '%s\n' "$out" >"$s/admin.pem"
    same 'by a request; names in it count for nothing' "$(call "$s/admin.pem" "$s/admin.key")" 200
    openssl x509 -in "$s/admin.pem" -noout -checkend $((47 * 3600)) >/dev/null || fail 'two days'
    ! openssl x509 -in "$s/admin.pem" -noout -checkend $((49 * 3600)) >/dev/null || fail 'two days only'
    exits 3 operator create bob --keyd-state "$state" --csr "$s/etc/ca.pem"
    exits 3 operator create bob --keyd-state "$state" --csr - </dev/null
    exits 2 operator create bob --keyd-state "$s/none" --out "$s/bob"
    says "--keyd-state: "
    exits 2 operator create bob --keyd-state "$state"
    for name in '' .bob -- -bob a/b 'a b' $'a\nb' "$(printf '%049d' 0)"; do exits 2 operator create --keyd-state "$state" --out "$s/bob" -- "$name"; done
    for days in 0 826 x; do exits 2 operator create bob --keyd-state "$state" --out "$s/bob" --days "$days"; done
    [ ! -e "$s/bob" ] || fail 'a refusal left something'
}

# alone PASSPHRASE: keyd without a server, for a ledger of our own; its folder is $s/own-keyd.
alone() {
    local words=()
    rm -rf "$s/own" "$s/own-keyd" "$s/own-etc" "$s/notes"
    mkdir "$s/notes"
    if [ -n "$1" ]; then
        echo "$1" >"$s/passphrase"
        words=(--passphrase-file "$s/passphrase")
    fi
    "$garboard" server init --dir "$s/own-etc" --state "$s/own" --socket "$s/own.sock" --name localhost --trust-domain own.example \
        "${words[@]}" >"$s/log/own-init" || exit 1
    echo "sandbox = $sandbox" >>"$s/own-etc/keyd.conf"
}
own_keyd() {
    start own-keyd "$bin/garboard-keyd" --config "$s/own-etc/keyd.conf"
    until_true 20 test -S "$s/own.sock" || fail 'keyd does not start' "$(tail -3 "$s/log/own-keyd")"
}
# Opening sealed keys takes its time; keyd signs on meanwhile.
reloaded() { [ "$(grep -c ' reloaded' "$s/log/own-keyd")" -gt "$1" ]; }
own_reload() {
    local before
    before=$(grep -c ' reloaded' "$s/log/own-keyd")
    kill -HUP "${pid[own-keyd]}"
    until_true 30 reloaded "$before" || fail 'no reload' "$(tail -3 "$s/log/own-keyd")"
}
notes() { find "$s/notes" -name '0*' | wc -l; }
more_notes() { [ "$(notes)" -gt "$1" ]; }
grown() { until_true 20 more_notes $(($(notes) + 20)) || fail "$1" "$(cat "$s/log/grow")"; }

T28_ledger_keys_change_under_load() {
    local old new
    alone 'correct horse'
    own_keyd
    start grow "$rotation" grow "$s/own.sock" "$s/notes"
    grown 'checkpoints by the old key'
    id_of ledger "$s/own-keyd" signs --passphrase-file "$s/passphrase" >"$s/old.vkey"
    same 'auditors were given that key' "$(cat "$s/own-etc/ledger.vkey")" "$(cat "$s/old.vkey")"
    exits 2 server rotate ledger --keyd-state "$s/own-keyd"
    exits 0 server rotate ledger --keyd-state "$s/own-keyd" --passphrase-file "$s/passphrase"
    id_of ledger "$s/own-keyd" next --passphrase-file "$s/passphrase" >"$s/new.vkey"
    own_reload
    grown 'checkpoints by both keys'
    exits 5 server rotate ledger --keyd-state "$s/own-keyd" --passphrase-file "$s/passphrase"
    exits 0 server rotate ledger --keyd-state "$s/own-keyd" --passphrase-file "$s/passphrase" --force
    own_reload
    grown 'checkpoints by the new key'
    touch "$s/notes/stop"
    wait "${pid[grow]}" || fail 'a checkpoint was refused' "$(cat "$s/log/grow")"
    unset 'pid[grow]'
    same 'old, both, new' "$("$rotation" notes "$s/old.vkey" "$s/new.vkey" "$s/notes" 2>&1 | uniq | tr '\n' ' ')" 'old both new '
    stop own-keyd
}

# Killed twenty times while it signs.
T28_a_keyd_that_is_killed_signs_no_fork() {
    alone ''
    own_keyd
    start grow "$rotation" survive "$s/own.sock" "$s/notes"
    for _ in {1..20}; do
        until_true 20 more_notes "$(notes)" || fail 'no more checkpoints' "$(cat "$s/log/grow")" "$(tail -3 "$s/log/own-keyd")"
        sleep "0.0$RANDOM"
        stop own-keyd KILL
        rm -f "$s/own.sock"
        own_keyd
    done
    grown 'it goes on'
    touch "$s/notes/stop"
    wait "${pid[grow]}" || fail 'another history' "$(cat "$s/log/grow")"
    unset 'pid[grow]'
    same 'one key, one history' "$("$rotation" notes "$s/own-etc/ledger.vkey" "$s/new.vkey" "$s/notes" 2>&1 | uniq | tr '\n' ' ')" 'old '
    checks=$((checks + 1))
    "$bin/garboard-keyd" --config "$s/own-etc/keyd.conf" >"$s/second" 2>&1 && fail 'a second keyd on the same folder'
    grep -q 'another garboard-keyd' "$s/second" || fail 'why it does not start' "$(cat "$s/second")"
    stop own-keyd
    rm "$s/own-keyd/ledger.state"
    "$bin/garboard-keyd" --config "$s/own-etc/keyd.conf" --check-config >"$s/second" 2>&1 && fail 'a lost ledger.state'
    grep -q 'missing.*restore' "$s/second" || fail 'what to do' "$(cat "$s/second")"
}

# At each call that changes a file: what is left can be loaded, the key that signs is the old or the new one, and the next run
# goes on from there.
a_rotation_that_is_cut_anywhere_goes_on() {
    local key at code first next cuts=0
    alone ''
    for key in token ledger; do
        first=$(id_of $key "$s/own-keyd" signs)
        for run in 1 2; do
            for ((at = 1, code = 137; code == 137; at++)); do
                code=0
                LD_PRELOAD=$die_at DIE_AT=$at "$garboard" server rotate $key --keyd-state "$s/own-keyd" --force >"$s/second" 2>&1 || code=$?
                "$bin/garboard-keyd" --config "$s/own-etc/keyd.conf" --check-config 2>"$s/second" ||
                    fail "$key, run $run, cut at $at: keyd does not load it" "$(cat "$s/second")" "$(ls -l "$s/own-keyd")"
                next=$(id_of $key "$s/own-keyd" next)
                cuts=$((cuts + 1))
                # A cut behind the rename: this run's work is done.
                [ "$run" = 1 ] && [ -n "$next" ] && break
                [ "$run" = 2 ] && [ -z "$next" ] && break
            done
            [ "$run" = 1 ] && same "$key: still signs" "$(id_of $key "$s/own-keyd" signs)" "$first"
            [ "$run" = 1 ] && second=$next
        done
        same "$key: signs now" "$(id_of $key "$s/own-keyd" signs)" "$second"
    done
    checks=$((checks + cuts))
    [ "$cuts" -gt 8 ] || fail "only $cuts cuts"
}

a_rotation_is_refused_where_it_cannot_be() {
    exits 2 server rotate ca --keyd-state "$s/own-keyd"
    exits 2 server rotate
    exits 2 server rotate token --keyd-state "$s/none"
    says "--keyd-state: "
    exits 2 server rotate token --keyd-state "$s/own-etc"
    exits 2 server rotate token --keyd-state "$s/own-keyd" --passphrase-file /dev/null
    exits 0 server rotate token --keyd-state "$s/own-keyd" --status
    prints 'signs'
    (
        flock 9
        failures=0
        exits 5 server rotate token --keyd-state "$s/own-keyd" --status
        says 'another rotation'
        [ "$failures" = 0 ]
    ) 9<"$s/own-keyd/ca.pem" || fail 'two at once'
}

tpm_make w1
boot w1 >"$s/log/boot"
service_init 'interval = 1s' 'nonce_life = 60s' 'freshness = 10m' 'unreachable = 20m'
exits 0 reference capture "$evidence/good" -o "$s/policy.yaml"
keyd_start || exit 1
server_start || exit 1
exits 0 apply -f "$s/policy.yaml"
agent_conf w1 "token = $(token w1)"
agent_once w1 || fail 'it joins' "$(tail -3 "$s/log/agent-w1")"
until_true 20 is w1 verdict trusted || fail 'trusted' "$(tail -5 "$s/log/server")"
token_keys_change_under_load
strangers_may_keep_the_key_set
the_old_key_goes_whatever_is_reloaded
operators_get_certificates
T28_the_services_ledger_goes_on_under_another_key
stop server
stop keyd
T28_ledger_keys_change_under_load
T28_a_keyd_that_is_killed_signs_no_fork
a_rotation_that_is_cut_anywhere_goes_on
a_rotation_is_refused_where_it_cannot_be
conclude
