//! Distinguished names: on their own, or a live view into a certificate or a request.

use crate::error::{Error, Result};
use crate::openssl::name as raw;
use crate::runtime::mutex::Mutex;
use crate::status::Status;
use openssl::x509::{X509Name, X509NameRef};
use std::cmp::Ordering;
use std::ffi::CStr;
use std::sync::Arc;

pub use crate::openssl::name::Part;

pub struct Name {
    place: Place,
}

enum Place {
    Owned(Mutex<X509Name>),
    View(View),
}

/// A name inside another object, which it keeps alive. It is dead once the object was given another name in its place.
struct View {
    holder: Arc<dyn Holder>,
    part: Part,
    stamp: u32,
}

/// What has names inside: certificate, request, revocation list. Both calls run under the holder's lock and return
/// `dead()` when the part's name was replaced as a whole since the stamp was taken.
pub trait Holder: Send + Sync {
    fn read_name(&self, part: Part, stamp: u32, read: &mut dyn FnMut(&X509NameRef) -> Result<()>) -> Result<()>;

    /// Lets `change` change the name, in place or in a copy that is put back, and drops the encoding kept of it. A
    /// change that fails must leave the name as it was.
    fn change_name(&self, part: Part, stamp: u32, change: &mut dyn FnMut(&mut X509Name) -> Result<()>) -> Result<()>;
}

impl Name {
    pub fn new() -> Result<Arc<Self>> {
        Ok(Self::from_openssl(raw::empty()?))
    }

    pub fn from_openssl(name: X509Name) -> Arc<Self> {
        Arc::new(Name { place: Place::Owned(Mutex::new(name)) })
    }

    pub fn view(holder: Arc<dyn Holder>, part: Part, stamp: u32) -> Arc<Self> {
        Arc::new(Name { place: Place::View(View { holder, part, stamp }) })
    }

    /// An independent copy.
    pub fn to_openssl(&self) -> Result<X509Name> {
        self.read(|name| Ok(name.to_owned()?))
    }

    /// An independent name with the same entries.
    pub fn copy(&self) -> Result<Arc<Self>> {
        self.to_openssl().map(Self::from_openssl)
    }

    pub fn to_der(&self) -> Result<Vec<u8>> {
        self.read(|name| Ok(name.to_der()?))
    }

    /// The value of the first entry of a type; Status::Absent when there is none, Status::Argument when the type is
    /// unknown.
    pub fn get(&self, attribute: &CStr) -> Result<String> {
        let nid = nid(attribute)?;
        self.read(|name| {
            let index = raw::find(name, nid).ok_or_else(|| Error::bare(Status::Absent))?;
            raw::value_utf8(name, index)
        })
    }

    /// Sets the one entry of a type: the first that was there goes, the new one comes last.
    pub fn set(&self, attribute: &CStr, value: &[u8]) -> Result<()> {
        let nid = nid(attribute)?;
        self.change(|name| {
            let before = raw::find(name, nid);
            // A refused value is not appended, and removing cannot fail: the change is made as a whole or not at all.
            raw::append(name, nid, value)?;
            if let Some(index) = before {
                raw::remove(name, index);
            }
            Ok(())
        })
    }

    pub fn entry_count(&self) -> Result<usize> {
        self.read(|name| Ok(raw::count(name)))
    }

    /// Short name of the type ("UNDEF" where OpenSSL has none) and the value's bytes as they are encoded.
    pub fn entry(&self, index: usize) -> Result<(String, Vec<u8>)> {
        self.read(|name| {
            let none = || Error::argument("the name has no entry with this index");
            let (kind, value) = raw::entry(name, index).ok_or_else(none)?;
            Ok((kind, value?))
        })
    }

    /// First four bytes, little endian, of the SHA-1 over the canonical encoding: what `c_rehash` names files by.
    pub fn hash(&self) -> Result<u32> {
        self.read(raw::hash)
    }

    /// By the canonical encoding: shorter first, then bytewise; case and runs of blanks do not count.
    pub fn compare(&self, other: &Name) -> Result<Ordering> {
        // Never two holders' locks at once: two threads could take them in opposite order.
        let mine = self.to_openssl()?;
        other.read(|theirs| raw::compare(&mine, theirs))
    }

    /// "/C=US/CN=x", cut to 511 bytes.
    pub fn oneline(&self) -> Result<String> {
        self.read(raw::oneline)
    }

    fn read<T>(&self, read: impl FnOnce(&X509NameRef) -> Result<T>) -> Result<T> {
        let view = match &self.place {
            Place::Owned(name) => return read(&name.lock()),
            Place::View(view) => view,
        };
        let (mut read, mut result) = (Some(read), None);
        view.holder.read_name(view.part, view.stamp, &mut |name| {
            result = read.take().map(|read| read(name)).transpose()?;
            Ok(())
        })?;
        result.ok_or_else(dead)
    }

    fn change(&self, mut change: impl FnMut(&mut X509Name) -> Result<()>) -> Result<()> {
        match &self.place {
            Place::Owned(name) => change(&mut name.lock()),
            Place::View(view) => view.holder.change_name(view.part, view.stamp, &mut change),
        }
    }
}

/// The refusal of a view whose name was replaced.
pub fn dead() -> Error {
    Error::new(Status::Handle, "the name is no longer part of its certificate or request: another was set in its place")
}

fn nid(attribute: &CStr) -> Result<libc::c_int> {
    raw::nid(attribute).ok_or_else(|| Error::argument("No such attribute"))
}
