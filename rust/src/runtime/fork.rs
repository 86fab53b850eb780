//! fork() while other threads are inside the library.
//!
//! A child has one thread and a copy of every lock as it was. So fork() waits until no other thread computes in here:
//! each thread has a mark (in its `threads::Record`) that is up while it does, and down while it waits (for a descriptor, for another thread's
//! operation on a connection) or runs the user's code. Whoever is outside stays there until the fork is over. That covers
//! every lock below: this library's, OpenSSL's and the standard library's.
//!
//! Nothing here waits for more than `PATIENCE`: a thread that makes a large key, or reads a file that does not come, lets
//! the fork go ahead.

use super::threads;
use super::threads::Record;
use libc::c_int;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicUsize, Ordering};
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

/// Runs what may take long or is not the library's: waiting, and the user's functions.
pub fn outside<T>(body: impl FnOnce() -> T) -> T {
    struct Back(&'static Record);
    impl Drop for Back {
        fn drop(&mut self) {
            go_in(self.0);
        }
    }
    let mine = threads::mine().filter(|mine| mine.inside.load(Ordering::Relaxed));
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
    static WATCHED: AtomicBool = AtomicBool::new(false);
    if !WATCHED.swap(true, Ordering::SeqCst) {
        // SAFETY: three functions that live as long as the library; glibc forgets them when it is unloaded.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    }
    threads::enlist()
}

static GENERATION: AtomicU32 = AtomicU32::new(0);
static FORKER: AtomicUsize = AtomicUsize::new(0);
/// 1 from the moment a fork begins to wait until it is over.
static FORKING: AtomicU32 = AtomicU32::new(0);

/// The mark goes up before the look at FORKING, which is set before the look at the marks: one of the two threads sees the
/// other.
#[inline]
fn go_in(mine: &Record) {
    mine.inside.swap(true, Ordering::SeqCst);
    if FORKING.load(Ordering::SeqCst) != 0 {
        go_in_after_fork(mine);
    }
}

#[cold]
fn go_in_after_fork(mine: &Record) {
    loop {
        mine.inside.store(false, Ordering::SeqCst);
        while FORKING.load(Ordering::SeqCst) != 0 {
            futex_wait(&FORKING, 1, None);
        }
        mine.inside.swap(true, Ordering::SeqCst);
        if FORKING.load(Ordering::SeqCst) == 0 {
            return;
        }
    }
}

extern "C" fn prepare() {
    while FORKING.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        futex_wait(&FORKING, 1, None);
    }
    let mut begun = None;
    for other in threads::others() {
        let mut turns = 0u32;
        while other.inside.load(Ordering::SeqCst) {
            if begun.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return;
            }
            turns += 1;
            match turns {
                ..=100 => std::hint::spin_loop(),
                101..=200 => std::thread::yield_now(),
                _ => std::thread::sleep(Duration::from_micros(50)),
            }
        }
    }
}

extern "C" fn in_parent() {
    FORKING.store(0, Ordering::SeqCst);
    futex_wake(&FORKING, c_int::MAX);
}

extern "C" fn in_child() {
    GENERATION.fetch_add(1, Ordering::SeqCst);
    FORKER.store(threads::id(), Ordering::SeqCst);
    threads::others().for_each(Record::abandon);
    FORKING.store(0, Ordering::SeqCst);
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
