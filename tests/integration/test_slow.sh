#!/bin/bash
# Thousands of stalled clients on each listener of a running service (slow.py, T29).
# usage: test_slow.sh GARBOARD SOURCE
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
# shellcheck source=tests/integration/service.sh
. "$(dirname "$0")/service.sh"

count=5000
# shellcheck disable=SC2154 # service.sh sets it
[ "$sandbox" = yes ] || count=1000 # sanitizers
ulimit -n "$(ulimit -Hn)"
service_init 'max_connections = 8192' 'body_time = 3s'
keyd_start || exit 1
server_start || exit 1
code=0
"$source_dir/tests/integration/slow.py" "$api_port" "$enroll_port" "$s/etc" "$count" || code=$?
[ "$code" != 77 ] || exit 77
same "slow.py" "$code" 0
stop server
same "garboardd ends in peace" "$code" 0
stop keyd
conclude
