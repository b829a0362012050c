#!/bin/bash
# The command line as people and scripts meet it: exit codes, messages, and that --help, man pages
# and completion say the same.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"

mapfile -t commands < <("$garboard" --help | awk '/^Commands:/ {on=1; next} on && !NF {exit} on {sub(/^  /,""); sub(/  .*/,""); print}')

# options COMMAND: its long options, from --help
options() {
    local words
    read -ra words <<<"$1"
    "$garboard" "${words[@]}" --help | sed -n '/^Options:/,/^$/s/^  \(-[a-z], \)\?--\([a-z-]*\).*/\2/p'
}

# completions WORD...: what completion offers for the last word
completions() {
    bash -c '. "$0"; PATH=$(dirname "$1"):$PATH; shift 1; COMP_WORDS=("$@") COMP_CWORD=$(($# - 1)); _garboard 2>/dev/null
             printf "%s\n" "${COMPREPLY[@]}"' "$source_dir/dist/completion/garboard.bash" "$garboard" "$@"
}

every_command_helps() {
    local command words with_option
    [ "${#commands[@]}" -ge 22 ] || fail "commands are missing" "${#commands[@]}"
    for command in "${commands[@]}"; do
        read -ra words <<<"$command" # a command may be two
        exits 0 "${words[@]}" --help
        prints "Usage: garboard $command"
        prints "Options:"
        prints "Examples:"
        with_option=$out
        exits 0 help "${words[@]}"
        same "help $command" "$out" "$with_option"
    done
    exits 0 --version
    prints "garboard "
    exits 0 --help
    prints "Exit codes:"
}

help_pages_and_completion_agree() {
    local command page option offered words
    for command in "${commands[@]}"; do
        page=$source_dir/man/garboard-${command%% *}.1
        [ -f "$page" ] || { fail "no page $page"; continue; }
        read -ra words <<<"$command"
        offered=$(completions garboard "${words[@]}" --)
        for option in $(options "$command"); do
            grep -Eq "^\.(It|Op)? ?Fl ([a-z] , )?-$option( |\$)" "$page" || fail "$page: nothing on --$option"
            grep -qx -- "--$option" <<<"$offered" || fail "completion of $command lacks --$option"
            checks=$((checks + 2))
        done
    done
    for page in "$source_dir"/man/garboard-*.1; do
        command=$(basename "$page" .1)
        command=${command#garboard-}
        for option in $(grep -o '^\.It Fl.*' "$page" | grep -o ' -[a-z-]\{2,\}' | sed 's/^ -//'); do
            for name in "${commands[@]}"; do
                [ "${name%% *}" = "$command" ] && options "$name"
            done | grep -qx -- "$option" || fail "$page: there is no --$option"
            checks=$((checks + 1))
        done
    done
    same "completion of commands" "$(completions garboard reference '' | sort | tr '\n' ' ')" "accept capture export import list predict retire shadow show suggest "
}

usage_faults_are_2() {
    exits 2
    exits 2 veriyf
    says 'did you mean "verify"'
    exits 2 reference
    exits 2 reference captrue x
    says 'did you mean "reference capture"'
    exits 2 import
    says 'did you mean "reference import"'
    exits 2 nope
    says 'no command "nope"'
    [[ $err != *'did you mean'* ]] || fail 'nothing is near "nope"'
    exits 2 token create --name 'load-*'
    says "--pool 'load-*'"
    exits 2 verify
    says 'needs DIR'
    exits 2 verify a b
    exits 2 verify a --polcy x
    says 'did you mean "--policy"'
    exits 2 verify a --policy
    says '--policy needs FILE'
    exits 2 verify a --format xml
    exits 2 verify a --nonce 12 --nonce 34
    says 'given twice'
    exits 2 verify a -x
    for nonce in '' 1 0g 0x12 "$(printf '%0130d' 0)"; do exits 2 verify "$evidence/good" --nonce "$nonce"; done
    for time in now 2026-02-30T00:00:00Z 2026-01-01; do exits 2 verify "$evidence/good" --time "$time"; done
    exits 2 reference capture "$evidence/good" --class linux
    exits 2 reference capture "$evidence/good" --name 'Not a name'
    exits 2 reference predict
    exits 2 reference predict --kernel x
    says '--cmdline'
    exits 2 reference predict --uki x --kernel x --cmdline x
    exits 2 reference predict --uki x --cmdline x
    exits 2 reference predict --uki x --skip-unreadable
}

# copy: a fresh copy of good evidence in ./e
copy() {
    rm -rf e
    cp -r "$evidence/good" e
    chmod -R u+w e
}

missing_and_wrong_files() {
    local file
    exits 2 verify nowhere
    says 'nowhere'
    exits 2 verify "$garboard"
    says 'not a folder'
    for file in quote.msg quote.sig; do
        copy
        rm "e/$file"
        exits 2 verify e
        says "no $file (tpm2_quote"
    done
    copy
    rm e/ak.p*
    exits 2 verify e
    says 'no ak.pub and no ak.pem'
    copy
    exits 2 verify e --policy nowhere.yaml
    says nowhere.yaml
    printf 'a: [\n' >bad.yaml
    exits 2 verify e --policy bad.yaml
    says 'bad.yaml:'
    exits 2 verify e --root bad.yaml
    says bad.yaml
    exits 2 reference predict --root-dir nowhere
    exits 2 reference predict --uki nowhere.efi
    exits 2 reference capture e -o nowhere/file.yaml
}

malformed_files_are_3() {
    copy
    truncate -s -1 e/quote.msg
    exits 3 verify e
    says quote.msg
    says offset
    same "no verdict" "$out" ""
    copy
    printf 'x' >>e/quote.sig
    exits 3 verify e
    says quote.sig
    copy
    truncate -s 1000 e/eventlog.bin
    exits 3 verify e
    says 'eventlog.bin: event '
    says offset
    copy
    rm -f e/ima_ascii
    truncate -s -5 e/ima_binary
    exits 3 verify e
    says 'entry '
    says offset
    exits 3 reference capture e
    printf 'MZ' >short.efi
    exits 3 reference predict --uki short.efi
    says 'short.efi: '
}

the_system_failing_is_4() {
    [ -c /dev/full ] || return
    checks=$((checks + 1))
    local code=0
    "$garboard" verify "$evidence/good" >/dev/full 2>/dev/null || code=$?
    [ "$code" = 4 ] || fail "a full disk: exit $code, expected 4"
}

nonces() {
    local hex
    hex=$(od -An -tx1 -v "$evidence/good/nonce" | tr -d ' \n')
    copy
    rm e/nonce
    exits 0 verify e --nonce "$hex"
    exits 0 verify e --nonce "${hex^^}"
    exits 1 verify e --nonce "00${hex:2}"
    prints nonce.mismatch
    cp "$evidence/good/nonce" e/nonce
    exits 1 verify e --nonce "00${hex:2}" # what was asked goes before the file
    : >e/nonce
    exits 1 verify e
    copy
    rm e/nonce
    exits 0 verify e --format json
    prints nonce.not-checked
}

capturing() {
    exits 0 reference capture "$evidence/good" -o one.yaml
    exits 0 reference capture "$evidence/good" --output=two.yaml
    exits 0 reference capture "$evidence/good"
    cmp -s one.yaml two.yaml || fail 'two captures of the same evidence differ'
    same 'standard output' "$out" "$(cat one.yaml)"
    grep -q '^# .*unsigned' one.yaml || fail 'the file does not say that it is unsigned'
    same 'kinds' "$(grep -c '^kind: ReferenceSet' one.yaml) $(grep -c '^kind: NodePolicy' one.yaml)" '3 1'
    if grep -q boot_aggregate one.yaml; then fail 'boot_aggregate was captured'; fi
    exits 0 verify "$evidence/good-again" --policy one.yaml
    exits 0 reference capture "$evidence/good" --class platform --class os -o some.yaml
    same 'kinds' "$(grep -c '^kind: ReferenceSet' some.yaml) $(grep -c '^kind: NodePolicy' some.yaml)" '2 0'
    # A second policy would tie with the one in force, and then no node is trusted.
    exits 0 reference capture "$evidence/good" --life candidate -o next.yaml
    same 'kinds' "$(grep -c '^  life: candidate' next.yaml) $(grep -c '^kind: NodePolicy' next.yaml)" '3 0'
    exits 0 reference capture "$evidence/good" --sets-only -o next.yaml
    same 'kinds' "$(grep -c '^kind: ReferenceSet' next.yaml) $(grep -c '^kind: NodePolicy' next.yaml)" '3 0'
    exits 2 reference capture "$evidence/good" --life active
    says '--life is candidate, shadow or accepted'
    # Evidence that does not hold is no reference, and the old file stays.
    copy
    cp "$evidence/good-again/eventlog.bin" "$evidence/program/ima_"* e/
    cp one.yaml kept.yaml
    exits 1 reference capture e -o kept.yaml
    prints contraindicated
    cmp -s one.yaml kept.yaml || fail 'a refused capture changed its output file'
}

every_command_helps
help_pages_and_completion_agree
usage_faults_are_2
missing_and_wrong_files
malformed_files_are_3
the_system_failing_is_4
nonces
capturing
conclude
