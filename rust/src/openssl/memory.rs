//! OpenSSL's memory, where OpenSSL is embedded and so nobody else's.
//!
//! A connection gives its record buffers back after every message (SSL_MODE_RELEASE_BUFFERS), for an idle one would keep 34 KB
//! else. To allocate them again for the next message is a tenth of the work of a short one. So each thread keeps the last two
//! that were given back; all other memory is malloc's. Record buffers are allocated at the beginning of a page: by that, and
//! by their size, they are known when they come back.

use super::ffi;
use libc::{c_char, c_int, c_void};
use std::cell::Cell;
use std::ptr;

/// OpenSSL asks for 16,384 bytes and what a header, padding and a tag take; a little more for TLS 1.2 with long tags.
const LEAST: usize = 16384;
const MOST: usize = 18432;
const PAGE: usize = 4096;
/// What they get, whole pages.
const SIZE: usize = 20480;

/// Has OpenSSL take its memory here; before its first allocation, or nothing changes.
pub fn serve() {
    // SAFETY: three functions that do what malloc(), realloc() and free() do.
    unsafe { ffi::CRYPTO_set_mem_functions(Some(allocate), Some(reallocate), Some(give_back)) };
}

unsafe extern "C" fn allocate(size: usize, _file: *const c_char, _line: c_int) -> *mut c_void {
    match size {
        0 => ptr::null_mut(),
        LEAST..=MOST => record_buffer(),
        // SAFETY: any size will do.
        _ => unsafe { libc::malloc(size) },
    }
}

unsafe extern "C" fn reallocate(memory: *mut c_void, size: usize, file: *const c_char, line: c_int) -> *mut c_void {
    // SAFETY: OpenSSL's memory comes from allocate(), all of which is malloc's.
    unsafe {
        if size == 0 {
            give_back(memory, file, line);
            return ptr::null_mut();
        }
        libc::realloc(memory, size)
    }
}

unsafe extern "C" fn give_back(memory: *mut c_void, _file: *const c_char, _line: c_int) {
    // SAFETY: as above.
    unsafe {
        let is_buffer = memory as usize % PAGE == 0
            && !memory.is_null()
            && (SIZE..2 * SIZE).contains(&libc::malloc_usable_size(memory));
        if !is_buffer || !SPARE.try_with(|spare| spare.keep(memory)).unwrap_or(false) {
            libc::free(memory);
        }
    }
}

fn record_buffer() -> *mut c_void {
    let spare = SPARE.try_with(Spare::take).unwrap_or(ptr::null_mut());
    if !spare.is_null() {
        return spare;
    }
    // SAFETY: the alignment is a power of two, and the size a multiple of it.
    unsafe { libc::aligned_alloc(PAGE, SIZE) }
}

thread_local! {
    static SPARE: Spare = const { Spare([const { Cell::new(ptr::null_mut()) }; 2]) };
}

/// One to write and one to read with.
struct Spare([Cell<*mut c_void>; 2]);

impl Spare {
    fn take(&self) -> *mut c_void {
        let buffer = self.0.iter().find(|place| !place.get().is_null());
        buffer.map_or(ptr::null_mut(), |place| place.replace(ptr::null_mut()))
    }

    /// False when there are enough.
    fn keep(&self, buffer: *mut c_void) -> bool {
        let place = self.0.iter().find(|place| place.get().is_null());
        place.inspect(|place| place.set(buffer)).is_some()
    }
}

impl Drop for Spare {
    fn drop(&mut self) {
        // SAFETY: malloc's memory, or NULL, that nobody else has.
        self.0.iter().for_each(|place| unsafe { libc::free(place.replace(ptr::null_mut())) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn given(size: usize) -> *mut c_void {
        // SAFETY: any size will do.
        let memory = unsafe { allocate(size, ptr::null(), 0) };
        if size > 0 {
            // SAFETY: so much is there.
            unsafe { ptr::write_bytes(memory.cast::<u8>(), 7, size) };
        }
        memory
    }

    fn back(memory: *mut c_void) {
        // SAFETY: comes from allocate().
        unsafe { give_back(memory, ptr::null(), 0) }
    }

    #[test]
    fn a_record_buffer_that_came_back_is_the_threads_next_one() {
        let [first, second, third] = [given(LEAST), given(16759), given(MOST)];
        assert!(first != second && second != third && first != third);
        [first, second, third].into_iter().for_each(back);
        let again = [given(MOST), given(LEAST)];
        assert!(again.contains(&first) && again.contains(&second));
        let other = std::thread::spawn(|| given(LEAST) as usize).join().unwrap() as *mut c_void;
        assert!(!again.contains(&other));
        again.into_iter().for_each(back);
        back(other);
    }

    #[test]
    fn other_sizes_are_mallocs_and_grow_and_shrink() {
        assert!(given(0).is_null());
        back(ptr::null_mut());
        for size in [1, LEAST - 1, LEAST, MOST, MOST + 1, SIZE, 2 * SIZE, 1 << 20] {
            let memory = given(size);
            // SAFETY: comes from allocate(), and what comes back has so many bytes.
            unsafe {
                let grown = reallocate(memory, size + 5000, ptr::null(), 0);
                assert_eq!((*grown.cast::<u8>(), *grown.cast::<u8>().add(size - 1)), (7, 7));
                let shrunk = reallocate(grown, 1, ptr::null(), 0);
                assert_eq!(*shrunk.cast::<u8>(), 7);
                assert!(reallocate(shrunk, 0, ptr::null(), 0).is_null());
            }
        }
    }
}
