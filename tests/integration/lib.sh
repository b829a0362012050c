# shellcheck shell=bash
# What the scripts here share: a folder of their own, and checks that say what went wrong.
# usage of a script: SCRIPT GARBOARD SOURCE; exit 77 means skipped.

# shellcheck disable=SC2034 # the scripts use them
garboard=$(readlink -f "$1") source_dir=$(readlink -f "$2")
# shellcheck disable=SC2034
evidence=$source_dir/tests/cases/evidence
scratch=$(mktemp -d)
trap 'chmod -R u+rwx "$scratch"; rm -rf "$scratch"' EXIT
cd "$scratch" || exit 1
export LC_ALL=C NO_COLOR=1
failures=0 checks=0

fail() {
    failures=$((failures + 1))
    printf 'FAIL %s\n' "$1"
    shift
    [ $# -eq 0 ] || printf '     %s\n' "$@"
}

# exits CODE WORD...: runs garboard; output is in $out, standard error in $err.
exits() {
    local wanted=$1 code=0
    shift
    checks=$((checks + 1))
    "$garboard" "$@" >"$scratch/.out" 2>"$scratch/.err" || code=$?
    out=$(cat "$scratch/.out") err=$(cat "$scratch/.err")
    [ "$code" = "$wanted" ] || fail "garboard $*: exit $code, expected $wanted" "$err"
}

# says TEXT: standard error of the last run holds it.
says() {
    checks=$((checks + 1))
    case $err in *"$1"*) ;; *) fail "standard error lacks \"$1\"" "$err" ;; esac
}

# prints TEXT: standard output of the last run holds it.
prints() {
    checks=$((checks + 1))
    case $out in *"$1"*) ;; *) fail "output lacks \"$1\"" "$out" ;; esac
}

# same WHAT FOUND WANTED
same() {
    checks=$((checks + 1))
    [ "$2" = "$3" ] || fail "$1" "found    $2" "expected $3"
}

conclude() {
    printf '%d checks, %d failed\n' "$checks" "$failures"
    [ "$failures" = 0 ]
}
