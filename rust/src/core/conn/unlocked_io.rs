//! Moving a socket's bytes outside of the engine's lock, where threads meet at it: see `raw::flow`.

use super::deadline::Deadline;
use super::descriptor::Descriptor;
use super::{Conn, Engine, Transport};
use crate::error::Result;
use crate::runtime::byte_queue::ByteQueue;
use crate::runtime::direction::{DirectionGuard, ReceivedRecord};
use crate::runtime::sockets::{send_out, would_block};
use crate::runtime::waiters::Whom;
use std::sync::atomic::Ordering;

/// What a thread has received and not handed over yet; the right to receive is its own until then.
pub(super) struct RecordInHand<'a> {
    fetched: ReceivedRecord,
    turn: DirectionGuard<'a>,
}

impl RecordInHand<'_> {
    pub fn hand_over(self, engine: &Engine) {
        self.turn.is_over();
        engine.ssl.wire().borrow_mut().accept(self.fetched);
    }
}

impl Conn {
    /// Whether this thread, which is about to move bytes, does so outside of the lock.
    pub(super) fn moves_aside(&self) -> bool {
        matches!(&self.transport, Transport::Socket(descriptor) if descriptor.socket.is_stream())
            && self.engine.is_crowded()
    }

    /// A thread moves bytes outside of the lock, or did as the process forked.
    pub(super) fn is_moving_aside(&self) -> bool {
        matches!(&self.transport, Transport::Socket(descriptor) if descriptor.flow.is_busy())
    }

    /// Another thread has the direction that is waited for: its end is to be waited for, not the socket.
    pub(super) fn is_taken(&self, events: i16) -> bool {
        let Transport::Socket(Descriptor { flow, .. }) = &self.transport else { return false };
        (events & libc::POLLOUT != 0 && flow.is_sending()) || (events & libc::POLLIN != 0 && flow.is_receiving_aside())
    }

    /// Waits for the next record and receives it. None where it is not for this thread to do so now.
    pub(super) fn fetch<'a>(
        &self,
        descriptor: &'a Descriptor,
        deadline: &mut Deadline,
    ) -> Result<Option<RecordInHand<'a>>> {
        // Inside a callback the engine is this thread's: BUSY is the answer, not to wait. Nor after one that raised.
        while !self.engine.is_mine() && !self.callback_failed.load(Ordering::SeqCst) {
            self.not_ended(deadline)?;
            if !std::mem::take(&mut deadline.trusts) {
                self.check(descriptor)?;
            }
            let arrivals = self.arrivals.load(Ordering::SeqCst);
            let Some(turn) = descriptor.flow.receive_aside() else { return Ok(None) };
            if let Some(fetched) = ReceivedRecord::record(&descriptor.socket) {
                // The step that follows has looked already.
                deadline.trusts = true;
                return Ok(Some(RecordInHand { fetched, turn }));
            }
            turn.was_for_nothing();
            // Who wanted to receive meanwhile waits for this.
            self.waiters.wake(Whom::ForInput);
            match self.wait(descriptor.fd, libc::POLLIN, arrivals, deadline) {
                Err(Some(error)) => return Err(error),
                // Where no call may wait, trying tells.
                Err(None) => return Ok(None),
                Ok(()) => {}
            }
        }
        Ok(None)
    }

    /// Where output is left and no sender is there to bring it on its way, who receives next does not wait for input alone.
    pub(super) fn leave_no_output_to_nobody(&self) {
        if let (Transport::Socket(descriptor), 0) = (&self.transport, self.senders.load(Ordering::SeqCst)) {
            descriptor.flow.stopped(false);
        }
    }

    /// Sends what an operation left for after the lock. Whether something is unsent, and the errno that sending failed with.
    pub(super) fn send_aside(&self, mut bytes: ByteQueue) -> (bool, i32) {
        let Transport::Socket(descriptor) = &self.transport else { return (false, 0) };
        let sent = send_out(&descriptor.socket, &mut bytes);
        if bytes.is_empty() && descriptor.flow.end() {
            // One that had this thread send for it may have come too late to be woken then.
            self.waiters.wake(Whom::ForOutput);
            return (false, 0);
        }
        let errno = sent.err().filter(|errno| !would_block(*errno)).unwrap_or(0);
        let left = {
            let engine = self.inspect();
            let mut wire = engine.ssl.wire().borrow_mut();
            wire.put_back(bytes, errno);
            wire.flush();
            (wire.backlog(), wire.send_errno)
        };
        // Who left something to this thread waits for that.
        self.waiters.wake(Whom::All);
        left
    }
}

impl Engine {
    /// Nothing is to be read but what comes next, which is a record.
    pub(super) fn is_between_records(&self) -> bool {
        self.is_settled() && self.ssl.wire().borrow().is_between_records()
    }
}
