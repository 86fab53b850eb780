#!/usr/bin/env bash
# The HTTPS examples against each other, OpenSSL's own programs and curl; client and server run under $MEMCHECK.
set -euo pipefail
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "FAILED: $*" >&2
    cat ./*.err ./*.out >&2 2>/dev/null || true
    exit 1
}

expect() { # FILE TEXT: the file has the text
    grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}

make_certificate() { # NAME SUBJECT EXTENSIONS
    openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout "$1.key" -out "$1.csr" -subj "$2" 2>openssl.err
    openssl x509 -req -in "$1.csr" -CA ca.crt -CAkey ca.key -CAcreateserial -days 2 -out "$1.crt" \
        -extfile <(echo "$3") 2>openssl.err
}

start_server() { # [CAFILE [NAME [COUNT]]]: the example on a free port, for one client; sets $port and $server
    $MEMCHECK "$EXAMPLES/tls_server" 0 "${2-server}.crt" "${2-server}.key" "${1-}" "${3-1}" >server.out 2>server.err &
    server=$!
    for _ in $(seq 300); do
        port=$(sed -n 's/^port //p' server.out)
        [ -n "$port" ] && return
        sleep 0.1
    done
    fail "the server did not start"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout ca.key -out ca.crt -days 2 -subj "/CN=Test CA" 2>openssl.err
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout other.key -out other.crt -days 2 -subj "/CN=Other CA" 2>openssl.err
make_certificate server "/CN=localhost" "subjectAltName=DNS:localhost,IP:127.0.0.1"
make_certificate elsewhere "/CN=localhost" "subjectAltName=DNS:elsewhere.test"
make_certificate client "/CN=a client" "extendedKeyUsage=clientAuth"

# The two examples, with a client certificate.
start_server ca.crt
$MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt / client.crt client.key >client.out 2>client.err || fail "client and server"
wait "$server" || fail "the server under valgrind"
expect client.out "Hello from libpyssl"
expect client.out "as /CN=a client"
expect client.err "protocol TLSv1.3"
expect client.err "peer     /CN=localhost"
echo "ok the examples talk to each other"

# A client that comes back resumes its session, and is still the one its certificate names.
for version in -tls1_2 -tls1_3; do
    start_server ca.crt server 2
    for turn in -sess_out -sess_in; do
        printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "127.0.0.1:$port" "$version" -CAfile ca.crt -cert client.crt \
            -key client.key "$turn" session.pem -ign_eof >"client$turn.out" 2>client.err || fail "s_client $version $turn"
        expect "client$turn.out" "as /CN=a client"
    done
    wait "$server" || fail "the server under valgrind"
    expect client-sess_out.out "New, TLSv1"
    expect client-sess_in.out "Reused, TLSv1"
done
echo "ok a server that verifies resumes without a session id"

# A client that trusts another CA says why, and the server goes on to say what it saw.
start_server
if $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" other.crt >client.out 2>client.err; then fail "an unknown CA was accepted"; fi
expect client.err "certificate verify failed: unable to get local issuer certificate (depth 0, subject CN=localhost)"
wait "$server" || fail "the server under valgrind"
expect server.err "unknown ca"
echo "ok an untrusted server is refused with depth, reason and subject"

# A certificate of that CA for another host.
start_server "" elsewhere
if $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt >client.out 2>client.err; then fail "another host's certificate was accepted"; fi
expect client.err 'IP address mismatch: wanted "127.0.0.1", and the certificate is for "elsewhere.test"'
[ ! -s client.out ] || fail "a page from another host"
wait "$server" || fail "the server under valgrind"
start_server "" elsewhere
if $MEMCHECK "$EXAMPLES/tls_client" localhost "$port" ca.crt >client.out 2>client.err; then fail "a name in the subject was accepted"; fi
expect client.err 'hostname mismatch: wanted "localhost", and the certificate is for "elsewhere.test"'
wait "$server" || fail "the server under valgrind"
echo "ok a server with another host's certificate is refused"

# A server that wants a certificate and gets none.
start_server ca.crt
if $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt >client.out 2>client.err; then fail "no certificate was accepted"; fi
wait "$server" || fail "the server under valgrind"
expect server.err "peer did not return a certificate"
expect client.err "certificate required"
echo "ok a client without a certificate is refused"

# OpenSSL's client against our server.
start_server ca.crt
printf 'GET / HTTP/1.0\r\n\r\n' | openssl s_client -connect "127.0.0.1:$port" -CAfile ca.crt -cert client.crt -key client.key \
    -verify_return_error -quiet >s_client.out 2>s_client.err || true
wait "$server" || fail "the server with s_client"
expect s_client.out "Hello from libpyssl"
echo "ok openssl s_client fetches from the server"

# curl against our server: both versions, with a certificate of its own and without, and with a CA that did not sign.
curl_page() { # ARGUMENT...
    curl --silent --show-error --max-time 60 --noproxy '*' "$@" "https://localhost:$port/page" >curl.out 2>curl.err
}
start_server ca.crt
curl_page --tlsv1.3 --cacert ca.crt --cert client.crt --key client.key || fail "curl, TLS 1.3"
wait "$server" || fail "the server with curl"
expect curl.out "Hello from libpyssl"
expect curl.out "You speak TLSv1.3"
expect curl.out "as /CN=a client"
start_server
curl_page --tls-max 1.2 --cacert ca.crt --include || fail "curl, TLS 1.2"
wait "$server" || fail "the server with curl"
expect curl.out "HTTP/1.0 200 OK"
expect curl.out "You speak TLSv1.2"
expect curl.out "as nobody"
start_server
code=0
curl_page --cacert other.crt || code=$?
[ "$code" = 60 ] || fail "curl with another CA ended with $code"
wait "$server" || fail "the server with curl"
expect server.err "unknown ca"
start_server "" elsewhere
code=0
curl_page --cacert ca.crt || code=$?
[ "$code" = 60 ] || fail "curl with another host's certificate ended with $code"
wait "$server" || fail "the server with curl"
echo "ok curl fetches from the server, and checks whom it talks to"

# Our client against OpenSSL's server.
port=$(free_port)
openssl s_server -accept "127.0.0.1:$port" -cert server.crt -key server.key -www >s_server.out 2>s_server.err &
for _ in $(seq 100); do
    $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt >client.out 2>client.err && break
    grep -qi "connection refused" client.err || fail "s_server"
    sleep 0.1
done
expect client.out "s_server"
expect client.err "protocol TLSv1.3"
echo "ok the client fetches from openssl s_server"

# The short client: by CAFILE and by what the system trusts.
start_server
$MEMCHECK "$EXAMPLES/https_client" localhost "$port" ca.crt >client.out 2>client.err || fail "the short client"
expect client.out "Hello from libpyssl"
wait "$server" || fail "the server under valgrind"
start_server
SSL_CERT_FILE=ca.crt "$EXAMPLES/https_client" 127.0.0.1 "$port" >client.out 2>client.err || fail "the short client with the system's trust"
expect client.out "Hello from libpyssl"
wait "$server" || fail "the server under valgrind"
mistake() { # TEXT ARGUMENT...: the short client ends with 1, no page and that message
    if "$EXAMPLES/https_client" "${@:2}" >client.out 2>client.err; then fail "https_client ${*:2}"; fi
    expect client.err "$1"
    [ ! -s client.out ] || fail "a page of https_client ${*:2}"
}
start_server "" elsewhere
mistake 'hostname mismatch: wanted "localhost", and the certificate is for "elsewhere.test"' localhost "$port" ca.crt
wait "$server" || fail "the server under valgrind"
start_server
mistake "unable to get local issuer certificate" localhost "$port" other.crt
wait "$server" || fail "the server under valgrind"
mistake "usage: https_client HOST PORT" localhost
mistake "connect: Connection refused" 127.0.0.1 "$(free_port)" ca.crt
mistake "no-such-host.invalid: " no-such-host.invalid 443 ca.crt
port=$(free_port)
openssl s_server -accept "127.0.0.1:$port" -cert server.crt -key server.key -quiet < <(sleep 60) >s_server.out 2>s_server.err & # never answers
sleep 1
mistake 'cannot read the file of trusted certificates "missing.crt": No such file or directory' 127.0.0.1 "$port" missing.crt
mistake "receive: " 127.0.0.1 "$port" ca.crt
grep -qi "time" client.err || fail "no word of the time"
echo "ok the short client verifies by default, waits ten seconds, and says what is wrong"

# A server that resets, and one that does not speak TLS.
peer() { # PYTHON: a server for one connection, which the code handles as `c`; sets $port
    python3 - "$1" >peer.out 2>peer.err <<'PYTHON' &
import socket, struct, sys
s = socket.socket()
s.bind(("127.0.0.1", 0))
s.listen()
print(s.getsockname()[1], flush=True)
c, _ = s.accept()
exec(sys.argv[1])
PYTHON
    for _ in $(seq 100); do
        port=$(cat peer.out)
        [ -n "$port" ] && return
        sleep 0.1
    done
    fail "the peer did not start"
}
peer 'c.recv(1); c.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0)); c.close()'
if $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt >client.out 2>client.err; then fail "a reset went unnoticed"; fi
expect client.err "Connection reset by peer"
peer 'c.recv(1); c.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n"); c.close()'
if $MEMCHECK "$EXAMPLES/tls_client" 127.0.0.1 "$port" ca.crt >client.out 2>client.err; then fail "plain HTTP was accepted"; fi
expect client.err 'the peer does not speak TLS: it sent "HTTP/1.1 400'
echo "ok a reset and a plain HTTP server are told apart"

# Files that cannot be used.
if "$EXAMPLES/tls_client" 127.0.0.1 1 ca.crt / client.crt missing.key 2>client.err; then fail "a missing key"; fi
expect client.err 'cannot read the private key file "missing.key": No such file or directory (errno 2)'
if "$EXAMPLES/tls_client" 127.0.0.1 1 ca.crt / client.crt server.key 2>client.err; then fail "a wrong key"; fi
expect client.err "key values mismatch"
echo "ok files that cannot be used are named"
