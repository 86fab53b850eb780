//! Locks, and which of them the calling thread holds.
//!
//! `Mutex` is for a few instructions. `Lock` is a connection's engine lock. A thread may take it again while it has it (callbacks look at their connection). It is fair: who has waited for a
//! millisecond gets it before who comes anew, so a busy reader does not starve a writer. And it can be inherited: in a
//! forked child, a lock held by a thread that only the parent has is free (its state lies in the lock alone, in no table
//! shared by all, and who waits for it is outside as `fork` means it). A mutex cannot be inherited: a fork waits for its holder.

use super::{fork, threads};
use std::cell::Cell;
use std::marker::PhantomData;
use std::ops::{Deref, DerefMut};
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

thread_local! {
    static LOCKS: Cell<u32> = const { Cell::new(0) };
}

/// Returns true if the calling thread holds a `Mutex`.
pub fn holds_mutex() -> bool {
    threads::holds_mutex()
}

/// Returns true if the calling thread holds a `Mutex` or a `Lock`.
pub fn holds_any() -> bool {
    holds_mutex() || LOCKS.get() != 0
}

/// A mutex under which no code of the user's runs.
#[derive(Default)]
pub struct Mutex<T>(#[allow(clippy::disallowed_types)] parking_lot::Mutex<T>);

impl<T> Mutex<T> {
    #[allow(clippy::disallowed_types)]
    pub const fn new(value: T) -> Self {
        Mutex(parking_lot::Mutex::new(value))
    }

    #[inline]
    pub fn lock(&self) -> MutexGuard<'_, T> {
        let guard = self.0.lock();
        threads::mutex_taken();
        MutexGuard(guard)
    }
}

pub struct MutexGuard<'a, T>(parking_lot::MutexGuard<'a, T>);

impl<T> Deref for MutexGuard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.0
    }
}

impl<T> DerefMut for MutexGuard<'_, T> {
    fn deref_mut(&mut self) -> &mut T {
        &mut self.0
    }
}

impl<T> Drop for MutexGuard<'_, T> {
    #[inline]
    fn drop(&mut self) {
        threads::mutex_released();
    }
}

const FREE: u32 = 0;
const HELD: u32 = 1;
/// Held, and somebody may sleep until it is free.
const AWAITED: u32 = 2;

/// How long to wait before having a right to be next.
const HUNGER: Duration = Duration::from_millis(1);

/// Encryption of a record takes a few microseconds, so it is worth looking so often before sleeping, which costs as much and
/// more; and then letting others run so often, for one of them may be who has the lock.
const SPINS: u32 = 300;
const YIELDS: u32 = 10;

/// How long it remembers that a thread had to wait, in questions.
const LATE: u32 = 1000;

pub struct Lock<T> {
    state: AtomicU32,
    /// How many have a right to be next.
    hungry: AtomicU32,
    /// The thread that has it, 0 for none.
    owner: AtomicUsize,
    depth: Cell<u32>,
    /// How often it may be asked yet before it forgets that threads met here.
    crowd: AtomicU32,
    /// The process (as `fork` counts them) that the state was last right for.
    generation: AtomicU32,
    orphaned: AtomicBool,
    value: T,
}

// SAFETY: `depth` and `value` are used by the thread that has the lock.
unsafe impl<T: Send> Sync for Lock<T> {}

pub struct Guard<'a, T> {
    lock: &'a Lock<T>,
    _stays_on_its_thread: PhantomData<*const ()>,
}

impl<T> Lock<T> {
    pub fn new(value: T) -> Self {
        Lock {
            state: AtomicU32::new(FREE),
            hungry: AtomicU32::new(0),
            owner: AtomicUsize::new(0),
            depth: Cell::new(0),
            crowd: AtomicU32::new(0),
            generation: AtomicU32::new(fork::generation()),
            orphaned: AtomicBool::new(false),
            value,
        }
    }

    pub fn lock(&self) -> Guard<'_, T> {
        if self.generation.load(Ordering::Acquire) != fork::generation() {
            self.inherit();
        }
        let me = threads::id();
        if self.owner.load(Ordering::Relaxed) == me {
            self.depth.set(self.depth.get() + 1);
        } else {
            if self.hungry.load(Ordering::Relaxed) != 0 || !self.try_take() {
                self.wait();
            }
            self.owner.store(me, Ordering::Relaxed);
            self.depth.set(1);
            LOCKS.set(LOCKS.get() + 1);
        }
        Guard { lock: self, _stays_on_its_thread: PhantomData }
    }

    /// Whether threads met here of late. (Threads that lose a count make it a little later.)
    pub fn is_crowded(&self) -> bool {
        let crowd = self.crowd.load(Ordering::Relaxed);
        if crowd > 0 {
            self.crowd.store(crowd - 1, Ordering::Relaxed);
        }
        crowd > 0
    }

    /// Whether the calling thread has it.
    pub fn is_mine(&self) -> bool {
        self.owner.load(Ordering::Relaxed) == threads::id()
    }

    /// A thread that this process does not have was at work under the lock when the process was forked.
    pub fn is_orphaned(&self) -> bool {
        self.orphaned.load(Ordering::Relaxed)
    }

    fn try_take(&self) -> bool {
        self.state.compare_exchange(FREE, HELD, Ordering::Acquire, Ordering::Relaxed).is_ok()
    }

    #[cold]
    fn wait(&self) {
        self.crowd.store(LATE, Ordering::Relaxed);
        for turn in 0..SPINS + YIELDS {
            // Looked at before it is tried: trying takes the cache line from whoever has the lock.
            let is_free = self.state.load(Ordering::Relaxed) == FREE;
            if is_free && self.hungry.load(Ordering::Relaxed) == 0 && self.try_take() {
                return;
            }
            if turn < SPINS {
                std::hint::spin_loop();
            } else {
                std::thread::yield_now();
            }
        }
        let begun = Instant::now();
        let mut hungry = false;
        loop {
            let before_me = self.hungry.load(Ordering::SeqCst);
            if hungry || before_me == 0 {
                if self.state.swap(AWAITED, Ordering::Acquire) == FREE {
                    break;
                }
                fork::outside(|| fork::futex_wait(&self.state, AWAITED, None));
            } else {
                fork::outside(|| fork::futex_wait(&self.hungry, before_me, Some(HUNGER)));
            }
            if !hungry && begun.elapsed() >= HUNGER {
                self.hungry.fetch_add(1, Ordering::SeqCst);
                hungry = true;
            }
        }
        if hungry {
            self.hungry.fetch_sub(1, Ordering::SeqCst);
            fork::futex_wake(&self.hungry, libc::c_int::MAX);
        }
    }

    /// The first use in a forked child.
    #[cold]
    fn inherit(&self) {
        static ONE: Mutex<()> = Mutex::new(());
        let _one = ONE.lock();
        if self.generation.load(Ordering::Relaxed) == fork::generation() {
            return;
        }
        self.hungry.store(0, Ordering::Relaxed);
        if self.state.load(Ordering::Relaxed) != FREE && self.owner.load(Ordering::Relaxed) != fork::forker() {
            self.orphaned.store(true, Ordering::Relaxed);
            self.depth.set(0);
            self.owner.store(0, Ordering::Relaxed);
            self.state.store(FREE, Ordering::Relaxed);
        }
        self.generation.store(fork::generation(), Ordering::Release);
    }
}

impl<T> Deref for Guard<'_, T> {
    type Target = T;
    fn deref(&self) -> &T {
        &self.lock.value
    }
}

impl<T> Drop for Guard<'_, T> {
    fn drop(&mut self) {
        let lock = self.lock;
        let depth = lock.depth.get() - 1;
        lock.depth.set(depth);
        if depth == 0 {
            LOCKS.set(LOCKS.get() - 1);
            lock.owner.store(0, Ordering::Relaxed);
            if lock.state.swap(FREE, Ordering::Release) == AWAITED {
                fork::futex_wake(&lock.state, 1);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::AtomicU64;

    #[test]
    fn one_thread_at_a_time_and_that_one_again() {
        let lock = Lock::new(Cell::new(0u64));
        std::thread::scope(|scope| {
            for _ in 0..4 {
                scope.spawn(|| {
                    for _ in 0..20_000 {
                        let first = lock.lock();
                        let seen = first.get();
                        let again = lock.lock();
                        again.set(seen + 1);
                        drop(first);
                        assert_eq!(again.get(), seen + 1);
                    }
                });
            }
        });
        assert_eq!(lock.lock().get(), 80_000);
    }

    #[test]
    fn a_thread_that_lets_go_for_moments_only_starves_nobody() {
        // Starving shows every time; a machine that was busy with something else does not.
        let slowest = (0..5).map(|_| slowest_beside_a_greedy_thread()).min();
        assert!(slowest < Some(500_000), "{slowest:?} us");
    }

    fn slowest_beside_a_greedy_thread() -> u64 {
        let lock = Lock::new(());
        let (over, slowest) = (AtomicBool::new(false), AtomicU64::new(0));
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while !over.load(Ordering::Relaxed) {
                    let _held = lock.lock();
                    let begun = Instant::now();
                    while begun.elapsed() < Duration::from_micros(200) {}
                }
            });
            scope.spawn(|| {
                for _ in 0..100 {
                    let begun = Instant::now();
                    drop(lock.lock());
                    slowest.fetch_max(begun.elapsed().as_micros() as u64, Ordering::Relaxed);
                }
                over.store(true, Ordering::Relaxed);
            });
        });
        slowest.into_inner()
    }
}
