#!/bin/bash
# Who may join, and how often: approvals by name that expire, listed TPMs, tokens of a pool with several uses, and one
# token that two want at once (T21). usage: test_joining.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

value() { jq -r "$1" <<<"$out"; }
waits() { "$garboard" node list --format json | jq -e --arg name "$1" '.waiting[] | select(.name == $name)'; }
ek_of() { "$garboard" node list --format json | jq -r --arg name "$1" '.waiting[] | select(.name == $name) | .ek'; }
joined() { "$garboard" node list --format json | jq -r '[.nodes[].name] | sort | join(" ")'; }
agent_log() { tail -3 "$s/log/agent-$1"; }

# joins NAME CODE [SAYS]: one round of its agent ends so. 0 or 1 is in: nobody is trusted here, nothing is applied.
joins() {
    local code=0
    checks=$((checks + 1))
    : >"$s/log/agent-$1"
    agent_once "$1" || code=$?
    [ "$code" = "$2" ] || fail "agent $1: exit $code, expected $2" "$(agent_log "$1")" "$(tail -3 "$s/log/server")"
    [ -z "${3:-}" ] || grep -qF -- "$3" "$s/log/agent-$1" || fail "agent $1 does not say $3" "$(agent_log "$1")"
}

# forget NAME: its agent knows nothing of an enrolment; the server does.
forget() { rm -f "$s/node/$1/state/node.json"; }

# An approval is for one TPM, one name and a while.
approvals() {
    agent_conf a "ca_file = $s/etc/ca.pem"
    joins a 5
    waits a >/dev/null || fail 'a waits'
    exits 0 node approve a --expires 2s
    sleep 3
    joins a 5 # too late: it waits again
    waits a >/dev/null || fail 'after an approval that expired it waits again'
    same 'nobody is in' "$(joined)" ''
    exits 0 node approve a --expires 10m
    agent_conf b "ca_file = $s/etc/ca.pem" "name = a"
    sed -i '/^name = b$/d' "$s/node/b/agent.conf"
    joins b 5 # another TPM under the approved name
    same 'still nobody' "$(joined)" ''
    agent_conf a "ca_file = $s/etc/ca.pem" "name = z"
    sed -i '/^name = a$/d' "$s/node/a/agent.conf"
    joins a 5 'another name' # the approved TPM under another
    agent_conf a "ca_file = $s/etc/ca.pem"
    joins a 1
    same 'in by approval' "$(joined)" a
    exits 0 ek list --format json
    same 'an approval is used up' "$(value '.eks | length')" 0
}

# Listed beforehand; under that name only.
listed() {
    local ek
    ek=$(ek_of a) # b's TPM, that came as a
    exits 0 ek add b "$ek"
    joins b 5 'another name'
    agent_conf b "ca_file = $s/etc/ca.pem"
    joins b 1
    same 'in by its EK' "$(joined)" 'a b'
    exits 0 ek list --format json
    same 'a listing is used up' "$(value '.eks | length')" 0
    exits 0 node remove b # and does not bring back what an operator removed
    forget b
    joins b 5
    exits 0 ek add b "$ek"
    exits 0 ek remove "$ek"
    joins b 5 # it waits for an operator
    same 'out' "$(joined)" a
}

# As often as its uses, by names of the pool.
T21_pool() {
    local pool id
    exits 0 token create --pool 'pool-*' --uses 2 --format json
    pool=$(value .token) id=$(value .id)
    agent_conf b "token = $pool"
    joins b 5 'another name'
    agent_conf pool-b "token = $pool" "tcti = swtpm:path=$s/b.tpm"
    sed -i '0,/^tcti = /{/^tcti = /d}' "$s/node/pool-b/agent.conf"
    logs_of b pool-b
    joins pool-b 1
    exits 0 token list --format json
    same 'a use less' "$(value ".tokens[] | select(.id == \"$id\") | .uses_left")" 1
    agent_conf pool-c "token = $pool" "tcti = swtpm:path=$s/c.tpm"
    sed -i '0,/^tcti = /{/^tcti = /d}' "$s/node/pool-c/agent.conf"
    logs_of c pool-c
    joins pool-c 1
    same 'two by one token' "$(joined)" 'a pool-b pool-c'
    exits 0 token list --format json
    same 'used up, it is gone' "$(value '.tokens | length')" 0
    agent_conf pool-d "token = $pool" "tcti = swtpm:path=$s/d.tpm"
    sed -i '0,/^tcti = /{/^tcti = /d}' "$s/node/pool-d/agent.conf"
    logs_of d pool-d
    joins pool-d 5
    same 'no third' "$(joined)" 'a pool-b pool-c'
    exits 0 node remove pool-b
    exits 0 node remove pool-c
}

logs_of() { cp "$s/node/$1"/{eventlog.bin,ima_binary,cmdline} "$s/node/$2/"; }

# Three machines with one token of one use, at once, again and again: exactly one comes in each time.
T21_one_use_wanted_by_three() {
    local name once i
    for i in 1 2 3; do
        exits 0 token create --uses 1 --format json
        once=$(value .token)
        for name in b c d; do
            forget $name
            agent_conf $name "token = $once"
            agent_once $name &
            pid[once-$name]=$!
        done
        for name in b c d; do
            wait "${pid[once-$name]}"
            unset "pid[once-$name]"
        done
        same "one of three ($i)" "$(joined | wc -w)" 2
        exits 0 token list --format json
        same 'the token is used up' "$(value '.tokens | length')" 0
        for name in $(joined); do
            [ "$name" = a ] || exits 0 node remove "$name"
        done
    done
}

all_is_recorded() {
    out=$(ledger_entries | jq -s .)
    same 'enrolments on record' "$(value '[.[] | select(.what == "node.enrol")] | length')" 7
    prints node.approve
}

for name in a b c d; do
    tpm_make $name &
    makers+=($!)
done
wait "${makers[@]}"
for name in a b c d; do boot $name >"$s/log/boot"; done
service_init 'interval = 60s'
keyd_start || exit 1
server_start || exit 1
approvals
listed
T21_pool
T21_one_use_wanted_by_three
all_is_recorded
stop server
stop keyd
conclude
