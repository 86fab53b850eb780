//! fork() while other threads are inside the library.
//!
//! A child has one thread and a copy of every lock as it was. So fork() waits until no other thread computes in here:
//! each thread has a mark that is up while it does, and down while it waits (for a descriptor, for another thread's
//! operation on a connection) or runs the user's code. Whoever is outside stays there until the fork is over. That covers
//! every lock below: this library's, OpenSSL's and the standard library's.
//!
//! Nothing here waits for more than `PATIENCE`: a thread that makes a large key, or reads a file that does not come, lets
//! the fork go ahead.

use libc::c_int;
use std::cell::Cell;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicPtr, AtomicU32, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

const PATIENCE: Duration = Duration::from_secs(1);

/// Marks the calling thread as inside until the result goes. Inside already, this changes nothing.
#[inline]
pub fn inside() -> Inside {
    let mine = MINE.with(Cell::get);
    // SAFETY: marks are never freed.
    let mark = match unsafe { mine.as_ref() } {
        Some(mark) => mark,
        None => match first_call() {
            Some(mark) => mark,
            None => return Inside(None),
        },
    };
    if mark.up.load(Ordering::Relaxed) {
        return Inside(None);
    }
    mark.go_in();
    Inside(Some(mark))
}

#[must_use]
pub struct Inside(Option<&'static Mark>);

impl Drop for Inside {
    #[inline]
    fn drop(&mut self) {
        if let Some(mark) = self.0 {
            mark.up.store(false, Ordering::Release);
        }
    }
}

/// Runs what may take long or is not the library's: waiting, and the user's functions.
pub fn outside<T>(body: impl FnOnce() -> T) -> T {
    struct Back(&'static Mark);
    impl Drop for Back {
        fn drop(&mut self) {
            self.0.go_in();
        }
    }
    // SAFETY: marks are never freed.
    let mark = unsafe { MINE.with(Cell::get).as_ref() }.filter(|mark| mark.up.load(Ordering::Relaxed));
    let _back = mark.map(|mark| {
        mark.up.store(false, Ordering::Release);
        Back(mark)
    });
    body()
}

/// Tells a process from those it was forked from: the number of forks that led to it.
#[inline]
pub fn generation() -> u32 {
    GENERATION.load(Ordering::Relaxed)
}

/// What tells the calling thread from all others of its process; the same before and after a fork. Never 0.
#[inline]
pub fn this_thread() -> usize {
    MINE.with(|mine| ptr::from_ref(mine) as usize)
}

/// The thread that this process began with; 0 when no fork is known.
pub fn forker() -> usize {
    FORKER.load(Ordering::Relaxed)
}

static GENERATION: AtomicU32 = AtomicU32::new(0);
static FORKER: AtomicUsize = AtomicUsize::new(0);
/// 1 from the moment a fork begins to wait until it is over.
static FORKING: AtomicU32 = AtomicU32::new(0);
/// A list that only grows.
static MARKS: AtomicPtr<Mark> = AtomicPtr::new(ptr::null_mut());

thread_local! {
    static MINE: Cell<*const Mark> = const { Cell::new(ptr::null()) };
    static GIVE_BACK: GiveBack = const { GiveBack };
}

/// One thread's mark, on a cache line of its own.
#[repr(align(64))]
pub struct Mark {
    up: AtomicBool,
    /// A thread has it.
    taken: AtomicBool,
    next: AtomicPtr<Mark>,
}

impl Mark {
    /// The mark goes up before the look at FORKING, which is set before the look at the marks: one of the two threads
    /// sees the other.
    #[inline]
    fn go_in(&self) {
        self.up.swap(true, Ordering::SeqCst);
        if FORKING.load(Ordering::SeqCst) != 0 {
            self.go_in_after_fork();
        }
    }

    #[cold]
    fn go_in_after_fork(&self) {
        loop {
            self.up.store(false, Ordering::SeqCst);
            while FORKING.load(Ordering::SeqCst) != 0 {
                futex_wait(&FORKING, 1, None);
            }
            self.up.swap(true, Ordering::SeqCst);
            if FORKING.load(Ordering::SeqCst) == 0 {
                return;
            }
        }
    }
}

struct GiveBack;

impl Drop for GiveBack {
    fn drop(&mut self) {
        let mine = MINE.replace(ptr::null());
        // SAFETY: marks are never freed.
        if let Some(mark) = unsafe { mine.as_ref() } {
            mark.up.store(false, Ordering::SeqCst);
            mark.taken.store(false, Ordering::Release);
        }
    }
}

/// A mark for this thread; None while the thread is ending.
#[cold]
fn first_call() -> Option<&'static Mark> {
    static HANDLERS: AtomicBool = AtomicBool::new(false);
    if !HANDLERS.swap(true, Ordering::SeqCst) {
        // SAFETY: three functions that live as long as the library; glibc forgets them when it is unloaded.
        unsafe { libc::pthread_atfork(Some(prepare), Some(in_parent), Some(in_child)) };
    }
    GIVE_BACK.try_with(|_| ()).ok()?;
    let mark = marks().find(|mark| !mark.taken.swap(true, Ordering::AcqRel)).unwrap_or_else(new_mark);
    MINE.set(mark);
    Some(mark)
}

fn new_mark() -> &'static Mark {
    let mark = Mark { up: false.into(), taken: true.into(), next: AtomicPtr::new(ptr::null_mut()) };
    let mark: &'static Mark = Box::leak(Box::new(mark));
    let mut first = MARKS.load(Ordering::Relaxed);
    loop {
        mark.next.store(first, Ordering::Relaxed);
        let new = ptr::from_ref(mark).cast_mut();
        match MARKS.compare_exchange_weak(first, new, Ordering::SeqCst, Ordering::Relaxed) {
            Ok(_) => return mark,
            Err(now) => first = now,
        }
    }
}

fn marks() -> impl Iterator<Item = &'static Mark> {
    // SAFETY: marks are never freed.
    let at = |p: *mut Mark| unsafe { p.cast_const().as_ref() };
    std::iter::successors(at(MARKS.load(Ordering::SeqCst)), move |mark| at(mark.next.load(Ordering::Relaxed)))
}

fn others() -> impl Iterator<Item = &'static Mark> {
    let mine = MINE.with(Cell::get);
    marks().filter(move |mark| !ptr::eq(*mark, mine))
}

extern "C" fn prepare() {
    while FORKING.compare_exchange(0, 1, Ordering::SeqCst, Ordering::SeqCst).is_err() {
        futex_wait(&FORKING, 1, None);
    }
    let mut begun = None;
    for mark in others() {
        let mut turns = 0u32;
        while mark.up.load(Ordering::SeqCst) {
            if begun.get_or_insert_with(Instant::now).elapsed() > PATIENCE {
                return;
            }
            turns += 1;
            match turns {
                ..=100 => std::hint::spin_loop(),
                ..=200 => std::thread::yield_now(),
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
    FORKER.store(this_thread(), Ordering::SeqCst);
    // Their threads are not here.
    for mark in others() {
        mark.up.store(false, Ordering::SeqCst);
        mark.taken.store(false, Ordering::SeqCst);
    }
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
        // SAFETY: marks are never freed.
        unsafe { MINE.with(Cell::get).as_ref() }.is_some_and(|mark| mark.up.load(Ordering::SeqCst))
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
    fn threads_that_end_give_their_marks_back() {
        let in_turn = |_| std::thread::spawn(|| drop(inside())).join().unwrap();
        in_turn(0);
        let before = marks().count();
        (0..50).for_each(in_turn);
        // Other tests' threads take some meanwhile.
        assert!(marks().count() < before + 40);
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
