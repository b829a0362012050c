#!/bin/bash
# A credential made in software opens in the TPM that it was made for, with the key that it names, and
# not with another key (T04). Needs swtpm and tpm2-tools.
make_credential=$(readlink -f "$3")
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
for tool in swtpm tpm2_createek tpm2_activatecredential; do
    command -v "$tool" >/dev/null || { echo "skipped: no $tool"; exit 77; }
done

mkdir state
swtpm socket --tpm2 --tpmstate "dir=$scratch/state" --server "type=unixio,path=$scratch/tpm" \
    --ctrl "type=unixio,path=$scratch/tpm.ctrl" --flags not-need-init,startup-clear >swtpm.log 2>&1 &
tpm=$!
trap 'kill "$tpm" 2>/dev/null; rm -rf "$scratch"' EXIT
export TPM2TOOLS_TCTI=swtpm:path=$scratch/tpm
for _ in {1..50}; do
    [ -S tpm ] && break
    sleep 0.1
done

# must WORD...: a step towards the test itself; there is no resource manager, so objects are flushed.
must() {
    "$@" >.step 2>&1 || { fail "$*" "$(cat .step)"; conclude; exit 1; }
    tpm2_flushcontext -t >.step 2>&1 || true
}

# activate EK AK AUTH: what the TPM finds in `blob`, to `opened`
activate() {
    local auth=()
    rm -f opened
    if [ "$3" = policy ]; then
        tpm2_startauthsession --policy-session -S session >.step 2>&1
        tpm2_policysecret -S session -c e >.step 2>&1
        auth=(-P session:session)
    fi
    tpm2_activatecredential -C "$1.ctx" -c "$2.ctx" -i blob -o opened "${auth[@]}" >.step 2>&1
    local code=$?
    [ "$3" != policy ] || tpm2_flushcontext session >.step 2>&1
    tpm2_flushcontext -t >.step 2>&1
    return $code
}

hex() { od -An -v -tx1 "$1" 2>/dev/null; }

# bend FILE: flips the last bit
bend() {
    local last
    last=$(tail -c 1 "$1" | od -An -tu1)
    # shellcheck disable=SC2059 # the format is the byte
    { head -c -1 "$1" && printf "\\x$(printf %x $((last ^ 1)))"; } >bent && mv bent "$1"
}

# round EK_ALGORITHM AUTH SECRET_LENGTH
round() {
    must tpm2_createek -G "$1" -c ek.ctx -u ek.pub
    for ak in ak other; do
        must tpm2_create -C primary.ctx -G ecc:ecdsa-sha256:null -u "$ak.pub" -r "$ak.priv" \
            -a 'fixedtpm|fixedparent|sensitivedataorigin|userwithauth|restricted|sign'
        must tpm2_load -C primary.ctx -u "$ak.pub" -r "$ak.priv" -c "$ak.ctx" -n "$ak.name"
    done
    head -c "$3" /dev/urandom >secret
    must "$make_credential" ek.pub ak.name secret blob
    activate ek ak "$2" || fail "$1: the TPM does not open it" "$(cat .step)"
    same "$1: secret of $3 bytes" "$(hex opened)" "$(hex secret)"
    checks=$((checks + 1))
    ! activate ek other "$2" || fail "$1: another key opens it"
    bend blob
    checks=$((checks + 1))
    ! activate ek ak "$2" || fail "$1: a bent credential opens"
}

must tpm2_createprimary -C o -G ecc -c primary.ctx
for length in 1 16 32; do
    round rsa policy "$length"
    round ecc policy "$length"
    round ecc384 password "$length"
done
conclude
