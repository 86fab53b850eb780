//! A key: empty, public only, or a private key with its public part.

use super::filetype::FileType;
use crate::error::{Error, Result};
use crate::openssl::{pem, pkey as raw};
use crate::runtime::mutex::Mutex;
use crate::status::Status;
use libc::c_int;
use openssl::pkey::{PKey as Evp, Private, Public};
use openssl::symm::Cipher;
use std::ffi::CString;
use std::sync::Arc;

pub use crate::openssl::passphrase::Passphrase;

/// OpenSSL's key objects are never changed once made, so what leaves this type is a counted reference; generating
/// puts another key in place.
pub struct PKey {
    state: Mutex<State>,
}

struct State {
    key: Key,
    certified: Certified,
}

/// What certificates are given. For a provider's key OpenSSL encodes and decodes the public part each time it is put
/// into a certificate; for a key in the older form it does not. So a key that is certified often gets a twin in that form.
#[derive(Default)]
struct Certified {
    times: u32,
    twin: Option<Evp<Public>>,
}

#[derive(Clone)]
enum Key {
    Empty,
    Public(Evp<Public>),
    Private(Evp<Private>),
}

/// What to generate.
#[derive(Clone, Copy, Debug)]
pub enum Recipe<'a> {
    /// RSA with so many bits and exponent 65537.
    Rsa(c_int),
    /// DSA with fresh parameters, so many bits for p.
    Dsa(c_int),
    /// EC on a curve by OpenSSL's short name, a NIST name ("P-256") or dotted numbers.
    Ec(&'a str),
    Ed25519,
    Ed448,
}

impl PKey {
    pub fn new() -> Arc<Self> {
        Self::holding(Key::Empty)
    }

    pub fn from_private(key: Evp<Private>) -> Arc<Self> {
        Self::holding(Key::Private(key))
    }

    pub fn from_public(key: Evp<Public>) -> Arc<Self> {
        Self::holding(Key::Public(key))
    }

    /// The private key, to be handed to OpenSSL.
    pub fn private(&self) -> Result<Evp<Private>> {
        match self.get() {
            Key::Private(key) => Ok(key),
            Key::Public(_) => Err(Error::argument("Key only has public part")),
            Key::Empty => Err(Error::argument("Key is uninitialized")),
        }
    }

    /// The key for what needs its public part only.
    pub fn public(&self) -> Result<Evp<Public>> {
        match self.get() {
            Key::Private(key) => Ok(raw::public_view(&key)),
            Key::Public(key) => Ok(key),
            Key::Empty => Err(empty()),
        }
    }

    /// The public part, in the form that is quickest to put into a certificate or request.
    pub fn to_be_certified(&self) -> Result<Evp<Public>> {
        let key = self.public()?;
        let mut state = self.state.lock();
        if !state.key.is(&key) {
            return Ok(key); // another was generated meanwhile
        }
        let certified = &mut state.certified;
        certified.times = certified.times.saturating_add(1);
        if certified.times == 2 {
            certified.twin = raw::older_form(&key);
        }
        Ok(certified.twin.clone().unwrap_or(key))
    }

    pub fn is_public_only(&self) -> bool {
        matches!(self.state.lock().key, Key::Public(_))
    }

    /// OpenSSL's EVP_PKEY id, 0 for an empty key.
    pub fn kind(&self) -> c_int {
        self.public().map_or(0, |key| key.id().as_raw())
    }

    /// The size OpenSSL names a key by: RSA and DSA modulus, order of the curve; 0 for an empty key.
    pub fn bits(&self) -> c_int {
        self.public().map_or(0, |key| raw::bits(&key))
    }

    /// Puts a fresh key in this one's place.
    pub fn generate(&self, recipe: Recipe) -> Result<()> {
        let key = match recipe {
            Recipe::Rsa(bits) => raw::generate_rsa(bits),
            Recipe::Dsa(bits) => raw::generate_dsa(bits),
            Recipe::Ec(curve) => raw::generate_ec(curve),
            Recipe::Ed25519 => Ok(Evp::generate_ed25519()?),
            Recipe::Ed448 => Ok(Evp::generate_ed448()?),
        };
        *self.state.lock() = State { key: Key::Private(key?), certified: Certified::default() };
        Ok(())
    }

    /// Holds an RSA key's numbers against each other.
    pub fn check(&self) -> Result<()> {
        let key = self.private()?;
        let rsa = key.rsa().map_err(|_| Error::argument("Only RSA keys can currently be checked."))?;
        if rsa.check_key()? {
            return Ok(());
        }
        Err(Error::openssl())
    }

    /// A private key: PEM in any form, or DER as PKCS#8 or in the traditional form of its kind.
    pub fn load_private(filetype: FileType, data: &[u8], mut passphrase: Passphrase) -> Result<Arc<Self>> {
        let key = match filetype {
            FileType::Der => raw::private_from_der(data),
            _ => pem::read_private_key(data, &mut passphrase),
        };
        key.map(Self::from_private).map_err(|error| {
            // OpenSSL's decoders call all that is no key "unsupported".
            let unknown = error
                .detail
                .as_ref()
                .is_some_and(|detail| detail.entries.first().is_some_and(|entry| entry.reason == "unsupported"));
            let error = match unknown {
                true if is_encrypted(data) => {
                    error.saying("it is encrypted, and damaged or in a form that OpenSSL does not know")
                }
                true => error.saying("it holds none that OpenSSL can read"),
                false => error,
            };
            error.while_doing("cannot load the private key")
        })
    }

    /// A public key as SubjectPublicKeyInfo.
    pub fn load_public(filetype: FileType, data: &[u8]) -> Result<Arc<Self>> {
        let key = match filetype {
            FileType::Der => raw::public_from_der(data),
            _ => pem::read(data, openssl_sys::PEM_read_bio_PUBKEY),
        };
        key.map(Self::from_public).map_err(|error| error.while_doing("cannot load the public key"))
    }

    /// PEM as PKCS#8, encrypted when there is a cipher; DER in the traditional form of the kind (PKCS#8 where there is
    /// none); text, of a public key too.
    pub fn dump_private(&self, filetype: FileType, cipher: Option<(&str, &[u8])>) -> Result<Vec<u8>> {
        self.dump(filetype, false, cipher).map_err(|error| error.while_doing("cannot write the private key"))
    }

    /// PEM in the traditional form of the kind ("RSA PRIVATE KEY"), encrypted when there is a cipher.
    pub fn dump_private_traditional(&self, cipher: Option<(&str, &[u8])>) -> Result<Vec<u8>> {
        self.dump(FileType::Pem, true, cipher).map_err(|error| error.while_doing("cannot write the private key"))
    }

    /// SubjectPublicKeyInfo.
    pub fn dump_public(&self, filetype: FileType) -> Result<Vec<u8>> {
        let key = self.public()?;
        let dumped = match filetype {
            FileType::Pem => key.public_key_to_pem(),
            _ => key.public_key_to_der(),
        };
        Ok(dumped?)
    }

    fn dump(&self, filetype: FileType, traditional: bool, cipher: Option<(&str, &[u8])>) -> Result<Vec<u8>> {
        if cipher.is_some() && filetype != FileType::Pem {
            return Err(Error::argument("only FILETYPE_PEM key format supports encryption"));
        }
        let key = match self.get() {
            Key::Private(key) => key,
            Key::Public(key) if filetype == FileType::Text => return raw::text(&key),
            Key::Public(_) => return Err(Error::new(Status::Error, "the key has only its public part")),
            Key::Empty => return Err(empty()),
        };
        let cipher =
            cipher.map(|(name, passphrase)| Ok::<_, Error>((cipher_by_name(name)?, passphrase))).transpose()?;
        match filetype {
            FileType::Pem => pem::write_private_key(&key, traditional, cipher),
            FileType::Der => Ok(key.private_key_to_der()?),
            FileType::Text => raw::text(&key),
        }
    }

    fn holding(key: Key) -> Arc<Self> {
        Arc::new(PKey { state: Mutex::new(State { key, certified: Certified::default() }) })
    }

    fn get(&self) -> Key {
        self.state.lock().key.clone()
    }
}

impl Key {
    /// Whether this is the very same object of OpenSSL's.
    fn is(&self, key: &Evp<Public>) -> bool {
        match self {
            Key::Empty => false,
            Key::Public(own) => raw::same(own, key),
            Key::Private(own) => raw::same(own, key),
        }
    }
}

/// The curves of the linked OpenSSL by their short names.
pub fn curves() -> Result<Vec<&'static str>> {
    raw::curves()
}

/// An error unless OpenSSL knows a cipher of that name.
pub fn check_cipher(name: &str) -> Result<()> {
    cipher_by_name(name).map(drop)
}

fn cipher_by_name(name: &str) -> Result<Cipher> {
    let known = CString::new(name).ok().and_then(|name| raw::cipher_by_name(&name));
    known.ok_or_else(|| Error::argument(format!("Invalid cipher name: {name:?}; \"aes-256-cbc\" is one")))
}

/// Does the PEM text say that a key in it is encrypted (RFC 7468, 11; RFC 1421, 4.6.1.1)?
fn is_encrypted(pem: &[u8]) -> bool {
    [&b"-----BEGIN ENCRYPTED PRIVATE KEY-----"[..], b"Proc-Type: 4,ENCRYPTED"]
        .iter()
        .any(|mark| pem.windows(mark.len()).any(|part| part == *mark))
}

fn empty() -> Error {
    Error::new(Status::Error, "the key is empty")
}
