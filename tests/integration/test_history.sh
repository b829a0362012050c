#!/bin/bash
# Evidence is kept: a node's history, its state at any change of verdict judged again then and now, the whole fleet under
# another policy before it is applied; across kills, a full disk and retention. usage: test_history.sh GARBOARD SOURCE
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
    until_true 20 "$@" || fail "$what" "$(field w1 verdict) $(field w1 reason)" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/agent-w1")"
}

# policy FILE VERSION [DIGEST-OF PATH]: the captured one, in which such a file is known, too.
policy() {
    local known
    known=$(printf accepted | sha256sum | cut -d ' ' -f 1)
    sed -e "s/^  version: 1\$/  version: $2/" ${3:+-e "s|^    list: .\$|&\n      $known  $3|"} "$s/captured.yaml" >"$1"
}

measure() { "$source_dir/tests/integration/add_ima.py" "$s/node/w1/ima_binary" "$1" "$2" | extend w1; }
history() { "$garboard" node history w1 --format json; }
# events FILTER: how many events of the history jq selects.
events() { history | jq "[.events[] | select($1)] | length"; }
kept() { [ "$(events '.evidence != null')" -ge "$1" ]; }
# verdict_of FILE WORD: of what verify --node printed.
tier_of() { jq -r ".$2.tier" "$1"; }

tpm_make w1
boot w1
service_init 'interval = 1s' 'nonce_life = 60s'
keyd_start || exit 1
server_start || exit 1
exits 0 reference capture "$evidence/good" -o "$s/captured.yaml"
policy "$s/p1.yaml" 1
exits 0 apply -f "$s/p1.yaml"
agent_conf w1 "token = $(token w1)"
agent_start w1
good 'the node becomes trusted' is w1 verdict trusted
good 'its boot is kept' kept 1
same 'with the verdict' "$(events '.verdict == "trusted" and .evidence.what == "whole"')" 1
first=$(field w1 verified_at) # of a round whose nonce was issued before the stranger came: seconds apart
sleep 2.2

echo '# what goes on from it is kept as what is new'
measure /usr/bin/stranger unknown
good "a stranger turns it" is w1 verdict untrusted
good 'with the quote that decided' kept 2
same 'and is a continuation' "$(events '.verdict == "untrusted" and .evidence.what == "continued"')" 1
bad=$(field w1 verified_at)
before=$(events '.evidence != null')
sleep 3
same 'rounds that bring nothing new keep nothing' "$(events '.evidence != null')" "$before"

echo '# judged again, then and now (T17: by the very documents of then)'
exits 1 verify --node w1
prints 'Under the documents of then'
prints /usr/bin/stranger
"$garboard" verify --node w1 --at "$first" --format json >"$s/then"
same 'as it was before the stranger' $? 0
same "then" "$(tier_of "$s/then" 'then')" "$(tier_of "$s/then" recorded)"
same 'with the roots of the server' "$(jq -r .roots "$s/then")" server
"$garboard" verify --node w1 --at "$bad" --root "$s/tpm/w1/ca-intermediate.pem" --format json >"$s/then"
same 'as it was with it' $? 1
same 'with roots of mine' "$(jq -r .roots "$s/then")" files
same 'contraindicated' "$(tier_of "$s/then" 'then')" contraindicated

echo '# signatures count here as they do there (T17)'
exits 0 verify --node w1 --at "$first" --officer "$s/etc/officer.pem"
prints 'Signatures of the documents: good, by the officers given'
exits 0 verify --node w1 --at "$first"
prints 'Signatures of the documents: not checked'
exits 0 officer create --out "$s/mallory.key"
exits 2 verify --node w1 --at "$first" --officer "$s/mallory.pem"
says 'the documents that judged it then do not count: NodePolicy'

echo '# a kept state as a folder'
"$garboard" verify --node w1 --at "$first" --save "$s/saved" >"$s/text" 2>"$s/next"
same 'it is saved' $? 0
# The command that it names judges the folder as it was judged.
read -ra next < <(sed -n 's/^garboard: judge it again: garboard //p' "$s/next")
exits 0 "${next[@]}"
prints 'affirming'
exits 0 verify "$s/saved" --policy "$s/saved/policy.yaml" --root "$s/saved/root-1.pem"
exits 2 verify --node w1 --save "$s/saved"
exits 2 verify --node w1 "$s/saved"
exits 2 verify
exits 2 verify --node w1 --policy "$s/p1.yaml"
exits 2 verify --node w1 --at yesterday
"$garboard" verify --node w1 --at 2001-01-01T00:00:00Z >"$s/text" 2>&1
same 'before anything was kept' $? 2
grep -q 'no such node' "$s/text" && fail 'the node is there' "$(cat "$s/text")"
grep -q 'nothing of it is kept' "$s/text" || fail 'and says so' "$(cat "$s/text")"

echo '# what another policy would do: exactly what the rounds then say'
simulated() { jq -r "$1" "$s/simulated"; }
simulate() { # CODE FILE
    local code=0
    checks=$((checks + 1))
    "$garboard" simulate -f "$2" --format json >"$s/simulated" 2>"$s/err" || code=$?
    [ "$code" = "$1" ] || fail "simulate -f $2: exit $code, expected $1" "$(cat "$s/err" "$s/simulated")"
}
simulate 0 "$s/p1.yaml"
same 'the policy in force changes nothing' "$(simulated '"\(.unchanged) \(.worse) \(.better) \(.other)"')" '1 0 0 0'
policy "$s/p2.yaml" 2 /usr/bin/elsewhere
simulate 0 "$s/p2.yaml"
same 'nor one that is about something else' "$(simulated .unchanged)" 1
digest=$(printf unknown | sha256sum | cut -d ' ' -f 1)
sed -e "s/^  version: 1\$/  version: 2/" -e "s|^    list: .\$|&\n      $digest  /usr/bin/stranger|" "$s/captured.yaml" >"$s/p3.yaml"
simulate 0 "$s/p3.yaml"
same 'one that knows the stranger makes it better' "$(simulated '.changes[0] | "\(.node) \(.change) \(.to.verdict)"')" 'w1 better trusted'
same 'in the link os' "$(simulated '.changes[0].links[].link')" os
simulated '.changes[0].links[0].was[0]' | grep -q /usr/bin/stranger || fail 'which says what it was' "$(cat "$s/simulated")"
is w1 verdict untrusted || fail 'and nothing was applied'
exits 2 simulate
exits 2 simulate -f "$s/none.yaml"
printf 'apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: x\n  version: 9\nspec:\n  requires: [os]\n' >"$s/bad.yaml"
exits 5 simulate -f "$s/bad.yaml"
says requires
exits 0 apply -f "$s/p3.yaml"
good 'the real rounds say what was predicted' is w1 verdict trusted
same 'the older evidence is judged by the older documents' "$("$garboard" verify --node w1 --at "$bad" --format json | jq -r '"\(.then.tier) \(.now.tier)"')" 'contraindicated affirming'
exits 1 verify --node w1 --at "$bad"
exits 0 verify --node w1 --at "$bad" --now
policy "$s/p4.yaml" 3
simulate 1 "$s/p4.yaml"
same 'one that forgets the stranger makes it worse' "$(simulated '.changes[0] | "\(.change) \(.from.verdict) \(.to.verdict)"')" 'worse trusted untrusted'
simulated '.changes[0].links[] | select(.link == "os") | .findings[0].message' | grep -q /usr/bin/stranger || fail 'and names the event' "$(cat "$s/simulated")"
sed '/^kind: NodePolicy/,/^spec:/s/^spec:$/spec:\n  mode: warn/' "$s/p4.yaml" >"$s/warn.yaml"
simulate 1 "$s/warn.yaml"
same 'one that only warns leaves it trusted' "$(simulated '.changes[0] | "\(.change) \(.to.verdict) \(.to.tier)"')" 'worse trusted contraindicated'
printf -- '---\napiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: {name: later, version: 3}\nspec: {mode: shadow, require: [os], cmdline: {require: [never]}}\n' >"$s/shadow.yaml"
simulate 0 "$s/shadow.yaml"
same 'one in the shadow changes nothing' "$(simulated '"\(.unchanged) \(.changes | length)"')" '1 0'
same 'and says what it would do' "$(simulated '.shadow[0] | "\(.policy) \(.version) \(.nodes) \(.untrusted) \(.untrusted_nodes[0].node) \(.untrusted_nodes[0].tier)"')" 'later 3 1 1 w1 contraindicated'
simulated '.shadow[0].untrusted_nodes[0].reason' | grep -q never || fail 'and why' "$(cat "$s/simulated")"
exits 0 simulate -f "$s/shadow.yaml"
prints 'In the shadow: later version 3 is for 1 nodes, and would not trust 1:'
code=$(curl -s -o /dev/null -w '%{http_code}' -X DELETE --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" \
    --key "$s/etc/client/operator-admin.key" "https://127.0.0.1:$api_port/v1/simulations/$(simulated .id)")
same 'a simulation is forgotten when asked' "$code" 204
code=$(curl -s -o /dev/null -w '%{http_code}' --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" \
    --key "$s/etc/client/operator-admin.key" "https://127.0.0.1:$api_port/v1/simulations/$(simulated .id)")
same 'and not there any more' "$code" 404
exits 1 simulate -f "$s/p4.yaml"
prints '1 worse'
exits 0 apply -f "$s/p4.yaml"
good 'and the rounds say so' is w1 verdict untrusted
sed 's/^  version: 2$/  version: 4/' "$s/p3.yaml" >"$s/p5.yaml"
exits 0 apply -f "$s/p5.yaml"
good 'it mends' is w1 verdict trusted

echo '# across kills nothing of it is lost, and whoever restarts goes on'
count=$(events '.evidence != null')
stop server KILL
server_start || exit 1
same 'all is there' "$(events '.evidence != null')" "$count"
measure /usr/bin/later accepted
good 'what no set knows turns it' is w1 verdict untrusted
exits 1 verify --node w1
prints /usr/bin/later
simulate 0 "$s/p5.yaml"
same 'put together over the restart' "$(simulated .unchanged)" 1

echo '# retention: boots that are over go, the newest stays'
stop server
printf '%s\n' 'evidence_keep = 1s' >>"$s/etc/garboardd.conf"
server_start || exit 1
good 'what is over is dropped' grep -q evidence-dropped "$s/log/server"
one() { [ "$(events '.evidence.what == "whole"')" = 1 ]; }
good 'and the newest boot stays' one
exits 1 verify --node w1
prints /usr/bin/later
[ "$(events '.verdict != null')" -ge 6 ] || fail 'verdicts stay' "$(history)"

echo '# a set above 64 MB: applied, handed out, and judged by again, as the service is by default'
python3 >"$s/large.yaml" <<'END'
import hashlib
print("apiVersion: garboard.dev/v1alpha1\nkind: ReferenceSet\nmetadata: {name: large, version: 1}\nspec:\n  class: packages\n  source: test\n"
      "  files:\n    algorithm: sha256\n    list: |")
print("\n".join(f"      {hashlib.sha256(b'%d' % n).hexdigest()}  /usr/lib/large/file-{n}" for n in range(700000)))
END
[ "$(stat -c %s "$s/large.yaml")" -gt $((64 << 20)) ] || fail 'it is no large set'
exits 0 apply -f "$s/large.yaml"
exits 0 get policy large -o "$s/large.back"
grep -qF "$(tail -n 1 "$s/large.yaml")" "$s/large.back" || fail 'it does not come back whole' "$(tail -c 200 "$s/large.back")"
exits 1 node attest w1 --wait 60s
exits 1 verify --node w1
prints /usr/bin/later

stop agent-w1
stop server
stop keyd
conclude
