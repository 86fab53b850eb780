#!/bin/sh
# tools.sh COMMAND:PACKAGE...: what the tests need on this machine. Installs missing packages with apt where it can
# (root and apt-get), else names them and fails. A path in place of a command asks for that file.
set -eu

missing() {
    for pair; do
        case $pair in
            /*) [ -e "${pair%:*}" ] || printf '%s ' "${pair#*:}" ;;
            *) command -v "${pair%:*}" >/dev/null || printf '%s ' "${pair#*:}" ;;
        esac
    done
}

packages=$(missing "$@")
[ -n "$packages" ] || exit 0

if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    echo "The tests need: $packages(installing with apt-get)"
    export DEBIAN_FRONTEND=noninteractive
    install() { apt-get install -qq -y --no-install-recommends "$@" >/dev/null; }
    # shellcheck disable=SC2086 # one word for each package
    install $packages 2>/dev/null || apt-get update -qq || true
    for package in $packages; do # one that apt does not know keeps none of the others away
        install "$package" || true
    done
    packages=$(missing "$@")
    [ -n "$packages" ] || exit 0
fi
echo "The tests need these Debian packages, which are not installed: $packages" >&2
exit 1
