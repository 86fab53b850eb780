//! Distinguished names as text.

use foreign_types::ForeignTypeRef;
use libc::c_ulong;
use openssl::x509::X509NameRef;
use openssl_sys as ffi;

/// The one-line form of RFC 2253, UTF-8 as it is.
pub fn rfc2253(name: &X509NameRef) -> String {
    const XN_FLAG_RFC2253_UTF8: c_ulong = 0x0111_0317 & !0x4;
    // SAFETY: prints a live name into a memory BIO of our own.
    unsafe {
        let bio = ffi::BIO_new(ffi::BIO_s_mem());
        if bio.is_null() {
            return String::new();
        }
        super::ext::X509_NAME_print_ex(bio, name.as_ptr(), 0, XN_FLAG_RFC2253_UTF8);
        let mut data = std::ptr::null_mut();
        let len = ffi::BIO_get_mem_data(bio, &mut data);
        let text = match usize::try_from(len) {
            Ok(len) if len > 0 => String::from_utf8_lossy(std::slice::from_raw_parts(data.cast(), len)).into_owned(),
            _ => String::new(),
        };
        ffi::BIO_free_all(bio);
        text
    }
}
