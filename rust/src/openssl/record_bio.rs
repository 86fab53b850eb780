//! The BIO under every SSL: one end in OpenSSL, the other a socket or two buffers.
//!
//! OpenSSL never sees a full transport: what a socket does not take at once waits in `outbox`. So no SSL is ever left
//! with half a record to be written first, which is what makes OpenSSL's own rules for sharing an SSL between a reader
//! and a writer impossible to keep.

use super::ffi;
use super::forced_alert::{as_heard, has_encrypted_dtls, ForcedAlert, DTLS_INTERNAL_ERROR};
use crate::runtime::byte_queue::ByteQueue;
use crate::runtime::direction::{Direction, Framing, ReceivedRecord};
use crate::runtime::memory::NoMemory;
use crate::runtime::sockets::{send_out, would_block, Socket};
use libc::{c_char, c_int, c_long, c_void};
use std::cell::RefCell;
use std::sync::{Arc, OnceLock};

/// The transport's side of a BIO.
pub struct RecordBio {
    socket: Option<Arc<Socket>>,
    flow: Arc<Direction>,
    /// Of what came from the socket.
    framing: Framing,
    /// What is written waits in the outbox to be sent by this thread once it is out of the engine's lock.
    aside: bool,
    /// The user moves the bytes: output waits in the outbox without being late.
    pumped: bool,
    /// Bytes from the peer that SSL has not taken yet.
    pub inbox: ByteQueue,
    /// Bytes for the peer that the transport has not taken yet.
    pub outbox: ByteQueue,
    /// No more bytes will come.
    pub eof: bool,
    /// The errno that receiving failed with; 0 while it did not.
    pub errno: i32,
    /// As `errno`, of a receive outside of the lock: SSL meets it when it has read what came before.
    fetched_errno: i32,
    /// The errno that sending failed with; 0 while it did not. SSL is not told, for it would give up reading too, and
    /// what the peer said before it hung up may still wait to be read.
    pub send_errno: i32,
    /// How many bytes SSL asked for when the inbox was last found empty: what the record in progress needs.
    pub wanted: usize,
    /// Grows whenever something came in (end of file and failures included).
    pub arrivals: u64,
    /// The first bytes of the stream: they tell a peer that does not speak TLS.
    first: Vec<u8>,
    /// Read before, and in place of, all that comes: the connection is to end.
    pub poison: Option<ForcedAlert>,
    pub is_cut_off: bool,
    /// The operation under way receives: what it writes is an answer to the peer, and not the user's.
    pub receiving: bool,
    /// How many bytes were ever put into the outbox.
    put: u64,
    /// How many bytes were taken from the outbox to be sent by this thread, and are not back.
    in_flight: usize,
    /// How many bytes of answers were put into the outbox, and the value of `put` after the last one.
    answers: (usize, u64),
    /// There was no memory for what came or was to go: the stream has a gap, and the connection is to end.
    pub no_memory: bool,
    /// DTLS has begun to encrypt what it writes.
    encrypts: bool,
    /// What is written goes nowhere.
    mute: bool,
}

const FIRST: usize = 24;

/// How many bytes of answers may wait to be sent while more is received.
const MOST_ANSWERS: u64 = 64 << 10;

impl RecordBio {
    /// A wire without a socket: its owner moves the bytes, or (`pumped`) the user does.
    pub fn buffers(pumped: bool) -> Self {
        RecordBio { pumped, ..Self::new(None) }
    }

    pub fn socket(socket: Arc<Socket>, flow: Arc<Direction>) -> Self {
        RecordBio { flow, ..Self::new(Some(socket)) }
    }

    fn new(socket: Option<Arc<Socket>>) -> Self {
        RecordBio {
            socket,
            flow: Arc::default(),
            framing: Framing::default(),
            aside: false,
            pumped: false,
            inbox: ByteQueue::default(),
            outbox: ByteQueue::default(),
            eof: false,
            errno: 0,
            fetched_errno: 0,
            send_errno: 0,
            wanted: 0,
            arrivals: 0,
            first: Vec::new(),
            poison: None,
            is_cut_off: false,
            receiving: false,
            put: 0,
            in_flight: 0,
            answers: (0, 0),
            no_memory: false,
            encrypts: false,
            mute: false,
        }
    }

    /// For DTLS: what goes in as one piece comes out as one.
    pub fn keep_datagrams(&mut self) {
        (self.inbox, self.outbox) = (ByteQueue::datagrams(), ByteQueue::datagrams());
    }

    /// Bytes from the peer that somebody else fetched.
    pub fn deliver(&mut self, bytes: &[u8]) {
        self.arrivals += 1;
        self.remember_first(bytes);
        let pushed = self.inbox.try_push(bytes);
        self.note(pushed);
    }

    /// Ends the stream if there was no memory for a part of it. What waits in the queues is no use any more.
    fn note(&mut self, result: Result<(), NoMemory>) {
        if result.is_err() {
            self.no_memory = true;
            (self.inbox, self.outbox) = (self.inbox.empty(), self.outbox.empty());
        }
    }

    pub fn deliver_eof(&mut self) {
        self.arrivals += 1;
        self.eof = true;
    }

    /// From here on nothing goes to the socket and nothing comes from it: it is another process's.
    pub fn cut_off(&mut self) {
        self.socket = None;
        self.is_cut_off = true;
    }

    /// What was fetched from the socket outside of the engine's lock.
    pub fn accept(&mut self, fetched: ReceivedRecord) {
        self.arrivals += 1;
        self.framing.pass(fetched.bytes.front());
        self.remember_first(fetched.bytes.front());
        self.eof |= fetched.eof;
        if fetched.errno != 0 {
            self.fetched_errno = fetched.errno;
        }
        let appended = self.inbox.try_append(fetched.bytes);
        self.note(if fetched.no_memory { Err(NoMemory) } else { appended });
    }

    /// Output waits that should be on its way.
    pub fn backlog(&self) -> bool {
        !self.pumped && !self.aside && !self.outbox.is_empty()
    }

    /// Has this thread's writes wait to be sent outside of the lock, unless there is something to be sent before them.
    pub fn write_aside(&mut self, on: bool) {
        self.aside = on && self.outbox.is_empty() && !self.flow.is_sending() && self.send_errno == 0;
    }

    /// Ends that: what is to be sent, and nobody else sends until `Direction::end`.
    pub fn take_aside(&mut self) -> Option<ByteQueue> {
        if !std::mem::take(&mut self.aside) || self.outbox.is_empty() {
            return None;
        }
        self.flow.begin();
        Some(self.take_outbox())
    }

    /// Takes what is to be sent, for a thread that sends it or calls `put_before`.
    pub fn take_outbox(&mut self) -> ByteQueue {
        self.in_flight = self.outbox.len();
        self.outbox.take()
    }

    /// Whether receiving stops until output has gone: a peer that makes this end answer (TLS 1.3 key updates) and does not
    /// read would fill the outbox.
    pub fn is_choked(&self) -> bool {
        let in_flight = if self.socket.is_some() && !self.flow.is_sending() { 0 } else { self.in_flight };
        let gone = self.put - (self.outbox.len() + in_flight) as u64;
        let (answers, end) = self.answers;
        // All up to the last answer has to go; what was sent after it does not count.
        (answers as u64).min(end.saturating_sub(gone)) > MOST_ANSWERS
    }

    /// Takes back what could not be sent. The outbox is this end's again.
    pub fn put_back(&mut self, unsent: ByteQueue, errno: i32) {
        self.put_before(unsent);
        self.flow.reset();
        if errno != 0 {
            self.send_failed(errno);
        }
    }

    /// Puts what was taken from the outbox before what has come into it since.
    pub fn put_before(&mut self, mut unsent: ByteQueue) {
        self.in_flight = 0;
        let appended = unsent.try_append(self.outbox.take());
        self.outbox = unsent;
        self.note(appended);
    }

    /// Nothing waits in either direction, and nothing has gone wrong.
    pub fn is_quiet(&self) -> bool {
        self.outbox.is_empty() && self.send_errno == 0 && self.is_read_up()
    }

    /// Nothing that came waits to be read, and more may come.
    fn is_read_up(&self) -> bool {
        let ended = self.eof || self.errno != 0 || self.fetched_errno != 0 || self.poison.is_some();
        self.inbox.is_empty() && !ended
    }

    /// Nothing that came waits to be read, and what comes next is a record.
    pub fn is_between_records(&self) -> bool {
        self.is_read_up() && self.framing.is_between()
    }

    /// Sends what waits in the outbox, as far as the socket takes it now. True when nothing is left.
    pub fn flush(&mut self) -> bool {
        let Some(socket) = &self.socket else { return self.outbox.is_empty() };
        if socket.is_datagram {
            // What failed is lost, as datagrams are; the next one may get through.
            self.errno = 0;
            self.send_errno = 0;
            return true;
        }
        if !self.outbox.is_empty() && self.flow.leave() {
            return false;
        }
        match send_out(socket, &mut self.outbox) {
            Ok(()) => {}
            Err(errno) if would_block(errno) => return false,
            Err(errno) => self.send_failed(errno),
        }
        true
    }

    fn send_failed(&mut self, errno: i32) {
        self.send_errno = errno;
        // Nobody will ever take it.
        self.outbox = ByteQueue::default();
    }

    /// Says as the last thing on a DTLS connection that the handshake fails. False when it has gone too far for that.
    pub fn end_datagrams(&mut self) -> bool {
        if !self.encrypts {
            self.write(&DTLS_INTERNAL_ERROR);
            self.mute = true;
        }
        self.mute
    }

    fn read(&mut self, room: &mut [u8]) -> Read {
        if let Some(poison) = &mut self.poison {
            return poison.read(room).map_or(Read::Later, Read::Some);
        }
        if self.receiving && self.is_choked() {
            self.wanted = room.len();
            return Read::Later;
        }
        if self.socket.is_some() {
            if self.inbox.is_empty() && self.fetched_errno != 0 {
                self.errno = std::mem::take(&mut self.fetched_errno);
                return Read::Failed;
            }
            if self.inbox.is_empty() && !self.eof {
                return self.receive(room);
            }
        }
        if !self.inbox.is_empty() {
            return Read::Some(self.inbox.pop(room));
        }
        if self.eof {
            return Read::Eof;
        }
        self.wanted = room.len();
        Read::Later
    }

    fn receive(&mut self, room: &mut [u8]) -> Read {
        let Some(socket) = &self.socket else { return Read::Later };
        let is_datagram = socket.is_datagram;
        let taken = {
            // Another thread may have bytes in hand that come before those in the socket.
            let Some(_turn) = self.flow.receive_inside() else {
                self.wanted = room.len();
                return Read::Later;
            };
            socket.recv(room).inspect(|got| self.framing.pass(&room[..*got]))
        };
        match taken {
            Ok(0) if is_datagram => Read::Later,
            Ok(0) => {
                self.deliver_eof();
                Read::Eof
            }
            Ok(got) => {
                self.arrivals += 1;
                self.remember_first(&room[..got]);
                Read::Some(got)
            }
            Err(errno) if would_block(errno) => {
                self.wanted = room.len();
                Read::Later
            }
            Err(errno) => {
                self.arrivals += 1;
                self.errno = errno;
                if is_datagram {
                    // A refusal (ICMP) of one datagram. SSL is not told, for it would give up.
                    return Read::Later;
                }
                Read::Failed
            }
        }
    }

    /// Takes all of `bytes`: to the socket as far as it goes, the rest into the outbox.
    fn write(&mut self, bytes: &[u8]) {
        if self.mute || self.no_memory {
            return;
        }
        self.encrypts |= has_encrypted_dtls(bytes);
        let alert = self.poison.as_ref().and_then(|_| as_heard(bytes));
        let bytes = alert.as_ref().map_or(bytes, |alert| alert);
        if self.socket.is_none() {
            return self.leave(bytes);
        }
        if self.aside || self.flow.leave() {
            return self.leave(bytes);
        }
        let mut sent = 0;
        let flushed = self.flush() && self.send_errno == 0;
        let Some(socket) = &self.socket else { return };
        if flushed {
            match socket.send(bytes) {
                Ok(n) => sent = n,
                Err(errno) if would_block(errno) => {}
                Err(errno) => self.send_errno = errno,
            }
        }
        // A datagram that does not go now is lost, as datagrams are; DTLS sends it again.
        if self.send_errno == 0 && !socket.is_datagram {
            self.leave(&bytes[sent..]);
        }
    }

    fn leave(&mut self, bytes: &[u8]) {
        self.put += bytes.len() as u64;
        if self.receiving {
            let gone = self.put - (self.outbox.len() + bytes.len()) as u64;
            let before = if self.answers.1 <= gone { 0 } else { self.answers.0 };
            self.answers = (before + bytes.len(), self.put);
        }
        let pushed = self.outbox.try_push(bytes);
        self.note(pushed);
    }

    /// The first bytes that came, with those that still wait in the socket.
    pub fn first(&self) -> Vec<u8> {
        let mut first = self.first.clone();
        // On what is no socket looking fails, and that is that.
        if let Some(socket) = &self.socket {
            let mut more = [0; FIRST];
            let waiting = socket.look(&mut more[first.len().min(FIRST)..]).unwrap_or(0);
            first.extend(&more[first.len()..][..waiting]);
        }
        first
    }

    fn remember_first(&mut self, bytes: &[u8]) {
        if self.first.len() < FIRST {
            let take = bytes.len().min(FIRST - self.first.len());
            self.first.extend(&bytes[..take]);
        }
    }
}

enum Read {
    Some(usize),
    Eof,
    Later,
    Failed,
}

/// A new BIO over a wire, which must outlive it.
pub fn new_bio(wire: &RefCell<RecordBio>) -> Option<*mut ffi::BIO> {
    // SAFETY: the method lives for ever; the data is only ever read back as what it is here.
    unsafe {
        let bio = ffi::BIO_new(method()?);
        if bio.is_null() {
            return None;
        }
        ffi::BIO_set_data(bio, wire as *const RefCell<RecordBio> as *mut c_void);
        ffi::BIO_set_init(bio, 1);
        Some(bio)
    }
}

fn method() -> Option<*const ffi::BIO_METHOD> {
    struct Method(*const ffi::BIO_METHOD);
    // SAFETY: a BIO_METHOD is not changed once built.
    unsafe impl Send for Method {}
    // SAFETY: as above.
    unsafe impl Sync for Method {}
    static METHOD: OnceLock<Option<Method>> = OnceLock::new();
    let made = METHOD.get_or_init(|| {
        const BIO_TYPE_SOURCE_SINK: c_int = 0x0400;
        // SAFETY: builds a method table out of functions of the right types.
        unsafe {
            let method = ffi::BIO_meth_new(ffi::BIO_get_new_index() | BIO_TYPE_SOURCE_SINK, c"libpyssl".as_ptr());
            if method.is_null() {
                return None;
            }
            ffi::BIO_meth_set_write__fixed_rust(method, Some(bio_write));
            ffi::BIO_meth_set_read__fixed_rust(method, Some(bio_read));
            ffi::BIO_meth_set_ctrl__fixed_rust(method, Some(bio_ctrl));
            Some(Method(method))
        }
    });
    made.as_ref().map(|method| method.0)
}

/// The wire under a BIO.
///
/// # Safety
/// `bio` must come from `new_bio` and its wire must still live.
unsafe fn wire_of<'a>(bio: *mut ffi::BIO) -> &'a RefCell<RecordBio> {
    // SAFETY: the caller's promise.
    unsafe { &*(ffi::BIO_get_data(bio) as *const RefCell<RecordBio>) }
}

unsafe extern "C" fn bio_read(bio: *mut ffi::BIO, room: *mut c_char, len: c_int) -> c_int {
    // SAFETY: OpenSSL hands this BIO and `len` writable bytes.
    unsafe {
        ffi::BIO_clear_flags(bio, RETRY_FLAGS);
        let Ok(mut wire) = wire_of(bio).try_borrow_mut() else { return -1 };
        let Ok(size @ 1..) = usize::try_from(len) else { return 0 };
        // OpenSSL reads into memory that it never wrote, which is fine for recv() and copying.
        let room = std::slice::from_raw_parts_mut(room.cast::<u8>(), size);
        match wire.read(room) {
            Read::Some(n) => n as c_int,
            Read::Eof => 0,
            Read::Failed => -1,
            Read::Later => {
                ffi::BIO_set_flags(bio, ffi::BIO_FLAGS_READ | ffi::BIO_FLAGS_SHOULD_RETRY);
                -1
            }
        }
    }
}

unsafe extern "C" fn bio_write(bio: *mut ffi::BIO, bytes: *const c_char, len: c_int) -> c_int {
    // SAFETY: OpenSSL hands this BIO and `len` readable bytes.
    unsafe {
        ffi::BIO_clear_flags(bio, RETRY_FLAGS);
        let Ok(mut wire) = wire_of(bio).try_borrow_mut() else { return -1 };
        let Ok(size @ 1..) = usize::try_from(len) else { return 0 };
        wire.write(std::slice::from_raw_parts(bytes.cast::<u8>(), size));
        if wire.no_memory {
            return -1;
        }
        len
    }
}

unsafe extern "C" fn bio_ctrl(bio: *mut ffi::BIO, command: c_int, _number: c_long, _p: *mut c_void) -> c_long {
    // SAFETY: OpenSSL hands this BIO.
    let Ok(wire) = (unsafe { wire_of(bio) }).try_borrow() else { return 0 };
    match command {
        ffi::BIO_CTRL_FLUSH => 1,
        ffi::BIO_CTRL_EOF => c_long::from(wire.eof && wire.inbox.is_empty()),
        ffi::BIO_CTRL_DGRAM_QUERY_MTU => 1400,
        BIO_CTRL_PENDING => wire.inbox.len() as c_long,
        BIO_CTRL_WPENDING => wire.outbox.len() as c_long,
        BIO_CTRL_DGRAM_GET_MTU_OVERHEAD => 28, // an IPv4 header and a UDP header
        BIO_CTRL_DGRAM_SET_PEER | BIO_CTRL_DGRAM_SET_CONNECTED | BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT => 1,
        _ => 0,
    }
}

const RETRY_FLAGS: c_int = ffi::BIO_FLAGS_RWS | ffi::BIO_FLAGS_SHOULD_RETRY;
const BIO_CTRL_PENDING: c_int = 10;
const BIO_CTRL_WPENDING: c_int = 13;
const BIO_CTRL_DGRAM_SET_CONNECTED: c_int = 32;
const BIO_CTRL_DGRAM_SET_PEER: c_int = 44;
const BIO_CTRL_DGRAM_SET_NEXT_TIMEOUT: c_int = 45;
const BIO_CTRL_DGRAM_GET_MTU_OVERHEAD: c_int = 49;
