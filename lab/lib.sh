# shellcheck shell=bash
# What the lab's scripts share: where things lie, how progress is told, how things are kept.

lab=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
repo=${lab%/*}
cache=${GARBOARD_CACHE:-${XDG_CACHE_HOME:-${HOME:-/tmp}/.cache}}/garboard/lab
work=${GARBOARD_LAB_WORK:-$repo/build/lab}
parts=$work/parts # links into the cache, made by lab/prepare
# shellcheck disable=SC2034 # for the caller
programs=${GARBOARD_BIN:-$repo/build/bin}

# Everything that carries a time carries this one, so that the same input gives the same bytes.
export SOURCE_DATE_EPOCH=1700000000 E2FSPROGS_FAKE_TIME=1700000000 LC_ALL=C TZ=UTC
# mke2fs and sgdisk lie in sbin, which an ordinary user's PATH may lack.
export PATH=$PATH:/usr/sbin:/sbin
umask 022

# Seconds since the outermost script began, and what is going on.
export GARBOARD_LAB_START=${GARBOARD_LAB_START:-$(date +%s)}
say() { printf '%4d s  %s\n' $(($(date +%s) - GARBOARD_LAB_START)) "$*" >&2; }

die() {
    printf '%s: %s\n' "${0##*/}" "$*" >&2
    exit 1
}

# Runs a command that sees itself as root and its user's files as root's: what it writes into an
# image belongs to root, without anybody being root.
as_root() {
    if [ "$(id -u)" = 0 ]; then
        "$@"
    elif unshare --map-root-user true 2>/dev/null; then
        unshare --map-root-user "$@"
    else
        fakeroot -- "$@"
    fi
}

# keep NAME INPUT... -- COMMAND...: fills $cache/NAME-KEY by `COMMAND... FOLDER`, once for the same
# inputs (texts, or files by content), and lets $parts/NAME point to it. An aborted run leaves only
# a .part folder behind, which the next one removes.
keep() {
    local name=$1 folder input inputs=()
    shift
    while [ "$1" != -- ]; do
        input=$1
        if [ -f "$input" ]; then input=$(sha256sum <"$input"); fi
        inputs+=("$input")
        shift
    done
    shift
    folder=$cache/$name-$(printf '%s\n' "${inputs[@]}" | sha256sum | cut -c1-16)
    mkdir -p "$cache" "$parts"
    exec 9>"$cache/$name.lock"
    flock 9 # of two runs at once, one fills the cache
    if [ ! -d "$folder" ]; then
        say "$name: making it (once; kept in $cache)"
        rm -rf "$folder.part"
        mkdir "$folder.part"
        "$@" "$folder.part"
        mv "$folder.part" "$folder"
        find "$cache" -maxdepth 1 -name "$name-*" -mtime +7 -exec rm -rf {} +
        say "$name: made"
    fi
    touch "$folder" # in use: not to be removed for a week
    exec 9>&-
    ln -sfn "$folder" "$parts/$name"
}

# In the background, in a process group of its own, and never surviving this script: `job` is its
# id. Run it so and `wait`: bash acts upon a signal while it waits, not while a program runs.
start() {
    setpriv --pdeathsig TERM setsid "$@" 8>&- &
    # shellcheck disable=SC2034 # for the caller
    job=$!
}
stop_all() {
    local each
    for each in $(jobs -pr); do
        kill -TERM -- "-$each" 2>/dev/null || kill -TERM "$each" 2>/dev/null || true
    done
    wait
} 2>/dev/null # bash's own notices of who was killed

# Two runs in one folder would take each other's files away.
only_one() {
    mkdir -p "$work"
    exec 8>"$work/$1.lock"
    flock -n 8 || die "another $1 runs in $work (GARBOARD_LAB_WORK names another folder)"
}

# Every way out of the script is a way through the command $1.
on_exit() {
    # shellcheck disable=SC2064 # the command as it is now
    trap "$1" EXIT
    trap 'exit 129' HUP
    trap 'exit 130' INT
    trap 'exit 143' TERM
}

# The kernel and its modules that the cache holds; their names carry a version.
kernel_image() { echo "$parts"/kernel/boot/vmlinuz-*; }
kernel_modules() { echo "$parts"/kernel/lib/modules/*/kernel; }
