# shellcheck shell=bash
# The service on this machine, and the nodes that come to it over the network: for lab/demo.
# Needs lib.sh, and $made, a folder.

service=$made/service
export GARBOARD_CONFIG=$service/etc/client
garboard=$programs/garboard
interval=3
domain=lab.garboard.dev

# start_service TPM-ROOT...: garboard-keyd and garboardd with keys of their own, on free ports.
start_service() {
    local root roots=() port
    mkdir -p "$service"
    for root in "$@"; do roots+=(--tpm-root "$root"); done
    read -r api_port enroll_port < <(free_ports)
    "$garboard" server init --dir "$service/etc" --state "$service/state" --name 127.0.0.1 --name "$host" \
        --api-port "$api_port" --enroll-port "$enroll_port" --trust-domain "$domain" "${roots[@]}" >"$service/init.txt"
    # The socket's path is relative, since a unix socket's path has at most 107 bytes.
    set_keys "$service/etc/garboardd.conf" "listen = 127.0.0.1" "interval = ${interval}s" "keyd_socket = keyd.sock"
    set_keys "$service/etc/keyd.conf" "socket = keyd.sock"
    program garboard-keyd --config "$service/etc/keyd.conf"
    until_true 20 test -S "$service/keyd.sock"
    program garboardd --config "$service/etc/garboardd.conf"
    until_true 20 asked node list
}
host=10.0.2.2 # what QEMU's network calls this machine's loopback

# program NAME WORD...: in the background, in the service's folder; its log beside its keys.
program() {
    start env -C "$service" "$programs/$1" "${@:2}" >"$service/$1.log" 2>&1
    servants+=("$job $1")
}
servants=()
# until_true SECONDS COMMAND...: fails when it takes longer, or when one of the service's programs has ended.
until_true() {
    local end=$((SECONDS + $1)) each
    until "${@:2}"; do
        for each in "${servants[@]}"; do
            kill -0 "${each% *}" 2>/dev/null || broken "${each#* } has ended"
        done
        [ $SECONDS -lt $end ] || broken "waited too long for: ${*:2}"
        sleep 0.1
    done
}
broken() {
    tail -n 5 "$service"/*.log >&2
    die "$*"
}
asked() { "$garboard" "$@" >"$service/asked" 2>&1; }

# Two ports of the loopback that nobody listens on.
free_ports() {
    python3 -c 'import socket
both = [socket.create_server(("127.0.0.1", 0)) for _ in range(2)]
print(*(each.getsockname()[1] for each in both))'
}

# set_keys FILE "KEY = VALUE"...: in place of what the file says.
set_keys() {
    local file=$1 line
    shift
    for line in "$@"; do
        sed -i "/^${line%% *} *=/d" "$file"
        echo "$line" >>"$file"
    done
}

# node_new NODE TPM: a machine with a TPM of its own that lives on, and a token to join with once.
node_new() {
    local node=$made/$1
    mkdir -p "$node/agent"
    cp -r "$parts/$2"/* "$node/"
    "$garboard" token create --name "$1" >"$node/agent/token" 2>"$node/token.txt" || broken "no token for $1"
    cat >"$node/agent/agent.conf" <<CONF
server = $host
api_port = $api_port
enroll_port = $enroll_port
name = $1
token_file = /run/garboard-agent/token
state = /run/garboard-agent/state
interval = ${interval}s
CONF
    mkdir "$node/agent/state"
}

# node_boot NODE CASE UKI ROOT [OPTION...]: in the background; what its boot leaves is in $made/CASE.
declare -A booted=() began=() told_to=()
node_boot() {
    local node=$made/$1 words
    rm -rf "${made:?}/$2" "$node/words"
    mkfifo "$node/words"
    exec {words}<>"$node/words"
    told_to[$1]=$words
    began[$1]=$(date +%s)
    start "$lab/boot" --uki "$made/$3.efi" --root "$parts/$4/image" --out "$made/$2" --accel "$accel" \
        --agent "$node/agent" --tpm-state "$node" --tpm-lives --words "$node/words" "${@:5}"
    booted[$1]=$job
}
node_tell() { echo "$2" >&"${told_to[$1]}"; }
node_stop() {
    node_tell "$1" stop
    wait "${booted[$1]}"
    eval "exec ${told_to[$1]}>&-"
}

# told NODE: asks the server what it thinks of the node: $tier, and $verified_at in seconds since 1970.
# Fails while there is nothing of this boot.
told() {
    "$garboard" node show "$1" --format json >"$made/$1/show.json" 2>"$made/$1/show.err" || return 1
    read -r tier verified_at < <("$lab/told" "$made/$1/show.json") && [ "$verified_at" -gt "${began[$1]}" ]
}

# rounds NODE COUNT: waits for so many rounds of this boot and leaves the longest time between two of them
# in $longest (milliseconds). The first span does not count: "verified at" is when the nonce was issued, for the
# second round right after the first, and often in the same second, so that the second is not seen.
rounds() {
    local seen=0 last='' before=0 now end=$((SECONDS + 180))
    longest=0
    while [ $seen -lt "$2" ]; do
        alive "$1" $end || return 1
        if told "$1" && [ "$verified_at" != "$last" ]; then
            now=$(milliseconds)
            if [ $seen -gt 1 ] && [ $((now - before)) -gt $longest ]; then longest=$((now - before)); fi
            seen=$((seen + 1)) before=$now last=$verified_at
        else
            sleep 0.1
        fi
    done
}
# until_tier NODE TIER
until_tier() {
    local end=$((SECONDS + 120))
    until told "$1" && [ "$tier" = "$2" ]; do
        alive "$1" $end || return 1
        sleep 0.1
    done
}
alive() {
    [ $SECONDS -lt "$2" ] || { say "$1: waited too long" && return 1; }
    kill -0 "${booted[$1]}" 2>/dev/null || { say "$1: its machine has ended" && return 1; }
}
# chain NODE FILE: the node's verdict, link by link; FILE has it for programs.
chain() {
    local code=0
    "$garboard" node why "$1" || code=$?
    [ $code -le 1 ] || return $code
    "$garboard" node why "$1" --format json >"$2" || [ $? = 1 ]
}
milliseconds() { date +%s%3N; }
