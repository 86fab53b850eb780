//! The passphrase of a key: given, asked for, or none. Never asked for on a terminal.

use crate::error::{Error, Result};

/// The longest passphrase that OpenSSL's PEM code takes (PEM_BUFSIZE).
pub const MAX: usize = 1024;

/// Writes a passphrase into the room and returns its length; told whether it is for encrypting.
pub type Ask<'a> = &'a mut dyn FnMut(&mut [u8], bool) -> Result<usize>;

pub enum Passphrase<'a> {
    None,
    Bytes(&'a [u8]),
    Ask(Ask<'a>),
}

impl Passphrase<'_> {
    /// Writes the passphrase into the room: its length, or None when there is none to give.
    pub fn write(&mut self, room: &mut [u8], writing: bool) -> Result<Option<usize>> {
        match self {
            Passphrase::None => Ok(None),
            Passphrase::Bytes(bytes) => {
                let place = room.get_mut(..bytes.len()).ok_or_else(too_long)?;
                place.copy_from_slice(bytes);
                Ok(Some(bytes.len()))
            }
            Passphrase::Ask(ask) => match ask(room, writing)? {
                len if len > room.len() => Err(too_long()),
                len => Ok(Some(len)),
            },
        }
    }
}

fn too_long() -> Error {
    Error::argument("passphrase returned by callback is too long")
}
