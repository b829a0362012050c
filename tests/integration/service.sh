# shellcheck shell=bash
# A whole service in a folder of its own: TPMs in software, garboard-keyd, garboardd, agents, on free ports. Source it
# after lib.sh; everything dies with the script, even when that is killed.
# usage of a script: SCRIPT GARBOARD SOURCE

# shellcheck disable=SC2154 # lib.sh sets them
bin=$(dirname "$garboard") # all programs land in one folder
s=$scratch/s # short: a unix socket's path has at most 107 bytes
mkdir -p "$s/log"
declare -A pid=()
# Sanitizers want more of the system than the programs do.
sandbox=yes
grep -qE '__[at]san_init' "$bin/garboardd" && sandbox=no

for program in swtpm swtpm_setup tpm2_createek python3; do
    command -v "$program" >/dev/null || {
        echo "no $program: skipped"
        exit 77
    }
done

# start NAME COMMAND...: in the background, log in $s/log/NAME; killed when this shell ends.
start() {
    local name=$1
    shift
    setpriv --pdeathsig KILL "$@" </dev/null >>"$s/log/$name" 2>&1 &
    pid[$name]=$!
}

# stop NAME [SIGNAL]: ends it and waits; its exit code is in $code.
stop() {
    code=0 # shellcheck disable=SC2034 # for the caller
    [ -n "${pid[$1]:-}" ] || return 0
    kill -"${2:-TERM}" "${pid[$1]}" 2>/dev/null
    wait "${pid[$1]}" 2>/dev/null || code=$?
    unset "pid[$1]"
}

stop_all() {
    local name
    for name in "${!pid[@]}"; do stop "$name" KILL; done
    chmod -R u+rwx "$scratch"
    rm -rf "$scratch"
}
trap stop_all EXIT
trap 'exit 1' INT TERM

# until_true SECONDS COMMAND...: tries again and again; false when the time is over. SECONDS are those of a machine that
# has nothing else to do; a busy one gets several times as long: only what fails waits for the end.
until_true() {
    local end=$((SECONDS + 6 * $1))
    shift
    until "$@" >/dev/null 2>&1; do
        [ $SECONDS -lt $end ] || return 1
        sleep 0.1
    done
}

free_port() {
    python3 - <<'END'
import random, socket
while True:
    port = random.randrange(20000, 30000)  # below those that the system hands out
    try:
        with socket.socket() as s:
            s.bind(("127.0.0.1", port))
            print(port)
            break
    except OSError:
        pass
END
}

# tpm_make NAME: manufactures a TPM with EK certificates; its makers' CA is $s/tpm/NAME/ca-intermediate.pem.
tpm_make() {
    "$source_dir/lab/tpm" "$s/tpm/$1" >"$s/log/tpm-$1" 2>&1 || {
        cat "$s/log/tpm-$1"
        exit 1
    }
}

# tpm_start NAME: powers it on; its TCTI is swtpm:path=$s/NAME.tpm.
tpm_start() {
    rm -f "$s/$1.tpm" "$s/$1.tpm.ctrl"
    start "tpm-$1" swtpm socket --tpm2 --tpmstate "dir=$s/tpm/$1/state" --server "type=unixio,path=$s/$1.tpm" \
        --ctrl "type=unixio,path=$s/$1.tpm.ctrl" --flags not-need-init,startup-clear
    until_true 10 test -S "$s/$1.tpm"
}

# extend NAME: extends what comes as lines "PCR DIGEST".
extend() {
    local pcr digest args=()
    while read -r pcr digest; do
        args+=("$pcr:sha256=$digest")
    done
    printf '%s\n' "${args[@]}" | TPM2TOOLS_TCTI="swtpm:path=$s/$1.tpm" xargs -n 8 tpm2_pcrextend
}

# boot NAME [CASE]: powers it on and measures a boot of tests/cases/evidence, whose logs the agent then reads.
boot() {
    local from=$evidence/${2:-good}
    tpm_start "$1"
    mkdir -p "$s/node/$1"
    cp "$from/eventlog.bin" "$from/ima_binary" "$from/cmdline" "$s/node/$1/"
    chmod u+w "$s/node/$1"/*
    "$garboard" eventlog "$from/eventlog.bin" --format json >"$s/node/$1/eventlog.json" || exit 1
    "$source_dir/tests/integration/boot_tpm.py" "$s/node/$1/eventlog.json" "$from/ima_binary" | extend "$1"
}

# service_init [LINE...]: keys, certificates and configuration of a service; TPMs that were made are believed. The lines
# are added to garboardd.conf.
service_init() {
    local roots=() tpm
    for tpm in "$s"/tpm/*/ca-intermediate.pem; do
        [ -e "$tpm" ] && roots+=(--tpm-root "$tpm")
    done
    api_port=$(free_port) enroll_port=$(free_port)
    "$garboard" server init --dir "$s/etc" --state "$s/state" --socket "$s/keyd.sock" --name 127.0.0.1 \
        --trust-domain test.example --api-port "$api_port" --enroll-port "$enroll_port" "${roots[@]}" \
        >"$s/log/init" 2>&1 || {
        cat "$s/log/init"
        exit 1
    }
    printf '%s\n' 'listen = 127.0.0.1' "sandbox = $sandbox" "$@" >>"$s/etc/garboardd.conf"
    printf '%s\n' "sandbox = $sandbox" >>"$s/etc/keyd.conf"
    export GARBOARD_CONFIG=$s/etc/client
}

keyd_start() {
    start keyd "$bin/garboard-keyd" --config "$s/etc/keyd.conf"
    until_true 10 test -S "$s/keyd.sock" || {
        cat "$s/log/keyd"
        return 1
    }
}

server_start() {
    start server "$bin/garboardd" --config "$s/etc/garboardd.conf"
    until_true 20 "$garboard" node list || {
        cat "$s/log/server"
        return 1
    }
}

# agent_conf NAME LINE...: configuration of an agent on the TPM of that name; more lines say how it joins.
agent_conf() {
    local name=$1
    shift
    mkdir -p "$s/node/$name/state"
    chmod 700 "$s/node/$name/state"
    printf '%s\n' "server = 127.0.0.1" "api_port = $api_port" "enroll_port = $enroll_port" "name = $name" \
        "state = $s/node/$name/state" "tcti = swtpm:path=$s/$name.tpm" "eventlog = $s/node/$name/eventlog.bin" \
        "ima = $s/node/$name/ima_binary" "cmdline = $s/node/$name/cmdline" "systemd_log = $s/node/$name/none" \
        "sandbox = $sandbox" "$@" >"$s/node/$name/agent.conf"
}

agent_start() {
    start "agent-$1" "$bin/garboard-agent" --config "$s/node/$1/agent.conf"
}

# agent_once NAME: one round; output in $s/log/agent-NAME.
agent_once() {
    timeout 60 "$bin/garboard-agent" --config "$s/node/$1/agent.conf" --once >>"$s/log/agent-$1" 2>&1
}

# token NAME: a join token for the name.
token() {
    "$garboard" token create --name "$1" --format json |
        python3 -c 'import json, sys; print(json.load(sys.stdin)["token"])'
}

# field NODE KEY: of what `garboard node show` says.
field() {
    "$garboard" node show "$1" --format json 2>/dev/null |
        python3 -c 'import json, sys; print(json.load(sys.stdin)[sys.argv[1]])' "$2"
}

# is NODE KEY VALUE
is() {
    [ "$(field "$1" "$2")" = "$3" ]
}

# Every entry of the ledger, one a line.
ledger_entries() {
    local from=0 page size
    while :; do
        page=$(curl -s --cacert "$s/etc/ca.pem" --cert "$s/etc/client/operator-admin.pem" \
            --key "$s/etc/client/operator-admin.key" \
            "https://127.0.0.1:$api_port/v1/ledger/entries?from=$from&max=1000") || return 1
        jq -c '.entries[].entry' <<<"$page"
        size=$(jq .size <<<"$page")
        from=$((from + $(jq '.entries | length' <<<"$page")))
        [ "$from" -lt "$size" ] || return 0
    done
}
