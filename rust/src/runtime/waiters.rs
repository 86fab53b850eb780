//! Waiting for a descriptor, with a way for another thread to end the wait.

use super::fork;
use super::mutex::Mutex;
use super::wake_fd::WakeFd;
use libc::c_int;
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicI32, AtomicUsize, Ordering};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

/// What ended a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Woken {
    /// The descriptor may be used, or another thread changed something: try again.
    Ready,
    Interrupted,
    Timeout,
}

/// The threads that wait at one place. Whoever changes what they wait for wakes them.
#[derive(Default)]
pub struct Waiters {
    /// Read without the lock by threads that would wake, so that it costs nothing when nobody waits.
    count: AtomicUsize,
    /// Of these, who waits for input, and who for output.
    for_input: AtomicUsize,
    for_output: AtomicUsize,
    haste: AdaptivePoll,
    list: Mutex<Vec<Waiter>>,
}

#[derive(Clone, Copy)]
struct Waiter {
    wake_fd: WakeFd,
    events: i16,
}

/// Whom a change may concern.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Whom {
    All,
    /// Who waits for input: who can send no more for now is not to be woken by every record that another thread receives.
    ForInput,
    /// Who waits to send: for another thread to be done with that.
    ForOutput,
}

impl Whom {
    const EACH: [Whom; 3] = [Whom::All, Whom::ForInput, Whom::ForOutput];

    fn waits_for(self, events: i16) -> bool {
        match self {
            Whom::All => true,
            Whom::ForInput => events & libc::POLLIN != 0,
            Whom::ForOutput => events & libc::POLLOUT != 0,
        }
    }
}

impl Waiters {
    /// Waits until `fd` has one of `events` (POLLIN, POLLOUT), somebody calls `wake`, a signal comes or `deadline` passes.
    /// `fd` < 0 waits for a wake alone. `stale` is asked once this thread can be woken: true means the thing waited for
    /// happened in between.
    pub fn wait(
        &self,
        fd: RawFd,
        events: i16,
        deadline: Option<Instant>,
        stale: impl FnOnce() -> bool,
    ) -> Result<Woken, i32> {
        let wake_fd = WakeFd::of_this_thread()?;
        self.list.lock().push(Waiter { wake_fd, events });
        for whom in Whom::EACH.into_iter().filter(|whom| whom.waits_for(events)) {
            self.count(whom).fetch_add(1, Ordering::SeqCst);
        }
        let woken = if stale() { Ok(Woken::Ready) } else { self.haste.poll(fd, events, wake_fd, deadline) };
        let mut list = self.list.lock();
        list.retain(|waiter| waiter.wake_fd != wake_fd);
        for whom in Whom::EACH.into_iter().filter(|whom| whom.waits_for(events)) {
            self.count(whom).fetch_sub(1, Ordering::SeqCst);
        }
        drop(list);
        woken
    }

    /// Forgets who waits: in a forked child, threads of the parent only.
    pub fn forget(&self) {
        let mut list = self.list.lock();
        list.clear();
        Whom::EACH.into_iter().for_each(|whom| self.count(whom).store(0, Ordering::SeqCst));
    }

    /// Ends the waits of these.
    pub fn wake(&self, whom: Whom) {
        if self.count(whom).load(Ordering::SeqCst) == 0 {
            return;
        }
        for waiter in self.list.lock().iter().filter(|waiter| whom.waits_for(waiter.events)) {
            waiter.wake_fd.wake();
        }
    }

    fn count(&self, whom: Whom) -> &AtomicUsize {
        match whom {
            Whom::All => &self.count,
            Whom::ForInput => &self.for_input,
            Whom::ForOutput => &self.for_output,
        }
    }
}

/// A wait that will be over in a moment is cheaper awake: falling asleep and being woken takes 20 us and more, which is
/// most of what a question and its answer take between two threads. So where waits have been short, the next one looks
/// again and again for a moment before it sleeps; where that was for nothing, it is long before it is tried again.
#[derive(Default)]
struct AdaptivePoll {
    /// How many short waits in a row there were, less what vain looking costs.
    short: AtomicI32,
}

/// What counts as short, and how long to look.
const SHORT: Duration = Duration::from_micros(100);
const LOOK: Duration = Duration::from_micros(50);
const IN_A_ROW: i32 = 4;
const IN_VAIN: i32 = 200;

impl AdaptivePoll {
    fn poll(&self, fd: RawFd, events: i16, wake_fd: WakeFd, deadline: Option<Instant>) -> Result<Woken, i32> {
        let begun = Instant::now();
        let short = self.short.load(Ordering::Relaxed);
        if short >= IN_A_ROW && events == libc::POLLIN {
            while begun.elapsed() < LOOK {
                match poll(fd, events, wake_fd, Some(begun)) {
                    // Who has something to do meanwhile may be who is waited for.
                    Ok(Woken::Timeout) => std::thread::yield_now(),
                    found => return found,
                }
            }
            self.short.store(-IN_VAIN, Ordering::Relaxed);
            return poll(fd, events, wake_fd, deadline);
        }
        let woken = poll(fd, events, wake_fd, deadline);
        let was_short = events == libc::POLLIN && begun.elapsed() < SHORT && several_processors();
        self.short.store(if was_short { short + 1 } else { short.min(0) }, Ordering::Relaxed);
        woken
    }
}

/// On one, looking keeps the peer from answering.
fn several_processors() -> bool {
    static SEVERAL: OnceLock<bool> = OnceLock::new();
    *SEVERAL.get_or_init(|| std::thread::available_parallelism().is_ok_and(|count| count.get() > 1))
}

fn poll(fd: RawFd, events: i16, wake_fd: WakeFd, deadline: Option<Instant>) -> Result<Woken, i32> {
    let mut polls = [
        libc::pollfd { fd: wake_fd.number(), events: libc::POLLIN, revents: 0 },
        libc::pollfd { fd, events, revents: 0 },
    ];
    // Where the program closed the number that would end this wait, the thread notices after this time.
    let checked = Instant::now() + CHECKED_EVERY;
    let most = milliseconds(Some(deadline.map_or(checked, |deadline| deadline.min(checked))));
    fork::outside(|| {
        // SAFETY: two valid pollfds; poll() passes over a negative descriptor.
        let count = unsafe { libc::poll(polls.as_mut_ptr(), polls.len() as libc::nfds_t, most) };
        match count {
            0 if deadline.is_none_or(|deadline| deadline > checked) => {
                wake_fd.check();
                Ok(Woken::Ready)
            }
            0 => Ok(Woken::Timeout),
            1.. => {
                // A wake that comes later than this ends the next wait early, which is fine.
                if polls[0].revents != 0 {
                    wake_fd.silence();
                }
                Ok(Woken::Ready)
            }
            _ => match std::io::Error::last_os_error().raw_os_error().unwrap_or(libc::EIO) {
                libc::EINTR => Ok(Woken::Interrupted),
                errno => Err(errno),
            },
        }
    })
}

/// How long a thread sleeps before it looks whether it can still be woken.
const CHECKED_EVERY: Duration = Duration::from_secs(5);

/// For poll(): -1 is for ever; rounded up, so that a wait never ends before its time.
fn milliseconds(deadline: Option<Instant>) -> c_int {
    let Some(deadline) = deadline else { return -1 };
    let left = deadline.saturating_duration_since(Instant::now()) + Duration::from_micros(999);
    c_int::try_from(left.as_millis()).unwrap_or(c_int::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Read, Write};
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    /// Waiters that have met short waits only, and the two ends they met them on.
    fn hasty() -> (Waiters, UnixStream, UnixStream) {
        let (waiters, (mut near, mut far)) = (Waiters::default(), UnixStream::pair().unwrap());
        for _ in 0..100 {
            far.write_all(b"x").unwrap();
            assert_eq!(waiters.wait(near.as_raw_fd(), libc::POLLIN, None, || false), Ok(Woken::Ready));
            near.read_exact(&mut [0]).unwrap();
        }
        (waiters, near, far)
    }

    #[test]
    fn after_short_waits_a_long_one_comes_to_its_end() {
        let (waiters, near, mut far) = hasty();
        for _ in 0..3 {
            let begun = Instant::now();
            let deadline = begun + Duration::from_millis(30);
            let woken = waiters.wait(near.as_raw_fd(), libc::POLLIN, Some(deadline), || false);
            assert_eq!(woken, Ok(Woken::Timeout));
            assert!(begun.elapsed() >= Duration::from_millis(30));
        }
        let late = std::thread::spawn(move || {
            std::thread::sleep(Duration::from_millis(20));
            far.write_all(b"x").unwrap();
            far
        });
        assert_eq!(waiters.wait(near.as_raw_fd(), libc::POLLIN, None, || false), Ok(Woken::Ready));
        late.join().unwrap();
    }

    #[test]
    fn after_short_waits_a_wake_ends_the_next() {
        let (waiters, near, _far) = hasty();
        std::thread::scope(|scope| {
            scope.spawn(|| {
                while waiters.count(Whom::All).load(Ordering::SeqCst) == 0 {
                    std::thread::yield_now();
                }
                waiters.wake(Whom::All);
            });
            assert_eq!(waiters.wait(near.as_raw_fd(), libc::POLLIN, None, || false), Ok(Woken::Ready));
        });
    }

    #[test]
    fn a_deadline_within_the_moment_of_looking_is_kept() {
        let (waiters, near, _far) = hasty();
        let deadline = Instant::now();
        let woken = waiters.wait(near.as_raw_fd(), libc::POLLIN, Some(deadline), || false);
        assert_eq!(woken, Ok(Woken::Timeout));
    }
}
