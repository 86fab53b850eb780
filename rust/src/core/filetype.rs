//! The encodings that load and dump calls speak.

use crate::error::{Error, Result};
use libc::c_int;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileType {
    Pem,
    Der,
    Text,
}

impl FileType {
    /// For what can be read: not text.
    pub fn to_load(number: c_int) -> Result<Self> {
        match Self::to_dump(number) {
            Ok(FileType::Text) | Err(_) => Err(Error::argument("type argument must be FILETYPE_PEM or FILETYPE_ASN1")),
            known => known,
        }
    }

    /// For what can be written.
    pub fn to_dump(number: c_int) -> Result<Self> {
        match number {
            1 => Ok(FileType::Pem),
            2 => Ok(FileType::Der),
            0xffff => Ok(FileType::Text),
            _ => Err(Error::argument("type argument must be FILETYPE_PEM, FILETYPE_ASN1, or FILETYPE_TEXT")),
        }
    }
}
