//! Moving bytes: handshake, send, receive, shutdown, and pumping by hand.

use super::deadline::Deadline;
use super::descriptor::Descriptor;
use super::{Conn, Engine, Transport};
use crate::error::{Detail, Entry, Error, Result};
use crate::openssl::errors;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Blocked;
use crate::runtime::fd::is_nonblocking;
use crate::runtime::fiber::Caller;
use crate::runtime::memory;
use crate::runtime::memory::NoMemory;
use crate::runtime::waiters::{Whom, Woken};
use crate::status::Status;
use std::hash::{BuildHasher, RandomState};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::OnceLock;
use std::time::Instant;

const TLS1_3: u16 = 0x0304;
const SENT_SHUTDOWN: i32 = 1;

impl Conn {
    pub fn do_handshake(&self) -> Result<()> {
        self.drive(Flush::Needed, |engine| {
            engine.carry_on_renegotiation()?;
            engine.ssl.do_handshake()?;
            engine.established.set(true);
            Ok(())
        })
    }

    /// Receives at most one record's worth.
    pub fn recv(&self, room: &mut [u8]) -> Result<usize> {
        let mut deadline = self.deadline();
        let mut in_hand = None;
        if let Transport::Socket(descriptor) = &self.transport {
            deadline.trusts = descriptor.is_trusted();
            if self.moves_aside() {
                in_hand = self.fetch(descriptor, &mut deadline)?;
            } else if descriptor.waits_first() {
                self.wait_first(descriptor, &mut deadline)?;
            }
        }
        let result = self.drive_within(&mut deadline, Flush::Tried, |engine| {
            if let Some(in_hand) = in_hand.take() {
                in_hand.hand_over(engine);
            }
            engine.read(room)
        });
        if let Some(in_hand) = in_hand {
            // The call did not get there: another one finds it.
            let engine = self.inspect();
            in_hand.hand_over(&engine);
            self.take_note(engine.ssl.wire().borrow().arrivals);
            drop(engine);
            self.waiters.wake(Whom::ForInput);
        }
        result
    }

    /// As `recv`, and the bytes stay to be received again.
    pub fn peek(&self, room: &mut [u8]) -> Result<usize> {
        self.drive(Flush::Tried, |engine| engine.peek(room))
    }

    /// Sends at most one record; how many of the bytes that was. After WANT_WRITE (or INTERRUPTED, TIMEOUT) the caller, a
    /// thread or fiber, makes the call again with the same bytes: at any address, and others may follow them. Other bytes
    /// from that caller are an error ("bad write retry").
    pub fn send(&self, bytes: &[u8]) -> Result<usize> {
        let mut deadline = self.deadline();
        deadline.trusts = matches!(&self.transport, Transport::Socket(descriptor) if descriptor.is_trusted());
        self.send_within(&mut deadline, bytes)
    }

    fn send_within(&self, deadline: &mut Deadline, bytes: &[u8]) -> Result<usize> {
        let mut taken = None;
        let counted = Counted::among(&self.senders);
        let result = self.drive_within(deadline, Flush::Needed, |engine| {
            self.finish_handshake(engine)?;
            send_step(engine, bytes, &mut taken)
        });
        let result = result.map_err(|error| self.refused_by_system(error));
        drop(counted);
        if result.is_err() {
            self.leave_no_output_to_nobody();
        }
        let result = result.and_then(|sent| self.write_for_readers(deadline).map(|()| sent));
        if let (Err(error), Some(taken)) = (&result, taken) {
            // A datagram that the system refused is lost, and the next one is another.
            if !(self.is_dtls && error.status == Status::Syscall) {
                self.inspect().remember_send(&bytes[..taken]);
            }
        }
        result
    }

    /// Sends everything. `sent` counts what went, also when this fails part way; after WANT_WRITE and its kin call
    /// again with the rest.
    pub fn send_all(&self, bytes: &[u8], sent: &mut usize) -> Result<()> {
        *sent = 0;
        // One deadline for all of it.
        let mut deadline = self.deadline();
        while let Some(rest @ [_, ..]) = bytes.get(*sent..) {
            *sent += self.send_within(&mut deadline, rest)?;
        }
        Ok(())
    }

    /// Sends close_notify. True when the peer's has come too. Calls of other threads that wait end with CLOSED
    /// (ESHUTDOWN); what the peer still sends can be received by later ones.
    pub fn shutdown(&self) -> Result<bool> {
        let mut said = None;
        let result = self.drive_within(&mut Deadline::of_shutdown(self), Flush::Needed, |engine| {
            let sent_before = engine.ssl.shutdown_state() & SENT_SHUTDOWN != 0;
            let result = shutdown_step(engine, &mut said);
            if !sent_before && engine.ssl.shutdown_state() & SENT_SHUTDOWN != 0 {
                self.shutdowns.fetch_add(1, Ordering::SeqCst);
                self.waiters.wake(Whom::All);
            }
            result
        });
        if result.is_err() {
            self.inspect().pending_shutdown.set(said);
        }
        result
    }

    /// Takes ciphertext that came from the peer by the user's own ways.
    pub fn bio_write(&self, bytes: &[u8]) -> Result<usize> {
        self.pump(|wire| {
            wire.deliver(bytes);
            memory_left(wire).map(|()| bytes.len())
        })
    }

    /// Gives ciphertext for the peer. WANT_READ when there is none.
    pub fn bio_read(&self, room: &mut [u8]) -> Result<usize> {
        self.pump(|wire| match wire.outbox.is_empty() {
            true => Err(Error::bare(Status::WantRead)),
            false => Ok(wire.outbox.pop(room)),
        })
    }

    /// How much ciphertext the next `bio_read` would find.
    pub fn bio_pending(&self) -> Result<usize> {
        self.pump(|wire| Ok(wire.outbox.front().len()))
    }

    /// Tells that no more ciphertext will come.
    pub fn bio_shutdown(&self) -> Result<()> {
        self.pump(|wire| {
            wire.deliver_eof();
            Ok(())
        })
    }

    /// Works inside the connection's own callbacks too, for SSL has no part in it: Twisted empties the outbox there before
    /// it drops a connection whose verification failed.
    fn pump<T>(&self, work: impl FnOnce(&mut RecordBio) -> Result<T>) -> Result<T> {
        self.pumped_only()?;
        self.not_closed()?;
        let engine = self.inspect();
        let mut wire = engine.ssl.wire().borrow_mut();
        memory_left(&wire)?;
        work(&mut wire)
    }

    fn deadline(&self) -> Deadline {
        Deadline::of(self)
    }

    fn pumped_only(&self) -> Result<()> {
        match self.transport {
            Transport::Pumped => Ok(()),
            _ => Err(Error::argument("the connection has a transport of its own: there is nothing to pump")),
        }
    }

    /// Does an operation, waiting as its transport and timeout allow: the one loop all I/O goes through.
    pub(super) fn drive<T>(&self, flush: Flush, operation: impl FnMut(&Engine) -> Result<T, Blocked>) -> Result<T> {
        self.drive_within(&mut self.deadline(), flush, operation)
    }

    fn drive_within<T>(
        &self,
        deadline: &mut Deadline,
        flush: Flush,
        mut operation: impl FnMut(&Engine) -> Result<T, Blocked>,
    ) -> Result<T> {
        loop {
            self.not_ended(deadline)?;
            if let Transport::Socket(descriptor) = &self.transport {
                if !std::mem::take(&mut deadline.trusts) {
                    self.check(descriptor)?;
                }
            }
            let (result, arrivals, unsent) = self.step(flush, &mut operation)?;
            if let Transport::Pipe { pipe, reading, writing } = &self.transport {
                if self.piped_step((&**pipe, reading, writing), flush, &result, arrivals, deadline)? {
                    // The functions are the user's and may use OpenSSL too: what they leave must not be taken for ours.
                    errors::clear();
                    continue;
                }
                return result.map_err(|stop| self.explain(stop));
            }
            let want = match &result {
                Ok(_) if unsent && flush == Flush::Needed => Blocked::WantWrite,
                Err(Blocked::WantRead) => Blocked::WantRead,
                Err(Blocked::WantWrite) => Blocked::WantWrite,
                _ => return result.map_err(|stop| self.explain(stop)),
            };
            match &self.transport {
                Transport::Socket(descriptor) => {
                    let mut events = if matches!(want, Blocked::WantRead) { libc::POLLIN } else { libc::POLLOUT };
                    if unsent {
                        events |= libc::POLLOUT;
                    }
                    self.wait(descriptor.fd, events, arrivals, deadline).map_err(|error| match error {
                        Some(error) => error,
                        None if unsent && self.says_before_it_hears(flush) => Error::bare(Status::WantWrite),
                        None => self.explain(want),
                    })?;
                    if flush == Flush::Tried && !unsent {
                        descriptor.found_nothing();
                    }
                }
                // Nothing to wait on: the user moves the bytes. What is unsent is for bio_read to fetch.
                _ => return result.map_err(|stop| self.explain(stop)),
            }
            if result.is_ok() {
                // Done but for the flush: the operation must not run again.
                self.flush(deadline)?;
                return result.map_err(|stop| self.explain(stop));
            }
        }
    }

    /// Waits for input before a receive tries, unless something is there already, or is to be told or done first.
    fn wait_first(&self, descriptor: &Descriptor, deadline: &mut Deadline) -> Result<()> {
        self.not_ended(deadline)?;
        let arrivals = {
            let engine = self.begin_io()?;
            if self.is_dtls || !engine.is_quiet() || self.callback_failed.load(Ordering::SeqCst) {
                return Ok(());
            }
            let wire = engine.ssl.wire().borrow();
            wire.arrivals
        };
        if !std::mem::take(&mut deadline.trusts) {
            self.check(descriptor)?;
        }
        match self.wait(descriptor.fd, libc::POLLIN, arrivals, deadline) {
            Err(Some(error)) => Err(error),
            // Where no call may wait, trying tells.
            Ok(()) | Err(None) => Ok(()),
        }
    }

    /// What is unsent is what the peer waits for before it answers: who would wait for input would wait for ever. Not
    /// so with data, which is for whoever sends to bring on its way.
    pub(super) fn says_before_it_hears(&self, flush: Flush) -> bool {
        flush == Flush::Needed || !self.inspect().ssl.is_init_finished()
    }

    /// One go at an operation under the engine's lock: its result, the arrivals counter, whether output is left over.
    pub(super) fn step<T>(
        &self,
        flush: Flush,
        operation: &mut impl FnMut(&Engine) -> Result<T, Blocked>,
    ) -> Result<(Result<T, Blocked>, u64, bool)> {
        let engine = self.begin_io()?;
        self.not_ended_by_callback()?;
        memory::check()?;
        let aside = self.moves_aside();
        {
            let mut wire = engine.ssl.wire().borrow_mut();
            memory_left(&wire)?;
            wire.receiving = false;
            wire.flush();
            wire.write_aside(aside);
        }
        let mut result = operation(&engine);
        self.at_home()?;
        self.conclude_hello(&engine);
        if self.callback_failed.load(Ordering::SeqCst) {
            let error = self.end_after_callback(&engine);
            self.take_note(engine.ssl.wire().borrow().arrivals);
            drop(engine);
            // Who waits for this thread to hand over what it received is to hear of the end too.
            self.waiters.wake(Whom::All);
            self.last_words();
            return Err(error);
        }
        let (arrivals, to_send, errno, (mut unsent, mut send_errno)) = {
            let mut wire = engine.ssl.wire().borrow_mut();
            if wire.receiving && wire.is_choked() && matches!(result, Err(Blocked::WantRead)) {
                result = Err(Blocked::WantWrite);
            }
            if wire.no_memory {
                // SSL does not tell of every write that failed.
                result = Err(Blocked::Failed(Error::memory()));
            }
            (wire.arrivals, wire.take_aside(), wire.errno, (wire.backlog(), wire.send_errno))
        };
        if errno != 0 && matches!(result, Err(Blocked::WantRead)) {
            // Of a datagram socket: the call fails, the connection may go on.
            result = Err(Blocked::Syscall(errno));
        }
        if let (true, Transport::Socket(descriptor)) = (aside, &self.transport) {
            descriptor.flow.stopped(engine.is_between_records());
        }
        let news = self.take_note(arrivals);
        drop(engine);
        if let Some(bytes) = to_send {
            (unsent, send_errno) = self.send_aside(bytes);
        }
        if unsent {
            self.leave_no_output_to_nobody();
        }
        if send_errno != 0 && flush == Flush::Needed && !matches!(result, Err(Blocked::Failed(_) | Blocked::Eof)) {
            result = Err(Blocked::Syscall(send_errno));
        }
        if news {
            // Whoever waits for input may have got what it needs by this thread's reading.
            self.waiters.wake(Whom::ForInput);
        }
        Ok((result, arrivals, unsent))
    }

    /// Under the lock, so that it never goes back: a thread about to wait would take old news for new. Whether it is news.
    fn take_note(&self, arrivals: u64) -> bool {
        let news = self.arrivals.load(Ordering::SeqCst) != arrivals;
        if news {
            self.arrivals.store(arrivals, Ordering::SeqCst);
        }
        news
    }

    /// Waits for the socket. Err(None) when its owner wants no call to wait.
    pub(super) fn wait(
        &self,
        fd: RawFd,
        events: i16,
        arrivals: u64,
        deadline: &mut Deadline,
    ) -> Result<(), Option<Error>> {
        if deadline.unset() && is_nonblocking(fd) {
            // Closed meanwhile, the number may be that of another file.
            self.not_ended(deadline).map_err(Some)?;
            return Err(None);
        }
        let wants_input = events & libc::POLLIN != 0;
        let instant = deadline.instant();
        if instant.is_some_and(|instant| instant <= Instant::now()) {
            // Also when there is always a little progress: the time is for the whole call.
            return Err(Some(Error::bare(Status::Timeout)));
        }
        let fd = if self.is_taken(events) { -1 } else { fd };
        let stale = || {
            self.is_ended(deadline)
                || (wants_input && self.arrivals.load(Ordering::SeqCst) != arrivals)
                || (fd < 0 && !self.is_taken(events))
        };
        let resend = self.dtls_timeout().map(|left| Instant::now() + left);
        let resend = resend.filter(|resend| Some(*resend) < instant || instant.is_none());
        match self.waiters.wait(fd, events, resend.or(instant), stale) {
            Ok(Woken::Ready) => Ok(()),
            // Whoever waits for an answer in a blocking call is the one to send the question again.
            Ok(Woken::Timeout) if resend.is_some() => self.dtls_handle_timeout().map(drop).map_err(Some),
            Ok(Woken::Interrupted) => Err(Some(Error::bare(Status::Interrupted))),
            Ok(Woken::Timeout) => Err(Some(Error::bare(Status::Timeout))),
            Err(errno) => Err(Some(Error::os(errno))),
        }
    }

    /// Gets the outbox onto the socket.
    fn flush(&self, deadline: &mut Deadline) -> Result<()> {
        loop {
            self.not_ended(deadline)?;
            let arrivals = {
                let engine = self.begin_io()?;
                let mut wire = engine.ssl.wire().borrow_mut();
                if wire.flush() {
                    return match wire.send_errno {
                        0 => Ok(()),
                        _ if self.is_closed() => Err(Error::bare(Status::Closed)),
                        errno => Err(Error::os(errno)),
                    };
                }
                wire.arrivals
            };
            let Transport::Socket(descriptor) = &self.transport else { return Ok(()) };
            self.wait(descriptor.fd, libc::POLLOUT, arrivals, deadline).map_err(|error| match error {
                Some(error) => error,
                None => Error::bare(Status::WantWrite),
            })?;
            self.check(descriptor)?;
        }
    }

    /// Fails with EBADF where the descriptor is another file's by now, and with CLOSED once the connection is closed.
    pub(super) fn check(&self, descriptor: &Descriptor) -> Result<()> {
        descriptor.check().map_err(|error| self.not_closed().err().unwrap_or(error))
    }

    /// What a thread looks at before it waits, and again when it is woken.
    pub(super) fn is_ended(&self, deadline: &Deadline) -> bool {
        self.is_closed() || deadline.shutdowns.is_some_and(|before| before != self.shutdowns.load(Ordering::SeqCst))
    }

    pub(super) fn not_ended(&self, deadline: &Deadline) -> Result<()> {
        self.not_closed()?;
        if self.is_ended(deadline) {
            self.not_closed()?;
            return Err(Error::shut_down());
        }
        Ok(())
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl<'a> Counted<'a> {
    fn among(count: &'a AtomicUsize) -> Self {
        count.fetch_add(1, Ordering::SeqCst);
        Counted(count)
    }
}

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::SeqCst);
    }
}

/// Whether an operation that succeeded may leave output behind.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Flush {
    /// No: the caller relies on it being on its way.
    Needed,
    /// Yes: some later call sends it on.
    Tried,
}

impl Engine {
    /// Nothing has come that was not taken, nothing waits to go, and no handshake is under way.
    fn is_quiet(&self) -> bool {
        self.is_settled() && self.ssl.wire().borrow().is_quiet()
    }

    /// As far as SSL is concerned.
    pub(super) fn is_settled(&self) -> bool {
        self.established.get()
            && self.ssl.is_init_finished()
            && self.ssl.shutdown_state() == 0
            && !self.ssl.has_pending()
            && self.renegotiation_backlog.borrow().is_empty()
    }

    /// Marks what the operation under way writes as answers to the peer, of which few may wait to be sent.
    pub(super) fn receives(&self) {
        self.ssl.wire().borrow_mut().receiving = true;
    }

    fn read(&self, room: &mut [u8]) -> Result<usize, Blocked> {
        self.receives();
        if !self.renegotiation_backlog.borrow().is_empty() {
            return Ok(self.renegotiation_backlog.borrow_mut().pop(room));
        }
        let got = self.ssl.read(room)?;
        self.established.set(true);
        Ok(got)
    }

    fn peek(&self, room: &mut [u8]) -> Result<usize, Blocked> {
        self.receives();
        if !self.renegotiation_backlog.borrow().is_empty() {
            return Ok(self.renegotiation_backlog.borrow().peek(room));
        }
        self.ssl.peek(room)
    }

    /// Returns how many of these bytes SSL took in an earlier call of this caller that did not get to its end. Fails when
    /// the caller comes back with other bytes.
    fn sent_before(&self, bytes: &[u8]) -> Result<Option<usize>, Blocked> {
        let mut pending_sends = self.pending_sends.borrow_mut();
        if pending_sends.is_empty() {
            return Ok(None);
        }
        let me = Caller::now();
        match pending_sends.iter().position(|sent| sent.caller == me) {
            None => Ok(None),
            Some(at) if pending_sends[at].is_of(bytes) => Ok(Some(pending_sends.swap_remove(at).len)),
            Some(_) => Err(Blocked::Failed(bad_write_retry())),
        }
    }

    /// Notes bytes that SSL took in a call that does not get to its end. The notes of callers that are gone end here.
    fn remember_send(&self, bytes: &[u8]) {
        let mut pending_sends = self.pending_sends.borrow_mut();
        pending_sends.retain(|sent| sent.caller.may_return());
        pending_sends.push(PendingSend::of(bytes));
    }

    /// Does what is left of a renegotiation, before sending. By reading, for only then does OpenSSL put up with the data
    /// that the peer sends before it answers (a handshake that meets it ends the connection: "unexpected record"). That
    /// data is set aside for whoever receives.
    fn carry_on_renegotiation(&self) -> Result<(), Blocked> {
        const MOST: usize = 16 << 20;
        let under_way = || self.asked_again.get() || !self.ssl.is_init_finished();
        if !self.established.get() || !under_way() || self.ssl.version() == libc::c_int::from(TLS1_3) {
            return Ok(());
        }
        self.receives();
        let mut room = memory::zeroed(16384).map_err(out_of_memory)?;
        while under_way() {
            if self.ssl.pending() == 0 {
                self.asked_again.set(false);
            }
            match self.ssl.read(&mut room) {
                Ok(got) => {
                    let kept = self.renegotiation_backlog.borrow_mut().try_push(&room[..got]);
                    kept.map_err(out_of_memory)?;
                }
                Err(Blocked::WantRead) if !under_way() => {}
                Err(stop) => return Err(stop),
            }
            if self.renegotiation_backlog.borrow().len() > MOST {
                let why = "the peer goes on sending data in place of answering a renegotiation";
                return Err(Blocked::Failed(Error::new(Status::Error, why)));
            }
        }
        self.ssl.wire().borrow_mut().receiving = false;
        Ok(())
    }
}

fn out_of_memory(none: NoMemory) -> Blocked {
    Blocked::Failed(none.into())
}

/// Fails if there was no memory for a part of the stream: the connection has ended.
fn memory_left(wire: &RecordBio) -> Result<()> {
    if wire.no_memory {
        return Err(Error::memory());
    }
    Ok(())
}

/// SSL takes a record only when the last one is out; a send is done when its own is out too. `taken` stays set when it is:
/// a transport of functions may have been given more to write meanwhile, by another thread, and make the call end with
/// WANT_WRITE all the same.
fn send_step(engine: &Engine, bytes: &[u8], taken: &mut Option<usize>) -> Result<usize, Blocked> {
    let piled_up = || engine.ssl.wire().borrow().backlog();
    let again = match taken.take() {
        None => engine.sent_before(bytes)?,
        again => again,
    };
    if let Some(again) = again {
        *taken = Some(again);
        return if piled_up() { Err(Blocked::WantWrite) } else { Ok(again) };
    }
    if piled_up() {
        return Err(Blocked::WantWrite);
    }
    engine.carry_on_renegotiation()?;
    let sent = engine.ssl.write(bytes)?;
    engine.established.set(true);
    *taken = Some(sent);
    if piled_up() {
        return Err(Blocked::WantWrite);
    }
    Ok(sent)
}

/// A send that was told WANT_WRITE (or its kin) although SSL took the bytes: the caller comes again with the same ones.
/// Another caller's bytes are a message of their own, even when they are the same.
pub(super) struct PendingSend {
    caller: Caller,
    len: usize,
    digest: u64,
}

impl PendingSend {
    fn of(bytes: &[u8]) -> Self {
        PendingSend { caller: Caller::now(), len: bytes.len(), digest: digest(bytes) }
    }

    fn is_of(&self, bytes: &[u8]) -> bool {
        bytes.get(..self.len).is_some_and(|bytes| digest(bytes) == self.digest)
    }
}

fn digest(bytes: &[u8]) -> u64 {
    static KEYS: OnceLock<RandomState> = OnceLock::new();
    KEYS.get_or_init(RandomState::new).hash_one(bytes)
}

/// The error that OpenSSL has for this.
fn bad_write_retry() -> Error {
    const ERR_LIB_SSL: u64 = 20;
    const SSL_R_BAD_WRITE_RETRY: u64 = 127;
    let message =
        "bad write retry: a send that was told WANT_WRITE or timed out must be made again with the same bytes \
                   before others are sent";
    let entry = Entry {
        code: ERR_LIB_SSL << 23 | SSL_R_BAD_WRITE_RETRY,
        library: "SSL routines".into(),
        reason: "bad write retry".into(),
        ..Entry::default()
    };
    Error::with(Status::Error, Detail { message: message.into(), entries: vec![entry], ..Detail::default() })
}

/// As with a send, close_notify has gone once it is out of the outbox.
fn shutdown_step(engine: &Engine, said: &mut Option<bool>) -> Result<bool, Blocked> {
    let done = match said.take().or_else(|| engine.pending_shutdown.take()) {
        Some(done) => done,
        None => {
            engine.receives();
            engine.ssl.shutdown()?
        }
    };
    *said = Some(done);
    if engine.ssl.wire().borrow().backlog() {
        return Err(Blocked::WantWrite);
    }
    Ok(done)
}
