#!/bin/bash
# Sets predicted from packages against the trees that the packages' own tools unpack, hashed by sha256sum.
# shellcheck source=tests/integration/lib.sh
. "$(dirname "$0")/lib.sh"
command -v dpkg-deb >/dev/null || exit 77

# listed FILE: "HEX  PATH" of each file in a set
listed() {
    sed -n 's/^ *\([0-9a-f]\{64\}  .*\)$/\1/p' "$1"
}

# tree DIR PREFIX: the same of a folder, sorted as sets are (by path, then digest)
tree() {
    (cd "$1" && find . -type f -print0 | xargs -0r sha256sum | sed "s|  \./|  $2/|")
}

# body FILE: without where a set is from, which differs where the files do not
body() {
    grep -v '^  source: ' "$1"
}

sorted() {
    sort -k2 -k1,1 -u
}

# make_deb NAME VERSION DIR [DPKG-DEB OPTION...]: the tree DIR with scripts becomes NAME_VERSION_all.deb
make_deb() {
    local name=$1 version=$2 dir=$3
    shift 3
    mkdir -p "$dir/DEBIAN"
    printf 'Package: %s\nVersion: %s\nArchitecture: all\nMaintainer: t <t@example.org>\nDescription: test\n further\n' \
        "$name" "$version" >"$dir/DEBIAN/control"
    printf '#!/bin/sh\necho %s\n' "$name" >"$dir/DEBIAN/postinst"
    chmod 755 "$dir/DEBIAN/postinst"
    dpkg-deb --root-owner-group "$@" -b "$dir" "${name}_${version}_all.deb" >/dev/null 2>&1 || fail "dpkg-deb $name"
}

# unpacked FILE NAME: what dpkg makes of a package
unpacked() {
    rm -rf x i
    dpkg-deb -x "$1" x
    dpkg-deb -e "$1" i
    rm i/control
    {
        tree x ''
        tree i "/var/lib/dpkg/info" | sed "s|/info/|/info/$2.|"
    } | sorted
}

make_trees() {
    mkdir -p a/usr/bin a/etc b/usr/lib/deep
    echo one >a/usr/bin/one
    ln a/usr/bin/one a/usr/bin/same
    ln -s one a/usr/bin/link
    ln -s /etc/passwd a/etc/outside
    : >a/etc/nothing
    echo blanks >'a/etc/with blanks'
    echo umlaut >"a/etc/$(printf 'gr\303\274n')"
    long=$(printf 'n%.0s' {1..200})
    mkdir -p "a/usr/$long"
    echo long >"a/usr/$long/$long"
    printf '/etc/nothing\n' >conffiles
    truncate -s 3M b/usr/lib/hole
    head -c 200000 /dev/urandom >b/usr/lib/deep/random
}

# Hard links bring their data with the last of them; each digest algorithm is compared with the header's.
rpms() {
    local algorithm z
    command -v rpmbuild >/dev/null || return 0
    for pair in 8:w9.gzdio 10:w6.xzdio 8:w3.zstdio 2:w9.bzdio; do
        algorithm=${pair%:*} z=${pair#*:}
        cat >test.spec <<SPEC
Name: third
Version: 3
Release: 1
Summary: test
License: none
BuildArch: noarch
%description
test
%install
mkdir -p %{buildroot}/opt
cp -a $scratch/a/usr $scratch/a/etc $scratch/b/usr %{buildroot}/opt/
ln %{buildroot}/opt/usr/bin/one %{buildroot}/opt/usr/bin/zlast
ln %{buildroot}/opt/usr/bin/one %{buildroot}/opt/etc/elsewhere
touch %{buildroot}/opt/ghost
%files
/opt/usr
/opt/etc
%ghost /opt/ghost
%config /opt/etc/nothing
SPEC
        sed -i '/^%config/d' test.spec
        rm -rf rpmbuild x
        rpmbuild --quiet -bb --define "_topdir $scratch/rpmbuild" --define "_binary_payload $z" \
            --define "_binary_filedigest_algorithm $algorithm" --define '__os_install_post %{nil}' test.spec >rpm.log 2>&1 ||
            { fail "rpmbuild $z" "$(tail -5 rpm.log)"; continue; }
        cp rpmbuild/RPMS/noarch/third-3-1.noarch.rpm third.rpm
        mkdir x
        (cd x && rpm2cpio ../third.rpm | cpio -idm --quiet 2>/dev/null)
        exits 0 reference predict rpm third.rpm --name third -o one.yaml
        same "an rpm by $z, digests $algorithm" "$(listed one.yaml | grep -v '/gr')" "$(tree x '' | sorted | grep -v '/gr')"
        same 'a ghost' "$(grep -c ghost one.yaml)" 0
        same 'hard links' "$(listed one.yaml | grep -Ec "^$(sha256sum <a/usr/bin/one | cut -d' ' -f1)  /opt/(usr/bin/(one|same|zlast)|etc/elsewhere)$")" 4
    done
    # One changed byte in the payload, then in the header.
    for at in 40 -2000; do
        python3 - "$at" <<'PYTHON'
import sys
data = bytearray(open('third.rpm', 'rb').read()); at = int(sys.argv[1])
at = len(data) - 1000 if at > 0 else data.index(b'/opt/', 4000 if data.find(b'/opt/', 4000) > 0 else 0) + 1
data[at] ^= 1
open('changed.rpm', 'wb').write(data)
PYTHON
        exits 3 reference predict rpm changed.rpm
        says 'another digest'
    done
    head -c 2000 third.rpm >cut.rpm
    exits 3 reference predict rpm cut.rpm
    exits 3 reference predict rpm first_1:1.0-1_all.deb
    says 'not an rpm package'
}

# Images in OCI layout, good ones and others, with what must be left of the good one.
image() {
    python3 - <<'PYTHON'
import gzip, hashlib, io, json, os, tarfile
R, D, S, H = tarfile.REGTYPE, tarfile.DIRTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.PAX_FORMAT) as t:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name); info.type = kind
            if kind == R: info.size = len(data)
            elif kind in (S, H): info.linkname = data
            t.addfile(info, io.BytesIO(data) if kind == R else None)
    return out.getvalue()
layers = [
    [('usr/', D, ''), ('usr/lib/', D, ''), ('lib', S, 'usr/lib'), ('usr/lib/a', R, b'a1'), ('usr/lib/b', R, b'b1'), ('etc/', D, ''),
     ('etc/hidden', R, b'h1'), ('etc/opaque/', D, ''), ('etc/opaque/old', R, b'o1'), ('etc/opaque/deep/', D, ''), ('etc/opaque/deep/old', R, b'o2'),
     ('gone/', D, ''), ('gone/file', R, b'g1'), ('hard', H, 'usr/lib/a'), ('gr\u00fcn', R, b'u1'), ('was-folder/', D, ''), ('was-folder/x', R, b'x1')],
    [('lib/c', R, b'c2'), ('usr/lib/a', R, b'a2'), ('etc/.wh.hidden', R, b''), ('etc/opaque/new', R, b'o3'), ('etc/opaque/.wh..wh..opq', R, b''),
     ('.wh.gone', R, b''), ('.wh..wh.plnk', R, b''), ('was-folder', R, b'x2')],
    [('gone/', D, ''), ('gone/back', R, b'g3'), ('etc/hidden', R, b'h3'), ('last', H, 'usr/lib/b')],
]
def image(folder, layers, lie=None, extra=None):
    os.makedirs(folder + '/blobs/sha256', exist_ok=True)
    def blob(data, media, **more):
        name = hashlib.sha256(data).hexdigest()
        open(f'{folder}/blobs/sha256/{name}', 'wb').write(data)
        return dict(mediaType=media, digest='sha256:' + name, size=len(data), **more)
    tars = [tar(l) for l in layers]
    diff = ['sha256:' + hashlib.sha256(t).hexdigest() for t in tars]
    if lie == 'diff': diff[0] = 'sha256:' + '0' * 64
    def configure(arch):
        return blob(json.dumps(dict(architecture=arch, os='linux', rootfs=dict(type='layers', diff_ids=diff))).encode(),
                    'application/vnd.oci.image.config.v1+json')
    config = configure('amd64')
    kind = 'application/vnd.oci.image.layer.v1.tar'
    descs = [blob(gzip.compress(t), kind + '+gzip') if i != 1 else blob(t, kind) for i, t in enumerate(tars)]
    if lie == 'encrypted': descs[0]['mediaType'] += '+encrypted'
    if lie == 'fewer': descs.pop()
    def manifest_of(config):
        return blob(json.dumps(dict(schemaVersion=2, config=config, layers=descs)).encode(), 'application/vnd.oci.image.manifest.v1+json')
    manifest = manifest_of(config)
    if lie == 'size': manifest['size'] += 1
    if lie == 'traversal': manifest['digest'] = 'sha256:../../../../etc/passwd'
    manifests = [dict(manifest, platform=dict(os='linux', architecture='amd64'), annotations={'org.opencontainers.image.ref.name': 'test'})]
    if lie == 'both': manifests[0] = blob(json.dumps(dict(schemaVersion=2, config=config, layers=descs, manifests=manifests)).encode(),
                                          'application/vnd.oci.image.manifest.v1+json')
    if lie == 'two': manifests.append(dict(manifest_of(configure('arm64')), platform=dict(os='linux', architecture='arm64')))
    if lie == 'unsaid': del manifests[0]['platform']
    json.dump(dict(imageLayoutVersion='1.0.0'), open(folder + '/oci-layout', 'w'))
    json.dump(dict(schemaVersion=2, manifests=manifests), open(folder + '/index.json', 'w'))
image('image', layers)
for lie in ('diff', 'encrypted', 'fewer', 'size', 'traversal', 'both', 'two', 'unsaid'): image('image-' + lie, layers, lie)
image('image-climbs', [[('../x', R, b'x')]])
image('image-whiteout', [[('a/.wh...', R, b'')]])
image('image-link', [[('a', H, 'b')]])
open('wanted-final', 'w').write(''.join(f'{hashlib.sha256(d).hexdigest()}  {p}\n' for p, d in sorted([
    ('/usr/lib/a', b'a2'), ('/usr/lib/b', b'b1'), ('/usr/lib/c', b'c2'), ('/etc/hidden', b'h3'), ('/etc/opaque/new', b'o3'), ('/gone/back', b'g3'),
    ('/hard', b'a1'), ('/was-folder', b'x2'), ('/last', b'b1')])))
open('wanted-more', 'w').write(''.join(f'{hashlib.sha256(d).hexdigest()}  {p}\n' for p, d in sorted([
    ('/usr/lib/a', b'a1'), ('/etc/hidden', b'h1'), ('/etc/opaque/old', b'o1'), ('/etc/opaque/deep/old', b'o2'), ('/gone/file', b'g1'),
    ('/was-folder/x', b'x1')])))
PYTHON
}

# Layers with whiteouts, opaque folders and links, against what must be left; then against umoci's tree.
images() {
    local lie
    command -v python3 >/dev/null || return 0
    image
    exits 0 reference predict oci image --name image -o image.yaml
    grep -q '^  source: predicted from image$' image.yaml || fail 'the source is not the image'
    same 'the final tree' "$(listed image.yaml | grep -v '/gr')" "$(cat wanted-final)"
    same 'a name that is not ASCII' "$(grep -c '/gr' image.yaml)" 1
    exits 0 reference predict oci image --name image --all-layers -o all.yaml
    same 'files of all layers' "$(listed all.yaml | grep -v '/gr' | sort)" "$(sort wanted-final wanted-more)"
    tar -C image -cf image.tar oci-layout index.json blobs
    tar -C image -czf image.tar.gz ./oci-layout ./index.json ./blobs
    for file in image.tar image.tar.gz; do
        exits 0 reference predict oci $file --name image
        same "$file" "$(body <(echo "$out"))" "$(body image.yaml)"
    done
    for lie in diff fewer size traversal both climbs whiteout link; do exits 3 reference predict oci image-$lie; done
    exits 2 reference predict oci image-encrypted
    says 'encrypted'
    exits 2 reference predict oci image-two
    says '--platform'
    exits 0 reference predict oci image-two --platform linux/arm64 --name image
    same 'one of two platforms' "$(body <(echo "$out"))" "$(body image.yaml)"
    exits 2 reference predict oci image --image other
    # An index need not say the platform: the configuration does, and nobody else's image is taken.
    exits 0 reference predict oci image-unsaid --platform linux/amd64
    for platform in linux/arm64 windows/amd64 linux; do
        exits 2 reference predict oci image-unsaid --platform $platform
        says "the image is for linux/amd64, and --platform asks for $platform"
    done
    exits 2 reference predict oci none
    says 'no image'
    # One byte of a layer.
    local blob
    blob=$(find image-two/blobs/sha256 -size -2 -exec file {} + 2>/dev/null | sed -n 's/: *gzip.*//p' | head -1)
    blob=${blob:-$(grep -lP '^\x1f\x8b' image-two/blobs/sha256/* | head -1)}
    printf x >>"$blob"
    exits 3 reference predict oci image-two --platform linux/arm64
    if command -v skopeo >/dev/null; then
        skopeo --insecure-policy copy -q oci:image:test docker-archive:docker.tar:test:latest 2>skopeo.log || fail 'skopeo' "$(cat skopeo.log)"
        exits 0 reference predict oci docker.tar --name image
        same 'as docker saves it' "$(body <(echo "$out"))" "$(body image.yaml)"
    fi
    if command -v umoci >/dev/null && [ "$(id -u)" = 0 ]; then
        umoci unpack --image image:test bundle >umoci.log 2>&1 || fail 'umoci' "$(tail -3 umoci.log)"
        same 'the tree that umoci unpacks' "$(listed image.yaml | grep -v '/gr')" "$(tree bundle/rootfs '' | sorted | grep -v '/gr')"
    fi
}

debs() {
    local z
    make_trees
    make_deb first 1:1.0-1 a
    for z in none gzip xz zstd; do
        # zstd is Ubuntu's, and not every dpkg's
        if make_deb "second-$z" 2 b "-Z$z" && [ -f "second-${z}_2_all.deb" ]; then
            exits 0 reference predict deb "second-${z}_2_all.deb" -o one.yaml
            same "second by $z" "$(listed one.yaml)" "$(unpacked "second-${z}_2_all.deb" "second-$z")"
        fi
    done
    exits 0 reference predict deb first_1:1.0-1_all.deb --name first --class engine --life shadow -o one.yaml
    same 'first' "$(listed one.yaml | grep -v gr)" "$(unpacked first_1:1.0-1_all.deb first | grep -v gr)"
    same 'a name that is not ASCII' "$(listed one.yaml | grep -c '/etc/gr')" 1
    grep -q '^  class: engine$' one.yaml || fail 'the class is not engine'
    grep -q '^  life: shadow$' one.yaml || fail 'the life is not shadow'
    # Without --name: two versions are two sets, and each says which package it is of.
    cp first_1:1.0-1_all.deb any.deb
    exits 0 reference predict deb any.deb
    same 'the name of a package' "$(sed -n 's/^  name: //p' <<<"$out")" predicted-first-1-1.0-1-all
    same 'the source of a package' "$(sed -n 's/^  source: //p' <<<"$out")" 'predicted from first 1:1.0-1 all'
    make_deb "a-package-with-a-name-longer-than-a-set-s" 2.12~rc1-1 b
    exits 0 reference predict deb a-package-with-a-name-longer-than-a-set-s_2.12~rc1-1_all.deb
    same 'a long name keeps its version' "$(sed -n 's/^  name: //p' <<<"$out")" predicted-ame-longer-than-a-set-s-2.12-rc1-1-all
    mkdir folder
    cp first_1:1.0-1_all.deb second-xz_2_all.deb folder
    exits 0 reference predict deb folder --name both
    same 'the source of packages' "$(sed -n 's/^  source: //p' "$scratch/.out")" 'predicted from first 1:1.0-1 all and 1 more package'
    same 'a folder' "$(listed "$scratch/.out" | grep -vc gr)" \
        "$({ unpacked first_1:1.0-1_all.deb first; unpacked second-xz_2_all.deb second-xz; } | sorted | grep -vc gr)"
}

# signs HOME DIST: InRelease and Release.gpg
signs() {
    gpg --homedir "$1" --batch --quiet --yes -u test --clearsign -o "$2/InRelease" "$2/Release"
    gpg --homedir "$1" --batch --quiet --yes -u test --detach-sign --armor -o "$2/Release.gpg" "$2/Release"
}

# A mirror by apt-ftparchive, signed by gpg; then each link of the chain is broken.
repositories() {
    command -v apt-ftparchive >/dev/null && command -v gpg >/dev/null && command -v gpgv >/dev/null || return 0
    local dist=repo/dists/test home=$scratch/gnupg
    mkdir -m 700 "$home"
    mkdir -p repo/pool $dist/main/binary-amd64
    cp folder/*.deb repo/pool
    (cd repo && apt-ftparchive packages pool >dists/test/main/binary-amd64/Packages 2>/dev/null)
    xz -k $dist/main/binary-amd64/Packages
    apt-ftparchive -o APT::FTPArchive::Release::Components=main -o APT::FTPArchive::Release::Architectures=amd64 \
        release $dist >Release 2>/dev/null
    mv Release $dist/Release
    rm $dist/main/binary-amd64/Packages # the packed one is enough
    gpg --homedir "$home" --batch --quiet --passphrase '' --quick-gen-key test ed25519 sign 0 2>/dev/null
    gpg --homedir "$home" --batch --quiet --export test >key.gpg
    gpg --homedir "$home" --batch --quiet --clearsign -o $dist/InRelease $dist/Release
    gpg --homedir "$home" --batch --quiet --detach-sign --armor -o $dist/Release.gpg $dist/Release
    exits 0 reference predict deb folder --name both -o both.yaml
    exits 0 reference predict apt repo --keyring key.gpg --name both -o repo.yaml
    same 'a signed repository' "$(cat repo.yaml)" "$(cat both.yaml)"
    exits 0 reference predict apt repo --name both -o repo.yaml
    says 'signature is not checked'
    same 'an unsigned one' "$(cat repo.yaml)" "$(cat both.yaml)"
    sed '/second/,$d' status >first-only
    exits 0 reference predict apt repo --suite test --arch amd64 --keyring "$scratch/key.gpg" --dpkg-status first-only --name some -o some.yaml
    same 'what is installed' "$(listed some.yaml)" "$(listed both.yaml | grep -v second | grep -v /usr/lib/)"
    exits 2 reference predict apt repo --dpkg-status status
    says 'installed, and not given: second-xz:all 3'
    # gpgv itself is content with a key that has expired.
    gpg --homedir "$home" --batch --quiet --passphrase '' --quick-gen-key old ed25519 sign seconds=3 2>/dev/null
    gpg --homedir "$home" --batch --quiet --export old >old.gpg
    cp $dist/InRelease InRelease.good
    gpg --homedir "$home" --batch --quiet --yes -u old --clearsign -o $dist/InRelease $dist/Release
    exits 0 reference predict apt repo --keyring old.gpg
    sleep 5
    exits 5 reference predict apt repo --keyring old.gpg
    says 'signature is not good'
    gpg --homedir "$home" --batch --quiet --yes -u test --digest-algo SHA1 --clearsign -o $dist/InRelease $dist/Release
    exits 5 reference predict apt repo --keyring key.gpg
    cp InRelease.good $dist/InRelease
    # Another suite's Release, rightly signed; one that is past; one that lists what is not here.
    cp $dist/Release Release.good
    mkdir -p repo/dists/other
    cp -r $dist/main repo/dists/other
    { printf 'Suite: stable\nCodename: test\n'; cat Release.good; } >$dist/Release
    signs "$home" $dist
    exits 0 reference predict apt repo --suite test --keyring key.gpg --name both -o repo.yaml
    same 'a suite by its codename' "$(cat repo.yaml)" "$(cat both.yaml)"
    cp $dist/InRelease repo/dists/other
    exits 5 reference predict apt repo --suite other --keyring key.gpg
    says 'its Release is of suite "stable", codename "test"'
    rm -r repo/dists/other
    { printf 'Valid-Until: Sat, 09 Dec 2023 10:43:35 UTC\n'; sed 's/^Components:.*/& contrib/' Release.good; } |
        sed "/^SHA256:/a\ $(printf '%064d' 0) 17 contrib/binary-amd64/Packages.gz" >$dist/Release
    signs "$home" $dist
    exits 0 reference predict apt repo --keyring key.gpg --name both -o repo.yaml
    says 'no longer valid'
    says 'contrib/binary-amd64/Packages: Release lists it, and it is not here'
    cp Release.good $dist/Release
    signs "$home" $dist
    gpgconf --homedir "$home" --kill all 2>/dev/null
    rm $dist/InRelease
    exits 0 reference predict apt repo --keyring key.gpg --name both -o repo.yaml
    same 'a detached signature' "$(cat repo.yaml)" "$(cat both.yaml)"
    sed -i 's/^Date/Dote/' $dist/Release
    exits 5 reference predict apt repo --keyring key.gpg
    says 'signature is not good'
    rm $dist/Release.gpg
    exits 5 reference predict apt repo --keyring key.gpg
    says 'not signed'
    printf x >>repo/pool/second-xz_2_all.deb
    exits 3 reference predict apt repo
    says 'second-xz_2_all.deb: not the file that the repository lists'
    cp folder/first_1:1.0-1_all.deb repo/pool/second-xz_2_all.deb
    exits 3 reference predict apt repo
    rm repo/pool/second-xz_2_all.deb
    exits 2 reference predict apt repo
    printf x >>$dist/main/binary-amd64/Packages.xz
    exits 3 reference predict apt repo
    says 'not the file that Release lists'
    exits 2 reference predict apt repo --suite other
    exits 2 reference predict apt folder
    says 'no apt repository'
    # A flat one, whose Packages names a file elsewhere.
    mkdir flat
    cp folder/first_1:1.0-1_all.deb flat
    (cd flat && apt-ftparchive packages . >Packages 2>/dev/null && apt-ftparchive release . >../Release 2>/dev/null && mv ../Release .)
    exits 0 reference predict apt flat --name first
    (cd flat && sed -i 's|^Filename: .*|Filename: ../folder/first_1:1.0-1_all.deb|' Packages && apt-ftparchive release . >../Release && mv ../Release .) 2>/dev/null
    exits 3 reference predict apt flat
    says 'a file name that is none'
}

# Only what is installed, and nothing silently less.
status() {
    cat >status <<'STATUS'
Package: first
Status: install ok installed
Version: 1:1.0-1
Architecture: all
Conffiles:
 /etc/nothing d41d8cd98f00b204e9800998ecf8427e

Package: gone
Status: deinstall ok config-files
Version: 3
Architecture: amd64
STATUS
    exits 0 reference predict deb folder --dpkg-status status --name some
    same 'only the first' "$(listed "$scratch/.out" | grep -c random)" 0
    same 'all of the first' "$(listed "$scratch/.out" | grep -c /usr/bin/)" 2
    printf '\nPackage: second-xz\nStatus: install ok installed\nVersion: 3\nArchitecture: all\n' >>status
    exits 2 reference predict deb folder --dpkg-status status -o none.yaml
    says 'installed, and not given: second-xz:all 3'
    says '1 of 2'
    [ ! -e none.yaml ] || fail 'an error left a file behind'
    exits 0 reference predict deb folder --dpkg-status status --skip-missing -o some.yaml
    printf 'Package: x\nPackage: x\n' >twice
    exits 3 reference predict deb folder --dpkg-status twice
    says 'line 2'
}

# Archives by strangers, written by Python: they leave their folder, lie, are cut.
hostile() {
    command -v python3 >/dev/null || return 0
    python3 - <<'PYTHON'
import io, tarfile
def tar(entries):
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode='w', format=tarfile.GNU_FORMAT) as t:
        for name, kind, data in entries:
            info = tarfile.TarInfo(name); info.type = kind
            if kind == tarfile.REGTYPE: info.size = len(data)
            else: info.linkname = data
            t.addfile(info, io.BytesIO(data) if kind == tarfile.REGTYPE else None)
    return out.getvalue()
def ar(members):
    out = b'!<arch>\n'
    for name, data in members:
        out += b'%-16s%-12d%-6d%-6d%-8s%-10d`\n' % (name, 0, 0, 0, b'100644', len(data)) + data + b'\n' * (len(data) % 2)
    return out
R, S, H = tarfile.REGTYPE, tarfile.SYMTYPE, tarfile.LNKTYPE
control = tar([('./control', R, b'Package: p\nVersion: 1\nArchitecture: all\n')])
def deb(name, entries, control=control):
    open(name, 'wb').write(ar([(b'debian-binary', b'2.0\n'), (b'control.tar', control), (b'data.tar', tar(entries))]))
deb('climbs.deb', [('./../../etc/passwd', R, b'x')])
deb('hardlink.deb', [('./a', H, './nothing')])
deb('through-file.deb', [('./a', R, b'x'), ('./a/b', R, b'x')])
deb('loop.deb', [('./a', S, 'a'), ('./a/b', R, b'x')])
deb('no-name.deb', [('./a', R, b'x')], tar([('./control', R, b'Version: 1\nArchitecture: all\n')]))
deb('bad-name.deb', [('./a', R, b'x')], tar([('./control', R, b'Package: ../../x\nVersion: 1\nArchitecture: all\n')]))
deb('fine.deb', [('/usr/absolute', R, b'1'), ('./lib', S, '../../../usr/lib'), ('./lib/within', R, b'2'), ('./same', R, b'3'), ('./same', R, b'4')])
open('order.deb', 'wb').write(ar([(b'debian-binary', b'2.0\n'), (b'data.tar', tar([])), (b'control.tar', control)]))
open('short.deb', 'wb').write(ar([(b'debian-binary', b'2.0\n'), (b'control.tar', control)]))
open('future.deb', 'wb').write(ar([(b'debian-binary', b'3.0\n'), (b'control.tar', control), (b'data.tar', tar([]))]))
PYTHON
    for name in climbs hardlink through-file loop no-name bad-name order short future; do
        exits 3 reference predict deb $name.deb
        says "$name.deb: "
    done
    exits 0 reference predict deb fine.deb --name fine
    same 'absolute, through a link, twice' "$(listed "$scratch/.out")" \
        "$(printf '%s  /same\n%s  /usr/absolute\n%s  /usr/lib/within' "$(printf 4 | sha256sum | cut -c1-64)" \
            "$(printf 1 | sha256sum | cut -c1-64)" "$(printf 2 | sha256sum | cut -c1-64)")"
    head -c 3000 fine.deb >cut.deb
    exits 3 reference predict deb cut.deb
    gzip -k fine.deb
    mv fine.deb.gz zipped.deb
    exits 3 reference predict deb zipped.deb
    exits 2 reference predict deb nowhere.deb
    mkdir -p none
    exits 2 reference predict deb none
    says 'ends with .deb'
}

trees() {
    exits 0 reference predict tree a --name tree
    same 'a tree' "$(listed "$scratch/.out" | grep -vc gr)" "$(tree a '' | grep -vc gr)"
}

# The distribution's own packages, small ones, of the version that is installed here: from apt's cache, or one from its
# source.
real_debs() {
    local deb name version arch left=4
    find /var/cache/apt/archives -name '*.deb' -size -400k 2>/dev/null | sort >cached
    while [ $left -gt 0 ] && read -r deb; do
        IFS=_ read -r name version arch <<<"$(basename "$deb" .deb)"
        [ "$(dpkg-query -W -f '${Version}_${Architecture}' "$name" 2>/dev/null)" = "${version//%3a/:}_$arch" ] || continue
        echo "$deb"
        left=$((left - 1))
    done <cached
    [ $left -lt 4 ] && return
    version=$(dpkg-query -W -f '${Version}' hostname 2>/dev/null) && timeout 60 apt-get -qq download "hostname=$version" >/dev/null 2>&1
    find "$scratch" -maxdepth 1 -name 'hostname_*.deb'
}

# Packages of the distribution, against what dpkg installed from them on this very machine: files, and what dpkg keeps of
# the package itself. Files that the machine's dpkg leaves out (path-exclude) are not there to be compared.
installed() {
    local name deb path found=0
    real_debs >real
    while read -r deb; do
        name=$(dpkg-deb -f "$deb" Package)
        # what is changed here (configuration) or missing is nothing to compare with
        dpkg -V "$name" 2>/dev/null | sed -n 's|^[^/]*/|/|p' >changed
        exits 0 reference predict deb "$deb" --name "$name" -o real.yaml
        listed real.yaml | sort >predicted
        { dpkg -L "$name"; find /var/lib/dpkg/info \( -name "$name.*" -o -name "$name:*" \) ! -name '*.list'; } | while read -r path; do
            if [ -f "$path" ] && [ ! -L "$path" ] && ! grep -qxF "$path" changed; then sha256sum "$path"; fi
        done | sort >on-disk
        [ -s on-disk ] || continue
        found=$((found + 1))
        same "$name: what is installed is predicted" "$(comm -13 predicted on-disk)" ''
        cut -c67- predicted | while read -r path; do
            if [ -e "$path" ] && ! grep -qxF "$path" changed; then echo "$path"; fi
        done | sort >there
        same "$name: and nothing else" "$(comm -23 there <(cut -c67- on-disk | sort))" ''
    done <real
    if [ $found -gt 0 ]; then
        echo "compared with what is installed: $found packages"
    else
        echo "skipped: neither apt's cache nor its source has a package that is installed here"
    fi
}

debs
status
hostile
installed
trees
rpms
repositories
images
conclude
