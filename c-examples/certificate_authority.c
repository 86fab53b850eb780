/* A certificate authority: makes its key and certificate, signs a request, revokes a certificate, packs a PKCS#12 file.
 *
 *     certificate_authority DIRECTORY HOST PASSPHRASE
 *
 * Leaves in DIRECTORY: ca.key (encrypted with PASSPHRASE) and ca.crt; server.key, server.csr and server.crt, for HOST;
 * server.p12, which has these and ca.crt under PASSPHRASE; lost.crt, a second certificate for HOST, and ca.crl, which
 * revokes it. */
#include <pyssl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const char *directory, *passphrase;

static void die(const char *doing) {
    fprintf(stderr, "certificate_authority: %s: %s\n", doing, pyssl_error_message());
    exit(1);
}

static void must(pyssl_status status, const char *doing) {
    if (status != PYSSL_OK)
        die(doing);
}

static void write_file(const char *name, const uint8_t *content, size_t len) {
    char path[4096];
    FILE *file;

    snprintf(path, sizeof path, "%s/%s", directory, name);
    file = fopen(path, "wb");
    if (file == NULL || fwrite(content, 1, len, file) != len || fclose(file) != 0) {
        perror(path);
        exit(1);
    }
}

static pyssl_pkey *make_key(const char *name, int encrypted) {
    uint8_t pem[8192];
    size_t len;
    pyssl_pkey *key;
    const char *cipher = encrypted ? "aes-256-cbc" : NULL;
    const uint8_t *secret = encrypted ? (const uint8_t *)passphrase : NULL;

    must(pyssl_pkey_new(&key), "key");
    must(pyssl_pkey_generate_ec(key, "prime256v1"), "key");
    must(pyssl_pkey_dump_private(key, PYSSL_FILETYPE_PEM, cipher, secret, encrypted ? strlen(passphrase) : 0, pem,
                                 sizeof pem, &len),
         name);
    write_file(name, pem, len);
    return key;
}

/* Random and positive: 20 octets at the most, RFC 5280, 4.1.2.2. */
static void set_random_serial(pyssl_x509 *cert) {
    uint8_t serial[16];

    must(pyssl_rand_bytes(serial, sizeof serial), "serial number");
    serial[0] = (serial[0] & 0x7f) | 0x40;
    must(pyssl_x509_set_serial(cert, serial, sizeof serial), "serial number");
}

static void add_extension(pyssl_x509 *cert, const char *name, int critical, const char *value, pyssl_x509 *issuer) {
    pyssl_ext *extension;

    must(pyssl_ext_new(name, critical, value, cert, issuer, &extension), name);
    must(pyssl_x509_add_extensions(cert, &extension, 1), name);
    pyssl_ext_free(extension);
}

static void save(const char *name, pyssl_x509 *cert) {
    uint8_t pem[8192];
    size_t len;

    must(pyssl_x509_dump(cert, PYSSL_FILETYPE_PEM, pem, sizeof pem, &len), name);
    write_file(name, pem, len);
}

static pyssl_x509 *make_root(pyssl_pkey *key) {
    static const char common_name[] = "Example Root CA";
    pyssl_x509 *root;
    pyssl_name *subject;

    must(pyssl_x509_new(&root), "root");
    must(pyssl_x509_set_version(root, 2), "version");
    set_random_serial(root);
    must(pyssl_x509_subject(root, &subject), "subject"); /* a view: what is set in it is set in the certificate */
    must(pyssl_name_set(subject, "CN", (const uint8_t *)common_name, sizeof common_name - 1), "subject");
    must(pyssl_x509_set_issuer(root, subject), "issuer");
    pyssl_name_free(subject);
    must(pyssl_x509_adjust_not_before(root, 0), "validity");
    must(pyssl_x509_adjust_not_after(root, 3650L * 24 * 3600), "validity");
    must(pyssl_x509_set_pubkey(root, key), "public key");
    add_extension(root, "basicConstraints", 1, "CA:TRUE", root);
    add_extension(root, "keyUsage", 1, "keyCertSign,cRLSign", root);
    add_extension(root, "subjectKeyIdentifier", 0, "hash", root);
    must(pyssl_x509_sign(root, key, "sha256"), "signature");
    save("ca.crt", root);
    return root;
}

/* What the server's owner sends: a name and a public key, signed with the private key to show that he has it. */
static pyssl_req *make_request(pyssl_pkey *key, const char *host) {
    uint8_t pem[8192];
    char names[300];
    size_t len;
    pyssl_req *request;
    pyssl_name *subject;
    pyssl_ext *extension;

    snprintf(names, sizeof names, "DNS:%.256s", host);
    must(pyssl_req_new(&request), "request");
    must(pyssl_req_subject(request, &subject), "subject");
    must(pyssl_name_set(subject, "CN", (const uint8_t *)host, strlen(host)), "subject");
    pyssl_name_free(subject);
    must(pyssl_req_set_pubkey(request, key), "public key");
    must(pyssl_ext_new("subjectAltName", 0, names, NULL, NULL, &extension), "names");
    must(pyssl_req_add_extensions(request, &extension, 1), "names");
    pyssl_ext_free(extension);
    must(pyssl_req_sign(request, key, "sha256"), "signature");
    must(pyssl_req_dump(request, PYSSL_FILETYPE_PEM, pem, sizeof pem, &len), "request");
    write_file("server.csr", pem, len);
    return request;
}

/* Takes the name, the key and the subjectAltName from the request, and decides the rest itself. */
static pyssl_x509 *sign_request(pyssl_req *request, pyssl_x509 *root, pyssl_pkey *root_key, const char *name) {
    pyssl_x509 *cert;
    pyssl_pkey *key;
    pyssl_name *subject, *issuer;
    pyssl_ext *extension;
    char type[64];
    size_t count, i, len;

    must(pyssl_req_pubkey(request, &key), "public key");
    must(pyssl_req_verify(request, key), "the request's signature");
    must(pyssl_x509_new(&cert), "certificate");
    must(pyssl_x509_set_version(cert, 2), "version");
    set_random_serial(cert);
    must(pyssl_req_subject(request, &subject), "subject");
    must(pyssl_x509_set_subject(cert, subject), "subject");
    must(pyssl_x509_subject(root, &issuer), "issuer");
    must(pyssl_x509_set_issuer(cert, issuer), "issuer");
    must(pyssl_x509_adjust_not_before(cert, 0), "validity");
    must(pyssl_x509_adjust_not_after(cert, 90L * 24 * 3600), "validity");
    must(pyssl_x509_set_pubkey(cert, key), "public key");
    must(pyssl_req_extension_count(request, &count), "extensions");
    for (i = 0; i < count; i++) {
        must(pyssl_req_extension(request, i, &extension), "extension");
        must(pyssl_ext_short_name(extension, type, sizeof type, &len), "extension");
        if (strcmp(type, "subjectAltName") == 0)
            must(pyssl_x509_add_extensions(cert, &extension, 1), "extension");
        pyssl_ext_free(extension);
    }
    add_extension(cert, "basicConstraints", 1, "CA:FALSE", root);
    add_extension(cert, "extendedKeyUsage", 0, "serverAuth", root);
    add_extension(cert, "authorityKeyIdentifier", 0, "keyid", root);
    must(pyssl_x509_sign(cert, root_key, "sha256"), "signature");
    save(name, cert);
    pyssl_name_free(issuer);
    pyssl_name_free(subject);
    pyssl_pkey_free(key);
    return cert;
}

static void revoke(pyssl_x509 *cert, pyssl_x509 *root, pyssl_pkey *root_key) {
    uint8_t serial[20], pem[8192], now[16];
    char hex[2 * sizeof serial + 1] = "";
    size_t len, i;
    pyssl_crl *crl;
    pyssl_revoked *entry;

    must(pyssl_x509_serial(cert, serial, sizeof serial, &len), "serial number");
    for (i = 0; i < len; i++)
        sprintf(hex + 2 * i, "%02x", serial[i]);
    must(pyssl_x509_not_before(cert, now, sizeof now, &len), "time");
    now[len] = '\0';
    must(pyssl_revoked_new(&entry), "entry");
    must(pyssl_revoked_set_serial(entry, hex), "entry");
    must(pyssl_revoked_set_date(entry, (const char *)now), "entry");
    must(pyssl_revoked_set_reason(entry, "keyCompromise"), "entry");

    must(pyssl_crl_new(&crl), "revocation list");
    must(pyssl_crl_set_version(crl, 1), "version"); /* v2, for it has reasons */
    must(pyssl_crl_add_revoked(crl, entry), "entry");
    must(pyssl_crl_issue(crl, root, root_key, 30, "sha256"), "revocation list");
    must(pyssl_crl_dump(crl, PYSSL_FILETYPE_PEM, pem, sizeof pem, &len), "revocation list");
    write_file("ca.crl", pem, len);
    pyssl_revoked_free(entry);
    pyssl_crl_free(crl);
}

static void pack(pyssl_pkey *key, pyssl_x509 *cert, pyssl_x509 *root) {
    uint8_t file[16384];
    size_t len;
    pyssl_pkcs12 *p12;

    must(pyssl_pkcs12_new(&p12), "PKCS#12");
    must(pyssl_pkcs12_set_key(p12, key), "PKCS#12 key");
    must(pyssl_pkcs12_set_cert(p12, cert), "PKCS#12 certificate");
    must(pyssl_pkcs12_set_ca_certs(p12, &root, 1), "PKCS#12 chain");
    must(pyssl_pkcs12_set_friendly_name(p12, (const uint8_t *)"server", 6), "PKCS#12 name");
    must(pyssl_pkcs12_export(p12, (const uint8_t *)passphrase, strlen(passphrase), "aes-256-cbc", 0, 0, file,
                             sizeof file, &len),
         "PKCS#12");
    write_file("server.p12", file, len);
    pyssl_pkcs12_free(p12);
}

int main(int argc, char **argv) {
    pyssl_pkey *root_key, *key;
    pyssl_x509 *root, *cert, *lost;
    pyssl_req *request;

    if (argc != 4) {
        fputs("usage: certificate_authority DIRECTORY HOST PASSPHRASE\n", stderr);
        return 2;
    }
    directory = argv[1];
    passphrase = argv[3];
    root_key = make_key("ca.key", 1);
    root = make_root(root_key);
    key = make_key("server.key", 0);
    request = make_request(key, argv[2]);
    cert = sign_request(request, root, root_key, "server.crt");
    lost = sign_request(request, root, root_key, "lost.crt");
    revoke(lost, root, root_key);
    pack(key, cert, root);

    pyssl_x509_free(lost);
    pyssl_x509_free(cert);
    pyssl_req_free(request);
    pyssl_pkey_free(key);
    pyssl_x509_free(root);
    pyssl_pkey_free(root_key);
    return 0;
}
