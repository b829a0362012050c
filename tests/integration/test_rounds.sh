#!/bin/bash
# One node's life, round after round, before the real service: what it sends, what turns it, what turns it back, and a
# TPM that is rolled back. usage: test_rounds.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

whole=$(($(stat -c %s "$evidence/good/eventlog.bin") + $(stat -c %s "$evidence/good/ima_binary")))

# good WHAT COMMAND...: the command must succeed within 20 seconds.
good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 20 "$@" || fail "$what" "$(field w1 verdict) $(field w1 reason)" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/agent-w1")"
}

metric() {
    curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" --key "$s/etc/client/operator-admin.key" \
        "https://127.0.0.1:$api_port/metrics" | awk -v name="$1" '$1 == name {print $2}'
}
trusted_rounds() { metric 'garboard_rounds_total{verdict="trusted"}'; }
untrusted_rounds() { metric 'garboard_rounds_total{verdict="untrusted"}'; }
at_least() { [ "$("$1")" -ge "$2" ]; }

# more N: so many rounds from now, whatever they said.
all_rounds() { echo $(($(trusted_rounds) + $(untrusted_rounds))); }
more() { good "$1 more rounds" at_least all_rounds $(($(all_rounds) + $1)); }

# What the agent has sent over the connection that it holds.
sent() {
    ss -H -tinp state established "( dport = :$api_port )" | grep -A 1 "pid=${pid[agent-w1]}," |
        grep -o 'bytes_sent:[0-9]*' | cut -d: -f2
}

# why TEXT: the node is untrusted, and `node why` says so.
why() {
    exits 1 node why w1
    prints "$1"
}

# policy VERSION [SED]: the captured one, in which /usr/bin/later is known, too.
policy() {
    local known
    known=$(printf accepted | sha256sum | cut -d ' ' -f 1)
    sed -e "s/^  version: 1\$/  version: $1/" -e "s/^    list: |\$/&\n      $known  \/usr\/bin\/later/" -e "${2:-}" \
        "$s/captured.yaml" >"$s/policy-$1.yaml"
    exits 0 apply -f "$s/policy-$1.yaml"
}

measure() { "$source_dir/tests/integration/add_ima.py" "$s/node/w1/ima_binary" "$1" "$2" | extend w1; }

off() {
    stop agent-w1 KILL
    stop tpm-w1 KILL
}

reboot() {
    off
    boot w1 >"$s/log/boot"
    agent_start w1
}

without_a_policy_nobody_is_trusted() {
    good 'the node is judged' is w1 verdict untrusted
    why "no policy is applied"
}

# The first trusted verdict brings another certificate, and with it another connection.
a_policy_brings_whole_evidence() {
    local before
    policy 1
    good 'with a policy it is trusted' is w1 verdict trusted
    more 3
    before=$(sent)
    policy 2
    more 2
    [ $(($(sent) - before)) -ge "$whole" ] || fail 'whole evidence came for the policy' "$before, then $(sent)"
    exits 0 node why w1
    same 'nothing broken' "$(field w1 broken)" '[]'
}

steady_rounds_send_what_is_new() {
    local before rounds bytes
    before=$(sent)
    rounds=$(trusted_rounds)
    more 4
    bytes=$(($(sent) - before))
    rounds=$(($(trusted_rounds) - rounds + 1))
    checks=$((checks + 1))
    [ "$bytes" -lt $((rounds * whole / 3)) ] || fail 'a steady round is small' "$bytes bytes in $rounds rounds"
    same 'nothing was asked twice' "$(metric 'garboard_refusals_total{code="evidence-discontinuous"}')" "$1"
}

accepted_files_change_nothing() {
    local count
    count=$(field w1 ima_entries)
    for i in 1 2 3; do
        measure /usr/bin/later accepted
        good "accepted entry $i is seen" is w1 ima_entries $((count + i))
        same "and it stays trusted" "$(field w1 verdict)" trusted
    done
}

an_unknown_program_is_found_at_once() {
    local rounds=0 digest
    digest=$(printf unknown | sha256sum | cut -d ' ' -f 1)
    measure /usr/bin/stranger unknown
    rounds=$(trusted_rounds)
    good 'an unknown program' is w1 verdict untrusted
    checks=$((checks + 1))
    # The one whose quote was made before the deed may still come; none after it.
    [ $(($(trusted_rounds) - rounds)) -le 1 ] || fail 'trusted after the deed' "$rounds, then $(trusted_rounds)"
    same 'which link' "$(field w1 broken)" "['os']"
    why /usr/bin/stranger
    prints "$digest"
    rounds=$(trusted_rounds)
    more 3
    same 'no round forgets it' "$(trusted_rounds)" "$rounds"
    why /usr/bin/stranger
    measure /usr/bin/later accepted
    more 2
    same 'nor what comes after it' "$(field w1 verdict)" untrusted
    exits 1 node attest w1 --wait 20s
}

a_reboot_mends() {
    off
    cp -a "$s/tpm/w1/state" "$s/old-state"
    reboot
    good 'trusted again after a reboot' is w1 verdict trusted
    same 'one reset more' "$(field w1 reset_count)" $((resets + 1))
}

a_policy_turns_it_and_back() {
    local before
    more 1
    before=$(sent)
    policy 3 's/^  secureBoot: .*/  secureBoot: "on"/'
    good 'untrusted under another policy' is w1 verdict untrusted
    same 'which link' "$(field w1 broken)" "['boot-policy']"
    [ $(($(sent) - before)) -ge "$whole" ] || fail 'whole evidence came for it' "$before, then $(sent)"
    why 'Secure Boot'
    policy 4
    good 'and back' is w1 verdict trusted
}

# Nothing explains it: no log holds it, whatever else still replays.
T09_boot_pcr_measured_late() {
    echo "7 $(printf late | sha256sum | cut -d ' ' -f 1)" | extend w1
    good 'PCR 7 extended after the boot' is w1 verdict untrusted
    why 'boot log'
    prints 'PCR 7'
    more 2
    same 'it stays' "$(field w1 verdict)" untrusted
    reboot
    good 'and a reboot ends it' is w1 verdict trusted
}

T12_tpm_rolled_back() {
    local rounds
    same 'resets so far' "$(field w1 reset_count)" $((resets + 2))
    off
    rm -rf "$s/tpm/w1/state"
    cp -a "$s/old-state" "$s/tpm/w1/state"
    reboot
    good 'an old state of the TPM' is w1 verdict untrusted
    why 'rolled back'
    rounds=$(trusted_rounds)
    more 2
    same 'no round of it was trusted' "$(trusted_rounds)" "$rounds"
    stop agent-w1
    local jwt # garboard-keyd, which keeps no counters, would say "trusted"
    jwt=$("$bin/garboard-agent" -c "$s/node/w1/agent.conf" token 2>"$s/log/no-token")
    same 'and no token of it' "$? $jwt" '5 '
    grep -q 'last verdict is untrusted' "$s/log/no-token" || fail 'for that reason' "$(cat "$s/log/no-token")"
}

tpm_make w1
boot w1 >"$s/log/boot"
service_init 'interval = 1s' 'nonce_life = 60s' 'freshness = 60s' 'unreachable = 2m'
exits 0 reference capture "$evidence/good" -o "$s/captured.yaml"
keyd_start || exit 1
server_start || exit 1
agent_conf w1 "token = $(token w1)"
agent_start w1
without_a_policy_nobody_is_trusted
a_policy_brings_whole_evidence
resets=$(field w1 reset_count)
steady_rounds_send_what_is_new 2 # two policies came between two rounds
accepted_files_change_nothing
an_unknown_program_is_found_at_once
a_reboot_mends
a_policy_turns_it_and_back
T09_boot_pcr_measured_late
T12_tpm_rolled_back
stop agent-w1
stop server
stop keyd
conclude
