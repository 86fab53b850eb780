//! A TLS connection: an SSL, its transport, and the rules by which threads share them.
//!
//! The engine (the SSL and its buffers) has a lock that is held for computing only: never while a thread waits for a
//! descriptor or is inside a transport's read or write. So a reader may sit in `recv` on a silent peer while another
//! thread sends and a third closes. Inside a callback the lock is held by the very thread, which may look at the
//! connection but not move bytes on it (BUSY).
//!
//! A connection belongs to the process that made it. In a forked child it can be looked at, and taken over when nothing
//! was under way on it; else both processes would use one stream of records.

mod callbacks;
mod config;
mod deadline;
mod descriptor;
mod diagnose;
mod dtls;
mod hello;
mod hostname;
mod info;
mod io;
mod rules;
mod transport;
mod unlocked_io;

use super::ctx::{Callbacks, Ctx, Inherited};
use crate::error::{Error, Result, VerifyFailure};
use crate::openssl::callbacks::CallbackTarget;
use crate::openssl::record_bio::RecordBio;
use crate::openssl::ssl::Ssl;
use crate::runtime::byte_queue::ByteQueue;
use crate::runtime::fork;
use crate::runtime::mutex::{Guard, Lock, Mutex};
use crate::runtime::waiters::{Waiters, Whom};
use crate::status::Status;
use callbacks::Refusal;
use descriptor::Descriptor;
use hello::Hello;
use io::PendingSend;
use rules::Handshake;
use std::any::Any;
use std::cell::{Cell, RefCell};
use std::os::fd::RawFd;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Weak};
use transport::Turn;

pub use crate::openssl::ssl::info::Wants;
pub use transport::{Pipe, Piped};

pub struct Conn {
    engine: Lock<Engine>,
    /// The process it belongs to, as `fork` counts them.
    home: AtomicU32,
    transport: Transport,
    ctx: Mutex<Arc<Ctx>>,
    /// The callbacks as the context had them when the connection was made.
    callbacks: Mutex<Arc<Callbacks>>,
    /// The info callback was set on the connection: that of another context does not take its place.
    has_own_info: AtomicBool,
    is_dtls: bool,
    waiters: Waiters,
    /// Senders under way, who write what is in the outbox: a reader leaves it to them.
    senders: AtomicUsize,
    /// Changes whenever bytes came in; a thread about to wait for input looks whether it did in between.
    arrivals: AtomicU64,
    closed: AtomicBool,
    /// Grows when shutdown() sent the close_notify: calls that wait then end.
    shutdowns: AtomicU32,
    /// Milliseconds that a call may wait; negative: as the descriptor's O_NONBLOCK says.
    timeout: AtomicI64,
    /// The handle that callbacks are told; 0 while there is none.
    handle: AtomicU64,
    /// What the verification found, for the error that follows.
    verdict: Mutex<Option<VerifyFailure>>,
    /// The sentence of the failure that ended the connection.
    failure: Mutex<Option<String>>,
    /// The alert that a send to a peer that was gone has read, with the errno of that send.
    parting: Mutex<Option<(i32, Error)>>,
    /// A callback raised, or the library refused the handshake: the operation under way ends with it, and the connection
    /// too.
    callback_failed: AtomicBool,
    /// What goes with the connection.
    kept: Mutex<Vec<Box<dyn Any + Send + Sync>>>,
}

/// Where the bytes go.
enum Transport {
    /// Nowhere: the user moves them with bio_read and bio_write.
    Pumped,
    Socket(Descriptor),
    /// A pair of functions.
    Pipe {
        pipe: Box<dyn Pipe>,
        reading: Turn,
        writing: Turn,
    },
}

struct Engine {
    ssl: Ssl,
    /// An operation is under way on the thread that has the lock.
    busy: Cell<bool>,
    /// Sends that SSL has taken but whose records wait in the outbox.
    pending_sends: RefCell<Vec<PendingSend>>,
    /// As `pending_sends`, for the close_notify of a shutdown: what that is to return.
    pending_shutdown: Cell<Option<bool>>,
    /// A handshake was done: another one is a renegotiation, with data of the first one's session in between.
    established: Cell<bool>,
    handshake: Handshake,
    /// A renegotiation was asked for and has not begun.
    asked_again: Cell<bool>,
    /// Data that came while a sender drove a renegotiation; it is received first.
    renegotiation_backlog: RefCell<ByteQueue>,
    /// What the context gave beside the SSL.
    inherited: RefCell<Inherited>,
    /// Verify mode and callback were set on the connection: those of another context do not take their place.
    has_own_verify: Cell<bool>,
    /// A random number that tells a verify callback of the connection's own from any other.
    judge: Cell<[u8; 16]>,
    /// On a server.
    hello: RefCell<Option<Hello>>,
    /// Why the library itself ended the connection.
    refusal: Cell<Option<Refusal>>,
}

impl Conn {
    /// A connection whose bytes the user moves.
    pub fn pumped(ctx: &Arc<Ctx>) -> Result<Arc<Self>> {
        Self::new(ctx, RecordBio::buffers(true), Transport::Pumped)
    }

    /// A connection on a descriptor, which stays the caller's: it is never closed here and must outlive its use.
    pub fn socket(ctx: &Arc<Ctx>, fd: RawFd) -> Result<Arc<Self>> {
        let descriptor = Descriptor::new(fd)?;
        let wire = RecordBio::socket(descriptor.socket.clone(), descriptor.flow.clone());
        Self::new(ctx, wire, Transport::Socket(descriptor))
    }

    /// A connection on a pair of functions.
    pub fn piped(ctx: &Arc<Ctx>, pipe: Box<dyn Pipe>) -> Result<Arc<Self>> {
        let transport = Transport::Pipe { pipe, reading: Turn::default(), writing: Turn::default() };
        Self::new(ctx, RecordBio::buffers(false), transport)
    }

    fn new(ctx: &Arc<Ctx>, wire: RecordBio, transport: Transport) -> Result<Arc<Self>> {
        let (ssl, inherited) = ctx.new_ssl(wire)?;
        let callbacks = inherited.callbacks.clone();
        let is_dtls = ssl.is_dtls();
        if is_dtls {
            ssl.wire().borrow_mut().keep_datagrams();
        }
        let engine = Engine {
            ssl,
            busy: Cell::new(false),
            pending_sends: RefCell::default(),
            pending_shutdown: Cell::new(None),
            established: Cell::new(false),
            handshake: Handshake::default(),
            asked_again: Cell::new(false),
            renegotiation_backlog: RefCell::default(),
            inherited: RefCell::new(inherited),
            has_own_verify: Cell::new(false),
            judge: Cell::default(),
            hello: RefCell::default(),
            refusal: Cell::new(None),
        };
        let conn = Arc::new(Conn {
            engine: Lock::new(engine),
            home: AtomicU32::new(fork::generation()),
            transport,
            ctx: Mutex::new(ctx.clone()),
            callbacks: Mutex::new(callbacks),
            has_own_info: AtomicBool::new(false),
            is_dtls,
            waiters: Waiters::default(),
            senders: AtomicUsize::new(0),
            arrivals: AtomicU64::new(0),
            closed: AtomicBool::new(false),
            shutdowns: AtomicU32::new(0),
            timeout: AtomicI64::new(-1),
            handle: AtomicU64::new(0),
            verdict: Mutex::new(None),
            failure: Mutex::new(None),
            parting: Mutex::new(None),
            callback_failed: AtomicBool::new(false),
            kept: Mutex::default(),
        });
        let host: Weak<dyn CallbackTarget> = Arc::downgrade(&conn) as Weak<dyn CallbackTarget>;
        conn.engine.lock().ssl.set_callback_target(host)?;
        Ok(conn)
    }

    pub fn ctx(&self) -> Arc<Ctx> {
        self.ctx.lock().clone()
    }

    /// The handle by which callbacks are told of this connection.
    pub fn handle(&self) -> u64 {
        self.handle.load(Ordering::Relaxed)
    }

    pub fn set_handle(&self, handle: u64) {
        self.handle.store(handle, Ordering::Relaxed);
    }

    /// Has the connection keep something until it goes itself.
    pub fn keep(&self, thing: Box<dyn Any + Send + Sync>) {
        self.kept.lock().push(thing);
    }

    /// How long a call may wait, in milliseconds; negative: for ever on a blocking descriptor, not at all on one with
    /// O_NONBLOCK.
    pub fn set_timeout(&self, milliseconds: i64) {
        self.timeout.store(milliseconds, Ordering::Relaxed);
    }

    /// `recv` and `send` begin without a look whether the descriptor is still the file it was: the caller knows.
    pub fn trust_descriptor(&self, on: bool) {
        if let Transport::Socket(descriptor) = &self.transport {
            descriptor.trust(on);
        }
    }

    /// Ends every call that waits, and every later one, with CLOSED. Returns once no call of another thread moves bytes on
    /// the socket, so that its owner may close it. The descriptor stays open, for it is the caller's.
    pub fn close(&self) {
        self.closed.store(true, Ordering::SeqCst);
        if let Transport::Socket(descriptor) = &self.transport {
            descriptor.socket.close();
        }
        if self.at_home().is_err() {
            // The threads that wait and the calls under way are the parent's.
            return;
        }
        self.waiters.wake(Whom::All);
        if let Transport::Socket(descriptor) = &self.transport {
            descriptor.socket.wait_until_idle();
        }
    }

    pub(super) fn is_closed(&self) -> bool {
        self.closed.load(Ordering::SeqCst)
    }

    /// In a forked child: makes the parent's connection this process's. The parent must not use it any more. Fails when
    /// a call was computing on it as the process forked; one that waited for the peer does not matter.
    pub fn adopt_after_fork(&self) -> Result<()> {
        if self.home.load(Ordering::SeqCst) == fork::generation() {
            return Ok(());
        }
        let engine = self.engine.lock();
        let cut_off = engine.ssl.wire().try_borrow().map_or(true, |wire| wire.is_cut_off);
        if self.engine.is_orphaned()
            || engine.busy.get()
            || cut_off
            || self.inside_transport()
            || self.is_moving_aside()
        {
            let why = "the connection cannot be taken over: a call was in the middle of it when the process forked";
            return Err(Error::new(Status::Busy, why));
        }
        self.waiters.forget();
        if let Transport::Socket(descriptor) = &self.transport {
            descriptor.socket.forget_calls();
        }
        self.home.store(fork::generation(), Ordering::SeqCst);
        Ok(())
    }

    /// CLOSED in a process that the connection does not belong to.
    fn at_home(&self) -> Result<()> {
        if self.home.load(Ordering::Relaxed) == fork::generation() {
            return Ok(());
        }
        let why = "the connection belongs to the parent process: a forked child makes its own, or calls \
                   adopt_after_fork when the parent uses it no more";
        Err(Error::new(Status::Closed, why))
    }

    /// The engine, to move bytes with: BUSY inside a callback of this connection.
    fn begin_io(&self) -> Result<Entered<'_>> {
        self.not_closed()?;
        self.not_inside_transport()?;
        let engine = self.engine.lock();
        // It may have been closed while this thread waited for the lock, and its descriptor be another file's by now.
        self.not_closed()?;
        if engine.busy.replace(true) {
            let why =
                "the connection is in the middle of the call that led here: no reading or writing in its callbacks";
            return Err(Error::new(Status::Busy, why));
        }
        Ok(Entered { engine })
    }

    /// The engine, to look at or to set up: fine inside a callback.
    fn inspect(&self) -> Guard<'_, Engine> {
        self.engine.lock()
    }
}

/// The engine while an operation of this thread has it.
struct Entered<'a> {
    engine: Guard<'a, Engine>,
}

impl std::ops::Deref for Entered<'_> {
    type Target = Engine;
    fn deref(&self) -> &Engine {
        &self.engine
    }
}

impl Drop for Entered<'_> {
    fn drop(&mut self) {
        self.engine.busy.set(false);
    }
}
