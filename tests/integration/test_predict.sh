#!/bin/bash
# Predicted values against values computed another way: images laid out here, hashed by Python;
# trees hashed by sha256sum; signatures put on by sbsign, which must change nothing.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
command -v python3 >/dev/null || exit 77

# Makes good.efi of stub 252, and the list of what firmware, stub and kernel measure of it.
make_image() {
    python3 - "$1" "$2" <<'PYTHON'
import hashlib, struct, sys

def align(n, to): return (n + to - 1) // to * to

def pe(sections):
    table = b''; body = b''; at = 0x400; address = 0x1000
    for name, data in sections:
        raw = align(len(data), 0x200)
        table += struct.pack('<8s6I2HI', name, len(data), address, raw, at, 0, 0, 0, 0, 0x40000040)
        body += data.ljust(raw, b'\0'); at += raw; address += align(len(data), 0x1000)
    optional = struct.pack('<H2B5IQ2I6H4I2H4Q2I', 0x20b, 2, 0, 0, 0, 0, 0x1000, 0x1000, 0, 0x1000, 0x200, 0, 0, 1, 0, 0, 0,
                           0, address, 0x400, 0, 10, 0, 0, 0, 0, 0, 0, 16) + bytes(128)
    head = b'MZ'.ljust(0x3c, b'\0') + struct.pack('<I', 0x40) + b'PE\0\0'
    head += struct.pack('<2H3I2H', 0x8664, len(sections), 0, 0, 0, len(optional), 0x0206)
    assert len(optional) == 240
    return (head + optional + table).ljust(0x400, b'\0') + body

def authenticode(image): # no gaps, no signature: all but the checksum and entry 4 of the directories
    optional = 0x40 + 24
    return image[:optional + 64] + image[optional + 68:optional + 112 + 32] + image[optional + 112 + 40:]

cmdline = sys.argv[2].encode()
kernel = pe([(b'.text', b'kernel' * 1000), (b'.data', b'more')])
initrd = b'an initrd of odd length'
osrel = b'ID=test\n'
splash = b'BM' + bytes(77)
image = pe([(b'.text', b'stub'), (b'.sdmagic', b'#### LoaderInfo: systemd-stub 252.39 ####'), (b'.osrel', osrel),
            (b'.splash', splash), (b'.cmdline', cmdline), (b'.initrd', initrd), (b'.linux', kernel)])
open('kernel', 'wb').write(kernel)
open('initrd', 'wb').write(initrd)
open(sys.argv[1], 'wb').write(image)
wanted = [(4, authenticode(image))]
for name, data in (('.linux', kernel), ('.osrel', osrel), ('.cmdline', cmdline), ('.initrd', initrd), ('.splash', splash)):
    wanted += [(11, name.encode() + b'\0'), (11, data)]
wanted += [(4, authenticode(kernel)), (9, cmdline.decode().encode('utf-16le') + b'\0\0'), (9, initrd)]
with open('wanted', 'w') as out:
    for pcr, data in wanted:
        for alg in ('sha256', 'sha384', 'sha512'):
            print(pcr, alg, hashlib.new(alg, data).hexdigest(), file=out)
PYTHON
}

# measured FILE: "PCR ALGORITHM DIGEST" of each event, in order
measured() {
    awk '$1 == "pcr:" {pcr = $2} /^ *sha(256|384|512): / {print pcr, substr($1, 1, 6), $2}' "$1"
}

images() {
    make_image good.efi 'console=ttyS0 quiet'
    exits 0 reference predict --uki good.efi --life shadow -o next.yaml
    same 'no second policy beside sets of a chosen life' "$(grep -c '^kind: NodePolicy' next.yaml)" 0
    same 'sets of a chosen life' "$(grep -c '^  life: shadow' next.yaml)" "$(grep -c '^kind: ReferenceSet' next.yaml)"
    exits 0 reference predict --uki good.efi --sets-only -o next.yaml
    same 'sets only' "$(grep -c '^kind: NodePolicy' next.yaml)" 0
    exits 0 reference predict --uki good.efi -o uki.yaml
    same 'a policy beside the first sets' "$(grep -c '^kind: NodePolicy' uki.yaml)" 1
    same 'events of the image' "$(measured uki.yaml)" "$(cat wanted)"
    grep -q 'value: console=ttyS0 quiet$' uki.yaml || fail 'the command line is not in the set'
    grep -q 'value: console=ttyS0 quiet$' uki.yaml || fail 'the command line is not in the set'
    exits 0 reference predict --uki good.efi
    same 'standard output' "$out" "$(cat uki.yaml)"
    exits 0 reference predict --kernel kernel --initrd initrd --cmdline 'console=ttyS0 quiet' -o parts.yaml
    same 'events of the parts' "$(measured parts.yaml)" "$(tail -9 wanted)"
    exits 0 reference predict --kernel kernel --initrd initrd --cmdline 'initrd=\initrd quiet' -o named.yaml
    says 'nothing measures that one'
    same 'an initrd by name' "$(measured named.yaml | cut -d' ' -f1,2 | grep -c sha256)" 2
}

signatures() {
    command -v sbsign >/dev/null && command -v openssl >/dev/null || return 0
    openssl req -x509 -newkey rsa:2048 -nodes -keyout key.pem -out cert.pem -subj /CN=test -days 2 2>/dev/null
    sbsign --key key.pem --cert cert.pem --output signed.efi good.efi >/dev/null 2>&1 || { fail 'sbsign'; return; }
    if cmp -s good.efi signed.efi; then fail 'nothing was signed'; fi
    exits 0 reference predict --uki signed.efi --name predicted-good -o signed.yaml
    same 'a signed image' "$(measured signed.yaml)" "$(measured uki.yaml)"
}

trees() {
    mkdir -p root/usr/bin root/etc root/empty
    echo one >root/usr/bin/one
    echo two >'root/usr/bin/two with blanks'
    : >root/etc/nothing
    ln root/usr/bin/one root/usr/bin/same
    ln -s /etc/passwd root/etc/outside
    ln -s .. root/usr/loop
    mkfifo root/pipe
    exits 0 reference predict --root-dir root/ -o tree.yaml
    # A character that YAML wants quoted is the writer's affair, tested there: here are plain ones.
    same 'files' "$(sed -n 's/^ *\([0-9a-f]\{64\}\)  /\1 /p' tree.yaml)" \
        "$(cd root && find . -type f | sort | while read -r f; do echo "$(sha256sum <"$f" | cut -d' ' -f1) ${f#.}"; done)"
    exits 0 reference predict --root-dir root --name predicted-root
    same 'the slash at the end changes nothing' "$out" "$(cat tree.yaml)"
    [ "$(id -u)" = 0 ] && return
    chmod 0 root/etc/nothing
    exits 4 reference predict --root-dir root -o refused.yaml
    says '/etc/nothing'
    [ ! -e refused.yaml ] || fail 'an error left a file behind'
    exits 0 reference predict --root-dir root --skip-unreadable -o rest.yaml
    says '/etc/nothing'
}

# What was written can be judged by: a boot of another image differs where its parts differ.
judging() {
    exits 0 reference predict --uki good.efi --root-dir root -o known-good.yaml
    same 'kinds' "$(grep -c '^kind: ReferenceSet' known-good.yaml) $(grep -c '^kind: NodePolicy' known-good.yaml)" '2 1'
    exits 1 verify "$evidence/good" --policy known-good.yaml --format json
    prints 'cmdline.changed'
    prints 'ima.file-unknown'
    exits 0 reference capture "$evidence/good" --class platform -o platform.yaml
    exits 1 verify "$evidence/good" --policy known-good.yaml --policy platform.yaml --format json
    same 'firmware is known' "$(printf %s "$out" | python3 -c 'import json,sys; print(json.load(sys.stdin)["links"]["firmware"]["tier"])')" affirming
}

refusals() {
    make_image other.efi 'quiet'
    sed 's/systemd-stub 252/systemd-stub 199/' good.efi >old.efi
    exits 2 reference predict --uki old.efi -o none.yaml
    says 'systemd-stub 199'
    [ ! -e none.yaml ] || fail 'an error left a file behind'
    head -c 3000 good.efi >cut.efi
    exits 3 reference predict --uki cut.efi
    says 'offset'
    exits 2 reference predict --uki kernel
    says 'no .sdmagic'
}

# Secure Boot's variables in each form that they come in, against values laid out here: the same digests; and what firmware
# starts by them.
variables() {
    local form
    command -v openssl >/dev/null || return 0
    openssl req -x509 -newkey rsa:2048 -nodes -keyout owner.key -out owner.pem -subj /CN=owner -days 2 2>/dev/null
    openssl x509 -in owner.pem -outform DER -out owner.der
    python3 - <<'PYTHON'
import hashlib, os, struct, uuid
owner = uuid.UUID('11111111-2222-3333-4444-555555555555').bytes_le
def signatures(kind, data): # EFI_SIGNATURE_LIST
    return uuid.UUID(kind).bytes_le + struct.pack('<3I', 28 + 16 + len(data), 0, 16 + len(data)) + owner + data
der = open('owner.der', 'rb').read()
certificate = signatures('a5c059a1-94e4-4aa7-87b5-ab155c2bf072', der)
revoked = signatures('c1c41626-504c-4092-aca9-41f936934328', hashlib.sha256(b'a bad one').digest())
glob, security = '8be4df61-93ca-11d2-aa0d-00e098032b8c', 'd719b2cb-3d3a-4596-a3bc-dad00e67656f'
names = {'PK': (glob, certificate), 'KEK': (glob, certificate), 'db': (security, certificate), 'dbx': (security, revoked)}
for form in ('efivarfs', 'esl', 'auth', 'off', 'empty'):
    os.mkdir(form)
for name, (guid, data) in names.items():
    open(f'efivarfs/{name}-{guid}', 'wb').write(struct.pack('<I', 0x27) + data)
    open(f'esl/{name}.esl', 'wb').write(data)
    signed = struct.pack('<IHH', 24 + 100, 0x200, 0xef1) + bytes(16 + 100) # WIN_CERTIFICATE_UEFI_GUID
    open(f'auth/{name}.auth', 'wb').write(bytes(16) + signed + data)
open(f'efivarfs/SecureBoot-{glob}', 'wb').write(struct.pack('<IB', 6, 1))
open(f'off/SecureBoot-{glob}', 'wb').write(struct.pack('<IB', 6, 0))
def event(guid, name, data): # UEFI_VARIABLE_DATA
    return uuid.UUID(guid).bytes_le + struct.pack('<QQ', len(name), len(data)) + name.encode('utf-16le') + data
def write(file, events):
    with open(file, 'w') as out:
        for data in events:
            for alg in ('sha256', 'sha384', 'sha512'):
                print(7, alg, hashlib.new(alg, data).hexdigest(), file=out)
on = [event(glob, 'SecureBoot', b'\1')] + [event(guid, name, data) for name, (guid, data) in names.items()]
write('wanted.on', on)
write('wanted.uki', on + [event(security, 'db', owner + der)])
write('wanted.off', [event(glob, 'SecureBoot', b'\0')] + [event(guid, name, b'') for name, (guid, _) in names.items()])
PYTHON
    for form in efivarfs esl auth; do
        exits 0 reference predict --efivars "$form" -o "$form.yaml"
        same "variables as $form" "$(measured "$form.yaml")" "$(cat wanted.on)"
    done
    grep -q 'class: platform' esl.yaml || fail 'the set is not one of the platform'
    exits 0 reference predict --efivars off -o off.yaml
    same 'no variables' "$(measured off.yaml)" "$(cat wanted.off)"
    exits 2 reference predict --efivars empty
    says 'no variable of Secure Boot'
    exits 2 reference predict --efivars none
    says 'no such folder'
    exits 2 reference predict --uki good.efi --efivars esl
    says 'no certificate of db'
    command -v sbsign >/dev/null || return 0
    sbsign --key owner.key --cert owner.pem --output owned.efi good.efi >/dev/null 2>&1 || { fail 'sbsign'; return; }
    exits 0 reference predict --uki owned.efi --efivars esl -o owned.yaml
    same 'what verified the image' "$(measured owned.yaml | grep '^7 ')" "$(cat wanted.uki)"
    # The kernel inside, the second image, is not looked at by firmware then.
    same 'and the image' "$(measured owned.yaml | grep -v '^7 ')" "$(awk '$1 == 4 && ++images > 3 {next} {print}' wanted)"
}

# FAT does not tell upper from lower case, so nor does what is read of a folder that stands for it.
cases() {
    mkdir -p esp/efi/Boot esp/Loader/Entries
    python3 - <<'PYTHON'
import struct
body = b'#### LoaderInfo: systemd-boot 252.39 ####'.ljust(0x200, b'\0')
optional = struct.pack('<H2B5IQ2I6H4I2H4Q2I', 0x20b, 2, 0, 0, 0, 0, 0x1000, 0x1000, 0, 0x1000, 0x200, 0, 0, 1, 0, 0, 0,
                       0, 0x2000, 0x400, 0, 10, 0, 0, 0, 0, 0, 0, 16) + bytes(128)
head = b'MZ'.ljust(0x3c, b'\0') + struct.pack('<I', 0x40) + b'PE\0\0' + struct.pack('<2H3I2H', 0x8664, 1, 0, 0, 0, 240, 0x206)
table = struct.pack('<8s6I2HI', b'.sdmagic', 41, 0x1000, 0x200, 0x400, 0, 0, 0, 0, 0x40000040)
open('esp/efi/Boot/bootx64.EFI', 'wb').write((head + optional + table).ljust(0x400, b'\0') + body)
PYTHON
    echo 'default ONE.conf' >esp/Loader/loader.CONF
    printf '%s\n' 'linux /KERNEL' 'initrd /Initrd' 'options quiet' >esp/Loader/Entries/one.conf
    cp kernel esp/kernel
    cp initrd esp/INITRD
    exits 0 reference predict --esp esp -o esp.yaml
    same 'files whatever their case' "$(measured esp.yaml | cut -d' ' -f1 | uniq -c | tr -s ' ' | paste -sd' ')" ' 6 4  3 12  6 9'
    cp initrd esp/initrd
    exits 2 reference predict --esp esp
    says 'differs only in case'
}

images
signatures
variables
cases
trees
judging
refusals
conclude
