#!/bin/bash
# The ledger of a real service: entries in words, a copy that strangers verify, a name forgotten, and what is refused while
# nothing can be signed. usage: test_ledger.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 90 "$@" || fail "$what" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/keyd")"
}
api() {
    curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" --key "$s/etc/client/operator-admin.key" \
        -o "$s/answer" -w '%{http_code}' "$@"
}
# flip FILE OFFSET: changes one bit of that byte.
flip() {
    python3 - "$@" <<'END'
import sys

with open(sys.argv[1], "r+b") as file:
    file.seek(int(sys.argv[2]))
    byte = file.read(1)[0]
    file.seek(-1, 1)
    file.write(bytes([byte ^ 1]))
END
}
url() { echo "https://127.0.0.1:$api_port$1"; }

tpm_make w1
boot w1 >"$s/log/boot"
service_init 'interval = 1s' 'nonce_life = 60s' 'ledger_lag = 10s'
keyd_start || exit 1
server_start || exit 1
exits 0 reference capture "$evidence/good" -o "$s/policy.yaml"
exits 0 apply -f "$s/policy.yaml"
agent_conf w1 "token = $(token w1)"
agent_start w1
good 'trusted' is w1 verdict trusted
id=$(field w1 id)

# What happened stands there in words, with names.
exits 0 ledger tail -n 1000
prints 'server  server.start'
prints "node/$id (w1)  node.enrol"
prints "server  verdict  node/$id (w1)  trusted"
prints 'admin  policy.apply  policy  '
prints ' signed by '
exits 5 node remove nobody
printf 'apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata: {name: nodes, version: 99}\nspec: {secureBoot: any}\n' >unsigned.yaml
exits 5 apply -f unsigned.yaml --no-sign
exits 0 ledger tail -n 12
prints 'admin  call.refused  DELETE /v1/nodes/{node} refused: node-not-found'
prints 'admin  policy.refused  NodePolicy nodes v99 refused: policy-unsigned'
exits 0 node list
exits 0 ledger tail
same 'nothing that only reads' "$(grep -c '  call  GET ' <<<"$out")" 0
says 'calls that only read are left out; --all shows them'
exits 0 ledger tail --all
prints 'admin  call  GET /v1/nodes'
exits 0 ledger tail -n 2
same 'as many as asked for' "$(wc -l <<<"$out")" 2
exits 2 ledger tail -n much

# A minute of rounds, sealed; a copy of all, verified without the server. The entry stands in the database before it is
# signed, and only what is signed is exported.
sealed() { "$garboard" ledger export "$s/audit" --quotes && [ -n "$(find "$s/audit/rounds" -name '*.quotes')" ]; }
good 'a minute is sealed and signed' sealed
same 'keys' "$(api "$(url /v1/ledger/keys)")" 200
jq -r '.keys[]' "$s/answer" >"$s/vkey"
exits 0 ledger export "$s/audit" --quotes
prints "garboard ledger verify $s/audit --quotes --key ledger.vkey"
exits 0 ledger verify "$s/audit" --key "$s/vkey" --quotes
same 'leaves are there' "$(find "$s/audit/rounds" -name '*.leaves' | wc -l)" "$(find "$s/audit/rounds" -name '*.quotes' | wc -l)"
exits 0 ledger export "$s/audit" --quotes
exits 0 ledger verify "$s/audit/ledger" --key "$s/vkey" --rounds
cp -r "$s/audit" "$s/forged"
flip "$(find "$s/forged/rounds" -name '*.leaves' | head -1)" 3
exits 1 ledger verify "$s/forged/ledger" --key "$s/vkey" --rounds
exits 0 ledger verify "$s/state/ledger" --key "$s/vkey"

# Only files of the log are served, whatever is asked for.
same 'a checkpoint' "$(api "$(url /v1/ledger/checkpoint)")" 200
for path in tile/0/../../../garboard.db tile/0/1000 tile/entries/000.p/300 tile/9x/000 rounds/2026-11-29/garboard.db tile/; do
    case $(api --path-as-is "$(url "/v1/ledger/$path")") in
    404 | 400) checks=$((checks + 1)) ;;
    *) fail "$path is served" ;;
    esac
done

# Why, in a person's words: in the entry of the change, too.
exits 0 token create --name w9 --why 'Gestell 7 wird größer'
exits 0 ledger tail -n 1000
prints '(Gestell 7 wird größer)'
same 'twice' "$(grep -c 'größer' <<<"$out")" 2
exits 2 token create --name w9 --why "$(printf '%0600d' 1)"

# Every word that a service of this size writes (node.renew: test_certificates.sh).
"$garboard" token create --name w8 --format json >"$s/w8"
exits 0 token revoke -- "$(jq -r .id "$s/w8")"
ek=sha256:$(printf '%064d' 7)
exits 0 ek add w7 "$ek"
exits 0 ek remove "$ek"
all_words() {
    "$garboard" ledger export "$s/audit" >/dev/null || return 1
    python3 "$source_dir/tests/integration/ledger_lines.py" "$s/audit/ledger" >"$s/entries"
    for word in server.start call token.create token.revoke ek.add ek.remove node.enrol verdict policy.apply rounds; do
        jq -r .what "$s/entries" | grep -qx "$word" || return 1
    done
}
good 'every word is signed' all_words
checks=$((checks + 1))
jq -c 'select(.what == "policy.apply")' "$s/entries" | grep -q ReferenceSet || fail 'a ReferenceSet is not named'

# A name is forgotten: the record stays.
exits 0 ledger forget admin
prints "Forgotten: admin."
exits 0 ledger tail -n 1000
prints '(forgotten)  policy.apply'
exits 5 ledger forget nobody
exits 0 ledger export "$s/audit"
exits 0 ledger verify "$s/audit/ledger" --key "$s/vkey"

# T20, T28: nothing can be signed, so nothing that needs a record is done; it goes on by itself.
stop keyd
make_token() { api -X POST -d '{"uses":1,"expires_in_s":60}' "$(url /v1/tokens)"; }
stopped() { [ "$(make_token)" = 503 ] && jq -e '.error.code == "ledger-stopped"' "$s/answer"; }
good 'it stops' stopped
same 'somebody can look' "$(api "$(url /v1/nodes)")" 200
same 'readyz' "$(api "$(url /readyz)")" 503
checks=$((checks + 1))
jq -r .ledger "$s/answer" | grep -q '^stopped: ' || fail 'readyz says why' "$(cat "$s/answer")"
same 'and metrics' "$(api "$(url /metrics)"; grep -c '^garboard_ledger_stopped 1' "$s/answer")" '2001'
keyd_start || exit 1
goes_on() { [ "$(make_token)" = 201 ]; }
good 'it goes on by itself' goes_on

# Ended in order: all is signed. Then a ledger that was cut.
stop server
exits 0 ledger verify "$s/state/ledger" --key "$s/vkey"
same 'the stop stands last, and is signed' "$(python3 - "$s/state" <<'END'
import json, sqlite3, sys

db = sqlite3.connect(f"{sys.argv[1]}/garboard.db")
seq, entry = db.execute("SELECT seq, entry FROM ledger_entry ORDER BY seq DESC LIMIT 1").fetchone()
with open(f"{sys.argv[1]}/ledger/checkpoint", encoding="utf-8") as file:
    size = int(file.read().split("\n")[1])
print(json.loads(entry)["what"], size - 1 - seq)
END
)" 'server.stop 0'
same 'and the start first' "$(python3 "$source_dir/tests/integration/ledger_lines.py" "$s/state/ledger" | sed -n 1p | jq -r .what)" server.start
tile=$(find "$s/state/ledger/tile/0" -type f | sort -V | tail -1) # the widest, which the checkpoint needs
flip "$tile" 7
checks=$((checks + 1))
timeout 60 "$bin/garboardd" --config "$s/etc/garboardd.conf" >"$s/log/refused" 2>&1
same 'a changed ledger is a fault of configuration' $? 2
grep -q 'cut or changed since' "$s/log/refused" || fail 'and says why not' "$(cat "$s/log/refused")"
conclude
