# An emulator of arm64 that sets up serial ports; sourced by packaging/tests/install-arm64.
# shellcheck shell=bash

# Debian 12's own qemu-user 7.2 answers ENOSYS to TCGETS2, and nobody asks again; from 8.1 on it is ENOTTY, as with an
# old kernel, and TCGETS does it. So it is backports' qemu, unpacked and not installed.
BINFMT=/proc/sys/fs/binfmt_misc
EMULATED=vestibule-test-aarch64
told='' mounted=''

# backports FILE: a source list of this release's backports, on the mirror that this machine uses.
backports() {
    local codename mirror key=/usr/share/keyrings/debian-archive-keyring.gpg
    codename="$(. /etc/os-release; printf '%s' "$VERSION_CODENAME")"
    # The cheapest question that fills apt's lists where they are empty.
    mirror="$(mirror_of "$codename")"
    [ -n "$mirror" ] || { apt-get update -qq; mirror="$(mirror_of "$codename")"; }
    [ -n "$mirror" ] || fail "apt knows no mirror of Debian $codename"
    printf 'deb [arch=%s signed-by=%s] %s %s-backports main\n' "$(dpkg --print-architecture)" "$key" "$mirror" "$codename" >"$1"
}

mirror_of() {
    apt-get indextargets --format '$(REPO_URI)' 'Created-By: Packages' "Codename: $1" 'Label: Debian' 'Component: main' |
        sort -u | head -n 1
}

# emulator FOLDER: has FOLDER/usr/bin/qemu-aarch64, fetched once.
emulator() {
    local to="$1" apt
    [ -x "$to/usr/bin/qemu-aarch64" ] && return 0
    rm -rf "$to"
    mkdir -p "$to/lists/partial"
    backports "$to/backports.list"
    apt=(apt-get -qq -o "Dir::Etc::sourcelist=$to/backports.list" -o Dir::Etc::sourceparts=- -o "Dir::State::lists=$to/lists"
        -o Dir::Cache::pkgcache= -o Dir::Cache::srcpkgcache= -o APT::Sandbox::User=root)
    "${apt[@]}" update
    (cd "$to" && "${apt[@]}" download qemu-user)
    dpkg-deb -x "$to"/qemu-user_*.deb "$to"
}

# tell_kernel FOLDER: hands arm64 programs to that emulator, in any root folder (flag F opens it now).
tell_kernel() {
    local rule
    if [ ! -e "$BINFMT/register" ]; then mount -t binfmt_misc binfmt_misc "$BINFMT"; mounted=yes; fi
    rule="$(sed -E "s|^:[^:]*:|:$EMULATED:|; s|:[^:]*:[A-Z]*\$|:$1/usr/bin/qemu-aarch64:OF|" \
        "$1/usr/share/qemu/binfmt.d/qemu-aarch64.conf")"
    # The newest rule is asked first: one that the machine has already may stay. One of a killed run may not.
    [ ! -e "$BINFMT/$EMULATED" ] || echo -1 >"$BINFMT/$EMULATED"
    printf '%s' "$rule" >"$BINFMT/register"
    told=yes
}

# take_back: what tell_kernel did.
take_back() {
    [ -z "$told" ] || echo -1 >"$BINFMT/$EMULATED"
    [ -z "$mounted" ] || umount "$BINFMT"
    told='' mounted=''
}
