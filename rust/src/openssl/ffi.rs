//! The raw declarations of OpenSSL: those of openssl-sys, and the functions that neither it nor the `openssl` crate
//! declares. Signatures from OpenSSL's headers.
#![allow(non_camel_case_types)]

use libc::{c_char, c_int, c_long, c_uchar, c_uint, c_ulong, c_void, size_t};
pub use openssl_sys::*;

/// <openssl/ec.h>
#[repr(C)]
#[derive(Clone, Copy)]
pub struct EC_builtin_curve {
    pub nid: c_int,
    pub comment: *const c_char,
}

/// <openssl/types.h>
pub enum EVP_RAND_CTX {}

/// <openssl/x509_vfy.h>
/// <openssl/bio.h>: a socket address.
pub enum BIO_ADDR {}

/// <openssl/x509_vfy.h>
pub enum X509_OBJECT {}
pub type X509_LOOKUP_get_by_subject_fn = Option<
    unsafe extern "C" fn(
        lookup: *mut X509_LOOKUP,
        kind: c_int,
        name: *const X509_NAME,
        found: *mut X509_OBJECT,
    ) -> c_int,
>;

/// <openssl/x509.h>
pub enum NETSCAPE_SPKI {}
/// <openssl/x509.h>: the first members of a struct that OpenSSL alone makes.
#[repr(C)]
pub struct X509_INFO {
    pub x509: *mut X509,
    pub crl: *mut X509_CRL,
}

/// <openssl/crypto.h>
#[cfg(feature = "embedded")]
pub type CRYPTO_malloc_fn = Option<unsafe extern "C" fn(size: usize, file: *const c_char, line: c_int) -> *mut c_void>;
#[cfg(feature = "embedded")]
pub type CRYPTO_realloc_fn =
    Option<unsafe extern "C" fn(memory: *mut c_void, size: usize, file: *const c_char, line: c_int) -> *mut c_void>;
#[cfg(feature = "embedded")]
pub type CRYPTO_free_fn = Option<unsafe extern "C" fn(memory: *mut c_void, file: *const c_char, line: c_int)>;

extern "C" {
    /// <openssl/ec.h>: how many there are; fills as many as there is room for.
    pub fn EC_get_builtin_curves(curves: *mut EC_builtin_curve, room: usize) -> usize;
    /// <openssl/ssl.h>, OpenSSL 1.1.1: asks a TLS 1.3 client for its certificate after the handshake.
    pub fn SSL_verify_client_post_handshake(ssl: *mut SSL) -> c_int;
    /// <openssl/err.h>: the oldest entry's code, left in the queue; 0 when it is empty.
    pub fn ERR_peek_error() -> c_ulong;
    /// <openssl/crypto.h>: 0 when OpenSSL has allocated something already.
    #[cfg(feature = "embedded")]
    pub fn CRYPTO_set_mem_functions(
        malloc: CRYPTO_malloc_fn,
        realloc: CRYPTO_realloc_fn,
        free: CRYPTO_free_fn,
    ) -> c_int;
    /// <openssl/conf.h>: reads a configuration file and applies its modules; positive for success.
    pub fn CONF_modules_load_file(file: *const c_char, section: *const c_char, flags: c_ulong) -> c_int;
    /// <openssl/bio.h>: a BIO type number of our own.
    pub fn BIO_get_new_index() -> c_int;
    /// <openssl/err.h>, OpenSSL 3.0: the oldest entry with all its parts, removed from the queue.
    pub fn ERR_get_error_all(
        file: *mut *const c_char,
        line: *mut c_int,
        func: *mut *const c_char,
        data: *mut *const c_char,
        flags: *mut c_int,
    ) -> c_ulong;
    /// <openssl/pem.h>: the certificates, lists and keys of a PEM text, as a new stack of X509_INFO.
    pub fn PEM_X509_INFO_read_bio(
        bio: *mut BIO,
        onto: *mut OPENSSL_STACK,
        callback: Option<unsafe extern "C" fn(*mut c_char, c_int, c_int, *mut c_void) -> c_int>,
        userdata: *mut c_void,
    ) -> *mut OPENSSL_STACK;
    /// <openssl/x509.h>
    pub fn X509_INFO_free(info: *mut X509_INFO);
    /// <openssl/x509.h>
    pub fn X509_NAME_print_ex(out: *mut BIO, name: *const X509_NAME, indent: c_int, flags: c_ulong) -> c_int;
    /// <openssl/x509_vfy.h>
    pub fn X509_STORE_up_ref(store: *mut X509_STORE) -> c_int;
    /// <openssl/ssl.h>: 1 until the handshake begins.
    pub fn SSL_in_before(ssl: *const SSL) -> c_int;
    /// <openssl/ssl.h>: the name of a group by the number SSL_get_negotiated_group() gives.
    pub fn SSL_group_to_name(ssl: *mut SSL, id: c_int) -> *const c_char;
    /// <openssl/pem.h>
    pub fn PEM_write_bio_PrivateKey_traditional(
        bio: *mut BIO,
        key: *const EVP_PKEY,
        cipher: *const EVP_CIPHER,
        passphrase: *const c_uchar,
        passphrase_len: c_int,
        callback: Option<unsafe extern "C" fn(*mut c_char, c_int, c_int, *mut c_void) -> c_int>,
        userdata: *mut c_void,
    ) -> c_int;
    /// <openssl/evp.h>: the key as text, private parts included.
    pub fn EVP_PKEY_print_private(bio: *mut BIO, key: *const EVP_PKEY, indent: c_int, ctx: *mut c_void) -> c_int;
    /// <openssl/rsa.h>
    pub fn RSA_print(bio: *mut BIO, key: *const RSA, indent: c_int) -> c_int;
    /// <openssl/x509.h>
    pub fn X509_print_ex(bio: *mut BIO, cert: *mut X509, name_flags: c_ulong, flags: c_ulong) -> c_int;
    /// <openssl/x509.h>
    pub fn X509_REQ_print_ex(bio: *mut BIO, req: *mut X509_REQ, name_flags: c_ulong, flags: c_ulong) -> c_int;
    /// <openssl/x509.h>: the name on one line, cut to `size` bytes with the NUL.
    pub fn X509_NAME_oneline(name: *const X509_NAME, room: *mut c_char, size: c_int) -> *mut c_char;
    /// <openssl/x509.h>, OpenSSL 3.0
    pub fn X509_NAME_hash_ex(
        name: *const X509_NAME,
        library: *mut c_void,
        properties: *const c_char,
        ok: *mut c_int,
    ) -> c_ulong;
    /// <openssl/x509.h>
    pub fn X509_NAME_delete_entry(name: *mut X509_NAME, index: c_int) -> *mut X509_NAME_ENTRY;
    /// <openssl/objects.h>: by short name, long name or dotted numbers; NID_undef when unknown.
    pub fn OBJ_txt2nid(text: *const c_char) -> c_int;
    /// <openssl/asn1.h>: broken-down UTC time of any legal UTCTime or GeneralizedTime, offsets applied.
    pub fn ASN1_TIME_to_tm(time: *const ASN1_TIME, tm: *mut libc::tm) -> c_int;
    /// <openssl/asn1.h>
    pub fn ASN1_TIME_to_generalizedtime(
        time: *const ASN1_TIME,
        out: *mut *mut ASN1_GENERALIZEDTIME,
    ) -> *mut ASN1_GENERALIZEDTIME;
    /// <openssl/x509.h>
    pub fn X509_get0_notBefore(cert: *const X509) -> *const ASN1_TIME;
    /// <openssl/x509.h>
    pub fn X509_get0_notAfter(cert: *const X509) -> *const ASN1_TIME;
    /// <openssl/x509.h>: the algorithm inside the signed part.
    pub fn X509_get0_tbs_sigalg(cert: *const X509) -> *const X509_ALGOR;
    /// <openssl/asn1.h>
    pub fn i2d_ASN1_INTEGER(integer: *const ASN1_INTEGER, out: *mut *mut c_uchar) -> c_int;
    /// <openssl/asn1.h>
    pub fn d2i_ASN1_INTEGER(
        out: *mut *mut ASN1_INTEGER,
        der: *mut *const c_uchar,
        len: libc::c_long,
    ) -> *mut ASN1_INTEGER;
    /// <openssl/evp.h>, OpenSSL 3.0
    pub fn EVP_MD_get0_name(digest: *const EVP_MD) -> *const c_char;
    /// <openssl/evp.h>
    pub fn EVP_Digest(
        data: *const c_void,
        len: usize,
        out: *mut c_uchar,
        out_len: *mut libc::c_uint,
        digest: *const EVP_MD,
        engine: *mut c_void,
    ) -> c_int;
    /// <openssl/x509.h>: `seconds` after `*from` (NULL: now), UTCTime before 2050; NULL when that cannot be.
    pub fn X509_time_adj_ex(
        time: *mut ASN1_TIME,
        days: c_int,
        seconds: libc::c_long,
        from: *mut libc::time_t,
    ) -> *mut ASN1_TIME;
    /// <openssl/x509.h>
    pub fn X509_EXTENSION_dup(extension: *const X509_EXTENSION) -> *mut X509_EXTENSION;
    /// <openssl/x509v3.h>
    pub fn GENERAL_NAME_print(bio: *mut BIO, name: *const GENERAL_NAME) -> c_int;
    /// <openssl/x509v3.h>: the value, of a type that depends on the kind of name.
    pub fn GENERAL_NAME_get0_value(name: *const GENERAL_NAME, kind: *mut c_int) -> *mut c_void;

    /// <openssl/rand.h>, OpenSSL 3.0: the generators of a library context (NULL: the default one), never to be freed.
    pub fn RAND_get0_primary(ctx: *mut OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    pub fn RAND_get0_public(ctx: *mut OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    pub fn RAND_get0_private(ctx: *mut OSSL_LIB_CTX) -> *mut EVP_RAND_CTX;
    /// <openssl/evp.h>, OpenSSL 3.0: new entropy for a generator.
    pub fn EVP_RAND_reseed(
        ctx: *mut EVP_RAND_CTX,
        prediction_resistance: c_int,
        entropy: *const c_uchar,
        entropy_len: size_t,
        addin: *const c_uchar,
        addin_len: size_t,
    ) -> c_int;
    /// <openssl/asn1.h>
    pub fn ASN1_ENUMERATED_new() -> *mut ASN1_ENUMERATED;
    pub fn ASN1_ENUMERATED_set(value: *mut ASN1_ENUMERATED, number: c_long) -> c_int;
    /// <openssl/x509.h>
    pub fn X509_CRL_print(bio: *mut BIO, crl: *mut X509_CRL) -> c_int;
    /// <openssl/x509.h>: NULL takes the attribute off.
    pub fn X509_alias_set1(cert: *mut X509, name: *const c_uchar, len: c_int) -> c_int;
    pub fn X509_keyid_get0(cert: *mut X509, len: *mut c_int) -> *mut c_uchar;
    pub fn X509_keyid_set1(cert: *mut X509, id: *const c_uchar, len: c_int) -> c_int;
    /// <openssl/x509.h>: Netscape's signed public key and challenge.
    pub fn NETSCAPE_SPKI_new() -> *mut NETSCAPE_SPKI;
    pub fn NETSCAPE_SPKI_free(spki: *mut NETSCAPE_SPKI);
    pub fn NETSCAPE_SPKI_b64_decode(text: *const c_char, len: c_int) -> *mut NETSCAPE_SPKI;
    pub fn NETSCAPE_SPKI_b64_encode(spki: *mut NETSCAPE_SPKI) -> *mut c_char;
    pub fn NETSCAPE_SPKI_get_pubkey(spki: *mut NETSCAPE_SPKI) -> *mut EVP_PKEY;
    pub fn NETSCAPE_SPKI_set_pubkey(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY) -> c_int;
    pub fn NETSCAPE_SPKI_sign(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY, md: *const EVP_MD) -> c_int;
    pub fn NETSCAPE_SPKI_verify(spki: *mut NETSCAPE_SPKI, key: *mut EVP_PKEY) -> c_int;
    /// <openssl/crypto.h>, OpenSSL 3.0: the calling thread's default library context; returns the one before.
    pub fn OSSL_LIB_CTX_set0_default(context: *mut OSSL_LIB_CTX) -> *mut OSSL_LIB_CTX;
    /// <openssl/pkcs12.h>, OpenSSL 3.0: an empty structure whose content is decoded and decrypted in a library context.
    pub fn PKCS12_init_ex(mode: c_int, ctx: *mut OSSL_LIB_CTX, properties: *const c_char) -> *mut PKCS12;
    pub fn d2i_PKCS12_bio(bio: *mut BIO, out: *mut *mut PKCS12) -> *mut PKCS12;
    /// <openssl/x509_vfy.h>, OpenSSL 3.0
    pub fn X509_STORE_load_file(store: *mut X509_STORE, file: *const c_char) -> c_int;
    pub fn X509_STORE_load_path(store: *mut X509_STORE, path: *const c_char) -> c_int;
    /// <openssl/x509_vfy.h>
    pub fn X509_STORE_add_crl(store: *mut X509_STORE, crl: *mut X509_CRL) -> c_int;
    /// <openssl/x509_vfy.h>: where in the chain a verification is.
    /// <openssl/x509_vfy.h>: indexes are CRYPTO_get_ex_new_index()'s.
    pub fn X509_STORE_set_ex_data(store: *mut X509_STORE, index: c_int, data: *mut c_void) -> c_int;
    pub fn X509_STORE_get_ex_data(store: *const X509_STORE, index: c_int) -> *mut c_void;
    /// <openssl/x509_vfy.h>: part of the context, as are its parameters that the two after it set.
    pub fn X509_STORE_CTX_get0_store(context: *const X509_STORE_CTX) -> *mut X509_STORE;
    pub fn X509_STORE_CTX_set_flags(context: *mut X509_STORE_CTX, flags: c_ulong);
    pub fn X509_STORE_CTX_set_time(context: *mut X509_STORE_CTX, flags: c_ulong, time: libc::time_t);
    /// <openssl/x509_vfy.h>: all that a store has or finds for a name; a new stack, or NULL.
    pub fn X509_STORE_CTX_get1_certs(context: *const X509_STORE_CTX, name: *const X509_NAME) -> *mut stack_st_X509;
    pub fn X509_STORE_CTX_get1_crls(context: *const X509_STORE_CTX, name: *const X509_NAME) -> *mut stack_st_X509_CRL;
    /// <openssl/x509_vfy.h>: where a store looks for what it has not.
    pub fn X509_LOOKUP_meth_new(name: *const c_char) -> *mut X509_LOOKUP_METHOD;
    pub fn X509_LOOKUP_meth_set_get_by_subject(
        method: *mut X509_LOOKUP_METHOD,
        function: X509_LOOKUP_get_by_subject_fn,
    ) -> c_int;
    pub fn X509_LOOKUP_get_store(lookup: *const X509_LOOKUP) -> *mut X509_STORE;
    pub fn X509_OBJECT_set1_X509(object: *mut X509_OBJECT, cert: *mut X509) -> c_int;
    pub fn X509_OBJECT_set1_X509_CRL(object: *mut X509_OBJECT, crl: *mut X509_CRL) -> c_int;
    /// <openssl/ssl.h>: in place of X509_verify_cert() for what peers send.
    pub fn SSL_CTX_set_cert_verify_callback(
        ctx: *mut SSL_CTX,
        callback: Option<unsafe extern "C" fn(context: *mut X509_STORE_CTX, argument: *mut c_void) -> c_int>,
        argument: *mut c_void,
    );
    /// <openssl/ssl.h>
    pub fn SSL_renegotiate(ssl: *mut SSL) -> c_int;
    pub fn SSL_renegotiate_pending(ssl: *const SSL) -> c_int;
    pub fn SSL_key_update(ssl: *mut SSL, kind: c_int) -> c_int;
    pub fn SSL_get_cipher_list(ssl: *const SSL, index: c_int) -> *const c_char;
    pub fn SSL_get_client_CA_list(ssl: *const SSL) -> *mut stack_st_X509_NAME;
    pub fn SSL_get1_session(ssl: *mut SSL) -> *mut SSL_SESSION;
    /// Frees the record layers' buffers, where nothing is in them.
    pub fn SSL_free_buffers(ssl: *mut SSL) -> c_int;
    /// <openssl/evp.h>
    pub fn EVP_PKEY_set_type(key: *mut EVP_PKEY, kind: c_int) -> c_int;
    pub fn SSL_want(ssl: *const SSL) -> c_int;
    pub fn SSL_set_options(ssl: *mut SSL, options: u64) -> u64;
    pub fn SSL_set_info_callback(ssl: *mut SSL, callback: Option<unsafe extern "C" fn(*const SSL, c_int, c_int)>);
    /// <openssl/ssl.h>: bytes of data that fit a datagram of the path's MTU; 0 before the handshake.
    pub fn DTLS_get_data_mtu(ssl: *const SSL) -> size_t;
    pub fn DTLSv1_listen(ssl: *mut SSL, client: *mut BIO_ADDR) -> c_int;
    /// <openssl/bio.h>
    pub fn BIO_ADDR_new() -> *mut BIO_ADDR;
    pub fn BIO_ADDR_free(address: *mut BIO_ADDR);
    /// <openssl/x509_vfy.h>: what a verification checks the names against; strings of the parameters, or a new one.
    pub fn X509_VERIFY_PARAM_get0_host(param: *mut X509_VERIFY_PARAM, index: c_int) -> *mut c_char;
    /// <openssl/err.h>
    pub fn ERR_set_mark() -> c_int;
    pub fn ERR_pop_to_mark() -> c_int;
    pub fn X509_VERIFY_PARAM_get1_ip_asc(param: *mut X509_VERIFY_PARAM) -> *mut c_char;
    pub fn X509_VERIFY_PARAM_set1(to: *mut X509_VERIFY_PARAM, from: *const X509_VERIFY_PARAM) -> c_int;
    pub fn X509_VERIFY_PARAM_get_depth(param: *const X509_VERIFY_PARAM) -> c_int;
    /// <openssl/evp.h>, OpenSSL 3.0: the name of the kind of key, which belongs to it.
    pub fn EVP_PKEY_get0_type_name(key: *const EVP_PKEY) -> *const c_char;
    /// <openssl/ssl.h>: all three at once, or nothing; the chain may be NULL. References are counted.
    pub fn SSL_CTX_use_cert_and_key(
        ctx: *mut SSL_CTX,
        cert: *mut X509,
        key: *mut EVP_PKEY,
        chain: *mut stack_st_X509,
        replace: c_int,
    ) -> c_int;
    pub fn SSL_use_cert_and_key(
        ssl: *mut SSL,
        cert: *mut X509,
        key: *mut EVP_PKEY,
        chain: *mut stack_st_X509,
        replace: c_int,
    ) -> c_int;
    /// <openssl/x509_vfy.h>: locks the objects of a store; 1 on success.
    pub fn X509_STORE_lock(store: *mut X509_STORE) -> c_int;
    pub fn X509_STORE_unlock(store: *mut X509_STORE) -> c_int;
    pub fn X509_OBJECT_get0_X509_CRL(object: *const X509_OBJECT) -> *mut X509_CRL;
    /// <openssl/ssl.h>: what sessions are labelled with, up to 32 bytes.
    pub fn SSL_set_session_id_context(ssl: *mut SSL, id: *const c_uchar, len: c_uint) -> c_int;
    pub fn SSL_SESSION_get0_id_context(session: *const SSL_SESSION, len: *mut c_uint) -> *const c_uchar;
    pub fn SSL_set_num_tickets(ssl: *mut SSL, count: usize) -> c_int;
    pub fn SSL_SESSION_set1_id_context(session: *mut SSL_SESSION, id: *const c_uchar, len: c_uint) -> c_int;
    pub fn X509_VERIFY_PARAM_get0_email(param: *mut X509_VERIFY_PARAM) -> *mut c_char;
    pub fn X509_VERIFY_PARAM_get_hostflags(param: *const X509_VERIFY_PARAM) -> c_uint;
    /// <openssl/x509_vfy.h>, OpenSSL 3.5.
    #[cfg(feature = "embedded")]
    pub fn X509_VERIFY_PARAM_get_purpose(param: *const X509_VERIFY_PARAM) -> c_int;
    /// <openssl/x509.h>: X509_TRUST_* of a certificate for a use.
    pub fn X509_check_trust(cert: *mut X509, id: c_int, flags: c_int) -> c_int;
    /// <openssl/ssl.h>: indexes are CRYPTO_get_ex_new_index()'s.
    pub fn SSL_SESSION_get_ex_data(session: *const SSL_SESSION, index: c_int) -> *mut c_void;
    /// <openssl/ssl.h>: part of the session; NULL where it has none.
    pub fn SSL_SESSION_get0_peer(session: *mut SSL_SESSION) -> *mut X509;
    /// <openssl/crypto.h>
    pub fn CRYPTO_get_ex_data(data: *const CRYPTO_EX_DATA, index: c_int) -> *mut c_void;
    pub fn CRYPTO_set_ex_data(data: *mut CRYPTO_EX_DATA, index: c_int, value: *mut c_void) -> c_int;
    pub fn SSL_has_pending(ssl: *const SSL) -> c_int;
    pub fn SSL_is_dtls(ssl: *const SSL) -> c_int;
    pub fn SSL_CTX_get_client_CA_list(ctx: *const SSL_CTX) -> *mut stack_st_X509_NAME;
    pub fn SSL_CTX_get_verify_depth(ctx: *const SSL_CTX) -> c_int;
    pub fn SSL_CTX_set_timeout(ctx: *mut SSL_CTX, seconds: c_long) -> c_long;
    pub fn SSL_CTX_get_timeout(ctx: *const SSL_CTX) -> c_long;
    /// <openssl/pem.h>, OpenSSL 3.0: parameters of any kind of key, DH among them.
    pub fn PEM_read_bio_Parameters(bio: *mut BIO, out: *mut *mut EVP_PKEY) -> *mut EVP_PKEY;
}
