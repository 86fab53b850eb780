//! OpenSSL's random generator: mixing in, drawing from, and the seed files and entropy daemons of old.

use super::egd::gather;
use crate::error::{Error, Result};
use crate::openssl::rand as raw;
use std::ffi::{CStr, OsStr};
use std::fs::{File, OpenOptions, Permissions};
use std::io::{self, Read, Write};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{OpenOptionsExt, PermissionsExt};
use std::path::Path;
use std::time::Duration;

/// What RAND_write_file() has always written.
const SEED_FILE_SIZE: usize = 1024;
/// What is read of a device or pipe, which has no end, when all of it is asked for.
const ENDLESS_FILE_SHARE: u64 = 2048;

/// Mixes bytes into the generator's state. `entropy` is a lower bound of the randomness in them, in bytes; what is
/// not a number between 0 and their length is brought there.
pub fn add(bytes: &[u8], entropy: f64) {
    let share = entropy.clamp(0.0, bytes.len() as f64) / bytes.len().max(1) as f64;
    raw::add(bytes, if share.is_finite() { share } else { 0.0 });
}

/// `add` of bytes that are all randomness.
pub fn seed(bytes: &[u8]) {
    add(bytes, bytes.len() as f64);
}

/// Has the generator been seeded with enough?
pub fn status() -> bool {
    raw::status()
}

/// Fills the room with random bytes.
pub fn fill(room: &mut [u8]) -> Result<()> {
    raw::fill(room).map_err(|()| Error::openssl_doing("cannot make random bytes"))
}

/// Puts a state drawn afresh from the system in place of the generator's present one (and of what was mixed into it).
pub fn cleanup() -> Result<()> {
    raw::reseed().map_err(|()| Error::openssl_doing("cannot renew the random generator"))
}

/// Mixes a file in: at most `most` bytes of it, all of it for None. Says how many.
pub fn load_file(path: &CStr, most: Option<u64>) -> Result<usize> {
    mix_file(as_path(path), most).map_err(|error| refused("cannot seed from the file", path, &error))
}

/// Mixes `wanted` bytes from an entropy daemon in, and says how many; `deadline` is how long one answer may take.
pub fn egd(path: &CStr, wanted: usize, deadline: Duration) -> Result<usize> {
    let bytes = gather(path, wanted, deadline)
        .map_err(|error| Error::file("cannot seed from the entropy daemon at", &path.to_string_lossy(), &error))?;
    seed(&bytes);
    Ok(bytes.len())
}

/// Writes 1024 random bytes to a file that only its owner can read. Says how many.
pub fn write_file(path: &CStr) -> Result<usize> {
    let mut seed = [0; SEED_FILE_SIZE];
    fill(&mut seed)?;
    store_seed(as_path(path), &seed).map_err(|error| refused("cannot write the seed file", path, &error))?;
    Ok(seed.len())
}

fn mix_file(path: &Path, most: Option<u64>) -> io::Result<usize> {
    let file = File::open(path)?;
    let most = match most {
        Some(most) => most,
        None if file.metadata()?.is_file() => u64::MAX,
        None => ENDLESS_FILE_SHARE,
    };
    let (mut file, mut total, mut room) = (file.take(most), 0, [0; 4096]);
    loop {
        match file.read(&mut room) {
            Ok(0) => return Ok(total),
            Ok(count) => {
                seed(room.get(..count).unwrap_or_default());
                total += count;
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The file is its owner's alone before the first byte is in it.
fn store_seed(path: &Path, seed: &[u8]) -> io::Result<()> {
    // Without O_NONBLOCK, opening a pipe that nobody reads would hang.
    let options = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .mode(0o600)
        .custom_flags(libc::O_NONBLOCK)
        .to_owned();
    let mut file = options.open(path)?;
    if !file.metadata()?.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.set_len(0)?;
    file.write_all(seed)
}

fn refused(doing: &str, path: &CStr, error: &io::Error) -> Error {
    Error::file(doing, &path.to_string_lossy(), error)
}

fn as_path(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}
