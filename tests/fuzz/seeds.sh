#!/usr/bin/env bash
# Writes the seeds again: small valid inputs of each kind, most of them by openssl. The keys protect nothing. What else is
# there was found by libFuzzer (keep.py).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
mkdir certificate request crl pkcs7 pkcs12 spki key session server hostile_server session_rules mutual established dtls records pem store_ctx

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -keyout key.pem -out cert.pem -days 3650 \
    -subj "/C=DE/O=Seed/CN=seed.test" -addext "subjectAltName=DNS:seed.test,IP:::1,email:a@seed.test" \
    -addext "keyUsage=critical,digitalSignature" -addext "certificatePolicies=1.2.3.4" 2>/dev/null
cp cert.pem certificate/ec.pem
openssl x509 -in cert.pem -outform DER -out certificate/ec.der
openssl req -x509 -newkey ed25519 -nodes -keyout ed.pem -out ed.crt -days 3650 -subj "/CN=seed" 2>/dev/null
openssl x509 -in ed.crt -outform DER -out certificate/ed25519.der

openssl req -new -key key.pem -subj "/CN=seed" -addext "subjectAltName=DNS:seed.test" -outform DER -out request/ec.der
openssl req -new -key key.pem -subj "/CN=seed" -out request/ec.pem

touch index.txt
printf '[ca]\ndefault_ca=d\n[d]\ndatabase=index.txt\ndefault_md=sha256\ndefault_crl_days=3650\n' >ca.cnf
printf 'R\t330101000000Z\t250101000000Z,keyCompromise\t01\tunknown\t/CN=x\n' >index.txt
openssl ca -config ca.cnf -gencrl -keyfile key.pem -cert cert.pem -out crl/one.pem 2>/dev/null
openssl crl -in crl/one.pem -outform DER -out crl/one.der

openssl crl2pkcs7 -nocrl -certfile ed.crt -outform DER -out pkcs7/certificates.der
echo seed | openssl smime -sign -signer cert.pem -inkey key.pem -nodetach -outform DER -out pkcs7/signed.der
openssl pkcs7 -inform DER -in pkcs7/certificates.der -out pkcs7/certificates.pem

openssl pkcs12 -export -in ed.crt -inkey ed.pem -passout pass:x -iter 1 -name seed -out pkcs12/aes.p12
openssl pkcs12 -export -in ed.crt -inkey ed.pem -passout pass:x -iter 1 -legacy -out pkcs12/legacy.p12
openssl pkcs12 -export -in ed.crt -inkey ed.pem -passout pass:x -iter 1 -keypbe NONE -certpbe NONE -nomac -out pkcs12/plain.p12

openssl spkac -key key.pem -digest sha256 -challenge seed | sed 's/^SPKAC=//' >spki/ec.txt

cp key.pem key/ec.pem
openssl pkey -in key.pem -outform DER -out key/ec.der
openssl pkey -in key.pem -pubout -outform DER -out key/public.der
openssl pkey -in ed.pem -aes-256-cbc -passout pass:x -out key/encrypted.pem
openssl ec -in key.pem -aes128 -passout pass:x -out key/traditional.pem 2>/dev/null
openssl genrsa -out rsa.pem 512 2>/dev/null
openssl rsa -in rsa.pem -traditional -outform DER -out key/rsa.der 2>/dev/null

for version in tls1_2 tls1_3; do
    openssl s_server "-$version" -accept 127.0.0.1:0 -cert ed.crt -key ed.pem -quiet -naccept 1 >server.out 2>&1 &
    sleep 1
    port=$(ss -lntp | sed -n "s/.*127.0.0.1:\([0-9]*\).*pid=$!,.*/\1/p")
    (sleep 1) | openssl s_client "-$version" -connect "127.0.0.1:$port" -sess_out session.pem >/dev/null 2>&1 || true
    kill $! 2>/dev/null || true
    openssl sess_id -in session.pem -outform DER -out "session/$version.der" >/dev/null
    python3 - "$version" <<'PYTHON'
import ssl, sys
context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
context.maximum_version = ssl.TLSVersion.TLSv1_2 if sys.argv[1] == "tls1_2" else ssl.TLSVersion.TLSv1_3
context.set_alpn_protocols(["h2", "http/1.1"])
out = ssl.MemoryBIO()
end = context.wrap_bio(ssl.MemoryBIO(), out, server_hostname="seed.test")
try:
    end.do_handshake()
except ssl.SSLWantReadError:
    open(f"server/hello-{sys.argv[1]}", "wb").write(out.read() + b"\xff")
PYTHON
done
printf 'GET / HTTP/1.0\r\n\r\n\377' >server/http

# What the first byte says is at each target; the rest are changes and calls.
seed() { printf "$3" >"$1/$2"; }
seed hostile_server tls1_3 '\000'
seed hostile_server tls1_2 '\001'
seed hostile_server other-name '\002'
seed hostile_server evil '\005'
seed hostile_server resumed '\010'
seed hostile_server resumed-tls1_2 '\011'
seed hostile_server callbacks '\030\010\000\000\000\000\000\000\000\000'
seed hostile_server changed '\000\000\000\005\001\060\000\007\377\103\000\010\004abcd'
seed hostile_server changed-tls1_2 '\001\002\000\030\000\013\000\050\003abc'
seed mutual tls1_3 '\002\000'
seed mutual tls1_2 '\003\000'
seed mutual none '\000\000'
seed mutual evil '\006\000'
seed mutual resumed '\012\004\000\000\000\000'
seed mutual public-session '\030\000'
seed mutual public-session-tls1_2 '\031\000'
seed mutual accepted '\006\003\003\003\003'
seed mutual changed '\002\000\000\000\012\001\000\000\044\002'
seed session_rules tls1_3 '\000'
seed session_rules tls1_2 '\001'
seed session_rules changed '\000\000\000\005\001'
seed session_rules cut '\001\002\000\200'
seed established data '\000\001\007\024\000\024'
seed established alerts '\000\007\025\002\001\000\000\024'
seed established key-update '\000\011\001\004\001\007\024\000\024'
seed established tickets '\000\013\000\001\007\024\000\024\007'
seed established handshake-record '\000\007\026\012\004\000\000\006\000\000\000\000\000\000\000\024'
seed established renegotiation '\003\005\001\007\024\000\024\012\003\010'
seed established shutdown '\002\015\000\000\024\006\000\024'
seed dtls plain '\000\100\001\007\024\000\024'
seed dtls server '\002\100\001\007\024\000\024'
seed dtls lost '\004\100\010\000\001\002\003\000\004\005\001'
seed dtls changed '\010\100\010\000\000\020\001\000\000\040\002'
seed records tls1_3 '\002'
seed records tls1_2 '\007\001\002\003\004\005\006\007\010'
seed records functions '\040\005\005\005\005\005\005\000\000\001\002\003'
seed records between '\002\000\000\000\000\000\000\000\203abc\000'

cp cert.pem pem/one.pem
cat ed.crt cert.pem cert.pem >pem/three.pem
cat key.pem cert.pem >pem/key-first.pem
{ echo "Some words"; sed 's/$/\r/' ed.crt; cat crl/one.pem; } >pem/mixed.pem
openssl x509 -in ed.crt -trustout -addtrust serverAuth -out pem/trusted.pem

# A root, an authority below it, a leaf and a list, with the byte for its use and two for the length before each.
openssl req -x509 -newkey ed25519 -nodes -keyout root.key -out root.pem -days 9000 -subj /CN=root 2>/dev/null
printf 'basicConstraints=critical,CA:TRUE\nkeyUsage=keyCertSign,cRLSign\n' >ca.ext
printf 'subjectAltName=DNS:seed.test\ncertificatePolicies=1.2.3.4\n' >leaf.ext
openssl req -new -newkey ed25519 -nodes -keyout middle.key -out middle.req -subj /CN=middle 2>/dev/null
openssl x509 -req -in middle.req -CA root.pem -CAkey root.key -set_serial 2 -days 9000 -extfile ca.ext -out middle.pem 2>/dev/null
openssl req -new -newkey ed25519 -nodes -keyout leaf.key -out leaf.req -subj /CN=leaf 2>/dev/null
openssl x509 -req -in leaf.req -CA middle.pem -CAkey middle.key -set_serial 3 -days 9000 -extfile leaf.ext -out leaf.pem 2>/dev/null
for name in root middle leaf; do openssl x509 -in $name.pem -outform DER -out $name.der; done
sed -i 's/default_md=sha256/default_md=default/' ca.cnf
openssl ca -config ca.cnf -gencrl -keyfile middle.key -cert middle.pem -out middle.crl 2>/dev/null
openssl crl -in middle.crl -outform DER -out middle-crl.der
object() { printf "\\$1\\$(printf %03o $(($(wc -c <"$2") >> 8)))\\$(printf %03o $(($(wc -c <"$2") & 255)))"; cat "$2"; }
chain() { printf "$1"; object 000 root.der; object 001 middle.der; object 002 leaf.der; }
chain '\240' >store_ctx/chain # in August 2027, when all are valid
chain '\000' >store_ctx/too-early
{ chain '\241'; object 003 middle-crl.der; } >store_ctx/list
chain '\243' >store_ctx/strict
chain '\245' >store_ctx/policy
{ printf '\244'; object 000 middle.der; object 002 leaf.der; } >store_ctx/partial
{ printf '\240'; object 001 middle.der; object 002 leaf.der; } >store_ctx/no-root

for target in */; do
    cp "$target"/* "$here/$target"
done
