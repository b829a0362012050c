#!/bin/bash
# An update without a false alarm: old and new set side by side, shadow first, retire after; nodes that are half old and
# half new; what rollout status and node why say meanwhile. usage: test_rollout.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$source_dir/tests/integration/service.sh"

sha() { printf '%s' "$1" | sha256sum | cut -c1-64; }

# runs NODE FILE VERSION...: the node runs these files, by what they hold.
runs() {
    "$source_dir/tests/integration/add_ima.py" "$s/node/$1/ima_binary" "/usr/bin/$2" "$2 $3" | extend "$1"
}

# files_set NAME LIFE VERSION-OF-TOOLS: a set of two tools.
files_set() {
    printf -- '---\napiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata:\n  name: %s\n  version: 1\nspec:\n  class: packages\n  # tools %s\n  life: %s\n  files:\n    algorithm: sha256\n    digests:\n      - %s /usr/bin/one\n      - %s /usr/bin/two\n' \
        "$1" "$3" "$2" "$(sha "one $3")" "$(sha "two $3")"
}

# anew NODE: its next verdict answers a nonce of now.
anew() { exits "${2:-0}" node attest "$1" --wait 60s; }

joins() {
    agent_conf "$1" "ca_file = $s/etc/ca.pem" "token = $("$garboard" token create --name "$1" --label pool=tools)"
    agent_start "$1"
    until_true 60 is "$1" verdict trusted || fail "$1 is not trusted" "$(tail -5 "$s/log/agent-$1")" "$("$garboard" node why "$1")"
}

# again NODE: it reboots into what is installed now.
again() {
    stop "agent-$1"
    stop "tpm-$1"
    sleep 0.2
    boot "$1"
}

untrusted_rounds() { ledger_entries | jq -c 'select(.what == "verdict" and .data.verdict == "untrusted")' | wc -l; }

begun_with_the_old() {
    # a capture of all classes comes with a policy of its own
    exits 0 reference capture "$evidence/good" --name base --class platform --class os -o base.yaml
    exits 0 reference capture "$evidence/good" --name base --class packages -o base-files.yaml
    printf -- '---\napiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: {name: nodes, version: 1}\nspec: {nodes: {labels: {pool: tools}}, require: [os]}\n' >nodes.yaml
    files_set tools-1 accepted 1 >tools-1.yaml
    exits 0 apply -f base.yaml -f base-files.yaml -f nodes.yaml -f tools-1.yaml
    for node in a b; do
        runs $node one 1
        runs $node two 1
        joins $node
    done
    exits 0 rollout status
    prints "tools-1 version 1 (packages, accepted): 2 nodes; safe to retire: no, 2 trusted nodes still need it: a, b"
    prints "2 nodes: 2 trusted"
}

# What would certainly untrust both nodes is refused with their names, by every command and with --dry-run.
T17_nodes_are_not_lost_unnoticed() {
    local lost="2 trusted nodes rest on tools-1, which no other accepted set carries: a, b (policy-untrusts)"
    exits 5 delete rs tools-1
    says "$lost"
    exits 5 delete rs tools-1 --dry-run
    says "$lost"
    exits 5 delete np nodes
    says "2 trusted nodes would have no NodePolicy, nodes judges now: a, b (policy-untrusts)"
    says "garboard simulate -f FILE judges all of them"
    sed 's/version: 1/version: 2/; s/life: accepted/life: candidate/' tools-1.yaml >lower.yaml
    exits 5 apply -f lower.yaml
    says "$lost"
    files_set tools-1 accepted 7 | sed 's/version: 1/version: 2/' >other-files.yaml
    exits 5 apply -f other-files.yaml --dry-run
    says "$lost"
    sed 's/name: nodes/name: twin/' nodes.yaml >twin.yaml
    exits 5 apply -f twin.yaml
    says "2 trusted nodes would have two NodePolicies of the same priority, nodes and twin: a, b"
    sed 's/version: 1/version: 2/; s/require:/mode: shadow, require:/' nodes.yaml >shadowed.yaml
    exits 5 apply -f shadowed.yaml
    says "2 trusted nodes would have no NodePolicy"
    sed 's/version: 1/version: 2/; s/\[os\]/[os, posture]/' nodes.yaml >posture.yaml
    exits 5 apply -f posture.yaml
    says "2 trusted nodes would be refused, NodePolicy nodes requires posture and nothing speaks for it: a, b"
    exits 0 apply -f posture.yaml --force --dry-run
    anew a
    anew b
}

# Candidate, shadow, accepted: no node is untrusted in between, and half of a's files are new already.
the_new_comes_beside_it() {
    files_set tools-2 candidate 2 >tools-2.yaml
    exits 0 apply -f tools-2.yaml
    exits 0 reference list
    prints "candidate"
    exits 0 rollout status tools-2
    prints "tools-2 version 1 (packages, candidate): 0 nodes"
    exits 0 reference shadow tools-2
    prints "configured"
    exits 0 get rs tools-2 -o yaml
    prints "life: shadow"
    prints "# tools 2" # comments stay
    exits 0 reference accept tools-2 --why 'seen in the shadow'
    exits 0 reference accept tools-2
    says "tools-2 is accepted already (version 3)"
    anew a
    runs a one 2
    anew a
    exits 0 rollout status
    prints "tools-1 version 1 (packages, accepted): 2 nodes; safe to retire: no, 2 trusted nodes still need it: a, b"
    prints "tools-2 version 3 (packages, accepted): 1 node; safe to retire: no, 1 trusted node still needs it: a"
}

the_old_is_held_while_it_is_run() {
    exits 5 reference retire tools-1
    says "2 trusted nodes rest on tools-1, which no other accepted set carries: a, b"
    says "-> update those nodes first"
    exits 0 reference retire tools-1 --force --dry-run
    prints "Nothing was applied"
    exits 2 reference retire tools-9
    says 'did you mean "tools-1"?'
}

retired_after() {
    local node
    for node in a b; do
        again $node
        runs $node one 2
        runs $node two 2
        agent_start $node
        anew $node
    done
    exits 0 rollout status
    prints "tools-1 version 1 (packages, accepted): 0 nodes; safe to retire: yes"
    exits 0 rollout status tools-2 -o json
    same "json" "$(jq -r '[.nodes[] | select(.sets[].name == "tools-2") | .name] | join(" ")' <<<"$out")" 'a b'
    exits 0 reference retire tools-1
    anew a
    anew b
    same "no untrusted round" "$(untrusted_rounds)" 0
}

# Life goes back with a lower version: the old document, with its good signature.
T17_life_does_not_go_back() {
    exits 5 apply -f tools-1.yaml
    says "version 1 is older than the applied 2"
    exits 5 apply -f tools-2.yaml
    says "version 1 is older than the applied 3"
}

# What is only in the retired set now: named, with what to do.
old_files_are_told() {
    runs b one 1
    anew b 1
    exits 1 node why b
    prints "ima.file-changed"
    prints "retired set tools-1 knows this /usr/bin/one"
    prints "retired set tools-1 has it: update the node; to go back to the old: garboard reference accept tools-1"
    exits 0 rollout status
    prints "untrusted: b: "
}

# A flood of one code is cut short; the draft of it makes the node pass once it is accepted, and not before.
drafted_and_accepted() {
    local i
    for i in 1 2 3 4 5 6 7 8 9 10 11 12; do runs b "stranger$i" 1; done
    anew b 1
    exits 1 node why b
    prints "ima.file-unknown: and 2 more; --all shows them"
    exits 1 node why b --all
    prints "/usr/bin/stranger12"
    exits 0 reference suggest b -o draft.yaml
    says "garboard reference accept suggested-b-packages"
    same "the files that nobody accepted" "$(grep -cE '^ +(- )?[0-9a-f]{64} +/usr/bin/(one|stranger[0-9]+)$' draft.yaml)" 13
    exits 0 apply -f draft.yaml
    anew b 1
    exits 0 reference accept suggested-b-packages --why 'the strangers are ours'
    anew b
}

# Labels choose the policy: with another one no policy is for the node, keyd agrees, and back again.
labels_choose() {
    exits 0 node label a pool=other
    anew a 1
    exits 1 node why a
    prints "no policy is for this node"
    exits 0 node label a pool=tools
    anew a
}

live() {
    until_true 20 is "$1" liveness "$2" || fail "$1 is $(field "$1" liveness), not $2" "$(tail -5 "$s/log/server")"
    checks=$((checks + 1))
}

# freshness of the node's policy, not of the service: that has 60 seconds here. It outlives a restart.
a_policy_says_how_long_a_proof_stands() {
    local begun
    sed 's/version: 1/version: 2/; s/require:/freshness: 3s, require:/' nodes.yaml >fresh.yaml
    exits 0 apply -f fresh.yaml
    anew a
    anew b
    live a fresh
    stop agent-a
    begun=$SECONDS
    live a stale
    [ $((SECONDS - begun)) -lt 30 ] || fail "it took the service's time: $((SECONDS - begun)) s"
    live b fresh
    exits 0 rollout status
    prints "1 without a fresh proof"
    stop server
    server_start || fail "the server does not start" "$(tail -5 "$s/log/server")"
    live a stale
    agent_start a
    live a fresh
    same "it is trusted" "$(field a verdict)" trusted
}

for node in a b; do
    tpm_make $node
    boot $node
done
service_init "interval = 1s" "nonce_life = 1m" "freshness = 60s" "unreachable = 2m"
keyd_start && server_start || exit 1
begun_with_the_old
T17_nodes_are_not_lost_unnoticed
the_new_comes_beside_it
the_old_is_held_while_it_is_run
retired_after
T17_life_does_not_go_back
old_files_are_told
drafted_and_accepted
labels_choose
a_policy_says_how_long_a_proof_stands
conclude
