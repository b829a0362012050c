#!/bin/bash
# Known good values of others, from the command line: what openssl and coreutils make, imported; sets
# exported and imported again; what must be refused.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
command -v openssl >/dev/null && command -v python3 >/dev/null || exit 77

make_keys() {
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out signer.key 2>/dev/null
    openssl pkey -in signer.key -pubout -out signer.pem
    openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out other.key 2>/dev/null
    openssl pkey -in other.key -pubout -out other.pem
    openssl req -new -x509 -key signer.key -subj /CN=signer -days 2 -out signer.crt 2>/dev/null
    openssl genpkey -algorithm ed25519 -out ed.key
    openssl pkey -in ed.key -pubout -out ed.pem
}

checksum_lists_come_from_coreutils() {
    printf 'a' >plain
    printf 'b' >$'new\nline'
    { sha256sum -- plain $'new\nline'; sha256sum --tag plain; sha256sum -b plain; sha512sum plain; sha1sum plain; } >sums
    exits 0 reference import --from sha256sum --name sums sums
    prints "name: sums-packages"
    prints "$(sha256sum plain)"
    prints 'new\x0aline'
    prints "name: sums-packages-sha512"
    says "1 SHA-1 digest is refused"
    exits 0 reference import --from sha256sum --class engine --name sums - <sums
    prints "class: engine"
    printf '%s\n' "$out" >engine.yaml
    sha1sum plain >weak
    exits 3 reference import --from sha256sum weak
    says "SHA-1"
    echo 'no checksum' >bad
    exits 3 reference import --from sha256sum bad
    says "bad: line 1"
}

exports_come_back_the_same() {
    exits 0 reference capture "$evidence/good" --class platform --class os --class packages -o good.yaml
    exits 0 reference export --to corim --key signer.key good.yaml engine.yaml -o good.corim
    exits 0 reference import --from corim --key signer.pem good.corim -o back.yaml
    says "the signature holds"
    exits 0 reference import --from corim --cert signer.crt good.corim -o cert.yaml
    cmp -s back.yaml cert.yaml || fail 'key and certificate give different sets'
    exits 0 reference export --to corim --key signer.key back.yaml -o again.corim
    exits 0 reference import --from corim --key signer.pem again.corim -o twice.yaml
    cmp -s back.yaml twice.yaml || fail 'what was exported came back as something else'
    same "sets" "$(grep -c '^kind: ReferenceSet' back.yaml)" "$(cat good.yaml engine.yaml | grep -c '^kind: ReferenceSet')"
    same "values" "$(grep -E '^ +(- )?(link|pcr|type|about|value|sha[0-9]+|[0-9a-f]{64}  ?)' back.yaml | sort)" \
        "$(grep -hE '^ +(- )?(link|pcr|type|about|value|sha[0-9]+|[0-9a-f]{64}  ?)' good.yaml engine.yaml | sort)"
    # The sets judge as the captured ones do: the very machine, and another policy beside it.
    exits 0 verify "$evidence/good" --policy back.yaml
}

a_corim_counts_only_with_its_signature() {
    exits 2 reference import --from corim good.corim
    says "--key"
    exits 1 reference import --from corim --key other.pem good.corim -o never.yaml
    says "does not count"
    exits 1 reference import --from corim --key ed.pem good.corim -o never.yaml
    says "signed with ECDSA, and the key is another"
    python3 - good.corim <<'PYTHON'
import sys
data = bytearray(open(sys.argv[1], 'rb').read())
data[len(data) // 2] ^= 1
open('changed.corim', 'wb').write(data)
at = data.index(b'\xd9\x01\xf5')
data[len(data) // 2] ^= 1
open('bare.corim', 'wb').write(data[at:-66])
PYTHON
    exits 1 reference import --from corim --key signer.pem changed.corim -o never.yaml
    exits 1 reference import --from corim --key signer.pem bare.corim -o never.yaml
    says "nobody signed it"
    exits 1 reference import --from corim bare.corim -o never.yaml
    [ ! -e never.yaml ] || fail 'sets were written of what was refused'
    exits 0 reference import --from corim --unsigned bare.corim
    says "WARNING"
    exits 2 reference import --from corim --unsigned --key signer.pem bare.corim -o never.yaml
    says "either a key, or --unsigned"
    [ ! -e never.yaml ] || fail 'a signature that was taken away let a manifest pass a key'
    exits 2 reference import --from keylime --unsigned bare.corim
}

# Signed by openssl over bytes laid out by Python: not our own writer.
manifests_of_others_verify() {
    cat >make.py <<'PYTHON'
import subprocess, sys, time
def head(major, n):
    for bits, code in ((8, 24), (16, 25), (32, 26), (64, 27)):
        if n < 24: return bytes([major << 5 | n])
        if n < 1 << bits: return bytes([major << 5 | code]) + n.to_bytes(bits // 8, 'big')
class Tag:
    def __init__(self, number, item): self.number, self.item = number, item
def cbor(v):
    if isinstance(v, int): return head(0, v) if v >= 0 else head(1, -1 - v)
    if isinstance(v, bytes): return head(2, len(v)) + v
    if isinstance(v, str): return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list): return head(4, len(v)) + b''.join(map(cbor, v))
    if isinstance(v, dict): return head(5, len(v)) + b''.join(cbor(k) + cbor(x) for k, x in v.items())
    return head(6, v.number) + cbor(v.item)
key, alg, until, out = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), sys.argv[4]
values = [{0: 4, 1: {2: [[1, b'\x11' * 32]], 11: 'shim'}}, {0: '/usr/bin/x', 1: {2: [[8, b'\x22' * 64]]}}, {1: {1: 5}}]
comid = {1: {0: 'acme'}, 4: {0: [[{0: {1: 'ACME', 2: 'R1'}}, values]]}}
payload = cbor(Tag(501, {0: b'\x01' * 16, 1: [Tag(506, cbor(comid))]}))
header = cbor({1: alg, 3: 'application/rim+cbor', 15: {1: 'ACME Ltd', 4: int(time.time()) + until}})
open('tbs', 'wb').write(cbor(['Signature1', header, b'', payload]))
if alg == -8:
    subprocess.run(['openssl', 'pkeyutl', '-sign', '-rawin', '-inkey', key, '-in', 'tbs', '-out', 'sig'], check=True)
    signature = open('sig', 'rb').read()
else:
    subprocess.run(['openssl', 'dgst', '-sha256', '-sign', key, '-sigopt', 'rsa_padding_mode:pss', '-sigopt', 'rsa_pss_saltlen:32',
                    '-out', 'sig', 'tbs'], check=True)
    signature = open('sig', 'rb').read()
open(out, 'wb').write(cbor(Tag(18, [header, {}, payload, signature])))
PYTHON
    openssl genpkey -algorithm RSA -pkeyopt rsa_keygen_bits:2048 -out rsa.key 2>/dev/null
    openssl pkey -in rsa.key -pubout -out rsa.pem
    python3 make.py ed.key -8 3600 ed.corim
    python3 make.py rsa.key -37 3600 rsa.corim
    python3 make.py ed.key -8 -3600 old.corim
    exits 0 reference import --from corim --key ed.pem --name acme ed.corim
    prints "name: acme-os"
    prints "about: shim"
    prints "name: acme-packages-sha512"
    prints "/usr/bin/x"
    says "signed by ACME Ltd"
    says "no set holds: svn"
    exits 0 reference import --from corim --key rsa.pem --name acme --class os rsa.corim
    prints "name: acme-os"
    says "1 digests of files are left out"
    exits 1 reference import --from corim --key ed.pem old.corim
    says "was valid until"
    exits 1 reference import --from corim --key rsa.pem ed.corim
}

pcrlock_folders_become_sets() {
    local kernel
    mkdir -p lock/650-kernel.pcrlock.d
    record() { printf '{"pcr":%d,"digests":[{"hashAlg":"sha256","digest":"%s"}]}' "$1" "$(printf '%b' "$2" | sha256sum | cut -d' ' -f1)"; }
    printf '{"records":[%s,%s]}' "$(record 0 firmware)" "$(record 0 '\0\0\0\0')" >lock/250-firmware-code.pcrlock
    for kernel in 6.1.0-40 6.1.0-41; do
        printf '{"records":[%s]}' "$(record 4 "$kernel")" >"lock/650-kernel.pcrlock.d/$kernel.pcrlock"
    done
    printf '{"records":[%s]}' "$(record 9 initrd)" >lock/720-kernel-initrd.pcrlock
    exits 0 reference import --from pcrlock --name n lock
    prints "name: n-platform"
    prints "name: n-os-2"
    prints "650-kernel 6.1.0-41"
    prints "link: initrd"
    says "a separator"
    exits 0 reference import --from pcrlock --name n lock/*.pcrlock lock/*/*.pcrlock -o lock.yaml
    exits 0 reference import --from pcrlock --name n lock -o folder.yaml
    cmp -s lock.yaml folder.yaml || fail 'a folder and its files give different sets'
    exits 2 reference import --from pcrlock lock/250-firmware-code.pcrlock lock/250-firmware-code.pcrlock
    says "comes twice"
    mkdir empty
    exits 2 reference import --from pcrlock empty
    exits 2 reference import --from pcrlock sums
}

keylime_policies_become_files_and_hints() {
    local digest
    digest=$(sha256sum plain | cut -d' ' -f1)
    printf '{"meta":{"version":1},"digests":{"/plain":["%s"]},"excludes":["/tmp/.*","a|b"],"keyrings":{".ima":["%s"]}}' \
        "$digest" "$digest" >policy.json
    exits 0 reference import --from keylime --name k policy.json -o k.yaml
    says 'path: "/tmp/*"'
    says '"a|b" says more'
    says "keyring .ima"
    grep -q "$digest  */plain" k.yaml || fail 'the digest is missing'
    printf '%s  /plain\n' "$digest" >allowlist
    exits 0 reference import --from keylime --name k allowlist
    prints "$digest  /plain"
}

words_of_the_command_line() {
    exits 2 reference import sums
    says "--from is corim"
    exits 2 reference import --from sums sums
    exits 2 reference import --from corim --key signer.pem --cert signer.crt good.corim
    exits 2 reference import --from sha256sum --class files sums
    exits 2 reference export --to corim good.yaml -o x.corim
    exits 2 reference export --to yaml --key signer.key good.yaml -o x.corim
    exits 2 reference export --to corim --key signer.key missing.yaml -o x.corim
    exits 3 reference import --from corim --unsigned sums
}

make_keys
checksum_lists_come_from_coreutils
exports_come_back_the_same
a_corim_counts_only_with_its_signature
manifests_of_others_verify
pcrlock_folders_become_sets
keylime_policies_become_files_and_hints
words_of_the_command_line
conclude
