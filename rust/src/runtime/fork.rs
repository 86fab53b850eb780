//! fork() while other threads are inside the library.
//!
//! A child has one thread and a copy of every lock as it was. So fork() waits until no other thread computes in here:
//! each thread has a mark (in its `threads::Record`) that is up while it does, and down while it waits (for a descriptor, for another thread's
//! operation on a connection) or runs the user's code. Whoever is outside stays there until the fork is over. That covers
//! every lock below: this library's, OpenSSL's and the standard library's.
//!
//! Nothing here waits beyond `PATIENCE` after the fork began. A thread that makes a large key, or reads a file that does not
//! come, lets the fork go ahead. And a thread that is kept outside goes in: it may hold a lock that the fork waits for, in a
//! handler that the program registered (pthread_atfork).

use super::threads;
use super::threads::Record;
use libc::c_int;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);

/// Marks the calling thread as inside until the result goes. Inside already, this changes nothing.
#[inline]
pub fn inside() -> Inside {
    let mine = threads::mine().or_else(first_call).filter(|mine| !mine.inside.load(Ordering::Relaxed));
    mine.inspect(|mine| go_in(mine));
    Inside(mine)
}

#[must_use]
pub struct Inside(Option<&'static Record>);

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        if let Some(mine) = self.0 {
            mine.inside.store(false, Ordering::Release);
        }
    }
}

/// Runs what may take long or is not the library's: waiting, and the user's functions. A thread that holds a mutex counts as
/// inside all the same, for the child would inherit the mutex held.
pub fn outside<T>(body: impl FnOnce() -> T) -> T {
    struct Back(&'static Record);
    impl Drop for Back {
        fn drop(&mut self) {
            go_in(self.0);
        }
    }
    let mine = threads::mine().filter(|mine| mine.inside.load(Ordering::Relaxed) && !threads::holds_mutex());
    let _back = mine.map(|mine| {
        mine.inside.store(false, Ordering::Release);
        Back(mine)
    });
    body()
}

/// Tells a process from those it was forked from: the number of forks that led to it.
#[inline]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// The thread that this process began with, as `threads::id` has it; 0 when no fork is known.
pub fn forker() -> usize {
    FORKER.load(Ordering::Relaxed)
}

/// None while the thread is ending.
#[cold]
fn first_call() -> Option<&'static Record> {
    register();
    threads::enlist()
}

/// Registers the handlers as the library is loaded, before the program registers its own. The last one registered prepares
/// first: so a program's handler takes its locks before this library waits for the threads inside, not while it keeps them
/// from letting go of those locks.
#[used]
#[link_section = ".init_array"]
static AT_LOAD: extern "C" fn() = register;

extern "C" fn register() {
    static REGISTERED: AtomicBool = AtomicBool::new(false);
    if !REGISTERED.swap(true, Ordering::SeqCst) {
        // SAFETY: three functions that live as long as the library; glibc forgets them when it is unloaded.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    }
}

static GENERATION: AtomicU32 = AtomicU32::new(0);
static FORKER: AtomicUsize = AtomicUsize::new(0);
/// How many forks have begun to wait and are not over.
static FORKING: AtomicU32 = AtomicU32::new(0);
/// When the last of them began, in nanoseconds of the monotonic clock.
static BEGUN: AtomicU64 = AtomicU64::new(0);

thread_local! {
    /// The thread is in a fork. A handler of the program's, which runs there too, may call the library.
    static FORKS: Cell<bool> = const { Cell::new(false) };
}

/// The mark goes up before the look at FORKING, which is set before the look at the marks: one of the two threads sees the
/// other.
#[inline]
fn go_in(mine: &Record) {
    mine.inside.swap(true, Ordering::SeqCst);
    if FORKING.load(Ordering::SeqCst) != 0 && !FORKS.get() {
        go_in_after_fork(mine);
    }
}

#[cold]
fn go_in_after_fork(mine: &Record) {
    let mut is_over = false;
    while !is_over {
        mine.inside.store(false, Ordering::SeqCst);
        is_over = wait_for_forks() == Waited::TooLong;
        mine.inside.swap(true, Ordering::SeqCst);
        is_over |= FORKING.load(Ordering::SeqCst) == 0;
    }
}

#[derive(PartialEq, Eq)]
enum Waited {
    Enough,
    TooLong,
}

fn wait_for_forks() -> Waited {
    loop {
        let forks = FORKING.load(Ordering::SeqCst);
        if forks == 0 {
            return Waited::Enough;
        }
        let passed = Duration::from_nanos(now().saturating_sub(BEGUN.load(Ordering::SeqCst)));
        match PATIENCE.checked_sub(passed) {
            Some(left) if !left.is_zero() => futex_wait(&FORKING, forks, Some(left)),
            _ => return Waited::TooLong,
        }
    }
}

extern "C" fn prepare() {
    FORKS.set(true);
    let begun = Instant::now();
    BEGUN.store(now(), Ordering::SeqCst);
    FORKING.fetch_add(1, Ordering::SeqCst);
    for other in threads::others() {
        let mut turns = 0u32;
        while other.inside.load(Ordering::SeqCst) {
            if begun.elapsed() > PATIENCE {
                return;
            }
            turns += 1;
            match turns {
                ..=100 => std::hint::spin_loop(),
                101..=200 => std::thread::yield_now(),
                // A sleep that is no cancellation point.
                _ => futex_wait(&FORKING, FORKING.load(Ordering::SeqCst), Some(Duration::from_micros(50))),
            }
        }
    }
}

extern "C" fn in_parent() {
    FORKS.set(false);
    FORKING.fetch_sub(1, Ordering::SeqCst);
    futex_wake(&FORKING, c_int::MAX);
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    FORKER.store(threads::id(), Ordering::SeqCst);
    threads::others().for_each(Record::abandon);
    FORKS.set(false);
    // Other threads' forks, too, are the parent's.
    FORKING.store(0, Ordering::SeqCst);
}

fn now() -> u64 {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: a writable timespec.
    unsafe { libc::clock_gettime(libc::CLOCK_MONOTONIC, &mut time) };
    (time.tv_sec as u64).saturating_mul(1_000_000_000).saturating_add(time.tv_nsec as u64)
}

/// Sleeps while `word` is `value`: until a wake, a signal or the end of `most`.
pub fn futex_wait(word: &AtomicU32, value: u32, most: Option<Duration>) {
    let most = most.map(|most| libc::timespec {
        tv_sec: most.as_secs() as libc::time_t,
        tv_nsec: libc::c_long::from(most.subsec_nanos() as i32),
    });
    let most: *const libc::timespec = most.as_ref().map_or(ptr::null(), ptr::from_ref);
    // SAFETY: a live word and a readable time or NULL.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAIT | libc::FUTEX_PRIVATE_FLAG, value, most) };
}

pub fn futex_wake(word: &AtomicU32, threads: c_int) {
    // SAFETY: a live word.
    unsafe { libc::syscall(libc::SYS_futex, word.as_ptr(), libc::FUTEX_WAKE | libc::FUTEX_PRIVATE_FLAG, threads) };
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    fn up() -> bool {
        threads::mine().is_some_and(|mine| mine.inside.load(Ordering::SeqCst))
    }

    #[test]
    fn the_mark_is_up_inside_and_down_outside_and_nests() {
        assert!(!up());
        let first = inside();
        assert!(up());
        drop(inside());
        assert!(up());
        outside(|| {
            assert!(!up());
            let again = inside();
            assert!(up());
            drop(again);
            outside(|| assert!(!up()));
        });
        assert!(up());
        drop(first);
        assert!(!up());
    }

    #[test]
    fn a_panic_outside_leaves_the_mark_as_it_was() {
        let _inside = inside();
        assert!(std::panic::catch_unwind(|| outside(|| panic!("the user's"))).is_err());
        assert!(up());
    }

    #[test]
    fn a_thread_that_holds_a_mutex_counts_as_inside() {
        let _inside = inside();
        threads::mutex_taken();
        outside(|| assert!(up()));
        threads::mutex_released();
        outside(|| assert!(!up()));
    }

    /// Waits for who is inside, keeps out who comes, and lets them in afterwards. The one test that forks (if in words).
    #[test]
    fn a_fork_waits_for_those_inside_and_keeps_out_those_who_come() {
        let (tell, told) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel();
        let within = std::thread::spawn(move || {
            let inside = inside();
            tell.send(()).unwrap();
            may_leave.recv().unwrap();
            drop(inside);
        });
        told.recv().unwrap();
        let forking = std::thread::spawn(|| {
            prepare();
            Instant::now()
        });
        std::thread::sleep(Duration::from_millis(50));
        let comes = std::thread::spawn(|| {
            let _inside = inside();
            Instant::now()
        });
        let left = Instant::now();
        leave.send(()).unwrap();
        let prepared = forking.join().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let over = Instant::now();
        in_parent();
        within.join().unwrap();
        assert!(prepared >= left);
        assert!(comes.join().unwrap() >= over);
    }
}
