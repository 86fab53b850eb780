//! Memory that may run out. What grows with the peer's or the caller's bytes is allocated fallibly; small objects, which
//! Rust can only allocate or abort, come from a reserve when the system gives none.

use std::alloc::{GlobalAlloc, Layout, System};
use std::cell::UnsafeCell;
use std::collections::TryReserveError;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// The system gave no memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoMemory;

impl From<TryReserveError> for NoMemory {
    fn from(_: TryReserveError) -> Self {
        NoMemory
    }
}

/// Returns `len` zeros.
pub fn zeroed(len: usize) -> Result<Vec<u8>, NoMemory> {
    let mut bytes = with_room(len)?;
    bytes.resize(len, 0);
    Ok(bytes)
}

/// Returns a copy of the bytes.
pub fn copy(bytes: &[u8]) -> Result<Vec<u8>, NoMemory> {
    concat(&[bytes])
}

/// As `copy`, for bytes that are few whatever the peer and the caller do: the reserve has these.
#[allow(clippy::disallowed_methods)]
pub fn copy_few(bytes: &[u8]) -> Vec<u8> {
    bytes.to_vec()
}

/// Returns the parts as one.
pub fn concat(parts: &[&[u8]]) -> Result<Vec<u8>, NoMemory> {
    let mut bytes = with_room(parts.iter().map(|part| part.len()).sum())?;
    parts.iter().for_each(|part| bytes.extend(*part));
    Ok(bytes)
}

/// Returns the bytes as text, with U+FFFD for what is not UTF-8.
pub fn text(bytes: &[u8]) -> Result<String, NoMemory> {
    let mut text = String::new();
    for chunk in bytes.utf8_chunks() {
        text.try_reserve(chunk.valid().len() + char::REPLACEMENT_CHARACTER.len_utf8())?;
        text.push_str(chunk.valid());
        if !chunk.invalid().is_empty() {
            text.push(char::REPLACEMENT_CHARACTER);
        }
    }
    Ok(text)
}

/// Returns an empty vector that takes `len` bytes without an allocation.
pub fn with_room(len: usize) -> Result<Vec<u8>, NoMemory> {
    let mut bytes = Vec::new();
    bytes.try_reserve_exact(len)?;
    Ok(bytes)
}

/// Makes room for so many bytes more: for twice as many as there are, so that many small additions cost few
/// allocations, or where the system has not that much, for no more than is needed.
pub fn make_room(bytes: &mut Vec<u8>, more: usize) -> Result<(), NoMemory> {
    if bytes.try_reserve(more).is_err() {
        bytes.try_reserve_exact(more)?;
    }
    Ok(())
}

/// Refuses work that would need memory while the reserve is in use and the system still gives none. Costs a load
/// otherwise.
#[inline]
pub fn check() -> Result<(), NoMemory> {
    if LOW.load(Ordering::Relaxed) {
        return recover();
    }
    Ok(())
}

#[cold]
fn recover() -> Result<(), NoMemory> {
    drop(with_room(2 * RESERVE)?);
    LOW.store(false, Ordering::Relaxed);
    Ok(())
}

/// The library's allocator: malloc, and a reserve for when that gives none.
pub struct Allocator;

/// How much the reserve has, and the largest allocation that it serves.
const RESERVE: usize = 256 << 10;
const LARGEST: usize = 32 << 10;

#[repr(align(4096))]
struct Reserve(UnsafeCell<[u8; RESERVE]>);

// SAFETY: each part belongs to whoever `take` gave it to.
unsafe impl Sync for Reserve {}

static SPARE: Reserve = Reserve(UnsafeCell::new([0; RESERVE]));
/// Of the reserve: the number of allocations that live (upper half), and how much is used up (lower half). It is used up
/// from the front, and all of it is free again when the last allocation goes.
static USED: AtomicU64 = AtomicU64::new(0);
/// An allocation came from the reserve, and `check` has not seen the system recover since.
static LOW: AtomicBool = AtomicBool::new(false);

const ONE: u64 = 1 << 32;

// SAFETY: the system's allocator, or parts of the reserve that do not overlap and are aligned as asked.
unsafe impl GlobalAlloc for Allocator {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let memory = if fails() { ptr::null_mut() } else { unsafe { System.alloc(layout) } };
        if memory.is_null() {
            return take(layout);
        }
        memory
    }

    unsafe fn alloc_zeroed(&self, layout: Layout) -> *mut u8 {
        // SAFETY: the caller's promise.
        let mut memory = if fails() { ptr::null_mut() } else { unsafe { System.alloc_zeroed(layout) } };
        if memory.is_null() {
            memory = take(layout);
            if !memory.is_null() {
                // SAFETY: so much was taken. Others had it before, so it may be anything.
                unsafe { memory.write_bytes(0, layout.size()) };
            }
        }
        memory
    }

    unsafe fn dealloc(&self, memory: *mut u8, layout: Layout) {
        if is_reserve(memory) {
            return give_back();
        }
        // SAFETY: the caller's promise; it is the system's.
        unsafe { System.dealloc(memory, layout) }
    }

    unsafe fn realloc(&self, memory: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        if !is_reserve(memory) && !fails() {
            // SAFETY: the caller's promise; it is the system's.
            let moved = unsafe { System.realloc(memory, layout, size) };
            if !moved.is_null() {
                return moved;
            }
        }
        // SAFETY: the caller's promise; both parts have as much as is copied.
        unsafe {
            let new = self.alloc(Layout::from_size_align_unchecked(size, layout.align()));
            if !new.is_null() {
                ptr::copy_nonoverlapping(memory, new, layout.size().min(size));
                self.dealloc(memory, layout);
            }
            new
        }
    }
}

fn is_reserve(memory: *mut u8) -> bool {
    (memory as usize).wrapping_sub(SPARE.0.get() as usize) < RESERVE
}

#[cold]
fn take(layout: Layout) -> *mut u8 {
    // A reserve that runs out, or is asked for more than it gives, is no reserve: the caller fails or aborts.
    if layout.size() > LARGEST || layout.align() > 4096 {
        return ptr::null_mut();
    }
    LOW.store(true, Ordering::Relaxed);
    let mut used = USED.load(Ordering::Relaxed);
    loop {
        let start = (used as u32 as usize).next_multiple_of(layout.align());
        let end = start + layout.size();
        if end > RESERVE {
            return ptr::null_mut();
        }
        let live = used & !(ONE - 1);
        match USED.compare_exchange_weak(used, live + ONE + end as u64, Ordering::Acquire, Ordering::Relaxed) {
            // SAFETY: inside of the reserve, and nobody else's.
            Ok(_) => return unsafe { SPARE.0.get().cast::<u8>().add(start) },
            Err(now) => used = now,
        }
    }
}

fn give_back() {
    let mut used = USED.load(Ordering::Relaxed);
    loop {
        let left = if used < 2 * ONE { 0 } else { used - ONE };
        match USED.compare_exchange_weak(used, left, Ordering::AcqRel, Ordering::Relaxed) {
            Ok(_) => return,
            Err(now) => used = now,
        }
    }
}

#[cfg(not(feature = "failing-allocator"))]
fn fails() -> bool {
    false
}

#[cfg(feature = "failing-allocator")]
pub use failing::{fail_from, fails};

/// For tests: allocations that fail.
#[cfg(feature = "failing-allocator")]
mod failing {
    use std::cell::Cell;

    thread_local! {
        /// How many allocations succeed until some fail, how many those are, and whether one has.
        static PLAN: Cell<(u64, u64, bool)> = const { Cell::new((0, 0, false)) };
    }

    /// Has the system fail `count` allocations of the calling thread, beginning with the `nth` from now, which is 0.
    /// Returns whether one has failed since the call before.
    pub fn fail_from(nth: u64, count: u64) -> bool {
        PLAN.replace((nth, count, false)).2
    }

    pub fn fails() -> bool {
        PLAN.with(|plan| match plan.get() {
            (_, 0, _) => false,
            (0, left, _) => {
                plan.set((0, left - 1, true));
                true
            }
            (before, left, failed) => {
                plan.set((before - 1, left, failed));
                false
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_reserve_serves_small_allocations_aligned_and_is_whole_again_when_all_are_back() {
        let layout = |size, align| Layout::from_size_align(size, align).unwrap();
        assert!(take(layout(LARGEST + 1, 1)).is_null() && take(layout(8, 8192)).is_null());
        for _ in 0..3 {
            let mut given = Vec::new();
            loop {
                let memory = take(layout(999 + given.len() % 7, 1 << (given.len() % 12)));
                if memory.is_null() {
                    break;
                }
                assert!(is_reserve(memory) && memory as usize % (1 << (given.len() % 12)) == 0);
                given.push((memory as usize, 999 + given.len() % 7));
            }
            assert!(given.len() > 60, "{}", given.len());
            given.windows(2).for_each(|pair| assert!(pair[0].0 + pair[0].1 <= pair[1].0));
            assert!(LOW.load(Ordering::Relaxed) && check() == Ok(()) && !LOW.load(Ordering::Relaxed));
            for (memory, _) in given {
                // SAFETY: taken above.
                unsafe { Allocator.dealloc(memory as *mut u8, layout(1, 1)) };
            }
            assert_eq!(USED.load(Ordering::SeqCst), 0);
        }
    }

    #[test]
    fn what_no_system_has_is_refused_and_what_it_has_is_given() {
        assert_eq!(zeroed(isize::MAX as usize), Err(NoMemory));
        assert_eq!(make_room(&mut vec![1], isize::MAX as usize), Err(NoMemory));
        assert_eq!(text(b"a\xffb\xc3").as_deref(), Ok("a\u{fffd}b\u{fffd}"));
        assert_eq!((zeroed(3), concat(&[b"ab", b"", b"c"])), (Ok(vec![0; 3]), Ok(b"abc".to_vec())));
    }
}
