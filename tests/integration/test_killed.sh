#!/bin/bash
# Each process killed ten times at random moments under load: what was acknowledged is in the database, no nonce counts
# twice (T01), and all goes on by itself. usage: test_killed.sh GARBOARD SOURCE REPLAY
replay=$(readlink -f "$3")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 60 "$@" || fail "$what" "$(tail -3 "$s/log/server")" "$(tail -3 "$s/log/agent-w1")" "$(tail -3 "$s/log/keyd")"
}
newer() { [[ $(field "$1" verified_at) > $2 ]]; }
goes_on() { good "$1 goes on $2" newer "$1" "$(field "$1" verified_at)"; }
some_time() { sleep "0.$((RANDOM % 6))"; }
enrolments() {
    ledger_entries | jq -s --arg id "node/$1" '[.[] | select(.what == "node.enrol" and .who == $id)] | length'
}

# What an operator does all the time; what was answered is noted.
make_tokens() {
    local id
    while :; do
        id=$("$garboard" token create --name kept --format json 2>/dev/null | jq -r .id)
        [ -n "$id" ] && echo "$id" >>"$s/told-tokens"
    done
}
# Versions in turn: nothing is asked for, or what no node here can show.
policy() { # VERSION
    local spec='{}'
    [ $(($1 % 2)) = 0 ] || spec='{require: [containers]}'
    printf 'apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: {name: killed, version: %s}\nspec: %s\n' "$1" "$spec"
}
change_policy() {
    local version=2
    while :; do
        version=$((version + 1))
        policy $version >"$s/p.yaml"
        "$garboard" apply -f "$s/p.yaml" >/dev/null 2>&1 && echo $version >>"$s/told-versions"
        sleep 0.7
    done
}

# all_kept: what was told before is in the database as the kill left it.
all_kept() {
    checks=$((checks + 1))
    rm -rf "$s/copy"
    mkdir "$s/copy"
    tail -n +1 "$s/told-tokens" >"$s/copy/tokens"
    tail -n 1 "$s/told-versions" >"$s/copy/version"
    for node in w1 w2; do cp "$s/log/agent-$node" "$s/copy/$node"; done
    cp "$s/state"/garboard.db* "$s/copy/"
    python3 - "$s/copy" <<'END' || fail "$1: something that was acknowledged is lost"
import base64, re, sqlite3, sys

folder = sys.argv[1]
db = sqlite3.connect(f"{folder}/garboard.db")
assert db.execute("PRAGMA quick_check").fetchone() == ("ok",)
tokens = {row[0] for row in db.execute("SELECT id FROM token")}
with open(f"{folder}/tokens", encoding="ascii") as file:
    for line in file.read().split():
        assert base64.urlsafe_b64decode(line + "=" * (-len(line) % 4)) in tokens, f"token {line}"
with open(f"{folder}/version", encoding="ascii") as file:
    told = int(file.read() or 0)
(kept,) = db.execute("SELECT max(version) FROM document WHERE kind = 'NodePolicy'").fetchone()
assert kept >= told, f"policy {told}, kept {kept}"


def turns(values):
    return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]


for name in ("w1", "w2"):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        told = turns([word == "trusted" for word in re.findall(r" verdict=(\w+) ", file.read())])
    rows = db.execute("SELECT trusted FROM verdict v JOIN node n ON n.num = v.node WHERE n.name = ? ORDER BY v.num", (name,))
    kept = iter(turns([row[0] == 1 for row in rows]))
    for i, verdict in enumerate(told):
        assert verdict in kept, f"{name}: verdict {i} of {len(told)}"  # consumes what stands before it
END
}

server_is_killed() {
    for i in 1 2 3 4 5 6 7 8 9 10; do
        some_time
        stop server KILL
        all_kept "kill $i of garboardd"
        server_start || exit 1
    done
    for node in w1 w2; do goes_on $node 'after kills of garboardd'; done
    all_kept 'in the end'
    checks=$((checks + 1))
    [ "$(wc -l <"$s/told-tokens")" -ge 10 ] || fail 'there was load' "$(wc -l <"$s/told-tokens") tokens"
}

# Enrolments of one machine, one after another: each needs keyd twice.
enrol_again() {
    while :; do
        rm -f "$s/node/j/state/node.json"
        agent_once j
        jq -r .node "$s/node/j/state/node.json" >>"$s/told-nodes" 2>/dev/null
    done
}

keyd_is_killed() {
    for i in 1 2 3 4 5 6 7 8 9 10; do
        some_time
        stop keyd KILL
        some_time
        keyd_start || exit 1
    done
    for node in w1 w2; do goes_on $node 'after kills of garboard-keyd'; done
    local before
    before=$(wc -l <"$s/told-nodes")
    more() { [ "$(wc -l <"$s/told-nodes")" -gt $((before + 1)) ]; }
    good 'and nodes enrol' more
    same 'one TPM stays one node' "$(sort -u "$s/told-nodes")" "$(field j id)"
}

agent_is_killed() {
    local id before
    id=$(field w1 id)
    for i in 1 2 3 4 5 6 7 8 9 10; do
        some_time
        stop agent-w1 KILL
        same "its state is whole after kill $i" "$(jq -r .node "$s/node/w1/state/node.json")" "$id"
        before=$(field w1 verified_at)
        agent_start w1
    done
    good 'the agent goes on' newer w1 "$before"
    same 'still enrolled once' "$(enrolments "$id")" "$once"
}

# background NAME FUNCTION: until stop.
background() {
    (
        trap - EXIT INT TERM
        "$2"
    ) &
    pid[$1]=$!
}

for name in w1 w2 j r; do
    tpm_make $name &
    makers+=($!)
done
wait "${makers[@]}"
for name in w1 w2 j; do boot $name >"$s/log/boot"; done
service_init 'interval = 1s' 'nonce_life = 60s'
keyd_start || exit 1
server_start || exit 1
policy 2 >"$s/p.yaml"
exits 0 apply -f "$s/p.yaml"
touch "$s"/told-{tokens,versions,nodes}
for name in w1 w2; do
    agent_conf $name "token = $(token $name)"
    agent_start $name
done
exits 0 token create --name j --uses 100 --format json
agent_conf j "token = $(jq -r .token <<<"$out")"
for name in w1 w2; do good 'trusted' is $name verdict trusted; done
once=$(enrolments "$(field w1 id)")
HOSTILE_ENROLL=https://127.0.0.1:$enroll_port HOSTILE_API=https://127.0.0.1:$api_port HOSTILE_CA=$s/etc/ca.pem \
    HOSTILE_TPM=$s/tpm/r HOSTILE_TOKEN=$(token replay) start replay "$replay"
good 'the other node enrols' field replay id

background tokens make_tokens
background policy change_policy
# T28: however it was killed, one history, from the first entry on.
one_history() {
    "$garboard" ledger export "$s/audit" >/dev/null || return 1
    [ -s "$s/vkey" ] || curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" \
        --key "$s/etc/client/operator-admin.key" "https://127.0.0.1:$api_port/v1/ledger/keys" | jq -r '.keys[]' >"$s/vkey"
    exits 0 ledger verify "$s/audit/ledger" --key "$s/vkey"
    [ ! -s "$s/before" ] || exits 0 ledger verify "$s/audit/ledger" --key "$s/vkey" --since "$s/before"
    cp "$s/audit/ledger/checkpoint" "$s/before"
}
good 'a copy of the ledger before' one_history
server_is_killed
# T28: what was told before the copy was made stands in it, not in the database's rows alone.
cp "$s/told-tokens" "$s/told-versions" "$s/copy/"
for node in w1 w2; do
    cp "$s/log/agent-$node" "$s/copy/$node"
    field "$node" id >"$s/copy/$node.id"
done
# It comes with the next checkpoint: what is durable now is signed within a second.
all_in_ledger() {
    one_history || return 1
    python3 "$source_dir/tests/integration/ledger_lines.py" "$s/audit/ledger" >"$s/copy/entries"
    python3 - "$s/copy" <<'END'
import json, re, sys

folder = sys.argv[1]


def read(name):
    with open(f"{folder}/{name}", encoding="utf-8") as file:
        return file.read()


def turns(values):
    return [value for i, value in enumerate(values) if i == 0 or value != values[i - 1]]


entries = [json.loads(line) for line in read("entries").splitlines()]
tokens = [entry["whom"] for entry in entries if entry["what"] == "token.create"]
told = read("told-tokens").split()
assert len(told) >= 10, told
assert len(set(tokens)) == len(tokens), "a token twice"
for token in told:
    assert f"token/{token}" in tokens, f"token {token}"
applied = " ".join(json.dumps(entry["data"]) for entry in entries if entry["what"] == "policy.apply")
for version in read("told-versions").split():
    assert re.search(rf"\bversion {version}\b|\"version\": {version}\b", applied), f"policy {version}"
for name in ("w1", "w2"):
    told = turns(re.findall(r" verdict=(trusted|untrusted) ", read(name)))
    node = "node/" + read(f"{name}.id").strip()
    kept = iter(turns([e["data"]["verdict"] for e in entries if e["what"] == "verdict" and e["whom"] == node]))
    for i, verdict in enumerate(told):
        assert verdict in kept, f"{name}: verdict {i} of {len(told)}"
END
}
good 'all that was acknowledged is in the ledger after kills of garboardd' all_in_ledger
stop tokens
stop policy
background enrol enrol_again
keyd_is_killed
good 'the ledger after kills of garboard-keyd' one_history
stop enrol
agent_is_killed
stop replay
# shellcheck disable=SC2154 # stop sets it
same 'no nonce counted twice' "$code" 0
tail -n 3 "$s/log/replay" | grep accepted
[ "$code" = 0 ] || cat "$s/log/replay"
conclude
