#!/bin/bash
# The life of documents: get, diff, delete, and that nothing deleted or old comes back (T17).
# usage: test_documents.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$source_dir/tests/integration/service.sh"

head='apiVersion: garboard.dev/v1alpha1'

# set_doc NAME VERSION FILE...: a reference set of files.
set_doc() {
    local name=$1 version=$2
    shift 2
    printf -- '---\n%s\nkind: ReferenceSet\nmetadata:\n  name: %s\n  version: %s\nspec:\n  class: packages\n  files:\n    algorithm: sha256\n    digests:\n' \
        "$head" "$name" "$version"
    for file; do printf '      - %s /bin/%s\n' "$(sha256sum <<<"$file" | cut -c1-64)" "$file"; done
}

policy_doc() {
    printf -- '---\n%s\nkind: NodePolicy\nmetadata:\n  name: nodes\n  version: %s\nspec:\n  referenceSets: [%s]\n' "$head" "$1" "$2"
}

seen_and_compared() {
    { set_doc a 1 true false; set_doc b 1 ls; policy_doc 1 'a, b'; } >all.yaml
    exits 1 diff -f all.yaml
    prints "ReferenceSet a: created"
    exits 0 apply -f all.yaml --dry-run
    prints "created"
    prints "Nothing was applied"
    exits 0 get rs
    prints "None is in force."
    exits 0 apply -f all.yaml
    exits 0 apply -f all.yaml
    prints "unchanged"
    exits 0 diff -f all.yaml
    prints "ReferenceSet a: unchanged"
    exits 0 get rs -o name
    same "names" "$out" "$(printf 'ReferenceSet/a\nReferenceSet/b')"
    exits 0 get referenceset a -o json
    same "json" "$(jq -c '[.kind, .metadata.version, (.spec.files.digests | length)]' <<<"$out")" '["ReferenceSet",1,2]'
    exits 0 get np nodes -o json
    one=$out
    exits 0 get policy nodes -o json
    same "get policy prints what get np prints" "$out" "$one"
    [ ! -e json ] || fail "a file called json was written"
    exits 0 get policy nodes -o name
    same "its name" "$out" NodePolicy/nodes
    exits 0 get np nodes -o yaml
    one=$out
    exits 0 get policy nodes -o yaml
    same "its text" "$out" "$one"
    exits 2 get policy nothing -o json
    exits 0 get nodepolicies -o yaml
    printf '%s\n' "$out" >again.yaml
    exits 0 diff -f again.yaml
    exits 0 apply -f again.yaml
    prints "unchanged"
    exits 2 get refrenceset
    says 'did you mean "referenceset"?'
    exits 2 get rs -o yml
    says 'did you mean yaml?'
    exits 2 get np node
    says 'did you mean "nodes"?'
    set_doc a 2 true cat >a2.yaml
    exits 1 diff -f a2.yaml
    prints "metadata.version: 1 -> 2"
    prints "spec.files.digests: 1 more, 1 less"
    prints "+ $(sha256sum <<<cat | cut -c1-64) /bin/cat"
    exits 1 diff -f a2.yaml --format json
    same "fields" "$(jq -c '[.[0].change, .[0].fields[1].added_count]' <<<"$out")" '["configured",1]'
    # What apply would refuse, and no field of nobody's.
    set_doc a 1 true dog >a1.yaml
    exits 5 diff -f a1.yaml
    prints "apply would refuse this: version 1 is applied already, and says something else"
    prints "write version: 2"
    exits 5 diff -f a1.yaml --format json
    same "refused" "$(jq -c '[.[0].refused != null]' <<<"$out")" '[true]'
    sed 's/^  class:/  clas:/' a2.yaml >misspelt.yaml
    exits 5 diff -f misspelt.yaml
    says 'unknown field "clas" (did you mean "class"?)'
    exits 5 apply -f misspelt.yaml
    cat a2.yaml a1.yaml >twice.yaml
    exits 5 apply -f twice.yaml
    says "twice.yaml:$(($(wc -l <a2.yaml) + 1)): ReferenceSet a stands twice"
    exits 0 apply -f a2.yaml --dry-run
    prints "configured"
}

T17_deleted_is_deleted() {
    exits 5 delete rs a
    says 'NodePolicy/nodes:' # which still names it
    says 'reference set "a" was deleted'
    exits 2 delete rs c
    exits 2 delete
    policy_doc 2 b >policy2.yaml
    exits 0 apply -f policy2.yaml
    exits 0 delete rs a --dry-run
    prints "deleted"
    exits 0 get rs -o name
    same "still there" "$out" "$(printf 'ReferenceSet/a\nReferenceSet/b')"
    exits 0 delete rs a --why 'no node runs it'
    prints "deleted"
    exits 0 get rs -o name
    same "gone" "$out" 'ReferenceSet/b'
    exits 2 get rs a
    exits 0 get rs --deleted
    prints "deleted"
    exits 5 apply -f all.yaml # the old set, with its good signature
    says "version 1 is older than the applied"
    set_doc a 2 true >tomb.yaml
    exits 5 apply -f tomb.yaml
    says "version 2 is applied already, and says something else"
    printf '%s\nkind: NodePolicy\nmetadata: {name: nodes, version: 1}\nspec: {referenceSets: [b]}\n' "$head" >old.yaml
    exits 5 apply -f old.yaml
    says "version 1 is older than the applied 2"
    set_doc a 3 true >a3.yaml
    exits 1 diff -f a3.yaml
    prints "ReferenceSet a: back again"
    exits 0 apply -f a3.yaml
    exits 0 get rs -o name
    same "back" "$out" "$(printf 'ReferenceSet/a\nReferenceSet/b')"
    exits 0 delete -f a3.yaml
    # a file without a version does not bring it back by itself
    sed '/version:/d' a3.yaml >unversioned.yaml
    exits 5 apply -f unversioned.yaml
    says "unversioned.yaml:2: ReferenceSet a was deleted as version 4 by operator/admin, and this file has no version"
    says "write version: 5"
    exits 5 apply -f unversioned.yaml --force --dry-run
    exits 0 get policy
    prints "1 deleted document is not listed: garboard get KIND --deleted"
    case $out in *"ReferenceSet  a "*) fail "a deleted one is listed" "$out" ;; esac
    same "entries" "$(ledger_entries | jq -c 'select(.what == "policy.apply") | .data.documents[] | select(.deleted) | [.name, .version]')" \
        "$(printf '["a",2]\n["a",4]')"
}

# Sound, and weaker than it looks: each warning names its own file's line, and refuses nothing.
T16_apply_warns() {
    printf '# a comment\n\n%s\nkind: NodePolicy\nmetadata:\n  name: nodes\n  version: 9\nspec:\n  referenceSets: [b]\n  freshness: 48h\n  cmdline:\n    allow:\n      - "*"\n' \
        "$head" >weak.yaml
    set_doc old 1 true | sed 's/^spec:/&\n  life: retired/' >old-set.yaml
    exits 0 apply -f old-set.yaml -f weak.yaml --dry-run
    says 'warning: weak.yaml:10: a node stays trusted for 48 hours after its last proof'
    says '  -> minutes are usual: freshness: 5m'
    says 'warning: weak.yaml:13: "*" lets the word init=/bin/sh pass'
    says 'warning: weak.yaml:8: Secure Boot may be off'
    says 'note: weak.yaml:8: with ima_policy=tcb nothing measures tmpfs'
    says 'nothing judges firmware, option-roms, boot-policy'
    prints "Nothing was applied"
    exits 0 apply -f old-set.yaml -f weak.yaml --dry-run --format json
    same "places" "$(jq -c '[.warnings[] | select(.why | startswith("a node stays")) | [.level, .kind, .name, .place]]' <<<"$out")" \
        '[["warning","NodePolicy","nodes","weak.yaml:10"]]'
    sed 's/\[b\]/[b, old]/; s/mode: .*//; s/version: 9/version: 10/' weak.yaml >weaker.yaml
    exits 0 apply -f old-set.yaml -f weaker.yaml
    says 'warning: weaker.yaml:9: old is retired, so nothing passes by it'
    case $err in *tmpfs*) fail "a note without --dry-run" "$err" ;; esac
    exits 0 get np nodes
    sed 's/version: 9/version: 11/; /freshness/,$d; s/^spec:/&\n  secureBoot: "on"\n  mode: warn/' weak.yaml >warn.yaml
    exits 0 apply -f warn.yaml --dry-run
    says 'warning: no NodePolicy enforces'
}

# The file of the first day does not undo a decision.
T17_a_life_is_not_undone() {
    set_doc extra 1 cp | sed '/version:/d; s/^spec:/&\n  life: candidate/' >extra.yaml
    exits 0 apply -f extra.yaml
    exits 0 apply -f extra.yaml
    exits 0 reference accept extra
    exits 5 apply -f extra.yaml
    says "extra.yaml:2: ReferenceSet extra is accepted (version 2); this file has no version and says candidate"
    says "garboard reference made it accepted: write life: accepted into the file; or, to undo that, version: 3 or --force"
    exits 5 apply -f extra.yaml --dry-run
    exits 0 apply -f extra.yaml --force --dry-run
    exits 0 reference retire extra
    sed '/life:/d' extra.yaml >accepted.yaml
    exits 5 apply -f accepted.yaml
    says "ReferenceSet extra is retired (version 3)"
    exits 0 delete rs extra
}

# A tombstone in a file, which another officer would sign.
a_document_for_another_officer() {
    set_doc late 1 mv >late.yaml
    exits 0 apply -f late.yaml
    exits 0 reference retire late -o retired.yaml
    says "garboard apply --no-sign -f FILE"
    exits 0 delete rs late -o tombstone.yaml
    exits 0 get rs late
    grep -q 'deleted: true' tombstone.yaml || fail "no tombstone" "$(cat tombstone.yaml)"
    grep -q 'signatures:' tombstone.yaml || fail "it is not signed" "$(cat tombstone.yaml)"
    exits 0 apply --no-sign -f tombstone.yaml
    exits 2 get rs late
    exits 5 apply --no-sign -f retired.yaml
}

# Signed by nobody here: a tombstone is a document.
T17_a_stranger_deletes_nothing() {
    printf '%s\nkind: ReferenceSet\nmetadata: {name: b, version: 2, deleted: true}\n' "$head" >t.yaml
    exits 5 apply --no-sign -f t.yaml
    says "nobody has signed it"
    exits 0 get rs b
}

# keyd has the tombstone, too: a server whose database was set back is found out.
T17_keyd_remembers() {
    stop server
    stop keyd
    keyd_start && server_start || exit 1
    exits 0 get rs -o name
    same "as it was" "$out" 'ReferenceSet/b'
    exits 5 apply -f all.yaml
    says "older than the applied"
}

tpm_make worker-1
service_init
keyd_start && server_start || exit 1
seen_and_compared
T17_deleted_is_deleted
T17_a_life_is_not_undone
a_document_for_another_officer
T17_a_stranger_deletes_nothing
T17_keyd_remembers
T16_apply_warns
conclude
