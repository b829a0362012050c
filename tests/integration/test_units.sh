#!/bin/bash
# The units as systemd reads them: no word that it does not know, and little that a service may do.
# usage: test_units.sh DIST UNIT...; exit 77 means skipped: no systemd here.
set -euo pipefail
command -v systemd-analyze >/dev/null || {
    echo "no systemd-analyze: skipped"
    exit 77
}
dist=$1
shift
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
export LC_ALL=C SYSTEMD_LOG_LEVEL=warning SYSTEMD_COLORS=0
failures=0

fail() {
    failures=$((failures + 1))
    printf 'FAIL %s\n' "$@"
}

# Programs need not be installed: what a unit starts is looked for in the folder of stand-ins.
for unit in "$@"; do
    sed "s#=[^ ]*/\(garboard[^/ ]*\) #=$scratch/\1 #" "$unit" >"$scratch/${unit##*/}"
    grep -q "^ExecStart=$scratch/" "$scratch/${unit##*/}" || fail "${unit##*/} starts nothing"
    program=${unit##*/}
    printf '#!/bin/sh\n' >"$scratch/${program%.service}"
    chmod 755 "$scratch/${program%.service}"
done

# Its other words are about this machine's units and manual pages, not about ours.
said=$(systemd-analyze verify --man=no "$scratch"/*.service 2>&1 | grep -F "$scratch" || true)
[ -z "$said" ] || fail "$said"
# That the check can fail: a word that systemd does not know.
sed 's/^PrivateTmp=/PrivateTemp=/' "$scratch/garboardd.service" >"$scratch/wrong.service"
said=$(systemd-analyze verify --man=no "$scratch/wrong.service" 2>&1 || true)
case $said in *PrivateTemp*) ;; *) fail "verify does not see a wrong word" ;; esac

# Exposure from 0 (none) to 100: by systemd 250 and later, without a running system.
if systemd-analyze security --help | grep -q -- --offline; then
    for unit in "$@"; do
        systemd-analyze security --offline=yes --no-pager --threshold=30 "$scratch/${unit##*/}" >"$scratch/out" 2>&1 ||
            fail "$(cat "$scratch/out")"
        tail -n 1 "$scratch/out"
    done
fi

# What no figure tells: the keys' service has no network, and only the agent has a capability.
grep -qx 'PrivateNetwork=yes' "$scratch/garboard-keyd.service" || fail "keyd has a network"
grep -qx 'RestrictAddressFamilies=AF_UNIX' "$scratch/garboard-keyd.service" || fail "keyd may open other sockets"
[ "$(grep -h '^CapabilityBoundingSet=.' "$scratch"/*.service | sort -u)" = CapabilityBoundingSet=CAP_DAC_READ_SEARCH ] ||
    fail "capabilities other than the agent's one"
! grep -hq '^DynamicUser' "$scratch"/*.service || fail "users must last, as their files do"

# The users that the units name are made.
if command -v systemd-sysusers >/dev/null; then
    mkdir -p "$scratch/root/etc"
    systemd-sysusers --root="$scratch/root" "$dist/systemd/garboard.sysusers" >"$scratch/out" 2>&1 || fail "$(cat "$scratch/out")"
    for user in $(sed -n 's/^User=//p' "$scratch"/garboard*.service); do
        grep -q "^$user:" "$scratch/root/etc/passwd" || fail "no user $user"
    done
    for group in $(sed -n 's/^\(Group\|SupplementaryGroups\)=//p' "$scratch"/garboard*.service); do
        grep -q "^$group:" "$scratch/root/etc/group" || fail "no group $group"
    done
fi

printf '%d failed\n' "$failures"
[ "$failures" = 0 ]
