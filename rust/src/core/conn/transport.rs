//! A pair of functions as the transport: used without the engine's lock, one reader and one writer at a time.

use super::deadline::Deadline;
use super::io::Flush;
use super::{Conn, Transport};
use crate::error::{Error, Result};
use crate::openssl::ssl::Blocked;
use crate::runtime::fiber::Caller;
use crate::runtime::memory;
use crate::runtime::mutex::Mutex;
use crate::runtime::waiters::{Whom, Woken};
use crate::status::Status;
use std::sync::atomic::Ordering;

/// What a transport of functions did.
pub enum Piped {
    /// This many bytes moved; 0 from `read` is the end of the stream.
    Moved(usize),
    /// Nothing can be moved now.
    Later,
    /// The function failed for a reason of its own, which its language keeps.
    Raised,
    /// The function broke the contract.
    Broken(&'static str),
}

/// A transport given by the user.
pub trait Pipe: Send + Sync {
    fn read(&self, room: &mut [u8]) -> Piped;
    fn write(&self, bytes: &[u8]) -> Piped;
}

/// One direction of a pipe: a caller at a time. A caller that comes back to its own turn is calling from inside the
/// transport.
#[derive(Default)]
pub(super) struct Turn(Mutex<Option<Caller>>);

enum Taken<'a> {
    Mine(Held<'a>),
    /// Another thread has it, and can be waited for.
    Another,
    /// Another fiber of this thread has it: waiting would keep that one from going on.
    Neighbour,
}

struct Held<'a>(&'a Turn, &'a Conn);

impl Drop for Held<'_> {
    fn drop(&mut self) {
        *self.0 .0.lock() = None;
        self.1.waiters.wake(Whom::All);
    }
}

impl Turn {
    fn take<'a>(&'a self, conn: &'a Conn) -> Result<Taken<'a>> {
        let me = Caller::now();
        let mut turn = self.0.lock();
        match *turn {
            Some(holder) if holder == me => Err(called_back()),
            Some(holder) if holder.is_of_this_thread() => Ok(Taken::Neighbour),
            Some(_) => Ok(Taken::Another),
            None => {
                *turn = Some(me);
                Ok(Taken::Mine(Held(self, conn)))
            }
        }
    }

    fn is_taken(&self) -> bool {
        self.0.lock().is_some()
    }

    fn is_mine(&self) -> bool {
        let holder = *self.0.lock();
        holder.is_some_and(Caller::is_now)
    }
}

/// Which part of the outbox a thread writes, and whether it waits for its turn to.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Whose {
    /// All of it, and it waits.
    All,
    /// All of it, now or not at all.
    Now,
    /// Nothing that a sender is there for: a reader that wrote that might have to wait until it is taken, by a peer who
    /// waits for this end to read.
    NoSenders,
}

enum Written {
    All,
    Later,
    Left,
}

fn called_back() -> Error {
    Error::new(Status::Busy, "the connection's transport called back into the connection")
}

fn neighbour_is_inside() -> Error {
    Error::new(Status::Busy, "another fiber (greenlet) of this thread is inside the connection's transport")
}

impl Conn {
    /// BUSY when this thread (its fiber) is inside the connection's own transport.
    pub(super) fn not_inside_transport(&self) -> Result<()> {
        match &self.transport {
            Transport::Pipe { reading, writing, .. } if reading.is_mine() || writing.is_mine() => Err(called_back()),
            _ => Ok(()),
        }
    }

    /// A thread is in the transport, or was when the process forked.
    pub(super) fn inside_transport(&self) -> bool {
        match &self.transport {
            Transport::Pipe { reading, writing, .. } => reading.is_taken() || writing.is_taken(),
            _ => false,
        }
    }

    /// Moves bytes after one go at an operation. True when the operation should have another.
    pub(super) fn piped_step<T>(
        &self,
        (pipe, reading, writing): (&dyn Pipe, &Turn, &Turn),
        flush: Flush,
        result: &Result<T, Blocked>,
        arrivals: u64,
        deadline: &mut Deadline,
    ) -> Result<bool> {
        match result {
            // What was received is not lost for a write that fails: the next call that waits for input writes first.
            Ok(_) if flush == Flush::Tried => return Ok(false),
            Ok(_) | Err(Blocked::WantRead | Blocked::WantWrite) => {}
            // The alert goes out if it can; why it was sent is what the caller hears.
            Err(_) => {
                let _ = self.pump_out_once(pipe, writing);
                return Ok(false);
            }
        }
        let must = flush == Flush::Needed || matches!(result, Err(Blocked::WantWrite));
        let whose = if must { Whose::All } else { Whose::NoSenders };
        let out = self.pump_out(pipe, writing, whose, deadline)?;
        match result {
            Ok(_) if !out && flush == Flush::Needed => Err(Error::bare(Status::WantWrite)),
            Err(Blocked::WantWrite) if !out => Err(Error::bare(Status::WantWrite)),
            Err(Blocked::WantWrite) => Ok(true),
            Err(Blocked::WantRead) => match self.pump_in(pipe, reading, arrivals, deadline) {
                Err(error) if error.status == Status::WantRead && !out && self.says_before_it_hears(flush) => {
                    Err(Error::bare(Status::WantWrite))
                }
                came => came.map(|()| true),
            },
            _ => Ok(false),
        }
    }

    /// Writes the outbox to the transport. True when nothing of it is left.
    fn pump_out(&self, pipe: &dyn Pipe, writing: &Turn, whose: Whose, deadline: &mut Deadline) -> Result<bool> {
        let must = whose == Whose::All;
        loop {
            if self.inspect().ssl.wire().borrow().outbox.is_empty() && !(must && writing.is_taken()) {
                return Ok(true);
            }
            match writing.take(self)? {
                Taken::Mine(held) => {
                    match self.write_out(pipe, whose)? {
                        Written::All => {}
                        Written::Later => return Ok(false),
                        // Looked at once more without the turn: the last sender may have met it taken.
                        Written::Left => {
                            drop(held);
                            if self.senders.load(Ordering::SeqCst) > 0 {
                                return Ok(false);
                            }
                            continue;
                        }
                    }
                    // Once more round: what came after the last look met a taken turn, and was left to this thread.
                    drop(held);
                }
                // The thread whose turn it is takes what this one has, too.
                Taken::Another | Taken::Neighbour if !must => return Ok(false),
                Taken::Neighbour => return Err(neighbour_is_inside()),
                Taken::Another => self.wait_turn(writing, deadline, || false)?,
            }
        }
    }

    /// Writes what the transport takes without waiting for a turn; what it raises is dropped.
    pub(super) fn pump_out_once(&self, pipe: &dyn Pipe, writing: &Turn) -> Result<bool> {
        self.pump_out(pipe, writing, Whose::Now, &mut Deadline::none())
    }

    /// What the last of several senders did not see, for it was put there by a reader that left it to them.
    pub(super) fn write_for_readers(&self, deadline: &mut Deadline) -> Result<()> {
        match &self.transport {
            Transport::Pipe { pipe, writing, .. } if self.senders.load(Ordering::SeqCst) == 0 => {
                self.pump_out(&**pipe, writing, Whose::NoSenders, deadline).map(drop)
            }
            _ => Ok(()),
        }
    }

    fn write_out(&self, pipe: &dyn Pipe, whose: Whose) -> Result<Written> {
        loop {
            let mut rest = {
                let engine = self.inspect();
                // A sender is counted before it puts anything into the outbox, which takes the lock.
                if whose == Whose::NoSenders && self.senders.load(Ordering::SeqCst) > 0 {
                    return Ok(Written::Left);
                }
                let rest = engine.ssl.wire().borrow_mut().take_outbox();
                rest
            };
            if rest.is_empty() {
                return Ok(Written::All);
            }
            while !rest.is_empty() {
                self.not_closed()?;
                let moved = pipe.write(rest.front());
                match checked(moved, rest.front().len()) {
                    Ok(Some(n)) if n > 0 => rest.consume(n),
                    stopped => {
                        // What other threads added meanwhile goes behind it.
                        let engine = self.inspect();
                        let mut wire = engine.ssl.wire().borrow_mut();
                        wire.put_before(rest);
                        drop(wire);
                        drop(engine);
                        stopped?;
                        return self.not_closed().map(|()| Written::Later);
                    }
                }
            }
        }
    }

    /// Reads what the record in progress needs.
    fn pump_in(&self, pipe: &dyn Pipe, reading: &Turn, arrivals: u64, deadline: &mut Deadline) -> Result<()> {
        let _held = match reading.take(self)? {
            Taken::Mine(held) => held,
            // The turn may pass from hand to hand; bytes that came in between are what this thread waited for.
            Taken::Another => {
                let came = || self.inspect().ssl.wire().try_borrow().is_ok_and(|wire| wire.arrivals != arrivals);
                return self.wait_turn(reading, deadline, came);
            }
            Taken::Neighbour => return Err(neighbour_is_inside()),
        };
        let wanted = {
            let engine = self.inspect();
            let wire = engine.ssl.wire().borrow();
            if wire.arrivals != arrivals {
                // Another thread's turn brought something, and SSL may have it already.
                return Ok(());
            }
            wire.wanted.max(1)
        };
        self.not_closed()?;
        let mut room = memory::zeroed(wanted)?;
        let moved = pipe.read(&mut room);
        let Some(got) = checked(moved, wanted)? else {
            // Closed while it was inside: nothing more will come.
            self.not_closed()?;
            return Err(Error::bare(Status::WantRead));
        };
        let engine = self.inspect();
        let mut wire = engine.ssl.wire().borrow_mut();
        match got {
            0 => wire.deliver_eof(),
            n => wire.deliver(&room[..n]),
        }
        Ok(())
    }

    fn wait_turn(&self, turn: &Turn, deadline: &mut Deadline, came: impl Fn() -> bool) -> Result<()> {
        let instant = deadline.instant();
        let woken = self.waiters.wait(-1, 0, instant, || self.is_ended(deadline) || !turn.is_taken() || came());
        match woken.map_err(Error::os)? {
            Woken::Ready => self.not_ended(deadline),
            Woken::Interrupted => Err(Error::bare(Status::Interrupted)),
            Woken::Timeout => Err(Error::bare(Status::Timeout)),
        }
    }

    pub(super) fn not_closed(&self) -> Result<()> {
        match self.is_closed() {
            true => Err(Error::bare(Status::Closed)),
            false => self.at_home(),
        }
    }
}

/// How much moved, None for nothing now; the contract is checked here.
fn checked(moved: Piped, most: usize) -> Result<Option<usize>> {
    let broken = |why| Err(Error::new(Status::Error, format!("the transport broke its contract: {why}")));
    match moved {
        Piped::Moved(n) if n > most => broken("it moved more bytes than it was asked for"),
        Piped::Moved(n) => Ok(Some(n)),
        Piped::Later => Ok(None),
        Piped::Raised => Err(Error::bare(Status::Callback)),
        Piped::Broken(why) => broken(why),
    }
}
