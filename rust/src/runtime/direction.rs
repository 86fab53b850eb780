//! How the threads of one connection share its socket.
//!
//! The engine's lock alone would do: a thread that has it may send and receive. But then system calls, which take longer
//! than encryption does, are made one at a time, and a reader and a writer wait for one another. So where threads meet at
//! the lock, each makes its system calls outside of it. For the bytes to stay in order, one thread at a time sends, and what
//! others write meanwhile is left to it; and one at a time receives, and hands over what it got under the lock.

use super::byte_queue::ByteQueue;
use super::sockets::{would_block, Socket};
use std::sync::atomic::{AtomicU8, Ordering};

#[derive(Default)]
pub struct Direction {
    sending: AtomicU8,
    receiving: AtomicU8,
    /// Whether what comes next is a record, and the next thing to be read.
    between_records: AtomicU8,
}

const FREE: u8 = 0;
/// A thread sends, outside of the lock.
const SENDING: u8 = 1;
/// And more was left to it.
const MORE: u8 = 2;
/// A thread receives under the lock, or outside of it.
const INSIDE: u8 = 1;
const ASIDE: u8 = 2;
/// The last operation left something unread, or did not stop between two records.
const NO: u8 = 0;
const YES: u8 = 1;
/// Yes, and a thread outside of the lock is receiving that record.
const TAKEN: u8 = 2;

impl Direction {
    /// A thread that has the lock is going to send outside of it. The outbox goes with it.
    pub fn begin(&self) {
        self.sending.store(SENDING, Ordering::SeqCst);
    }

    pub fn is_sending(&self) -> bool {
        self.sending.load(Ordering::SeqCst) != FREE
    }

    /// Under the lock: whether a thread is sending, which will see to what is put into the outbox now.
    pub fn leave(&self) -> bool {
        self.is_sending()
            && self.sending.compare_exchange(SENDING, MORE, Ordering::SeqCst, Ordering::SeqCst) != Err(FREE)
    }

    /// All was sent. False when something was left meanwhile.
    pub fn end(&self) -> bool {
        self.sending.compare_exchange(SENDING, FREE, Ordering::SeqCst, Ordering::SeqCst).is_ok()
    }

    /// Under the lock, with the outbox put back.
    pub fn reset(&self) {
        self.sending.store(FREE, Ordering::SeqCst);
    }

    /// Under the lock, at the end of an operation.
    pub fn stopped(&self, between_records: bool) {
        let between_records = between_records && !self.is_receiving_aside();
        self.between_records.store(if between_records { YES } else { NO }, Ordering::SeqCst);
    }

    /// None while another thread receives outside of the lock.
    pub fn receive_inside(&self) -> Option<DirectionGuard<'_>> {
        let turn = self.turn();
        self.between_records.store(NO, Ordering::SeqCst);
        turn
    }

    /// None while another thread receives, and where what comes next is not a record, or not the next to be read.
    pub fn receive_aside(&self) -> Option<DirectionGuard<'_>> {
        if self.between_records.load(Ordering::Relaxed) != YES {
            return None;
        }
        let turn = self.turn()?;
        self.between_records.compare_exchange(YES, TAKEN, Ordering::SeqCst, Ordering::SeqCst).ok()?;
        self.receiving.store(ASIDE, Ordering::SeqCst);
        Some(turn)
    }

    pub fn is_receiving_aside(&self) -> bool {
        self.receiving.load(Ordering::SeqCst) == ASIDE
    }

    /// A thread moves bytes outside of the lock or receives, or did as the process forked.
    pub fn is_busy(&self) -> bool {
        self.is_sending() || self.receiving.load(Ordering::SeqCst) != FREE
    }

    fn turn(&self) -> Option<DirectionGuard<'_>> {
        let taken = self.receiving.compare_exchange(FREE, INSIDE, Ordering::SeqCst, Ordering::SeqCst);
        taken.is_ok().then(|| DirectionGuard(self))
    }
}

/// The right to receive.
pub struct DirectionGuard<'a>(&'a Direction);

impl DirectionGuard<'_> {
    /// Under the lock, before what was received is handed over: `stopped`, begun before this turn, may have come after it.
    pub fn is_over(&self) {
        self.0.between_records.store(NO, Ordering::SeqCst);
    }

    /// Outside of the lock: nothing was received, and unless somebody says otherwise meanwhile, things stand as before.
    pub fn was_for_nothing(self) {
        let _ = self.0.between_records.compare_exchange(TAKEN, YES, Ordering::SeqCst, Ordering::SeqCst);
    }
}

impl Drop for DirectionGuard<'_> {
    fn drop(&mut self) {
        self.0.receiving.store(FREE, Ordering::SeqCst);
    }
}

/// What was received outside of the lock: a record, or the beginning of one; after that the end of the stream, or the errno
/// that receiving failed with.
#[derive(Default)]
pub struct ReceivedRecord {
    pub bytes: ByteQueue,
    pub eof: bool,
    pub errno: i32,
    /// There was no memory to receive into.
    pub no_memory: bool,
}

const HEADER: usize = 5;
/// RFC 8446, 5.2, and RFC 5246, 6.2.3: no record is longer. What a header says beyond it is for SSL to refuse.
const LONGEST: usize = 16384 + 2048;

impl ReceivedRecord {
    /// The next record, or as much of it as is there. None when nothing is.
    pub fn record(socket: &Socket) -> Option<Self> {
        let mut fetched = ReceivedRecord::default();
        if fetched.bytes.try_reserve(HEADER + LONGEST).is_err() {
            fetched.no_memory = true;
            return Some(fetched);
        }
        fetched.receive(socket, HEADER);
        let body = fetched.body();
        fetched.receive(socket, body);
        let something = !fetched.bytes.is_empty() || fetched.eof || fetched.errno != 0;
        something.then_some(fetched)
    }

    fn body(&self) -> usize {
        match *self.bytes.front() {
            [_, _, _, high, low] => usize::from(u16::from_be_bytes([high, low])).min(LONGEST),
            _ => 0,
        }
    }

    fn receive(&mut self, socket: &Socket, most: usize) {
        if most == 0 {
            return;
        }
        match self.bytes.fill(most, |space| socket.recv_into(space)) {
            Ok(0) => self.eof = true,
            Ok(_) => {}
            Err(errno) if would_block(errno) => {}
            Err(errno) => self.errno = errno,
        }
    }
}

/// Follows the records of a stream (RFC 8446, 5.1).
#[derive(Default)]
pub struct Framing {
    header: [u8; HEADER],
    /// How much of the header is there.
    have: usize,
    /// How much of the body is to come.
    body: usize,
}

impl Framing {
    pub fn pass(&mut self, mut bytes: &[u8]) {
        while !bytes.is_empty() {
            let of_body = self.body.min(bytes.len());
            self.body -= of_body;
            bytes = &bytes[of_body..];
            let of_header = if self.body == 0 { (HEADER - self.have).min(bytes.len()) } else { 0 };
            self.header[self.have..][..of_header].copy_from_slice(&bytes[..of_header]);
            self.have += of_header;
            bytes = &bytes[of_header..];
            if self.have == HEADER {
                self.have = 0;
                self.body = usize::from(u16::from_be_bytes([self.header[3], self.header[4]]));
            }
        }
    }

    pub fn is_between(&self) -> bool {
        self.have == 0 && self.body == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write;
    use std::os::fd::AsRawFd;
    use std::os::unix::net::UnixStream;

    #[test]
    fn records_are_followed_in_pieces_of_any_size() {
        let stream: Vec<u8> = [0usize, 1, 5, 300, 4, 0, 17]
            .iter()
            .flat_map(|len| [&[23, 3, 3, (len >> 8) as u8, *len as u8][..], &vec![9; *len]].concat())
            .collect();
        for size in 1..stream.len() {
            let mut framing = Framing::default();
            let mut borders = 0;
            for piece in stream.chunks(size) {
                framing.pass(piece);
                borders += usize::from(framing.is_between());
            }
            assert!(framing.is_between() && borders >= 1, "{size}");
            assert!(size > 1 || borders == 7, "{borders}");
        }
    }

    #[test]
    fn a_record_is_fetched_and_nothing_of_the_next_one() {
        let (near, mut far) = UnixStream::pair().unwrap();
        let socket = Socket::new(near.as_raw_fd());
        assert!(ReceivedRecord::record(&socket).is_none());
        far.write_all(&[23, 3, 3, 0, 2, 7, 8, 23, 3, 3, 0, 3, 1]).unwrap();
        let first = ReceivedRecord::record(&socket).unwrap();
        assert_eq!((first.bytes.front(), first.eof, first.errno), (&[23, 3, 3, 0, 2, 7, 8][..], false, 0));
        let part = ReceivedRecord::record(&socket).unwrap();
        assert_eq!((part.bytes.front(), part.eof), (&[23, 3, 3, 0, 3, 1][..], false));
        drop(far);
        let end = ReceivedRecord::record(&socket).unwrap();
        assert!(end.bytes.is_empty() && end.eof);
    }

    #[test]
    fn a_failure_is_fetched_once() {
        let (mut near, far) = UnixStream::pair().unwrap();
        near.write_all(b"never read").unwrap();
        drop(far);
        let reset = ReceivedRecord::record(&Socket::new(near.as_raw_fd())).unwrap();
        assert_eq!((reset.bytes.is_empty(), reset.eof, reset.errno), (true, false, libc::ECONNRESET));
    }

    #[test]
    fn one_thread_sends_and_sees_to_what_others_leave() {
        let flow = Direction::default();
        assert!(!flow.leave() && !flow.is_busy());
        flow.begin();
        assert!(flow.is_sending() && flow.end() && !flow.is_sending());
        flow.begin();
        assert!(flow.leave() && flow.leave() && !flow.end() && flow.is_sending());
        flow.reset();
        assert!(!flow.leave());
    }

    #[test]
    fn one_thread_receives_and_outside_of_the_lock_only_between_records() {
        let flow = Direction::default();
        assert!(flow.receive_aside().is_none());
        flow.stopped(true);
        let turn = flow.receive_aside().unwrap();
        for _ in 0..2 {
            // Nor by what another thread's operation says of the records so far.
            flow.stopped(true);
            assert!(flow.is_receiving_aside() && flow.receive_inside().is_none() && flow.receive_aside().is_none());
        }
        drop(turn);
        assert!(!flow.is_busy() && flow.receive_aside().is_none());
        flow.stopped(true);
        flow.receive_aside().unwrap().was_for_nothing();
        let turn = flow.receive_aside().unwrap();
        flow.stopped(false);
        turn.was_for_nothing();
        assert!(flow.receive_aside().is_none());
        flow.stopped(true);
        let turn = flow.receive_aside().unwrap();
        turn.is_over();
        drop(turn);
        assert!(flow.receive_aside().is_none());
        flow.stopped(true);
        drop(flow.receive_inside().unwrap());
        assert!(flow.receive_aside().is_none());
    }
}
