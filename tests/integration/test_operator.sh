#!/bin/bash
# The operator's commands against a real service: TPM in software, garboard-keyd, garboardd, agent.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$source_dir/tests/integration/service.sh"

value() { jq -r "$1" <<<"$out"; }

# Labels: of a token, of a node; each change is an entry, and the node proves all again.
labels() {
    exits 5 token create --name x --label 'a b=c'
    says 'label "a b=c"'
    exits 5 node label nobody a=b
    says "(node-not-found)"
    exits 2 node label worker-1 a
    says 'label "a": key=value sets a label, key- takes it away'
    exits 0 node label worker-1 site=fra-2 rack=7 --why 'moved'
    prints "worker-1: rack=7, site=fra-2"
    exits 5 node label worker1 site=ber
    says 'there is no such node (did you mean "worker-1"?) (node-not-found)'
    for command in show why history remove attest; do
        exits 5 node "$command" wroker-1
        says '(did you mean "worker-1"?)'
    done
    exits 2 verify --node wroker-1
    says 'wroker-1: no such node (did you mean "worker-1"?)'
    exits 5 node show quite-another
    says "there is no such node (node-not-found)"
    exits 0 node label worker-1 rack-
    prints "worker-1: site=fra-2"
    exits 0 node list -l site=fra-2
    prints "worker-1"
    exits 0 node list -l site=fra-2,rack=7
    prints "No node has these labels."
    exits 2 node list -l site
    exits 0 node show worker-1
    prints "Labels         site=fra-2"
    same "entries" "$(ledger_entries | jq -c 'select(.what == "node.labels") | .data.changes')" \
        "$(printf '%s\n' '["site=fra-2","rack=7"]' '["rack-"]')"
    exits 0 node attest worker-1 --wait 30s # all of it again: PCR 10 begins at entry 0
    same "proven by the new labels" "$(field worker-1 verdict)" trusted
}

nothing_yet() {
    exits 0 node list
    prints "No nodes. Let one join: garboard token create"
    exits 0 token list
    prints "No join tokens."
    exits 0 ek list
    prints "No TPMs are listed."
    exits 0 get policy
    prints "No policy: every node is untrusted."
    exits 5 node why nobody
    says "there is no such node (node-not-found)"
    says "-> see: garboard node list"
    exits 5 node remove nobody
    exits 5 token revoke AAAAAAAAAAA
    says "(token-not-found)"
}

tokens_come_and_go() {
    exits 0 token create --pool 'pool-*' --uses 20 --expires 2h
    case $out in gbj1.*.*.*) ;; *) fail "no token alone on standard output" "$out" ;; esac
    says "it is shown only now"
    local id
    exits 0 token list --format json
    id=$(value '.tokens[0].id')
    same "uses" "$(value '.tokens[0].uses_left')" 20
    prints '"pool": "pool-*"'
    exits 0 token list
    prints "$id"
    prints "pool-*"
    exits 0 token revoke "$id"
    exits 0 token list
    prints "No join tokens."
}

policy_is_applied_whole_or_not_at_all() {
    exits 0 reference capture "$evidence/good" -o "$scratch/good.yaml"
    exits 0 apply -f "$scratch/good.yaml" --dry-run
    prints "created"
    prints "Nothing was applied (--dry-run)."
    exits 0 get policy
    prints "No policy"
    printf 'apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: bad\n  version: 1\nspec:\n  nosuch: 1\n' >bad.yaml
    exits 5 apply -f "$scratch/good.yaml" -f bad.yaml
    says "bad.yaml:7: "
    exits 0 get policy
    prints "No policy"
    exits 0 apply -f "$scratch/good.yaml"
    exits 0 get policy
    prints "Nodes are judged under policy"
    exits 0 apply -f "$scratch/good.yaml"
    prints "unchanged"
}

a_node_is_approved_by_name() {
    agent_conf worker-1 "ca_file = $s/etc/ca.pem"
    agent_start worker-1
    until_true 30 waits worker-1 || fail "worker-1 does not wait" "$(cat "$s/log/agent-worker-1")"
    exits 0 node list
    prints "WAITING"
    exits 5 node approve worker-9
    says "no node waits under this name"
    exits 0 node approve worker-1 --expires 10m
    says "waiting as worker-1: sha256:"
    prints "may join as worker-1"
    exits 0 ek list
    prints "approved"
    stop agent-worker-1 # it backs off otherwise
    agent_start worker-1
    until_true 60 is worker-1 verdict trusted || fail "worker-1 is not trusted" "$(tail -5 "$s/log/agent-worker-1")"
}

waits() { "$garboard" node list --format json | jq -e --arg name "$1" '.waiting[] | select(.name == $name)'; }

the_node_is_seen() {
    exits 0 node list
    prints "worker-1"
    prints "trusted"
    exits 0 node list --format json
    same "waiting" "$(value '.waiting | length')" 0
    same "nodes" "$(value '.nodes[0].name')" worker-1
    exits 0 node show worker-1
    prints "Transport key  sha256:"
    prints "affirming"
    exits 0 node why worker-1
    prints "identity"
    prints "verified at"
    exits 0 node why worker-1 --format json
    same "tier" "$(value .tier)" affirming
    exits 0 node attest worker-1 --wait 30s
    prints "verified at"
    exits 0 doctor --server-dir "$s/etc"
    prints "the server is ready"
    prints "1 security officer, known"
    prints "a security officer's key lies on the server: $s/etc/client/officer.key"
    prints "garboard-keyd answers"
    prints "the ledger's keys are published"
    mv "$s/etc/ledger.vkey" "$s/ledger.vkey"
    exits 0 doctor --server-dir "$s/etc"
    prints "who checks the ledger needs its keys"
    echo 'test.example/ledger+00000000+AAAA' >"$s/etc/ledger.vkey"
    exits 0 doctor --server-dir "$s/etc"
    prints "lacks a key that signs"
    mv "$s/ledger.vkey" "$s/etc/ledger.vkey"
    exits 0 doctor --agent-conf "$s/node/worker-1/agent.conf"
    prints "the node's certificate is good"
    prints "the node was trusted when its certificate was made"
}

a_change_is_watched() {
    "$garboard" node list --watch >"$scratch/list.watch" 2>&1 &
    local list=$!
    "$garboard" node why worker-1 --watch >"$scratch/why.watch" 2>&1 &
    local why=$!
    until_true 10 grep -q trusted "$scratch/list.watch" || fail "node list --watch shows nothing"
    until_true 10 grep -q affirming "$scratch/why.watch" || fail "node why --watch shows nothing"
    vouch_for_nothing
    until_true 40 is worker-1 verdict untrusted || fail "worker-1 is still trusted"
    until_true 10 grep -q untrusted "$scratch/list.watch" || fail "node list --watch missed the change"
    until_true 10 grep -q contraindicated "$scratch/why.watch" || fail "node why --watch missed the change"
    same "rows of node list --watch" "$(grep -c worker-1 "$scratch/list.watch")" 2
    kill "$list" "$why"
    wait "$list" "$why" 2>/dev/null
    exits 1 node why worker-1
    prints "->"
    same "each link says a remedy once" "$(awk '/^  [a-z-]+ / { delete said } /->/ && said[$0]++' <<<"$out")" ''
    exits 0 node list
    prints "untrusted"
    checks=$((checks + 5))
}

# Other known good values, under a higher version: nothing of the node is as it should be any more.
vouch_for_nothing() {
    sed -E 's/^  version: 1$/  version: 2/; s/\b[0-9a-f]{8}([0-9a-f]{56})\b/00000000\1/g' "$scratch/good.yaml" >newer.yaml
    exits 5 apply -f newer.yaml
    says "1 trusted node rests on "
    exits 0 apply -f newer.yaml --force
}

the_node_goes() {
    stop agent-worker-1
    exits 0 node remove worker-1
    exits 0 node list
    prints "No nodes."
    exits 5 node why worker-1
}

ek_by_file() {
    local cert
    cert=$(find "$s/tpm/worker-1" -name 'ek*.der' -o -name 'ek*.crt' -o -name 'ek*.pem' | head -1)
    [ -n "$cert" ] || return 0
    exits 0 ek add worker-1 "$cert"
    local ek=${out%% *}
    exits 0 ek list
    prints "$ek"
    prints "listed"
    exits 0 ek remove "$ek"
    exits 0 ek list
    prints "No TPMs are listed."
}

tpm_make worker-1
boot worker-1
service_init "interval = 1s" "nonce_life = 1m" "freshness = 60s" "unreachable = 2m"
keyd_start && server_start || exit 1

nothing_yet
tokens_come_and_go
policy_is_applied_whole_or_not_at_all
a_node_is_approved_by_name
the_node_is_seen
labels
a_change_is_watched
the_node_goes
ek_by_file
conclude
