#!/usr/bin/env bash
# idle.sh COUNT: the echo server of $EXAMPLES with that many idle connections; prints what each of them takes.
set -euo pipefail
EXAMPLES=$(cd "$EXAMPLES" && pwd)
count=$1
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key -out crt -days 2 -subj "/CN=echo" \
    -addext "subjectAltName=IP:127.0.0.1" 2>/dev/null

wait_for() { # FILE PATTERN: until a line of the file matches; the match's group is $found
    for _ in $(seq 6000); do
        found=$(sed -n "s/$2/\1/p" "$1" | head -n 1)
        [ -n "$found" ] && return
        sleep 0.1
    done
    echo "$1 never had $2" >&2
    exit 1
}

"$EXAMPLES/epoll_echo" 0 crt key "$count" >echo.out &
server=$!
wait_for echo.out '^port \([0-9]*\)$'
mkfifo hold
"$EXAMPLES/echo_clients" 127.0.0.1 "$found" crt "$count" <hold >clients.out &
clients=$!
exec 9>hold
wait_for clients.out '^\([0-9]*\) connections are open$'
wait_for echo.out '^\([0-9]* idle connections, [0-9]* bytes each\)$'
exec 9>&- # the clients close and end
wait "$clients"
kill -TERM "$server"
wait "$server"
echo "$found"
