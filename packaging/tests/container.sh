# A throw-away Debian 12 that boots its own systemd; sourced by packaging/tests/install.
# shellcheck shell=bash

# Longest wait for anything inside, in seconds: a start, a watchdog's bite, a shutdown.
PATIENCE=${PATIENCE:-90}

# base_root FOLDER ARCH: Debian 12 with what a headless gateway has, made once.
base_root() {
    local root="$1" arch="$2"
    [ -e "$root/.complete" ] && return 0
    rm -rf "$root"
    mkdir -p "$root"
    debootstrap --variant=minbase --arch="$arch" \
        --include=systemd,systemd-sysv,dbus,tzdata,udev,procps,openssl bookworm "$root" >"$root.log" 2>&1 ||
        { tail -n 20 "$root.log" >&2; fail "debootstrap failed"; }
    # What the installer of Debian writes and debootstrap does not.
    printf "127.0.0.1 localhost\n::1 localhost\n127.0.1.1 gateway\n" >"$root/etc/hosts"
    printf "gateway\n" >"$root/etc/hostname"
    touch "$root/.complete"
}

# boot ROOT SHARED: starts the root; what it writes is forgotten. SHARED is /shared inside, to be read only.
boot() {
    systemd-nspawn --quiet --boot --directory="$1" --volatile=overlay --bind-ro="$2:/shared" --private-network \
        --machine=vestibule-test-$$ --register=no --keep-unit --link-journal=no --console=pipe \
        </dev/null >"$2/boot.log" 2>&1 &
    container=$!
    # The first process inside is the only child of ours that runs systemd; nspawn has forked it when it says so.
    local until=$((SECONDS + PATIENCE))
    until leader="$(pgrep -P "$container" -x systemd | head -n 1)" && [ -n "$leader" ]; do
        kill -0 "$container" 2>/dev/null || { cat "$2/boot.log" >&2; fail "the container did not start"; }
        [ $SECONDS -lt $until ] || fail "the container did not start in time"
        read -r -t 0.2 <> <(:) || true
    done
    until inside systemctl is-system-running --wait >/dev/null 2>&1 ||
        [ "$(inside systemctl is-system-running 2>/dev/null)" = degraded ]; do
        [ $SECONDS -lt $until ] || fail "the container's systemd did not come up"
        read -r -t 0.2 <> <(:) || true
    done
}

# inside COMMAND...: runs as root in the container.
inside() {
    nsenter --target "$leader" --mount --uts --ipc --net --pid --root --wd -- \
        env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 DEBIAN_FRONTEND=noninteractive "$@"
}

# halt: ends the container, in order if it can.
halt() {
    [ -n "${container:-}" ] || return 0
    if kill -0 "$container" 2>/dev/null; then
        kill -TERM "$container" 2>/dev/null || true
        local until=$((SECONDS + 30))
        while kill -0 "$container" 2>/dev/null && [ $SECONDS -lt $until ]; do read -r -t 0.2 <> <(:) || true; done
        kill -KILL "$container" 2>/dev/null || true
    fi
    wait "$container" 2>/dev/null || true
    container=''
}

# said UNIT SINCE PATTERN: waits until the unit's journal has such a line after the cursor SINCE.
said() {
    inside timeout "$PATIENCE" sh -c \
        "journalctl --follow --no-tail --quiet --output=cat --after-cursor='$2' --unit='$1' | grep --max-count=1 -E '$3'" ||
        fail "$1 did not say \"$3\" in $PATIENCE s"
}

# cursor: where the journal is now.
cursor() { inside journalctl --lines=0 --show-cursor --quiet | sed -n 's/^-- cursor: //p'; }
