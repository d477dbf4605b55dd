# What the scripts that build Debian packages share; sourced by them. `begin` makes an empty tree, `put` lays a file in it,
# `control` says what it is, `finish` packs it, reads it back and unpacks it again to be looked at.

begin() {
    tree=$(mktemp -d) unpacked=$(mktemp -d)
    trap 'rm -rf "$tree" "$unpacked"' EXIT
    chmod 755 "$tree"
    architecture=$(dpkg --print-architecture)
    export SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$root" log -1 --format=%ct 2>/dev/null || echo 0)}
}

# put MODE FROM TO
put() { install -D -m "$1" "$2" "$tree/$3"; }

# program FROM NAME: without what only a debugger reads
program() {
    put 755 "$1" "usr/bin/$2"
    strip --strip-unneeded "$tree/usr/bin/$2"
}

# needs PROGRAM…: the packages of the libraries that they name, and of libc the lowest version that will do
needs() {
    local libc names
    libc=$(objdump -T "$@" | grep -o 'GLIBC_2\.[0-9.]*' | sort -Vu | tail -1 | cut -d_ -f2)
    names=$(objdump -p "$@" | awk '/NEEDED/ { print $2 }' | sort -u | grep -v '^ld-linux')
    for name in $names; do
        dpkg -S "*/$name" 2>/dev/null | grep -v -- '-dev:\|-cross' | head -1 | cut -d: -f1
    done | sort -u | sed "s/^libc6\$/libc6 (>= $libc)/" | paste -sd, | sed 's/,/, /g'
}

# control NAME VERSION SECTION DEPENDS, the description from standard input
control() {
    mkdir -p "$tree/DEBIAN"
    cat >"$tree/DEBIAN/control" <<CONTROL
Package: $1
Version: $2
Architecture: $architecture
Maintainer: The Tessera project <tessera@localhost>
Depends: $4
Installed-Size: $(du -sk --exclude=DEBIAN "$tree" | cut -f1)
Section: $3
Priority: optional
Description: $(cat)
CONTROL
}

# finish OUT NAME VERSION PATH…: writes OUT/NAME_VERSION_ARCHITECTURE.deb, in which every PATH has to be
finish() {
    local out=$1 name=$2 version=$3 contents
    shift 3
    find "$tree" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
    mkdir -p "$out"
    deb=$out/${name}_${version}_${architecture}.deb
    dpkg-deb --root-owner-group -Zxz --build "$tree" "$deb" >/dev/null
    contents=$(dpkg-deb --contents "$deb")
    for path in "$@"; do
        grep -q " \./$path\$" <<<"$contents" || { echo "deb: $path is not in $name" >&2; exit 1; }
    done
    if grep -qv 'root/root' <<<"$contents"; then echo "deb: a file of $name is not root's" >&2; exit 1; fi
    [ "$(dpkg-deb --field "$deb" Package Version | sort)" = "$(printf 'Package: %s\nVersion: %s' "$name" "$version")" ]
    dpkg-deb --extract "$deb" "$unpacked"
    dpkg-deb --control "$deb" "$unpacked/DEBIAN"
}
