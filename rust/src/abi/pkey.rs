//! pyssl_pkey_*: keys.

use super::arg::{bytes, not_null, opt_bytes, opt_text, opt_word, put, put_bytes, put_handle, put_text, text};
use super::gate::{gate, gate_value, pyssl_status};
use super::handle::{object, Object};
use super::types::pyssl_pkey;
use crate::core::filetype::FileType;
use crate::core::pkey;
use crate::core::pkey::{PKey, Passphrase, Recipe};
use crate::core::signature;
use crate::error::{Error, Result};
use crate::runtime::{language, user_code};
use crate::status::Status;
use libc::{c_char, c_int, c_void};

object!(PKey, pyssl_pkey, 1, "pkey");

/// PEM: base64 between BEGIN and END lines.
pub const PYSSL_FILETYPE_PEM: c_int = 1;
/// DER.
pub const PYSSL_FILETYPE_ASN1: c_int = 2;
/// Text for people; it cannot be loaded.
pub const PYSSL_FILETYPE_TEXT: c_int = 65535;

/// pyssl_pkey_type() of an RSA key.
pub const PYSSL_KEY_RSA: c_int = 6;
/// pyssl_pkey_type() of a DH key.
pub const PYSSL_KEY_DH: c_int = 28;
/// pyssl_pkey_type() of a DSA key.
pub const PYSSL_KEY_DSA: c_int = 116;
/// pyssl_pkey_type() of a key on an elliptic curve.
pub const PYSSL_KEY_EC: c_int = 408;
/// pyssl_pkey_type() of an Ed25519 key.
pub const PYSSL_KEY_ED25519: c_int = 1087;
/// pyssl_pkey_type() of an Ed448 key.
pub const PYSSL_KEY_ED448: c_int = 1088;

/// Gives a passphrase: called on the thread of the call that needs it, once.
/// Writes at most size bytes to room. Returns how many, or a negative number to fail the call with
/// PYSSL_ERR_CALLBACK.
pub type pyssl_passphrase_fn =
    Option<unsafe extern "C-unwind" fn(userdata: *mut c_void, writing: c_int, buf: *mut u8, buf_size: usize) -> isize>;

/// An empty key.
/// @param out  receives a new handle, to be freed with pyssl_pkey_free()
/// @return PYSSL_OK
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_new(out: *mut *mut pyssl_pkey) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put_handle(out, || Ok(PKey::new())) })
}

/// Frees a handle.
/// @param key  NULL is fine
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkey_free(key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| PKey::free(key))
}

/// Puts a fresh RSA key (exponent 65537) in this one's place.
/// @param bits  size of the modulus
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT when bits is not positive; PYSSL_ERROR when OpenSSL refuses the size
#[no_mangle]
pub extern "C" fn pyssl_pkey_generate_rsa(key: *mut pyssl_pkey, bits: c_int) -> pyssl_status {
    gate(|| PKey::lookup(key)?.generate(Recipe::Rsa(bits)))
}

/// Puts a fresh DSA key, with parameters of its own, in this one's place.
/// @param bits  size of p
/// @return PYSSL_OK, or PYSSL_ERROR when OpenSSL refuses the size
#[no_mangle]
pub extern "C" fn pyssl_pkey_generate_dsa(key: *mut pyssl_pkey, bits: c_int) -> pyssl_status {
    gate(|| PKey::lookup(key)?.generate(Recipe::Dsa(bits)))
}

/// Puts a fresh key on an elliptic curve in this one's place.
/// @param curve  OpenSSL's short name ("prime256v1"), a NIST name ("P-256") or dotted numbers
/// @return PYSSL_OK, or PYSSL_ERROR when OpenSSL does not know the curve
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_generate_ec(key: *mut pyssl_pkey, curve: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text.
    gate(|| PKey::lookup(key)?.generate(Recipe::Ec(unsafe { text(curve, "curve") }?)))
}

/// Puts a fresh Ed25519 key in this one's place.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkey_generate_ed25519(key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| PKey::lookup(key)?.generate(Recipe::Ed25519))
}

/// Puts a fresh Ed448 key in this one's place.
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub extern "C" fn pyssl_pkey_generate_ed448(key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| PKey::lookup(key)?.generate(Recipe::Ed448))
}

/// The size OpenSSL names the key by, in bits.
/// @param out  receives it; 0 for an empty key
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_bits(key: *mut pyssl_pkey, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(PKey::lookup(key)?.bits())) })
}

/// The kind of key.
/// @param out  receives PYSSL_KEY_*, or another of OpenSSL's EVP_PKEY ids; 0 for an empty key
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_type(key: *mut pyssl_pkey, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(PKey::lookup(key)?.kind())) })
}

/// Whether the private part is missing.
/// @param out  receives 1 for a public key, 0 for a private or an empty one
/// @return PYSSL_OK, or PYSSL_ERR_HANDLE
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_is_public_only(key: *mut pyssl_pkey, out: *mut c_int) -> pyssl_status {
    // SAFETY: the header asks for a writable out.
    gate(|| unsafe { put(out, || Ok(c_int::from(PKey::lookup(key)?.is_public_only()))) })
}

/// Holds the numbers of a private RSA key against each other.
/// @return PYSSL_OK when they fit; PYSSL_ERROR when not; PYSSL_ERR_ARGUMENT for a public key or another kind
#[no_mangle]
pub extern "C" fn pyssl_pkey_check(key: *mut pyssl_pkey) -> pyssl_status {
    gate(|| PKey::lookup(key)?.check())
}

/// Loads a private key. Nothing is ever asked for on a terminal.
/// @param filetype        PYSSL_FILETYPE_PEM (PKCS#8 or traditional, encrypted or not; the first key in the text) or
///                        PYSSL_FILETYPE_ASN1 (PKCS#8 or traditional, not encrypted)
/// @param data            the encoded key
/// @param passphrase      NULL for none; "" is a passphrase of no bytes
/// @param passphrase_len  at most 1024
/// @param callback        gives the passphrase where passphrase is NULL and the key needs one; or NULL
/// @param userdata        handed to callback
/// @param out             receives a new handle
/// @return PYSSL_OK; PYSSL_ERROR, also for an encrypted key without passphrase and for a wrong one; PYSSL_ERR_CALLBACK
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_load_private(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    passphrase: *const u8,
    passphrase_len: usize,
    callback: pyssl_passphrase_fn,
    userdata: *mut c_void,
    out: *mut *mut pyssl_pkey,
) -> pyssl_status {
    gate(|| {
        let made = || {
            let filetype = FileType::to_load(filetype)?;
            // SAFETY: the header asks for readable bytes.
            let (data, given) = unsafe { (bytes(data, data_len)?, opt_bytes(passphrase, passphrase_len)?) };
            let mut ask = |room: &mut [u8], writing| ask(callback, userdata, room, writing);
            let passphrase = match (given, callback) {
                (Some(given), _) => Passphrase::Bytes(given),
                (None, Some(_)) => Passphrase::Ask(&mut ask),
                (None, None) => Passphrase::None,
            };
            PKey::load_private(filetype, data, passphrase)
        };
        // SAFETY: the header asks for a writable out.
        unsafe { put_handle(out, made) }
    })
}

/// Tells whether there is a cipher of that name to write a private key with: for who would ask for a passphrase first.
/// @param cipher  OpenSSL's name ("aes-256-cbc")
/// @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_check_cipher(cipher: *const c_char) -> pyssl_status {
    // SAFETY: the header asks for NUL-terminated text.
    gate(|| pkey::check_cipher(unsafe { text(cipher, "cipher") }?))
}

/// Writes a private key.
/// @param filetype        PYSSL_FILETYPE_PEM (PKCS#8), _ASN1 (traditional form of the kind, or PKCS#8 where there is
///                        none) or _TEXT
/// @param cipher          encrypts PEM: OpenSSL's name ("aes-256-cbc"); NULL for none
/// @param passphrase      for the cipher
/// @param passphrase_len  at most 1024
/// @param buf             receives the encoded key
/// @param buf_size        buf's size in bytes
/// @param len_out         receives the length
/// @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERR_ARGUMENT for an unknown cipher;
///         PYSSL_ERROR, also when there is no private part
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_dump_private(
    key: *mut pyssl_pkey,
    filetype: c_int,
    cipher: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || {
            let key = PKey::lookup(key)?;
            // SAFETY: the header asks for NUL-terminated text and readable bytes.
            let cipher = unsafe { encryption(cipher, passphrase, passphrase_len) }?;
            key.dump_private(FileType::to_dump(filetype)?, cipher)
        };
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// Writes a private key as PEM in the traditional form of its kind ("BEGIN RSA PRIVATE KEY").
/// Parameters and results as for pyssl_pkey_dump_private().
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_dump_private_traditional(
    key: *mut pyssl_pkey,
    cipher: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || {
            let key = PKey::lookup(key)?;
            // SAFETY: the header asks for NUL-terminated text and readable bytes.
            let cipher = unsafe { encryption(cipher, passphrase, passphrase_len) }?;
            key.dump_private_traditional(cipher)
        };
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// Loads a public key (SubjectPublicKeyInfo).
/// @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
/// @param data      the encoded key
/// @param out       receives a new handle
/// @return PYSSL_OK, or PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_load_public(
    filetype: c_int,
    data: *const u8,
    data_len: usize,
    out: *mut *mut pyssl_pkey,
) -> pyssl_status {
    gate(|| {
        // SAFETY: the header asks for readable bytes and a writable out.
        unsafe { put_handle(out, || PKey::load_public(FileType::to_load(filetype)?, bytes(data, data_len)?)) }
    })
}

/// Writes the public part (SubjectPublicKeyInfo).
/// @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
/// @param buf       receives the encoded key
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_dump_public(
    key: *mut pyssl_pkey,
    filetype: c_int,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let dumped = || PKey::lookup(key)?.dump_public(FileType::to_load(filetype)?);
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, dumped) }
    })
}

/// Signs bytes. Signatures of DSA and ECDSA keys vary in length by a few bytes; a buffer for the longest is asked for.
/// @param digest    OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
/// @param data      what is signed
/// @param buf       receives the signature
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length
/// @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERR_BUFFER when
///         buf_size is below the length of the key's longest signature, which len_out receives; PYSSL_ERROR
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_sign(
    key: *mut pyssl_pkey,
    digest: *const c_char,
    data: *const u8,
    data_len: usize,
    buf: *mut u8,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        not_null(len_out)?;
        let key = PKey::lookup(key)?;
        // SAFETY: the header asks for NUL-terminated text or NULL, and readable bytes.
        let (digest, data) = unsafe { (opt_word(digest), bytes(data, data_len)?) };
        let signer = signature::Signer::new(&key, digest)?;
        if buf_size < signer.max_len() {
            // SAFETY: the header asks for a writable len_out.
            unsafe { len_out.write(signer.max_len()) };
            return Err(Error::bare(Status::Buffer));
        }
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_bytes(buf, buf_size, len_out, || signer.sign(data)) }
    })
}

/// Checks a signature over bytes against the public part of the key.
/// @param digest     as for pyssl_pkey_sign()
/// @param signature  what pyssl_pkey_sign() stored
/// @param data       what was signed
/// @return PYSSL_OK when it fits; PYSSL_ERROR when not; PYSSL_ERR_ARGUMENT for an unknown digest
#[no_mangle]
pub unsafe extern "C" fn pyssl_pkey_verify(
    key: *mut pyssl_pkey,
    digest: *const c_char,
    signature: *const u8,
    signature_len: usize,
    data: *const u8,
    data_len: usize,
) -> pyssl_status {
    gate(|| {
        let key = PKey::lookup(key)?;
        // SAFETY: the header asks for NUL-terminated text or NULL, and readable bytes.
        let (digest, data) = unsafe { (opt_word(digest), bytes(data, data_len)?) };
        // SAFETY: the header asks for readable bytes.
        let given = unsafe { bytes(signature, signature_len) }?;
        signature::verify(&key, digest, given, data)
    })
}

/// How many elliptic curves the linked OpenSSL knows.
#[no_mangle]
pub extern "C" fn pyssl_curve_count() -> usize {
    gate_value(0, || pkey::curves().map_or(0, |curves| curves.len()))
}

/// The short name of a curve.
/// @param index     below pyssl_curve_count()
/// @param buf       receives NUL-terminated text
/// @param buf_size  buf's size in bytes
/// @param len_out   receives the length without the NUL
/// @return PYSSL_OK; PYSSL_ERR_ABSENT when index is too large; PYSSL_ERR_BUFFER
#[no_mangle]
pub unsafe extern "C" fn pyssl_curve_name(
    index: usize,
    buf: *mut c_char,
    buf_size: usize,
    len_out: *mut usize,
) -> pyssl_status {
    gate(|| {
        let name = || {
            let curves = pkey::curves()?;
            curves.get(index).copied().ok_or_else(|| Error::bare(Status::Absent))
        };
        // SAFETY: the header asks for buf of `buf_size` bytes and a writable len_out.
        unsafe { put_text(buf, buf_size, len_out, name) }
    })
}

/// # Safety
/// As for `opt_text` and `bytes`.
unsafe fn encryption<'a>(
    cipher: *const c_char,
    passphrase: *const u8,
    passphrase_len: usize,
) -> Result<Option<(&'a str, &'a [u8])>> {
    // SAFETY: the caller's promise.
    let cipher = unsafe { opt_text(cipher, "cipher") }?;
    // SAFETY: the caller's promise.
    let passphrase = unsafe { bytes(passphrase, passphrase_len) };
    cipher.map(|cipher| Ok((cipher, passphrase?))).transpose()
}

/// Asks the user's callback.
pub(super) fn ask(
    callback: pyssl_passphrase_fn,
    userdata: *mut c_void,
    room: &mut [u8],
    writing: bool,
) -> Result<usize> {
    let refused = || Error::new(Status::Callback, "the passphrase callback failed");
    let callback = callback.ok_or_else(refused)?;
    let language = language::of_function(callback as usize);
    // SAFETY: the header says what the callback must be; the room is ours.
    let len =
        user_code::run(language, || unsafe { callback(userdata, c_int::from(writing), room.as_mut_ptr(), room.len()) });
    usize::try_from(len).map_err(|_| refused())
}
