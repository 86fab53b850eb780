//! How long a call may wait.

use super::Conn;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

/// How long a call may still wait. The clock is first looked at when there is something to wait for.
pub(super) struct Deadline {
    milliseconds: i64,
    deadline: Option<Instant>,
    /// How many shutdowns there had been when the call began: one more ends it. None for those that may go on.
    pub(super) shutdowns: Option<u32>,
    /// The first look at the descriptor is the caller's.
    pub(super) trusts: bool,
}

impl Deadline {
    pub(super) fn of(conn: &Conn) -> Self {
        let shutdowns = Some(conn.shutdowns.load(Ordering::SeqCst));
        Deadline { shutdowns, ..Self::of_shutdown(conn) }
    }

    pub(super) fn of_shutdown(conn: &Conn) -> Self {
        Deadline { milliseconds: conn.timeout.load(Ordering::Relaxed), ..Self::none() }
    }

    /// To wait not at all.
    pub(super) fn none() -> Self {
        Deadline { milliseconds: 0, deadline: None, shutdowns: None, trusts: false }
    }

    /// No timeout of the connection's own.
    pub(super) fn unset(&self) -> bool {
        self.milliseconds < 0
    }

    pub(super) fn instant(&mut self) -> Option<Instant> {
        let milliseconds = u64::try_from(self.milliseconds).ok()?;
        Some(*self.deadline.get_or_insert_with(|| Instant::now() + Duration::from_millis(milliseconds)))
    }
}
