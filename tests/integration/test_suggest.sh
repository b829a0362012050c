#!/bin/bash
# Drafts of sets: what a boot proved and nobody accepted yet. Accepted they make it pass, as candidates they do not, and
# nothing is drafted from evidence that does not hold. usage: test_suggest.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

# accepted FILE: the same sets, accepted.
accepted() { sed 's/^  life: candidate$/  life: accepted/' "$1"; }

files_in() { grep -oE '^ +(- )?[0-9a-f]{64} .*' "$1" | tr -s ' ' | sort; }

# Two files are not accepted: just these are drafted.
files_alone() {
    exits 0 reference capture "$evidence/good" -o whole.yaml
    files_in whole.yaml | sed -n '5p;9p' >left.txt
    awk '{ print $NF }' left.txt >paths.txt
    grep -vE "^ +(- )?[0-9a-f]{64} .*($(paste -sd '|' paths.txt))\$" whole.yaml >known.yaml
    exits 1 verify "$evidence/good" --policy known.yaml
    exits 0 reference suggest --evidence "$evidence/good" --policy known.yaml -o draft.yaml
    says "garboard reference accept suggested-good-packages"
    same "one set" "$(grep -c '^kind: ReferenceSet' draft.yaml)" 1
    same "a candidate" "$(grep -c '^  life: candidate$' draft.yaml)" 1
    same "the files that are not accepted" "$(files_in draft.yaml)" "$(cat left.txt)"
    same "comments tell their entries" "$(grep -c '^# - os: .* \[ima [0-9]*\]$' draft.yaml)" 2
    candidates_decide_nothing good
    # a policy that lists its sets takes no other
    sed '/^kind: NodePolicy/,$s/^spec:/&\n  referenceSets: [captured-good-platform, captured-good-os, captured-good-packages]/' known.yaml >listed.yaml
    exits 0 reference suggest --evidence "$evidence/good" --policy listed.yaml
    says "lists its sets: add suggested-good-packages"
}

# candidates_decide_nothing EVIDENCE: draft.yaml of it, before and after it is accepted, beside known.yaml.
candidates_decide_nothing() {
    exits 1 verify "$evidence/$1" --policy known.yaml --policy draft.yaml
    accepted draft.yaml >accepted.yaml
    exits 0 verify "$evidence/$1" --policy known.yaml --policy accepted.yaml
    exits 0 reference suggest --evidence "$evidence/$1" --policy known.yaml --policy accepted.yaml
    says "there is nothing to suggest"
    same "nothing is written" "$out" ''
}

# Boot links that fail: the class as a whole.
whole_classes() {
    exits 0 reference capture "$evidence/good" -o known.yaml
    exits 1 verify "$evidence/cmdline" --policy known.yaml
    exits 0 reference suggest --evidence "$evidence/cmdline" --policy known.yaml --name draft -o draft.yaml
    grep -q '^  name: draft-os$' draft.yaml || fail 'no set of class os' "$(grep name: draft.yaml)"
    if grep -q '^  class: platform$' draft.yaml; then fail 'a class that passes was drafted'; fi
    candidates_decide_nothing cmdline
    exits 1 reference suggest --evidence "$evidence/cmdline" --policy known.yaml --class platform
    says "no set of these classes would mend this node"
}

# One byte of the quote's signature, or of a path in the log.
broken_evidence_gives_none() {
    local part
    exits 0 reference capture "$evidence/good" -o known.yaml
    for part in quote.sig ima_binary; do
        rm -rf e
        cp -r "$evidence/good-again" e
        chmod -R u+w e
        python3 -c 'import sys
b = bytearray(open(sys.argv[1], "rb").read()); b[-3] ^= 1; open(sys.argv[1], "wb").write(b)' "e/$part"
        rm -f draft.yaml
        exits 1 reference suggest --evidence e --policy known.yaml -o draft.yaml
        says "the evidence itself does not hold"
        if [ -e draft.yaml ]; then fail "a suggestion of evidence with a broken $part"; fi
    done
}

# Words of the service choose the policy, and which sets count: a set for another site is no set here.
labels_choose() {
    exits 0 reference capture "$evidence/good" -o whole.yaml
    sed '/^kind: ReferenceSet/,/^spec:/s/^spec:/&\n  appliesTo: {labels: {site: fra-2}}/' whole.yaml >site.yaml
    exits 0 reference suggest --evidence "$evidence/good" --policy site.yaml --label site=fra-2
    says "there is nothing to suggest"
    exits 0 reference suggest --evidence "$evidence/good" --policy site.yaml --label site=ber-1
    prints "kind: ReferenceSet"
    exits 0 reference suggest --evidence "$evidence/good" --policy site.yaml
    prints "kind: ReferenceSet"
}

usage_is_told() {
    exits 2 reference suggest
    exits 2 reference suggest w1 --evidence "$evidence/good"
    exits 2 reference suggest --evidence "$evidence/good"
    says "--evidence needs --policy"
    exits 2 reference suggest w1 --policy known.yaml
    exits 2 reference suggest w1 --class linux
    says "platform, os, packages or engine"
    exits 2 reference suggest w1 --label a=b
    says "--label go with --evidence"
    exits 2 reference suggest --evidence "$evidence/good" --policy known.yaml --label 'a b'
    says "--label: label"
}

files_alone
whole_classes
broken_evidence_gives_none
labels_choose
usage_is_told
conclude
