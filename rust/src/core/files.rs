//! Files that callers name: what cannot be used is reported with its path and errno.

use crate::error::{Error, Result};
use crate::runtime::memory;
use crate::runtime::memory::NoMemory;
use std::ffi::{CStr, OsStr};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// The whole file.
pub fn read(doing: &str, path: &CStr) -> Result<Vec<u8>> {
    fs::read(as_path(path)).map_err(|error| match error.kind() {
        std::io::ErrorKind::OutOfMemory => Error::memory(),
        _ => Error::file(doing, &shown(path), &error),
    })
}

/// Refuses a file that cannot be read, for readers that say less about it.
pub fn check(doing: &str, path: &CStr) -> Result<()> {
    let opened = fs::File::open(as_path(path)).and_then(|file| file.metadata());
    match opened {
        Ok(found) if found.is_dir() => {
            Err(Error::file(doing, &shown(path), &std::io::Error::from_raw_os_error(libc::EISDIR)))
        }
        Ok(_) => Ok(()),
        Err(error) => Err(Error::file(doing, &shown(path), &error)),
    }
}

/// Names the file in an error about its content.
pub fn bad(what: &str, path: &CStr, error: Error) -> Error {
    let shown = shown(path);
    error.doing(&format!("the {what} file {shown:?}")).at_path(&shown)
}

/// What the PEM blocks say they are: "CERTIFICATE" (RFC 7468).
pub fn pem_labels(pem: &[u8]) -> Result<Vec<String>> {
    let label = |line: &[u8]| {
        let label = line.strip_prefix(b"-----BEGIN ")?.trim_ascii_end().strip_suffix(b"-----")?;
        Some(memory::text(label))
    };
    let mut labels = Vec::new();
    for label in pem.split(|byte| *byte == b'\n').filter_map(label) {
        labels.try_reserve(1).map_err(NoMemory::from)?;
        labels.push(label?);
    }
    Ok(labels)
}

pub fn as_path(path: &CStr) -> &Path {
    Path::new(OsStr::from_bytes(path.to_bytes()))
}

fn shown(path: &CStr) -> String {
    path.to_string_lossy().into_owned()
}
