#!/bin/bash
# What a hostile node tries against a running service: hostile/test_hostile.c.
# usage: test_hostile.sh GARBOARD SOURCE HOSTILE
hostile=$(readlink -f "$3")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"

# shellcheck disable=SC2154 # service.sh sets it
for name in a b c d e f; do tpm_make $name & done
wait
service_init 'interval = 60s'
keyd_start || exit 1
server_start || exit 1

# Logs are not what this is about: a policy that demands none.
cat >"$scratch/policy.yaml" <<'END'
apiVersion: garboard.dev/v1alpha1
kind: NodePolicy
metadata: {name: hostile, version: 1}
spec: {}
END
exits 0 apply -f "$scratch/policy.yaml"
HOSTILE_ENROLL=https://127.0.0.1:$enroll_port HOSTILE_API=https://127.0.0.1:$api_port HOSTILE_CA=$s/etc/ca.pem \
    HOSTILE_TPMS=$s/tpm HOSTILE_TOKEN="$garboard token create" HOSTILE_GARBOARD="$garboard" HOSTILE_FILES="find $s/state -path '*/evidence/*' -type f | wc -l; true" "$hostile" || fail "hostile nodes" "$(tail -n 20 "$s/log/server")"
stop server
stop keyd
conclude
