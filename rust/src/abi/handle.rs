//! Handles: what a caller holds in place of an address.
//!
//! A handle's 64 bits are a key: kind (8), slot (24), generation (32). The table checks all three, so NULL, stale,
//! twice freed, wrong-kind and garbage values are refused and never followed. Generations begin at a random number, so that
//! two copies of the library in one process refuse each other's handles.
//!
//! Looking up takes no lock, and threads that use one handle do not write to one place: a thread notes the handle in its
//! own record (a pin: a hazard pointer, after M. Michael, 2004), looks whether the handle is live, and strikes the note out
//! when the call returns. Freeing makes the handle stale at once, and the object goes when no call has it pinned: whoever
//! frees looks for a pin of another call and, finding one, leaves the object to that call by a word in place of the note.
//! A thread with more pins than its record has places counts them in the slot. Free slots form a lock-free stack and segments
//! are installed by compare-and-swap, so a fork in the middle of anything leaves a child a usable table.

use crate::error::{Error, Result};
use crate::runtime::caches;
use crate::runtime::memory::NoMemory;
use crate::runtime::threads;
use crate::runtime::threads::Record;
use crate::status::Status;
use std::cell::UnsafeCell;
use std::hash::{BuildHasher, RandomState};
use std::mem::MaybeUninit;
use std::ops::Deref;
use std::ptr;
use std::sync::atomic::{AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};

/// A core type that callers hold by handle.
pub trait Object: Sized + Send + Sync + 'static {
    /// The opaque C type, `pyssl_...`.
    type Opaque;
    /// Top byte of the handle, never 0: no handle of any kind is NULL.
    const KIND: u8;
    /// The kind's name for error messages.
    const NAME: &'static str;
    fn table() -> &'static Table<Self>;

    /// The object behind a handle, kept for as long as the returned pin lives.
    fn lookup(handle: *mut Self::Opaque) -> Result<Pin<Self>> {
        Self::table().pin(handle as u64).ok_or_else(|| not_live::<Self>(handle as u64))
    }

    /// As `lookup`, with NULL for "none".
    fn lookup_opt(handle: *mut Self::Opaque) -> Result<Option<Pin<Self>>> {
        if handle.is_null() {
            return Ok(None);
        }
        Self::lookup(handle).map(Some)
    }

    /// A new handle for the object.
    fn register(self: Arc<Self>) -> Result<*mut Self::Opaque> {
        Ok(Self::table().insert(self)? as *mut Self::Opaque)
    }

    /// Frees a handle; NULL is fine.
    fn free(handle: *mut Self::Opaque) -> Result<()> {
        if handle.is_null() || Self::table().remove(handle as u64) {
            return Ok(());
        }
        Err(not_live::<Self>(handle as u64))
    }
}

/// Declares that a core type has handles: `object!(Name, pyssl_name, 3, "name");`. Kinds are never reused.
macro_rules! object {
    ($core:ty, $opaque:ident, $kind:literal, $name:literal) => {
        impl $crate::abi::handle::Object for $core {
            type Opaque = $opaque;
            const KIND: u8 = $kind;
            const NAME: &'static str = $name;
            fn table() -> &'static $crate::abi::handle::Table<Self> {
                static TABLE: $crate::abi::handle::Table<$core> = $crate::abi::handle::Table::new();
                &TABLE
            }
        }
    };
}
pub(crate) use object;

/// How many handles of all kinds are alive.
pub fn live() -> usize {
    LIVE.load(Ordering::Relaxed)
}

static LIVE: AtomicUsize = AtomicUsize::new(0);

const SLOT_BITS: u32 = 24;
const GENERATION_BITS: u32 = 32;
const FIRST_SEGMENT: usize = 64;
/// Segments double: 64, 128, ... until 2^24 slots are there.
const SEGMENTS: usize = 18;
const NONE: u32 = u32::MAX;

const LIVE_BIT: u64 = 1 << 31;
/// The handle was freed while pins were counted: the last one to go takes the object along.
const LEFT_BIT: u64 = 1 << 30;
const PINS: u64 = LEFT_BIT - 1;

/// In place of a pinned handle (no handle has this value): the object is freed and the pin's to see to.
const LEFT: u64 = 1;

/// In place of the one thread that has pinned a slot.
const SEVERAL: usize = 1;

/// All objects of one kind.
pub struct Table<T> {
    segments: [AtomicPtr<Slot<T>>; SEGMENTS],
    /// Top of the stack of free slots: (tag << 32 | slot); the tag changes at each operation, against ABA.
    free: AtomicU64,
    /// Slots never used yet start here.
    fresh: AtomicU32,
}

/// On cache lines of its own, so that threads with different handles do not disturb each other.
#[repr(align(64))]
struct Slot<T> {
    /// generation (32) | live (1) | left (1) | counted pins (30)
    state: AtomicU64,
    /// Whose record may have pins of it: 0 for nobody's, the address of one, or SEVERAL. Spares freeing, most of the time,
    /// a look at every thread's.
    users: AtomicUsize,
    next_free: AtomicU32,
    value: UnsafeCell<MaybeUninit<Arc<T>>>,
}

// SAFETY: a slot's value is written by the one thread that took the slot off the free stack, before LIVE is set with
// Release; read only while pinned; and taken by the one thread that finds a dead slot without pins, see leave().
unsafe impl<T: Send + Sync> Sync for Table<T> {}
// SAFETY: as above; the table owns its slots.
unsafe impl<T: Send + Sync> Send for Table<T> {}

impl<T: Object> Table<T> {
    pub const fn new() -> Self {
        Table {
            segments: [const { AtomicPtr::new(ptr::null_mut()) }; SEGMENTS],
            free: AtomicU64::new(NONE as u64),
            fresh: AtomicU32::new(0),
        }
    }

    fn insert(&self, object: Arc<T>) -> Result<u64> {
        let index = self.take_slot().ok_or_else(|| Error::new(Status::Error, "the handle table is full"))?;
        let slot = self.slot_or_grow(index).inspect_err(|_| {
            // Unless another thread has taken the one after it meanwhile: then it is lost.
            let _ = self.fresh.compare_exchange(index + 1, index, Ordering::AcqRel, Ordering::Relaxed);
        })?;
        // SAFETY: this thread alone owns a slot that is off the free stack and not live.
        unsafe { (*slot.value.get()).write(object) };
        slot.users.store(0, Ordering::Relaxed);
        let generation = slot.state.load(Ordering::Relaxed) >> 32;
        slot.state.store(generation << 32 | LIVE_BIT, Ordering::Release);
        LIVE.fetch_add(1, Ordering::Relaxed);
        Ok(u64::from(T::KIND) << (SLOT_BITS + GENERATION_BITS) | u64::from(index) << GENERATION_BITS | generation)
    }

    #[inline]
    fn pin(&'static self, handle: u64) -> Option<Pin<T>> {
        let slot = self.slot_of(handle)?;
        let Some((record, note)) = threads::mine().and_then(|mine| Some((mine, mine.free_pin()?))) else {
            return self.count_pin(slot, handle);
        };
        if !is_live(slot.state.load(Ordering::Acquire), handle) {
            return None;
        }
        slot.is_used_by(record);
        // The note is there before the look at LIVE, as LIVE is gone before remove() looks for notes: one of the two sees
        // the other.
        note.swap(handle, Ordering::SeqCst);
        let pin = Pin { table: self, slot, handle, note: Some(note) };
        is_live(slot.state.load(Ordering::SeqCst), handle).then_some(pin)
    }

    #[cold]
    fn count_pin(&'static self, slot: &'static Slot<T>, handle: u64) -> Option<Pin<T>> {
        let mut state = slot.state.load(Ordering::Relaxed);
        loop {
            if !is_live(state, handle) || state & PINS == PINS {
                return None;
            }
            match slot.state.compare_exchange_weak(state, state + 1, Ordering::Acquire, Ordering::Relaxed) {
                Ok(_) => return Some(Pin { table: self, slot, handle, note: None }),
                Err(now) => state = now,
            }
        }
    }

    fn remove(&self, handle: u64) -> bool {
        let Some(slot) = self.slot_of(handle) else { return false };
        let mut state = slot.state.load(Ordering::Relaxed);
        loop {
            if !is_live(state, handle) {
                return false;
            }
            match slot.state.compare_exchange_weak(state, state & !LIVE_BIT, Ordering::SeqCst, Ordering::Relaxed) {
                Ok(_) => break,
                Err(now) => state = now,
            }
        }
        LIVE.fetch_sub(1, Ordering::Relaxed);
        self.leave(slot, handle);
        true
    }

    /// Leaves a freed object to a call that has it pinned; without one it goes now. For remove(), and for the call it was
    /// left to: one of them at a time has a freed object in its care. Its pins only become fewer.
    fn leave(&self, slot: &Slot<T>, handle: u64) {
        let is_left = |record: &Record| {
            let mut notes = record.pins.iter().filter(|note| note.load(Ordering::SeqCst) == handle);
            notes.any(|note| note.compare_exchange(handle, LEFT, Ordering::SeqCst, Ordering::SeqCst).is_ok())
        };
        let users = slot.users.load(Ordering::SeqCst);
        let mut records = threads::all().filter(|record| users == SEVERAL || users == address(record));
        if users != 0 && records.any(is_left) {
            return;
        }
        let mut state = slot.state.load(Ordering::SeqCst);
        while state & PINS != 0 {
            match slot.state.compare_exchange_weak(state, state | LEFT_BIT, Ordering::SeqCst, Ordering::SeqCst) {
                Ok(_) => return,
                Err(now) => state = now,
            }
        }
        self.reclaim(slot, slot_index(handle));
    }

    /// Empties a slot that is neither live nor pinned. The caller is the one thread that brought it there.
    fn reclaim(&self, slot: &Slot<T>, index: u32) {
        // SAFETY: see above; nobody can pin the slot until insert() sets LIVE again.
        let object = unsafe { (*slot.value.get()).assume_init_read() };
        if !caches::are_on() {
            // A lookup that came too late is to crash, and not to find the slot's next object.
            // SAFETY: as above; the bytes are of no object any more.
            unsafe { ptr::write_bytes(slot.value.get(), 0, 1) };
        }
        let generation = ((slot.state.load(Ordering::Relaxed) >> 32) + 1) & u64::from(u32::MAX);
        // A slot whose generations are used up retires: its old handles stay stale for good.
        if generation != first_generation() {
            slot.state.store(generation << 32, Ordering::Release);
            self.give_slot(slot, index);
        }
        // Last, for a destructor may free other handles.
        drop(object);
    }

    fn slot_of(&self, handle: u64) -> Option<&Slot<T>> {
        if (handle >> (SLOT_BITS + GENERATION_BITS)) as u8 != T::KIND {
            return None;
        }
        let (segment, offset) = place(slot_index(handle));
        let base = self.segments.get(segment)?.load(Ordering::Acquire);
        // SAFETY: an installed segment has segment_len() slots, is never freed, and place() stays within it.
        (!base.is_null()).then(|| unsafe { &*base.add(offset) })
    }

    fn slot_or_grow(&self, index: u32) -> Result<&Slot<T>> {
        let (segment, offset) = place(index);
        let cell = &self.segments[segment];
        let mut base = cell.load(Ordering::Acquire);
        if base.is_null() {
            let mut slots = Vec::new();
            slots.try_reserve_exact(segment_len(segment)).map_err(NoMemory::from)?;
            slots.extend((0..segment_len(segment)).map(|_| Slot::empty()));
            let mine: *mut [Slot<T>] = Box::into_raw(slots.into_boxed_slice());
            match cell.compare_exchange(ptr::null_mut(), mine.cast(), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => base = mine.cast(),
                Err(theirs) => {
                    // SAFETY: `mine` came from Box::into_raw above and nobody else has seen it.
                    drop(unsafe { Box::from_raw(mine) });
                    base = theirs;
                }
            }
        }
        // SAFETY: as in slot_of().
        Ok(unsafe { &*base.add(offset) })
    }

    fn take_slot(&self) -> Option<u32> {
        let mut top = self.free.load(Ordering::Acquire);
        while top as u32 != NONE {
            let (segment, offset) = place(top as u32);
            let base = self.segments[segment].load(Ordering::Acquire);
            // SAFETY: a slot on the free stack lies in an installed segment.
            let next = unsafe { &*base.add(offset) }.next_free.load(Ordering::Relaxed);
            match self.free.compare_exchange_weak(top, retag(top, next), Ordering::AcqRel, Ordering::Acquire) {
                Ok(_) => return Some(top as u32),
                Err(now) => top = now,
            }
        }
        let index = self.fresh.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n| (n < MAX_SLOTS).then(|| n + 1));
        index.ok()
    }

    fn give_slot(&self, slot: &Slot<T>, index: u32) {
        let mut top = self.free.load(Ordering::Relaxed);
        loop {
            slot.next_free.store(top as u32, Ordering::Relaxed);
            match self.free.compare_exchange_weak(top, retag(top, index), Ordering::AcqRel, Ordering::Relaxed) {
                Ok(_) => return,
                Err(now) => top = now,
            }
        }
    }
}

const MAX_SLOTS: u32 = (1 << SLOT_BITS) - FIRST_SEGMENT as u32;

impl<T> Slot<T> {
    fn empty() -> Self {
        Slot {
            state: AtomicU64::new(first_generation() << 32),
            users: AtomicUsize::new(0),
            next_free: AtomicU32::new(NONE),
            value: UnsafeCell::new(MaybeUninit::uninit()),
        }
    }

    /// Before the record's thread pins the slot. Ordered before the pin for whoever frees the handle and looks.
    #[inline]
    fn is_used_by(&self, record: &'static Record) {
        let (before, me) = (self.users.load(Ordering::Acquire), address(record));
        if before != me && before != SEVERAL {
            let others = self.users.compare_exchange(0, me, Ordering::SeqCst, Ordering::SeqCst).is_err();
            if others {
                self.users.store(SEVERAL, Ordering::SeqCst);
            }
        }
    }
}

/// An object in use by the current call.
pub struct Pin<T: Object> {
    table: &'static Table<T>,
    slot: &'static Slot<T>,
    handle: u64,
    /// Where the thread's record has it; None where the slot counts it.
    note: Option<&'static AtomicU64>,
}

impl<T: Object> Deref for Pin<T> {
    type Target = Arc<T>;
    fn deref(&self) -> &Arc<T> {
        // SAFETY: a pinned slot keeps its value.
        unsafe { (*self.slot.value.get()).assume_init_ref() }
    }
}

impl<T: Object> Drop for Pin<T> {
    #[inline]
    fn drop(&mut self) {
        match self.note {
            Some(note) => {
                if note.swap(0, Ordering::SeqCst) == LEFT {
                    self.table.leave(self.slot, self.handle);
                }
            }
            None => {
                let before = self.slot.state.fetch_sub(1, Ordering::AcqRel);
                if before & (LEFT_BIT | PINS) == LEFT_BIT | 1 {
                    self.table.reclaim(self.slot, slot_index(self.handle));
                }
            }
        }
    }
}

/// Returns a number below 2^32, drawn once for this copy of the library. Another copy takes a handle of this one for its
/// own only where the two numbers are as close as a slot has been used often.
fn first_generation() -> u64 {
    static FIRST: OnceLock<u64> = OnceLock::new();
    *FIRST.get_or_init(|| RandomState::new().hash_one(0) & u64::from(u32::MAX))
}

fn address(record: &Record) -> usize {
    ptr::from_ref(record) as usize
}

fn is_live(state: u64, handle: u64) -> bool {
    state >> 32 == handle & u64::from(u32::MAX) && state & LIVE_BIT != 0
}

fn slot_index(handle: u64) -> u32 {
    (handle >> GENERATION_BITS) as u32 & ((1 << SLOT_BITS) - 1)
}

fn retag(top: u64, slot: u32) -> u64 {
    ((top >> 32).wrapping_add(1) << 32) | u64::from(slot)
}

fn segment_len(segment: usize) -> usize {
    FIRST_SEGMENT << segment
}

/// Segment and offset of a slot: with n = index + 64, the segment is told by n's highest bit.
fn place(index: u32) -> (usize, usize) {
    let n = index as usize + FIRST_SEGMENT;
    let segment = (n.ilog2() - FIRST_SEGMENT.ilog2()) as usize;
    (segment, n - segment_len(segment))
}

fn not_live<T: Object>(handle: u64) -> Error {
    let what = match (handle, (handle >> (SLOT_BITS + GENERATION_BITS)) as u8) {
        (0, _) => "is NULL",
        (_, kind) if kind == T::KIND => "is stale: freed already, or never given out",
        _ => "is of another kind, or no handle at all",
    };
    Error::new(Status::Handle, format!("the {} handle {what}", T::NAME))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::runtime::fork;
    use std::sync::atomic::AtomicBool;

    struct Thing(u64, Option<Arc<AtomicUsize>>);
    struct Other;
    struct pyssl_thing;
    struct pyssl_other;
    object!(Thing, pyssl_thing, 250, "thing");
    object!(Other, pyssl_other, 251, "other");

    impl Drop for Thing {
        fn drop(&mut self) {
            if let Some(dropped) = &self.1 {
                dropped.fetch_add(1, Ordering::SeqCst);
            }
        }
    }

    fn thing(n: u64) -> *mut pyssl_thing {
        Arc::new(Thing(n, None)).register().unwrap()
    }

    fn refused<T>(result: Result<T>) -> bool {
        matches!(result, Err(error) if error.status == Status::Handle)
    }

    #[test]
    fn null_stale_twice_freed_wrong_kind_and_garbage_are_refused() {
        assert!(refused(Thing::lookup(ptr::null_mut())));
        assert!(Thing::free(ptr::null_mut()).is_ok());
        let handle = thing(7);
        assert_eq!(Thing::lookup(handle).unwrap().0, 7);
        assert!(refused(Other::lookup(handle.cast())));
        assert!(refused(Other::free(handle.cast())));
        assert!(Thing::free(handle).is_ok());
        assert!(refused(Thing::lookup(handle)));
        assert!(refused(Thing::free(handle)));
        let again = thing(8);
        assert_ne!(handle, again);
        assert!(refused(Thing::lookup(handle)));
        assert!(Thing::free(again).is_ok());
        for garbage in [1u64, 0xdead_beef, u64::MAX, 250 << 56, 250 << 56 | u64::from(u32::MAX) << 24, 1 << 63] {
            assert!(refused(Thing::lookup(garbage as *mut pyssl_thing)), "{garbage:#x}");
            assert!(refused(Thing::free(garbage as *mut pyssl_thing)), "{garbage:#x}");
        }
    }

    #[test]
    fn a_slot_retires_when_its_generations_are_used_up() {
        static TABLE: Table<Thing> = Table::new();
        let first = TABLE.insert(Arc::new(Thing(1, None))).unwrap();
        assert!(TABLE.remove(first));
        let last = (first_generation().wrapping_sub(1)) & u64::from(u32::MAX);
        let slot = TABLE.slot_of(first).unwrap();
        slot.state.store(last << 32, Ordering::SeqCst);
        let handle = TABLE.insert(Arc::new(Thing(2, None))).unwrap();
        assert_eq!((slot_index(handle), handle & u64::from(u32::MAX)), (slot_index(first), last));
        assert!(TABLE.remove(handle));
        let next = TABLE.insert(Arc::new(Thing(3, None))).unwrap();
        assert_ne!(slot_index(next), slot_index(first));
        assert!(TABLE.pin(first).is_none() && TABLE.pin(handle).is_none() && TABLE.remove(next));
    }

    #[test]
    fn a_pinned_object_outlives_its_handle_until_the_pin_goes() {
        let dropped = Arc::new(AtomicUsize::new(0));
        let handle = Arc::new(Thing(1, Some(dropped.clone()))).register().unwrap();
        let pin = Thing::lookup(handle).unwrap();
        assert!(Thing::free(handle).is_ok());
        assert!(refused(Thing::lookup(handle)));
        assert_eq!((pin.0, dropped.load(Ordering::SeqCst)), (1, 0));
        drop(pin);
        assert_eq!(dropped.load(Ordering::SeqCst), 1);
    }

    /// As a call does that comes through the gate: the thread has a record for its pins.
    fn calling<T>(body: impl FnOnce() -> T) -> T {
        let _inside = fork::inside();
        body()
    }

    fn counted_drops() -> (*mut pyssl_thing, Arc<AtomicUsize>) {
        let dropped = Arc::new(AtomicUsize::new(0));
        (Arc::new(Thing(1, Some(dropped.clone()))).register().unwrap(), dropped)
    }

    #[test]
    fn the_last_of_a_threads_pins_takes_a_freed_object_along_be_they_noted_or_counted() {
        // Forwards, backwards, and from the middle.
        for order in [[0, 1, 2, 3, 4, 5, 6, 7], [7, 6, 5, 4, 3, 2, 1, 0], [3, 7, 0, 6, 2, 5, 1, 4]] {
            for many in [1usize, 2, 6, 7, 8] {
                calling(|| {
                    let (handle, dropped) = counted_drops();
                    let mut pins: Vec<_> = (0..many).map(|_| Some(Thing::lookup(handle).unwrap())).collect();
                    let counted = pins.iter().flatten().filter(|pin| pin.note.is_none()).count();
                    assert_eq!(counted, many.saturating_sub(6));
                    assert!(Thing::free(handle).is_ok());
                    assert!(refused(Thing::lookup(handle)) && refused(Thing::free(handle)));
                    for (gone, at) in order.into_iter().filter(|at| *at < many).enumerate() {
                        assert_eq!(dropped.load(Ordering::SeqCst), 0, "{gone} of {many}");
                        pins[at] = None;
                    }
                    assert_eq!(dropped.load(Ordering::SeqCst), 1, "{many}");
                });
            }
        }
    }

    #[test]
    fn a_freed_object_goes_with_the_last_call_of_any_thread() {
        let (handle, dropped) = counted_drops();
        let address = handle as usize;
        let (tell, told) = std::sync::mpsc::channel();
        let mut leaves = Vec::new();
        std::thread::scope(|scope| {
            for _ in 0..4 {
                let (leave, may_leave) = std::sync::mpsc::channel::<()>();
                let (tell, dropped) = (tell.clone(), dropped.clone());
                leaves.push(leave);
                scope.spawn(move || {
                    calling(|| {
                        let pin = Thing::lookup(address as *mut pyssl_thing).unwrap();
                        tell.send(()).unwrap();
                        may_leave.recv().unwrap();
                        assert_eq!((pin.0, dropped.load(Ordering::SeqCst)), (1, 0));
                    });
                    tell.send(()).unwrap();
                });
            }
            (0..4).for_each(|_| told.recv().unwrap());
            assert!(Thing::free(handle).is_ok());
            for leave in [2, 0, 3, 1].map(|at| &leaves[at]) {
                assert_eq!(dropped.load(Ordering::SeqCst), 0);
                leave.send(()).unwrap();
                told.recv().unwrap();
            }
            assert_eq!(dropped.load(Ordering::SeqCst), 1);
        });
    }

    #[test]
    fn slots_are_found_in_every_segment() {
        for index in [0, 1, 63, 64, 191, 192, 100_000, MAX_SLOTS - 1] {
            let (segment, offset) = place(index);
            assert!(segment < SEGMENTS && offset < segment_len(segment), "{index}");
        }
        let handles: Vec<_> = (0..1000).map(thing).collect();
        for (n, handle) in handles.iter().enumerate() {
            assert_eq!(Thing::lookup(*handle).unwrap().0, n as u64);
        }
        handles.into_iter().for_each(|handle| Thing::free(handle).unwrap());
    }

    #[test]
    fn threads_that_look_up_and_free_at_once_see_the_object_or_a_refusal() {
        for enlisted in [false, true] {
            let dropped = Arc::new(AtomicUsize::new(0));
            (0..2000).for_each(|round| look_up_and_free_at_once(enlisted, round, &dropped));
            assert_eq!(dropped.load(Ordering::SeqCst), 2000);
        }
    }

    fn look_up_and_free_at_once(enlisted: bool, round: u64, dropped: &Arc<AtomicUsize>) {
        let handle = Arc::new(Thing(round, Some(dropped.clone()))).register().unwrap() as usize;
        let (freed, ready) = (AtomicBool::new(false), std::sync::Barrier::new(4));
        let looks = || {
            ready.wait();
            let several: Vec<_> = (0..8).filter_map(|_| Thing::lookup(handle as *mut _).ok()).collect();
            assert!(several.iter().all(|pin| pin.0 == round));
        };
        let frees = || {
            ready.wait();
            if Thing::free(handle as *mut _).is_ok() {
                assert!(!freed.swap(true, Ordering::SeqCst), "freed twice");
            }
        };
        std::thread::scope(|scope| {
            for turn in 0..4 {
                scope.spawn(move || {
                    let _inside = enlisted.then(fork::inside);
                    if turn % 2 == 0 {
                        looks();
                    } else {
                        frees();
                    }
                });
            }
        });
        assert!(freed.load(Ordering::SeqCst));
    }

    #[test]
    fn handles_that_come_and_go_beside_threads_that_use_them_lose_nothing_and_keep_nothing() {
        const THREADS: usize = 3;
        let dropped = Arc::new(AtomicUsize::new(0));
        let places: Vec<_> = (0..4).map(|_| AtomicU64::new(0)).collect();
        let made = AtomicUsize::new(0);
        std::thread::scope(|scope| {
            for thread in 0..THREADS {
                let (places, made, dropped) = (&places, &made, &dropped);
                scope.spawn(move || {
                    let mut random = thread as u64 + 1;
                    for _ in 0..20_000 {
                        random = random.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
                        let place = &places[(random >> 33) as usize % places.len()];
                        let handle = place.load(Ordering::SeqCst) as *mut pyssl_thing;
                        calling(|| {
                            let pin = Thing::lookup(handle);
                            if random >> 62 == 0 {
                                let new =
                                    Arc::new(Thing(made.fetch_add(1, Ordering::SeqCst) as u64, Some(dropped.clone())));
                                let before = place.swap(new.register().unwrap() as u64, Ordering::SeqCst);
                                assert!(before == 0 || Thing::free(before as *mut pyssl_thing).is_ok());
                            }
                            if let Ok(pin) = pin {
                                assert!(pin.0 < made.load(Ordering::SeqCst) as u64);
                            }
                        });
                    }
                });
            }
        });
        for place in &places {
            Thing::free(place.load(Ordering::SeqCst) as *mut pyssl_thing).unwrap();
        }
        assert_eq!(dropped.load(Ordering::SeqCst), made.load(Ordering::SeqCst));
    }
}
