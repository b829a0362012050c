#!/bin/bash
# The agent on a TPM in software, before the real garboardd and garboard-keyd: enrolment, restarts of each side, a
# reboot, another TPM, occupied handles, hierarchy passwords, a wrong clock. usage: test_agent.sh GARBOARD SOURCE CLOCK_SHIFT
clock_shift=$(readlink -f "$3")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

log() { cat "$s/log/agent-n1"; }
forget() { : >"$s/log/agent-n1"; }

# ok WHAT COMMAND...
ok() {
    local what=$1
    shift
    checks=$((checks + 1))
    "$@" || fail "$what" "$(log | tail -5)" "$(tail -3 "$s/log/server")" "$(tail -3 "$s/log/keyd")"
}

# told TEXT: the agent's log holds it
told() {
    checks=$((checks + 1))
    log | grep -qF -- "$1" || fail "the agent does not say \"$1\"" "$(log | tail -5)"
}

# once CODE: one round that ends so
once() {
    local code=0
    checks=$((checks + 1))
    forget
    agent_once n1 || code=$?
    [ "$code" = "$1" ] || fail "agent --once: exit $code, expected $1" "$(log | tail -5)" "$(tail -3 "$s/log/server")" \
        "$(tail -3 "$s/log/keyd")"
}

# One client at a time: the agent must not be running.
tpm2() {
    TPM2TOOLS_TCTI=swtpm:path=$s/n1.tpm "tpm2_$1" "${@:2}" >>"$s/log/tools" 2>&1 || fail "tpm2_$*" "$(tail -3 "$s/log/tools")"
}
node_id() { python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["node"])' "$s/node/n1/state/node.json"; }
verified() { field n1 verified_at; }
changed() { [ "$(verified)" != "$1" ]; }

tpm_make n1
boot n1
service_init 'interval = 1s'
keyd_start || exit 1
server_start || exit 1

# Who it speaks to is known before anything else.
agent_conf n1
once 2
told "Give a join token, ca_pin or ca_file"
agent_conf n1 "token = gbj1.AAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA.AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
once 4 # a pin that is not the server's

# Handles that are others' are left alone.
tpm2 evictcontrol -C o -c 0x81010010
tpm2 createprimary -C o -G ecc -c "$s/k.ctx"
tpm2 evictcontrol -C o -c "$s/k.ctx" 0x81010010
tpm2 flushcontext -t
token n1 >"$s/node/n1/token"
agent_conf n1 "token_file = $s/node/n1/token"
once 2
told "handle 0x81010010"
told "tpm2_evictcontrol"
tpm2 evictcontrol -C o -c 0x81010010

# Passwords of hierarchies are asked for by the name of their file.
tpm2 changeauth -c e secret-e
once 2
told endorsement_auth_file
echo secret-e >"$s/node/n1/e"
agent_conf n1 "token_file = $s/node/n1/token" "endorsement_auth_file = $s/node/n1/e"

# A node that could not keep who it is spends no token.
sed -i "s#^state = .*#state = $s/node/n1/agent.conf/state#" "$s/node/n1/agent.conf"
once 2
told "must be able to keep who it is"
agent_conf n1 "token_file = $s/node/n1/token" "endorsement_auth_file = $s/node/n1/e"

# Enrolment. Without a policy nobody is trusted; the exit code says so.
once 1
told enrolled
same "the name" "$(field n1 name)" n1
same "the node's id" "$(field n1 id)" "$(node_id)"
same "the state's folder" "$(stat -c %a "$s/node/n1/state")" 700
same "the state" "$(stat -c %a "$s/node/n1/state/node.json")" 600
first=$(node_id)
: >"$s/node/n1/token" # used up, and not needed again

# It runs.
forget
agent_start n1
before=$(verified)
ok "rounds go on" until_true 30 changed "$before"
agent_once n1 && fail "two agents on one state"
told "another garboard-agent uses this folder"
checks=$((checks + 1))
listening=$(ss -H -ltnup 2>/dev/null | grep "pid=${pid[agent-n1]}," || true)
[ -z "$listening" ] || fail "the agent listens" "$listening"
[ "$sandbox" = no ] || same "its system calls are filtered" "$(awk '/^Seccomp:/ {print $2}' "/proc/${pid[agent-n1]}/status")" 2
[ "$sandbox" = no ] || same "it may get no privileges" "$(awk '/^NoNewPrivs:/ {print $2}' "/proc/${pid[agent-n1]}/status")" 1

# Each side comes back.
stop server
server_start || exit 1
before=$(verified)
ok "after a restart of garboardd" until_true 60 changed "$before"
stop keyd KILL
keyd_start || exit 1
before=$(verified)
ok "after a kill of garboard-keyd" until_true 60 changed "$before"
stop agent-n1
same "SIGTERM" "$code" 0
once 1
agent_start n1
before=$(verified)
ok "after a restart of the agent" until_true 30 changed "$before"
for moment in 0.1 0.3 0.5 0.7 0.9; do # at its start, while it quotes, between rounds
    stop agent-n1 KILL
    agent_start n1
    sleep "$moment"
done
before=$(verified)
ok "after kills in the middle of its work" until_true 60 changed "$before"
same "the same node after kills" "$(node_id)" "$first"
stop tpm-n1 KILL # the machine: its TPM begins anew, the same boot is measured again
stop agent-n1 KILL
boot n1
agent_start n1
before=$(verified)
ok "after a reboot" until_true 60 changed "$before"
same "the same node" "$(node_id)" "$first"

# A clock that is years off, either way: a round, and whatever is due by such a clock, goes on (clock_shift.c).
stop agent-n1
for years in 10 -10; do
    before=$(verified)
    sleep 1 # times are told in seconds
    ASAN_OPTIONS="${ASAN_OPTIONS:-}:verify_asan_link_order=0" LD_PRELOAD=$clock_shift CLOCK_SHIFT_S=$((years * 31557600)) once 1
    ok "a round with a clock $years years off" changed "$before"
    told "$(date -u -d "@$(($(date +%s) + years * 31557600))" +%Y)-" # so its clock was off
done

# A result for others: none for a node that is untrusted (test_certificates.sh has one for a trusted node).
checks=$((checks + 1))
jwt=$("$bin/garboard-agent" -c "$s/node/n1/agent.conf" token 2>>"$s/log/agent-n1") && fail "a token" "$jwt"
same "nothing is printed" "$jwt" ""
told "last verdict is untrusted"

# TPM2_Clear evicts the keys, and they come again; what it does to the counters is the server's to judge.
tpm2 clear -c p
tpm2 changeauth -c e secret-e
once 1
same "the same node after tpm2_clear" "$(field n1 id)" "$first"

# Another TPM under the same state: refused here, without a word to the server.
before=$(verified)
tpm2 changeeps # which ends the password, too
tpm2 changeauth -c e secret-e
once 5
told "the TPM was cleared or changed"
told "garboard node remove"
same "nothing was reported" "$(verified)" "$before"

# The configuration alone.
checks=$((checks + 2))
"$bin/garboard-agent" -c "$s/node/n1/agent.conf" --check-config || fail "--check-config"
"$bin/garboard-agent" -c "$s/node/n1/agent.conf" --print-config | grep -q '^state = ' || fail "--print-config"
conclude
