#!/usr/bin/env bash
# Writes the seeds again: small valid inputs of each kind, most of them by openssl. The keys protect nothing. What else is
# there was found by libFuzzer (keep.py).
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
dir=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$dir"' EXIT
cd "$dir"
mkdir certificate request crl pkcs7 pkcs12 spki key session server

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

for target in certificate request crl pkcs7 pkcs12 spki key session server; do
    cp "$target"/* "$here/$target"
done
