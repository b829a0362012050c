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
    sed -e "s/^  version: 1\$/  version: $2/" ${3:+-e "s|^    digests:\$|&\n      - $known $3|"} "$s/captured.yaml" >"$1"
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
same 'then' "$(tier_of "$s/then" then)" "$(tier_of "$s/then" recorded)"
same 'with the roots of the server' "$(jq -r .roots "$s/then")" server
"$garboard" verify --node w1 --at "$bad" --root "$s/tpm/w1/ca-intermediate.pem" --format json >"$s/then"
same 'as it was with it' $? 1
same 'with roots of mine' "$(jq -r .roots "$s/then")" files
same 'contraindicated' "$(tier_of "$s/then" then)" contraindicated

echo '# a kept state as a folder'
"$garboard" verify --node w1 --at "$first" --save "$s/saved" >"$s/text"
same 'it is saved' $? 0
exits 0 verify "$s/saved" --policy "$s/saved/policy.yaml" --root "$s/saved/root-1.pem"
exits 2 verify --node w1 --save "$s/saved"
exits 2 verify --node w1 "$s/saved"
exits 2 verify
exits 2 verify --node w1 --policy "$s/p1.yaml"
exits 2 verify --node w1 --at yesterday
"$garboard" verify --node w1 --at 2001-01-01T00:00:00Z >"$s/text" 2>&1
same 'before anything was kept' $? 2
grep -q 'nothing of it is kept' "$s/text" || fail 'and says so' "$(cat "$s/text")"

stop agent-w1
stop server
stop keyd
conclude
