//! A context's own certificate, chain and key.

use super::Ctx;
use crate::core::files;
use crate::core::filetype::FileType;
use crate::core::identity::Identities;
use crate::core::pkey::PKey;
use crate::core::x509::X509;
use crate::error::{Detail, Entry, Error, Result};
use crate::openssl::passphrase::Passphrase;
use crate::openssl::ssl_ctx::SslCtx;
use crate::status::Status;
use libc::c_int;
use openssl::x509::X509 as Cert;
use std::ffi::CStr;
use std::sync::Arc;

impl Ctx {
    pub fn use_certificate(&self, cert: &X509) -> Result<()> {
        let cert = cert.to_openssl()?;
        self.change_identities(|own, ssl| own.use_certificate(ssl, cert, None))
            .map_err(|error| error.doing("cannot use the certificate"))
    }

    pub fn use_private_key(&self, key: &PKey) -> Result<()> {
        let key = key.private()?;
        self.change_identities(|own, ssl| own.use_private_key(ssl, key))
            .map_err(|error| error.doing("cannot use the private key"))
    }

    /// Refuses a key that does not belong to the certificate.
    pub fn check_private_key(&self) -> Result<()> {
        let check = |own: &mut Identities, ssl: &SslCtx| match own.is_incomplete() {
            true => Err(incomplete()),
            false => ssl.check_private_key(),
        };
        self.change_identities(check)
            .map_err(|error| error.doing("the private key and the certificate cannot go together"))
    }

    /// Sends the certificate along with those of the context's own that have no chain from a chain file.
    pub fn add_extra_chain_cert(&self, cert: &X509) -> Result<()> {
        let cert = cert.to_openssl()?;
        self.add_to_extra_chain(cert).map_err(|error| error.doing("cannot add to the chain"))
    }

    pub fn use_certificate_file(&self, path: &CStr, filetype: FileType) -> Result<()> {
        let data = files::read("cannot read the certificate file", path)?;
        let cert = X509::load(filetype, &data).map_err(|error| files::bad("certificate", path, error))?;
        self.use_certificate(&cert)
    }

    /// The certificate, and after it the chain up to (or without) the root, all PEM in one file.
    pub fn use_certificate_chain_file(&self, path: &CStr) -> Result<()> {
        let data = files::read("cannot read the certificate chain file", path)?;
        self.use_chain(&data).map_err(|error| files::bad("certificate chain", path, error))
    }

    /// As `use_certificate_chain_file`, from memory.
    pub fn use_certificate_chain_pem(&self, pem: &[u8]) -> Result<()> {
        self.use_chain(pem).map_err(|error| error.while_doing("cannot use the certificate chain"))
    }

    fn use_chain(&self, pem: &[u8]) -> Result<()> {
        let mut chain = Cert::stack_from_pem(pem)?.into_iter();
        let Some(cert) = chain.next() else {
            // Asked for one certificate, OpenSSL says what it misses.
            return X509::load(FileType::Pem, pem).map(drop);
        };
        let chain = Some(chain.collect::<Arc<[Cert]>>()).filter(|chain| !chain.is_empty());
        self.change_identities(|own, ssl| own.use_certificate(ssl, cert, Some(chain)))
    }

    pub fn use_private_key_file(&self, path: &CStr, filetype: FileType, passphrase: Passphrase) -> Result<()> {
        let data = files::read("cannot read the private key file", path)?;
        let key =
            PKey::load_private(filetype, &data, passphrase).map_err(|error| files::bad("private key", path, error))?;
        self.use_private_key(&key)
    }

    /// As `use_private_key_file`, from PEM in memory.
    pub fn use_private_key_pem(&self, pem: &[u8], passphrase: Passphrase) -> Result<()> {
        self.use_private_key(&*PKey::load_private(FileType::Pem, pem, passphrase)?)
    }
}

fn incomplete() -> Error {
    let entry = Entry { library: "SSL routines".into(), reason: "no private key assigned".into(), ..Entry::default() };
    let message = "the certificate that was set last waits for its private key".into();
    Error::with(Status::Error, Detail { message, entries: vec![entry], ..Detail::default() })
}

/// PEM or DER, as OpenSSL's SSL_CTX_use_*_file have it: another number is OpenSSL's own error.
pub fn file_type(number: c_int) -> Result<FileType> {
    FileType::to_load(number).map_err(|_| {
        let entry = Entry { library: "SSL routines".into(), reason: "bad ssl filetype".into(), ..Entry::default() };
        let message = format!("{number} is no type of file that can be loaded: it must be PEM or ASN1").into();
        Error::with(Status::Error, Detail { message, entries: vec![entry], ..Detail::default() })
    })
}
