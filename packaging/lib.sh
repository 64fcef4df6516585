# What the packaging programs share; sourced, never run.
# shellcheck shell=bash

say() { printf '\n== %s\n' "$*"; }
fail() { printf '%s: %s\n' "${0##*/}" "$*" >&2; exit 1; }

# need PACKAGE...: installs what is missing of Debian's packages.
need() {
    local missing=() package
    for package in "$@"; do
        dpkg-query -W -f '${db:Status-Status}\n' "$package" 2>/dev/null | grep -qx installed || missing+=("$package")
    done
    [ ${#missing[@]} -eq 0 ] && return 0
    say "install ${missing[*]}"
    local as=()
    [ "$(id -u)" -eq 0 ] || as=(sudo)
    "${as[@]}" apt-get update -qq
    RUNLEVEL=1 DEBIAN_FRONTEND=noninteractive "${as[@]}" apt-get install -y -qq --no-install-recommends "${missing[@]}"
}

# Seconds of the newest commit: the only time that gets into a package.
commit_time() { git log -1 --format=%ct; }

# The version that Cargo.toml gives the workspace.
workspace_version() { sed -n 's/^version = "\(.*\)"$/\1/p' Cargo.toml | head -n 1; }

# What a package's maintainer scripts and control file call us.
MAINTAINER="$(sed -n 's/^Maintainer: //p' packaging/debian/control)"
