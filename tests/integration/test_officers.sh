#!/bin/bash
# Documents count only with the signatures of officers, at garboardd and at garboard-keyd: the real programs, an officer
# more, two persons, keys that rotate, old signed documents, a database that is set back. usage: test_officers.sh
# GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"
# shellcheck disable=SC2154 # lib.sh and service.sh set them

ready() {
    curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" --key "$s/etc/client/operator-admin.key" \
        "https://127.0.0.1:$api_port/readyz"
}
ready_says() { ready | grep -qF "$1"; }
good() {
    local what=$1
    shift
    checks=$((checks + 1))
    until_true 20 "$@" || fail "$what" "$(ready)" "$(tail -5 "$s/log/server")" "$(tail -5 "$s/log/keyd")"
}
in_force() { good "in force: $1" ready_says "\"policy\": \"$1\""; }
keyd_log() { grep -qF "$1" "$s/log/keyd"; }

# policy VERSION [NAME]
policy() {
    printf 'apiVersion: garboard.dev/v1alpha1\nkind: NodePolicy\nmetadata:\n  name: nodes # %s\n  version: %s\nspec:\n  secureBoot: any\n' \
        "version $1" "$1"
}
# Both have read their files anew, or said why not; garboardd asks keyd for what it believes.
reloads() { grep -cE 'reloaded|reload-failed' "$s/log/$1"; }
has_reloaded() { [ "$(reloads "$1")" -gt "$2" ]; }
reload() {
    local name before
    for name in keyd server; do
        before=$(reloads $name)
        kill -HUP "${pid[$name]}"
        good "$name reloads" has_reloaded $name "$before"
    done
}

unsigned_nothing_is_applied() {
    policy 1 >one.yaml
    exits 5 apply -f one.yaml --no-sign
    says "NodePolicy nodes: nobody has signed it (policy-unsigned)"
    says "garboard sign"
    exits 0 get policy
    prints "No policy"
}

apply_signs_by_itself() {
    exits 0 apply -f one.yaml
    says "signing as officer sha256:"
    prints "created"
    in_force "nodes version 1"
    good 'keyd has it' ready_says '"keyd_policy": "ok"'
    exits 0 get policy
    prints "sha256:"
    exits 0 apply -f one.yaml
    prints "unchanged"
    same "the file is as it was" "$(cat one.yaml)" "$(policy 1)"
}

a_reference_set_gets_its_version() {
    exits 0 reference capture "$evidence/good" -o captured.yaml
    python3 - captured.yaml >sets.yaml <<'END'
import sys
print("".join("---\n" + part for part in open(sys.argv[1]).read().split("---\n") if "kind: ReferenceSet" in part), end="")
END
    exits 0 apply -f sets.yaml
    exits 0 apply -f sets.yaml
    prints "unchanged"
    sed 's/^  source: .*/  source: elsewhere/' sets.yaml >sets-2.yaml
    exits 0 apply -f sets-2.yaml
    prints "configured"
    exits 0 get policy
    out=$(grep 'ReferenceSet' <<<"$out" | awk '{print $3}' | sort -u)
    same "versions of the sets" "$out" 2
}

T17_a_stranger_signs_nothing() {
    exits 0 officer create --out mallory.key
    prints "Officer sha256:"
    same "mode of the key" "$(stat -c %a mallory.key) $(stat -c %a mallory.pem)" "600 644"
    policy 2 >two.yaml
    exits 0 sign -f two.yaml --key mallory.key -o by-mallory.yaml
    exits 5 apply -f by-mallory.yaml --no-sign
    says "who is no officer here"
    exits 5 apply -f two.yaml --officer-key mallory.key
    says "policy-unsigned"
    exits 2 officer create --out mallory.key
    says "is there already"
}

T17_an_old_signed_document_does_not_come_back() {
    exits 2 sign -f one.yaml --key mallory.pem
    says 'mallory.pem is a public key, and the private one signs'
    # Nobody signs what cannot count; apply says the same of it.
    policy 2 | sed 's/secureBoot/secureBot/' >misspelt.yaml
    exits 5 sign -f misspelt.yaml --key "$s/etc/client/officer.key" -o never.yaml
    says 'misspelt.yaml:7: unknown field "secureBot" (did you mean "secureBoot"?)'
    [ ! -e never.yaml ] || fail 'an invalid document was signed'
    exits 0 sign -f one.yaml --key "$s/etc/client/officer.key" -o signed-1.yaml
    says 'NodePolicy nodes version '
    exits 0 sign -f two.yaml --key "$s/etc/client/officer.key" -o signed-2.yaml
    exits 0 apply -f signed-2.yaml --no-sign
    in_force "nodes version 2"
    exits 5 apply -f signed-1.yaml --no-sign
    says "version 1 is older than the applied 2 (policy-version)"
    sed 's/^  version: 2/  version: 3/' signed-2.yaml >edited.yaml
    exits 5 apply -f edited.yaml --no-sign
    says "is not over this document"
}

# Whoever can set back the documents in garboardd's database does not thereby set back what keyd judges by.
documents_of() { # TO FROM: the documents of one database into another
    python3 - "$1/garboard.db" "$2/garboard.db" <<'END'
import sqlite3, sys
to = sqlite3.connect(sys.argv[1])
to.execute("ATTACH ? AS other", (sys.argv[2],))
to.execute("DELETE FROM main.document")
to.execute("INSERT INTO main.document SELECT * FROM other.document")
to.commit()
END
}
T17_a_database_set_back_is_told_by_keyd() {
    stop server
    cp -a "$s/state" "$s/old-state"
    server_start || exit 1
    policy 3 >three.yaml
    exits 0 apply -f three.yaml
    stop server
    cp -a "$s/state" "$s/new-state"
    documents_of "$s/state" "$s/old-state"
    server_start || exit 1
    good 'not ready' ready_says 'refuses the documents in force'
    good 'nothing counts' ready_says 'no document counts: garboard-keyd refuses'
    exits 0 get policy
    prints "No document counts"
    exits 0 node list
    exits 5 token create --name evil # the founder looks, and mends
    says "(policy-not-counted)"
    grep -q 'version 2 is older than 3' "$s/log/keyd" || fail 'keyd says why' "$(tail -3 "$s/log/keyd")"
    checks=$((checks + 1))
    exits 5 apply -f signed-2.yaml --no-sign
    says "keyd-denied"
    exits 1 doctor --server-dir "$s/etc"
    prints "garboard-keyd refuses the documents in force"
    stop server
    documents_of "$s/state" "$s/new-state"
    server_start || exit 1
    in_force "nodes version 3"
    good 'keyd agrees again' ready_says '"keyd_policy": "ok"'
    exits 0 token create --name good
    stop server # once more, and mended by the newest documents
    documents_of "$s/state" "$s/old-state"
    server_start || exit 1
    good 'nothing counts' ready_says 'no document counts: garboard-keyd refuses'
    exits 0 apply -f three.yaml
    in_force "nodes version 3"
    exits 0 token create --name better
}

another_officer() {
    exits 0 officer create --out bob.key
    cp bob.pem "$s/etc/bob.pem"
    echo "officer_key = $s/etc/bob.pem" >>"$s/etc/keyd.conf"
    echo "officer_key = $s/etc/bob.pem" >>"$s/etc/garboardd.conf"
    exits 1 doctor --server-dir "$s/etc"
    prints "believes other security officers than keyd.conf names"
    reload # no restart: the new line is believed at once
    good 'doctor is content' doctor_says 'believes the officers of keyd.conf'
    policy 4 >four.yaml
    exits 0 apply -f four.yaml --officer-key bob.key # one of two is enough
    in_force "nodes version 4"
}

doctor_says() { "$garboard" doctor --server-dir "$s/etc" | grep -qF "$1"; }
keyd_starts_untrusting() { tail -n +"$1" "$s/log/keyd" | grep -qF policy-does-not-count; }

# A line that is taken out is believed no more after a reload, at both programs; what only they signed does not count.
T17_an_officer_whose_line_is_out_counts_no_more() {
    local was
    was=$(wc -l <"$s/log/keyd")
    cp "$s/etc/keyd.conf" keyd.conf-both
    cp "$s/etc/garboardd.conf" garboardd.conf-both
    sed -i '/^officer_key = .*bob.pem$/d' "$s/etc/keyd.conf"
    reload # garboardd still believes bob
    good 'keyd: nothing counts' keyd_starts_untrusting $((was + 1))
    policy 5 >by-bob.yaml
    exits 5 apply -f by-bob.yaml --officer-key bob.key
    says "keyd-denied"
    sed -i '/^officer_key = .*bob.pem$/d' "$s/etc/garboardd.conf"
    reload
    good 'garboardd: nothing counts' ready_says 'no document counts'
    # a configuration that cannot be read changes nothing
    cp "$s/etc/keyd.conf" keyd.conf-one
    echo "officer_key = $s/etc/nobody.pem" >>"$s/etc/keyd.conf"
    reload
    good 'a failed reload is told' keyd_log reload-failed
    cp keyd.conf-both "$s/etc/keyd.conf"
    cp garboardd.conf-both "$s/etc/garboardd.conf"
    reload
    in_force "nodes version 4"
    good 'keyd has it again' ready_says '"keyd_policy": "ok"'
}

two_persons() {
    cat >people.yaml <<'END'
apiVersion: garboard.dev/v1alpha1
kind: AccessPolicy
metadata: {name: people, version: 1}
spec:
  people:
    - {name: admin, roles: [admin, security-officer]}
  twoPerson: [policy]
END
    exits 5 apply -f people.yaml
    says "signed by 1 of 2 different officers"
    # as docs/service.md says
    exits 0 get policy -o in-force.yaml
    exits 0 apply -f in-force.yaml --no-sign
    if grep -qvE 'unchanged$|^KIND' <<<"$out"; then fail 'what was fetched is not what is in force' "$out"; fi
    { cat in-force.yaml && echo --- && cat people.yaml; } >all.yaml
    exits 0 sign -f all.yaml --key "$s/etc/client/officer.key" -o all.yaml
    exits 5 apply -f all.yaml --no-sign
    says "signed by 1 of 2 different officers"
    exits 0 sign -f all.yaml --key bob.key -o all.yaml
    exits 0 apply -f all.yaml --no-sign
    prints "signed"
    policy 5 >five.yaml
    exits 5 apply -f five.yaml
    says "signed by 1 of 2 different officers"
    exits 0 sign -f five.yaml --key bob.key -o five-bob.yaml
    exits 0 apply -f five-bob.yaml # client.conf's officer signs, too
    in_force "nodes version 5"
    # one officer makes the document, the other signs it, too
    exits 5 delete np nodes --dry-run
    says "reference accept, shadow, retire write it with -o FILE"
    exits 0 delete np nodes -o gone.yaml
    exits 5 apply --no-sign -f gone.yaml --dry-run
    exits 0 sign -f gone.yaml --key bob.key -o gone.yaml
    exits 0 apply --no-sign -f gone.yaml --dry-run
    prints "deleted"
    sed -e 's/version: 1/version: 2/' -e '/twoPerson/d' people.yaml >lifted.yaml
    exits 5 apply -f lifted.yaml # one does not lift the rule: garboardd says so before it asks keyd
    says "AccessPolicy people: signed by 1 of 2 different officers (policy-unsigned)"
}

# Without the key of one of two nothing counts, at both programs, until it is there again.
without_an_officer_nothing_counts() {
    cp "$s/etc/bob.pem" bob-kept.pem
    cp mallory.pem "$s/etc/bob.pem"
    reload
    good 'not ready' ready_says 'no document counts'
    keyd_log policy-does-not-count || fail 'keyd is loud' "$(tail -3 "$s/log/keyd")"
    grep -q policy-does-not-count "$s/log/server" || fail 'garboardd is loud' "$(tail -3 "$s/log/server")"
    checks=$((checks + 2))
    exits 0 get policy
    prints "No document counts"
    stop server
    server_start || exit 1
    good 'after a restart, too' ready_says 'no document counts'
    exits 1 doctor --server-dir "$s/etc"
    prints "no document counts"
    cp bob-kept.pem "$s/etc/bob.pem"
    reload
    in_force "nodes version 5"
    good 'keyd has it again' ready_says '"keyd_policy": "ok"'
}

# What `garboard reference` writes has no version; two officers sign it all the same.
two_persons_and_a_captured_set() {
    local file
    sed 's/^  source: .*/  source: captured again/' sets.yaml >sets-3.yaml
    exits 0 sign -f sets-3.yaml --key "$s/etc/client/officer.key" -o set-1.yaml
    says "has no version: version 1 is written"
    exits 0 sign -f set-1.yaml --key bob.key -o set-1.yaml
    exits 5 apply -f set-1.yaml --no-sign
    says "version 1 is older than the applied 2"
    exits 5 apply -f sets-3.yaml --no-sign
    says "yours has no version; in force is 2: write version: 3"
    exits 2 sign -f sets-3.yaml --key bob.key --set-version 0
    exits 0 sign -f sets-3.yaml --key "$s/etc/client/officer.key" --set-version 3 -o set-3.yaml
    exits 0 sign -f set-3.yaml --key bob.key -o set-3.yaml
    exits 0 apply -f set-3.yaml --no-sign
    prints "configured"
    for file in $(sed -n 's/^  name: //p' sets-3.yaml); do
        exits 0 get policy "$file" -o got.yaml
        same "documents called $file" "$(grep -c '^kind:' got.yaml) $(grep -c "name: $file" got.yaml)" "1 1"
    done
    exits 2 get policy nobody -o got.yaml
    exits 2 get policy nodes
    says "or -o FILE"
}

# The line is the file's, whether apply signs, or the document is in one line, or another stands before.
a_fault_names_file_and_line() {
    local how
    policy 7 >good.yaml
    printf '%s\n' '# people' 'kind: AccessPolicy' 'metadata: {name: people, version: 2} # all' \
        'apiVersion: garboard.dev/v1alpha1' 'spec:' '  people:' '    - {name: admin, roles: [admin, nobody]}' >bad.yaml
    for how in --dry-run --no-sign; do
        exits 5 apply -f good.yaml -f bad.yaml $how
        says "garboard: bad.yaml:7: unknown role"
    done
    { cat good.yaml && printf '%s\n' --- --- && cat bad.yaml; } >one-file.yaml
    exits 5 apply -f one-file.yaml
    says "garboard: one-file.yaml:16: unknown role"
}

documents_wait_for_keyd() {
    stop keyd
    policy 6 >six.yaml
    exits 0 sign -f six.yaml --key bob.key -o six-bob.yaml
    exits 5 apply -f six-bob.yaml
    says "keyd-unreachable"
    stop server
    server_start || exit 1 # without keyd: rounds do not wait for it
    good 'keyd is missed' ready_says 'does not have the documents in force yet'
    exits 0 node list
    exits 5 token create --name early
    says "(policy-awaited)"
    mv "$s/state-keyd/documents" "$s/documents-kept" # as if keyd were new
    keyd_start || exit 1
    good 'sent by itself' ready_says '"keyd_policy": "ok"'
    exits 0 token create --name late
    [ -s "$s/state-keyd/documents" ] || fail 'keyd keeps them' "$(ls -l "$s/state-keyd")"
    checks=$((checks + 1))
}

offline_the_same_rule() {
    exits 0 verify "$evidence/good" --policy five-bob.yaml --officer bob.pem
    exits 2 verify "$evidence/good" --policy five-bob.yaml --officer mallory.pem
    says "the policy does not count: NodePolicy nodes: signed by sha256:"
    exits 2 verify "$evidence/good" --policy five.yaml --officer bob.pem
    says "nobody has signed it"
    exits 2 verify "$evidence/good" --officer bob.pem
    says "--officer needs --policy"
}

a_sealed_key_needs_its_passphrase() {
    printf 'open sesame\n' >pass
    exits 0 officer create --out sealed.key --passphrase-file pass
    grep -q ENCRYPTED sealed.key || fail "sealed.key is not sealed"
    exits 2 sign -f one.yaml --key sealed.key
    says "(sign: --passphrase-file)"
    exits 2 apply -f one.yaml --officer-key sealed.key
    says "--officer-passphrase-file"
    exits 0 sign -f one.yaml --key sealed.key --passphrase-file pass
    prints "signatures:"
    prints "name: nodes # version 1"
}

cd "$scratch" || exit 1
service_init 'interval = 1s' 'nonce_life = 60s'
keyd_start || exit 1
server_start || exit 1
unsigned_nothing_is_applied
apply_signs_by_itself
a_reference_set_gets_its_version
T17_a_stranger_signs_nothing
T17_an_old_signed_document_does_not_come_back
T17_a_database_set_back_is_told_by_keyd
another_officer
T17_an_officer_whose_line_is_out_counts_no_more
two_persons
two_persons_and_a_captured_set
a_fault_names_file_and_line
without_an_officer_nothing_counts
documents_wait_for_keyd
offline_the_same_rule
a_sealed_key_needs_its_passphrase
stop server
stop keyd
conclude
