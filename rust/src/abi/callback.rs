//! Callbacks: a C function, its userdata, and a destructor for that.

use libc::c_void;

/// Frees a callback's userdata: called once, when the library will not call the callback again. From any thread.
pub type pyssl_destructor = Option<unsafe extern "C" fn(userdata: *mut c_void)>;

/// The userdata of a callback; the destructor runs when the last holder lets go.
pub(super) struct UserData {
    data: *mut c_void,
    destroy: pyssl_destructor,
}

// SAFETY: the header says that callbacks and destructors may run on any thread.
unsafe impl Send for UserData {}
// SAFETY: as above.
unsafe impl Sync for UserData {}

impl UserData {
    pub fn new(data: *mut c_void, destroy: pyssl_destructor) -> Self {
        UserData { data, destroy }
    }

    pub fn get(&self) -> *mut c_void {
        self.data
    }
}

impl Drop for UserData {
    fn drop(&mut self) {
        if let Some(destroy) = self.destroy {
            // SAFETY: the caller gave the pair together, and this is the only call.
            unsafe { destroy(self.data) }
        }
    }
}
