//! A record of each thread that ever called the library: whether it computes in here (for `fork`), and which handles its
//! calls have in use (for the handle table). Only the thread itself writes to it all the time, so that threads do not hand
//! a cache line to and fro with every call; whoever forks or frees a handle looks at the others'.

use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicU64, AtomicUsize, Ordering};

/// How many handles a thread has in use before others keep count of them: calls have two or three, callbacks nest.
const PINS: usize = 6;

/// In place of a record's owner, and never the low bits of an id.
const FREE: u32 = 0;
/// As FREE: the record of a thread that a forked child does not have, and that had handles in use.
const ABANDONED: u32 = u32::MAX;

/// On a cache line of its own, which it fills.
#[repr(align(64))]
pub struct Record {
    /// The thread computes inside the library.
    pub inside: AtomicBool,
    /// The low bits of the id of the thread that has the record; FREE or ABANDONED.
    owner: AtomicU32,
    next: AtomicPtr<Record>,
    /// Handles in use; 0 where there is none. Set by the thread that has the record.
    pub pins: [AtomicU64; PINS],
}

impl Record {
    /// A place for one handle more; None when all are taken.
    #[inline]
    pub fn free_pin(&self) -> Option<&AtomicU64> {
        self.pins.iter().find(|pin| pin.load(Ordering::Relaxed) == 0)
    }

    /// In a forked child: the thread is not here. What it had in use may be half done and stays as it is, and so the
    /// record stays taken.
    pub fn abandon(&self) {
        self.inside.store(false, Ordering::SeqCst);
        let idle = self.pins.iter().all(|pin| pin.load(Ordering::SeqCst) == 0);
        self.owner.store(if idle { FREE } else { ABANDONED }, Ordering::SeqCst);
    }
}

/// The calling thread's record, where it has one already.
#[inline]
pub fn mine() -> Option<&'static Record> {
    // SAFETY: records are never freed.
    unsafe { MINE.with(Cell::get).as_ref() }
}

/// A record for the calling thread, which has none; None while the thread is ending.
#[cold]
pub fn enlist() -> Option<&'static Record> {
    GIVE_BACK.try_with(|_| ()).ok()?;
    let me = low_bits(id());
    let take = |record: &Record| record.owner.compare_exchange(FREE, me, Ordering::AcqRel, Ordering::Relaxed).is_ok();
    let record = all().find(|record| take(record)).unwrap_or_else(|| new_record(me));
    MINE.set(record);
    Some(record)
}

/// Returns what tells the calling thread from all others that its process has or ever had; the same before and after a
/// fork. Never 0.
#[inline]
pub fn id() -> usize {
    match ID.get() {
        0 => new_id(),
        known => known,
    }
}

#[cold]
fn new_id() -> usize {
    static LAST: AtomicUsize = AtomicUsize::new(0);
    let id = loop {
        let id = LAST.fetch_add(1, Ordering::Relaxed) + 1;
        if !matches!(low_bits(id), FREE | ABANDONED) {
            break id;
        }
    };
    ID.set(id);
    id
}

/// Returns false when the thread of an id that called the library has ended. Thread ids that agree in 32 bits are taken
/// for one another here.
pub fn may_live(id: usize) -> bool {
    all().any(|record| record.owner.load(Ordering::Relaxed) == low_bits(id))
}

fn low_bits(id: usize) -> u32 {
    id as u32
}

/// The records of all threads. The list only grows.
pub fn all() -> impl Iterator<Item = &'static Record> {
    // SAFETY: records are never freed.
    let at = |p: *mut Record| unsafe { p.cast_const().as_ref() };
    std::iter::successors(at(FIRST.load(Ordering::SeqCst)), move |record| at(record.next.load(Ordering::Relaxed)))
}

pub fn others() -> impl Iterator<Item = &'static Record> {
    let mine = MINE.with(Cell::get);
    all().filter(move |record| !ptr::eq(*record, mine))
}

/// Counts the mutexes that the calling thread holds: see `runtime::mutex`.
#[inline]
pub fn mutex_taken() {
    MUTEXES.set(MUTEXES.get() + 1);
}

#[inline]
pub fn mutex_released() {
    MUTEXES.set(MUTEXES.get() - 1);
}

#[inline]
pub fn holds_mutex() -> bool {
    MUTEXES.get() != 0
}

static FIRST: AtomicPtr<Record> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    static ID: Cell<usize> = const { Cell::new(0) };
    static MINE: Cell<*const Record> = const { Cell::new(ptr::null()) };
    static MUTEXES: Cell<u32> = const { Cell::new(0) };
    static GIVE_BACK: GiveBack = const { GiveBack };
}

struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        let mine = MINE.replace(ptr::null());
        // SAFETY: records are never freed.
        if let Some(record) = unsafe { mine.as_ref() } {
            record.inside.store(false, Ordering::SeqCst);
            record.owner.store(FREE, Ordering::Release);
        }
    }
}

fn new_record(owner: u32) -> &'static Record {
    let record = Box::leak(Box::new(Record {
        inside: false.into(),
        owner: owner.into(),
        next: AtomicPtr::new(ptr::null_mut()),
        pins: [const { AtomicU64::new(0) }; PINS],
    }));
    let new = ptr::from_mut(record);
    // SAFETY: just made, and never freed.
    let record: &'static Record = unsafe { &*new };
    let mut first = FIRST.load(Ordering::Relaxed);
    loop {
        record.next.store(first, Ordering::Relaxed);
        match FIRST.compare_exchange_weak(first, new, Ordering::SeqCst, Ordering::Relaxed) {
            Ok(_) => return record,
            Err(now) => first = now,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_record_is_one_cache_line() {
        assert_eq!(std::mem::size_of::<Record>(), 64);
    }

    fn enlisted() -> &'static Record {
        mine().or_else(enlist).unwrap()
    }

    #[test]
    fn threads_that_end_give_their_records_back() {
        let in_turn = |_| std::thread::spawn(|| assert!(ptr::eq(enlisted(), enlisted()))).join().unwrap();
        in_turn(0);
        let before = all().count();
        (0..50).for_each(in_turn);
        // Other tests' threads take some meanwhile.
        assert!(all().count() < before + 40);
    }

    #[test]
    fn no_thread_gets_the_id_of_one_that_ended() {
        let ids: std::collections::HashSet<usize> =
            (0..100).map(|_| std::thread::spawn(id).join().unwrap()).chain([id()]).collect();
        assert_eq!(ids.len(), 101);
    }

    #[test]
    fn a_thread_lives_until_it_ends() {
        enlisted();
        let (ended, alive) = std::thread::spawn(|| {
            enlisted();
            (id(), may_live(id()))
        })
        .join()
        .unwrap();
        assert!(alive && !may_live(ended) && may_live(id()));
    }

    #[test]
    fn a_thread_keeps_its_record_and_its_number() {
        let (record, number) = (enlisted(), id());
        assert!(ptr::eq(record, enlisted()) && number == id());
        let (other, its_number) = std::thread::spawn(|| (enlisted(), id())).join().unwrap();
        assert!(!ptr::eq(record, other) && number != its_number && number != 0);
        assert!(others().any(|record| ptr::eq(record, other)) && !others().any(|other| ptr::eq(record, other)));
    }
}
