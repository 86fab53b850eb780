#!/usr/bin/env bash
# The other examples, under $MEMCHECK, against OpenSSL's programs and Python's ssl.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"

fail() {
    echo "FAILED: $*" >&2
    tail -n 30 ./*.err ./*.out >&2 2>/dev/null || true
    exit 1
}

expect() { # FILE TEXT: the file has the text
    grep -qF -- "$2" "$1" || fail "$1 lacks: $2"
}

wait_for() { # FILE PATTERN: until a line of the file matches; the match's group is $found
    for _ in $(seq 600); do
        found=$(sed -n "s/$2/\1/p" "$1" 2>/dev/null | head -n 1)
        [ -n "$found" ] && return
        sleep 0.1
    done
    fail "$1 never had $2"
}

# The authority, and what OpenSSL thinks of its work.
mkdir ca
$MEMCHECK "$EXAMPLES/certificate_authority" ca example.test secret 2>ca.err || fail "certificate_authority"
openssl verify -x509_strict -purpose sslserver -verify_hostname example.test -CAfile ca/ca.crt ca/server.crt >openssl.out 2>&1 || fail "server.crt"
openssl req -in ca/server.csr -verify -noout >openssl.out 2>&1 || fail "server.csr"
openssl crl -in ca/ca.crl -CAfile ca/ca.crt -noout -text >crl.out 2>openssl.err || fail "ca.crl"
expect openssl.err "verify OK"
expect crl.out "Key Compromise"
openssl verify -crl_check -CRLfile ca/ca.crl -CAfile ca/ca.crt ca/server.crt >openssl.out 2>&1 || fail "server.crt with the CRL"
if openssl verify -crl_check -CRLfile ca/ca.crl -CAfile ca/ca.crt ca/lost.crt >openssl.out 2>&1; then fail "lost.crt is good"; fi
expect openssl.out "certificate revoked"
openssl pkcs12 -in ca/server.p12 -passin pass:secret -nodes >p12.out 2>openssl.err || fail "server.p12"
[ "$(grep -c 'BEGIN CERTIFICATE' p12.out)" = 2 ] || fail "certificates in server.p12"
openssl pkey -in p12.out -pubout | cmp - <(openssl pkey -in ca/server.key -pubout) || fail "the key in server.p12"
openssl pkey -in ca/ca.key -passin pass:secret -noout 2>openssl.err || fail "ca.key"
if openssl pkey -in ca/ca.key -passin pass:wrong -noout 2>openssl.err; then fail "ca.key is not encrypted"; fi
echo "ok openssl accepts what the authority makes, and refuses what it revokes"

# The verifier, with an intermediate CA of OpenSSL's making.
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout mid.key -out mid.csr -subj "/CN=Middle CA" 2>openssl.err
openssl x509 -req -in mid.csr -CA ca/ca.crt -CAkey ca/ca.key -passin pass:secret -days 2 -out mid.crt \
    -extfile <(echo "basicConstraints=critical,CA:TRUE") 2>openssl.err
openssl req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout local.key -out local.csr -subj "/CN=localhost" 2>openssl.err
openssl x509 -req -in local.csr -CA mid.crt -CAkey mid.key -days 2 -out local.crt \
    -extfile <(echo "subjectAltName=DNS:localhost,IP:127.0.0.1") 2>openssl.err
cat local.crt mid.crt >chain.pem
$MEMCHECK "$EXAMPLES/chain_verifier" ca/ca.crt chain.pem >verifier.out 2>verifier.err || fail "chain_verifier"
diff verifier.out - <<'EOF' || fail "the chain"
0 /CN=localhost
1 /CN=Middle CA
2 /CN=Example Root CA
EOF
refused() { # TEXT ARGUMENT...: the verifier says so, and ends with 1
    local text=$1 code=0
    shift
    $MEMCHECK "$EXAMPLES/chain_verifier" "$@" >verifier.out 2>verifier.err || code=$?
    [ "$code" = 1 ] || fail "chain_verifier $* ended with $code"
    expect verifier.out "$text"
}
refused "refused: unable to get local issuer certificate, at depth 0: CN=localhost" ca/ca.crt local.crt
refused "refused: certificate revoked, at depth 0: CN=example.test" ca/ca.crt ca/lost.crt ca/ca.crl
refused "refused: self" mid.crt ca/ca.crt
$MEMCHECK "$EXAMPLES/chain_verifier" ca/ca.crt ca/server.crt ca/ca.crl >verifier.out 2>verifier.err || fail "server.crt"
echo "ok chains are shown, and refused with reason, depth and subject"

# A session from one process to the next, with OpenSSL's server, in both protocol versions.
resume() { # PROTOCOL
    rm -f session server.out
    openssl s_server "-$1" -accept 127.0.0.1:0 -cert local.crt -key local.key -cert_chain mid.crt -www >server.out 2>server.err &
    wait_for server.out '^ACCEPT 127.0.0.1:\([0-9]*\)$'
    $MEMCHECK "$EXAMPLES/session_resumption" localhost "$found" ca/ca.crt session >page1.out 2>first.err || fail "first session"
    expect first.err "new session"
    [ "$(stat -c %a session)" = 600 ] || fail "mode of the session file"
    $MEMCHECK "$EXAMPLES/session_resumption" localhost "$found" ca/ca.crt session >page2.out 2>second.err || fail "second session"
    expect second.err "resumed session"
    expect page2.out "Reused"
    echo "garbage" >session
    $MEMCHECK "$EXAMPLES/session_resumption" localhost "$found" ca/ca.crt session >page3.out 2>third.err || fail "third session"
    expect third.err "new session"
    kill %% && wait %% 2>/dev/null || true
    echo "ok a session is resumed by another process, $1"
}
resume tls1_3
resume tls1_2

# A transport of pipes, with Python's ssl at the other end.
cat >peer.py <<'EOF'
import os, ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
context.load_cert_chain("full.pem", "local.key")
incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
end = context.wrap_bio(incoming, outgoing, server_side=True)
def do(call, *arguments):
    while True:
        try:
            return call(*arguments)
        except ssl.SSLWantReadError:
            flush()
            got = os.read(0, 65536)
            incoming.write(got) if got else incoming.write_eof()
        finally:
            flush()
def flush():
    rest = outgoing.read()
    while rest:
        rest = rest[os.write(1, rest):]
do(end.do_handshake)
received = b""
while True:
    try:
        got = do(end.read, 65536)
    except ssl.SSLZeroReturnError:
        break
    if not got:
        break
    received += got
do(end.write, received.upper())
try:
    end.unwrap()
finally:
    flush()
EOF
cat local.crt mid.crt >full.pem
head -c 300000 < <(yes 'all through a pipe') >lower.txt
$MEMCHECK "$EXAMPLES/pipe_transport" ca/ca.crt localhost python3 peer.py <lower.txt >upper.out 2>pipe.err || fail "pipe_transport"
tr a-z A-Z <lower.txt | cmp - upper.out || fail "what came through the pipes"
if $MEMCHECK "$EXAMPLES/pipe_transport" ca/ca.crt example.test python3 peer.py <lower.txt >upper.out 2>pipe.err; then fail "a wrong host"; fi
expect pipe.err "hostname mismatch"
if $MEMCHECK "$EXAMPLES/pipe_transport" ca/ca.crt localhost true <lower.txt >upper.out 2>pipe.err; then fail "a peer that is gone"; fi
expect pipe.err "handshake"
echo "ok pipes to Python's ssl"

# The echo server under valgrind, with idle connections, OpenSSL's client and Python's ssl.
$MEMCHECK "$EXAMPLES/epoll_echo" 0 full.pem local.key 20 >echo.out 2>echo.err &
server=$!
wait_for echo.out '^port \([0-9]*\)$'
port=$found
mkfifo hold
$MEMCHECK "$EXAMPLES/echo_clients" 127.0.0.1 "$port" ca/ca.crt 20 <hold >clients.out 2>clients.err &
clients=$!
exec 9>hold
wait_for clients.out '^\([0-9]*\) connections are open$'
wait_for echo.out '^\([0-9]* idle connections, [0-9]* bytes each\)$'
(echo "from s_client"; sleep 2) | openssl s_client -connect "127.0.0.1:$port" -CAfile ca/ca.crt -verify_return_error \
    -quiet -no_ign_eof >s_client.out 2>s_client.err || true
expect s_client.out "from s_client"
python3 - "$port" <<'EOF' || fail "Python's ssl with epoll_echo"
import socket, ssl, sys
context = ssl.create_default_context(cafile="ca/ca.crt")
with context.wrap_socket(socket.create_connection(("127.0.0.1", int(sys.argv[1]))), server_hostname="localhost") as end:
    sent = bytes(range(256)) * 4000
    end.settimeout(60)
    got, at = b"", 0
    while len(got) < len(sent):
        at += end.send(sent[at:at + 30000]) if at < len(sent) else 0
        got += end.recv(30000)
    assert got == sent
EOF
exec 9>&- # the clients close and end
wait "$clients" || fail "echo_clients"
kill -TERM "$server"
wait "$server" || fail "epoll_echo"
echo "ok echo to many clients at once"

echo "ok $(bash "$here/idle.sh" 500)"
