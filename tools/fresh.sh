#!/usr/bin/env bash
# fresh.sh [COMMAND...]: runs the README's two commands, or the given ones, in a minimal Debian 12 that has nothing but
# what the README asks for. Ends with a line for each command; the result is non-zero when one failed.
#
# debootstrap makes the root, with ca-certificates. The packages are those of the README's `apt-get install` line. Rust is
# the running machine's toolchain (the directory that `rustc --print sysroot` names), mounted read-only; crates are
# fetched anew. The checkout is a clone of HEAD. How registries are reached is taken from the running machine: apt's
# sources of Debian 12 and its Acquire settings, pip's and cargo's configuration, proxy variables, resolv.conf, hosts,
# and the CA bundle.
#
# Needs root, Linux namespaces, and some 6 GB in FRESH_DIR (target/fresh), which is removed at the end unless FRESH_KEEP
# is set. With FRESH_AGAIN a root that was kept is used again: its checkout goes on to HEAD, and what is built there stays.
# All mounts are in a mount namespace of their own and end with it, as every process does.
set -euo pipefail
cd "$(dirname "$0")/.."
checkout=$PWD
directory=$(realpath -m "${FRESH_DIR:-target/fresh}")
root=$directory/root
release=bookworm

main() {
    [ "$(id -u)" = 0 ] || die "it needs root, to make a Debian root and to enter it"
    tools/tools.sh debootstrap unshare
    sources=$(apt_sources)
    [ -n "$sources" ] || die "apt on this machine has no source of Debian's $release"
    trap clean_up EXIT
    packages=$(sed -n 's/^    apt-get install \([^#]*\).*/\1/p' README.md)
    if [ -n "${FRESH_AGAIN:-}" ] && [ -d "$root/root/libpyssl" ]; then
        echo "==== fresh: the Debian that was kept"
        take_client_settings
        git -C "$root/root/libpyssl" fetch -q "$checkout" HEAD
        git -C "$root/root/libpyssl" reset -q --hard FETCH_HEAD
    else
        make_root
    fi
    echo "Debian $(cat "$root/etc/debian_version"), $(inside 'python3 --version'), $(inside 'rustc --version')"
    echo "installed: $packages"
    echo "libpyssl: $(git -C "$root/root/libpyssl" log -1 --format="%h %s")"

    if [ $# = 0 ]; then
        mapfile -t commands < <(sed -n 's/^    \(make [a-z]*\)  *#.*/\1/p' README.md)
    else
        commands=("$@")
    fi
    result=0 outcomes=()
    for command in "${commands[@]}"; do
        echo
        echo "==== fresh: $command"
        begin=$SECONDS code=0
        inside "$command" || code=$?
        took="$((SECONDS - begin)) s"
        if [ $code = 0 ]; then outcomes+=("ok      $command, $took"); else
            outcomes+=("FAILED  $command, $took (ended with code $code)")
            result=1
        fi
    done
    echo
    echo "==== fresh: Debian $(cat "$root/etc/debian_version"), libpyssl at $(git -C "$root/root/libpyssl" log -1 --format=%h)"
    printf '%s\n' "${outcomes[@]}"
    exit $result
}

make_root() {
    echo "==== fresh: a minimal Debian ($release)"
    rm -rf --one-file-system "$directory"
    mkdir -p "$root"
    debootstrap --variant=minbase --include=ca-certificates "$release" "$root" "$(awk '{ print $2; exit }' <<<"$sources")" \
        >"$directory/debootstrap.log" || { tail -n 20 "$directory/debootstrap.log" >&2; die "debootstrap failed"; }
    take_client_settings
    git clone -q --no-hardlinks "$checkout" "$root/root/libpyssl"
    mkdir "$root/opt/rust"
    inside "apt-get update -qq && apt-get install -qq -y $packages >/dev/null" || die "apt-get install $packages failed"
}

# Prints a line for each of apt's sources that belongs to the release: deb URI SUITE COMPONENT.
apt_sources() {
    list() {
        # shellcheck disable=SC2016 # apt's own variables
        apt-get indextargets --format 'deb $(REPO_URI) $(RELEASE) $(COMPONENT)' 'Created-By: Packages' 'Origin: Debian' |
            grep -E " $release(-updates|-security)? " || true
    }
    [ -n "$(list)" ] || apt-get update -qq
    list | sort -u | sort -s -k 3,3 # the release itself comes before its updates
}

# Copies into the root how this machine's apt, pip and cargo reach their registries.
take_client_settings() {
    printf '%s\n' "$sources" >"$root/etc/apt/sources.list"
    apt-config dump Acquire >"$root/etc/apt/apt.conf.d/99machine"
    cp /etc/resolv.conf /etc/hosts "$root/etc/"
    bundle=${SSL_CERT_FILE:-/etc/ssl/certs/ca-certificates.crt}
    [ ! -e "$bundle" ] || cp "$bundle" "$root/etc/ssl/certs/ca-certificates.crt"
    for file in /etc/pip.conf ~/.pip/pip.conf ~/.config/pip/pip.conf "${CARGO_HOME:-$HOME/.cargo}/config.toml"; do
        [ -e "$file" ] || continue
        case $file in
            /etc/*) to=$root$file ;;
            */config.toml) to=$root/root/.cargo/config.toml ;;
            *) to=$root/root${file#"$HOME"} ;;
        esac
        mkdir -p "$(dirname "$to")"
        cp "$file" "$to"
    done
    settings=(PIP_CERT=/etc/ssl/certs/ca-certificates.crt)
    while IFS= read -r name; do
        settings+=("$name=${!name}")
    done < <(compgen -e | grep -E -i '^(https?|ftp|all|no)_proxy$|^CARGO_(HTTP|NET|REGISTR(Y|IES))_|^PIP_(.*INDEX.*|DEFAULT_TIMEOUT|PROXY|TRUSTED_HOST)$' || true)
}

# Runs a command line in the root, in the checkout.
inside() {
    # shellcheck disable=SC2016 # for the shell inside
    FRESH_ROOT=$root FRESH_RUST=$(rustc --print sysroot) unshare --mount --pid --fork --kill-child bash -euc '
        mount --make-rprivate /
        mount -t proc proc "$FRESH_ROOT/proc"
        mount --rbind /dev "$FRESH_ROOT/dev"
        mount --bind "$FRESH_RUST" "$FRESH_ROOT/opt/rust"
        mount -o remount,bind,ro "$FRESH_ROOT/opt/rust"
        exec chroot "$FRESH_ROOT" /usr/bin/env -i "$@"' - \
        HOME=/root TERM="${TERM:-dumb}" DEBIAN_FRONTEND=noninteractive "${settings[@]}" \
        PATH=/opt/rust/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
        sh -c "cd /root/libpyssl && $1" </dev/null
}

clean_up() {
    if [ -n "${FRESH_KEEP:-}" ]; then echo "kept: $root"; else rm -rf --one-file-system "$directory"; fi
}

die() {
    echo "fresh.sh: $*" >&2
    exit 1
}

main "$@"
