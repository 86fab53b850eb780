//! A queue of bytes that gives its memory back when it runs empty.

use super::caches;
use super::memory;
use super::memory::NoMemory;
use std::cell::Cell;
use std::collections::VecDeque;
use std::mem::MaybeUninit;

/// An empty buffer keeps this much, so that small messages cost no allocation.
const SMALL: usize = 256;

/// The memory that a thread's last buffer gave back is its next one's, up to this much: records of 16 KiB then cost no
/// allocation either, however many connections there are.
const SPARE: usize = 32 << 10;

thread_local! {
    static SPARE_MEMORY: Cell<Vec<u8>> = const { Cell::new(Vec::new()) };
}

/// Bytes in at the end, out at the front: a stream, or (`datagrams`) pieces that come out as they went in.
#[derive(Default)]
pub struct ByteQueue {
    bytes: Vec<u8>,
    start: usize,
    /// The lengths of the datagrams; None for a stream. Boxed, for nearly all are streams.
    #[allow(clippy::box_collection)]
    borders: Option<Box<VecDeque<usize>>>,
}

impl ByteQueue {
    pub fn datagrams() -> Self {
        ByteQueue { borders: Some(Box::default()), ..ByteQueue::default() }
    }

    /// All of it, leaving an empty one of the same kind.
    pub fn take(&mut self) -> Self {
        let empty = self.empty();
        std::mem::replace(self, empty)
    }

    /// An empty one of the same kind that has no memory.
    pub fn empty(&self) -> Self {
        ByteQueue { borders: self.borders.as_ref().map(|_| Box::default()), ..ByteQueue::default() }
    }

    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What comes out next: the (rest of the) first datagram, or everything there is of a stream.
    pub fn front(&self) -> &[u8] {
        let all = &self.bytes[self.start..];
        match self.borders.as_ref().and_then(|borders| borders.front()) {
            Some(border) => &all[..(*border).min(all.len())],
            None => all,
        }
    }

    /// Puts another one of the same kind behind this.
    pub fn try_append(&mut self, mut other: Self) -> Result<(), NoMemory> {
        if self.is_empty() && self.borders.is_none() {
            if self.bytes.capacity() > SMALL {
                self.give_back();
            }
            (self.bytes, self.start) = (std::mem::take(&mut other.bytes), other.start);
            return Ok(());
        }
        while !other.is_empty() {
            let piece = other.front();
            self.try_push(piece)?;
            other.consume(piece.len());
        }
        Ok(())
    }

    /// Puts bytes, for a queue of datagrams one, at the end. Changes nothing if there is no memory.
    pub fn try_push(&mut self, more: &[u8]) -> Result<(), NoMemory> {
        if more.is_empty() {
            return Ok(());
        }
        self.try_reserve(more.len())?;
        if let Some(borders) = self.borders.as_mut() {
            borders.try_reserve(1)?;
            borders.push_back(more.len());
        }
        self.bytes.extend(more);
        Ok(())
    }

    fn give_back(&mut self) {
        let memory = std::mem::take(&mut self.bytes);
        if memory.capacity() <= SPARE && caches::are_on() {
            // A thread that is ending has no place for it.
            let _ = SPARE_MEMORY.try_with(|spare| spare.set(memory));
        }
    }

    /// Moves as much as fits of what comes out next to `room`; how much that was. The rest of a datagram stays.
    pub fn pop(&mut self, room: &mut [u8]) -> usize {
        let n = self.peek(room);
        self.consume(n);
        n
    }

    /// As `pop`, and the bytes stay.
    pub fn peek(&self, room: &mut [u8]) -> usize {
        let front = self.front();
        let n = room.len().min(front.len());
        room[..n].copy_from_slice(&front[..n]);
        n
    }

    /// Forgets the first `n` bytes of `front`.
    pub fn consume(&mut self, n: usize) {
        let n = n.min(self.front().len());
        self.start += n;
        if let Some(borders) = &mut self.borders {
            match borders.front_mut() {
                Some(border) if *border > n => *border -= n,
                _ => drop(borders.pop_front()),
            }
        }
        if self.is_empty() {
            self.start = 0;
            self.bytes.clear();
            if self.bytes.capacity() > SMALL {
                self.give_back();
            }
        }
    }

    /// Sees to it that so much more fits.
    pub fn try_reserve(&mut self, more: usize) -> Result<(), NoMemory> {
        self.make_room(more);
        memory::make_room(&mut self.bytes, more)
    }

    /// For a stream: lets `read` write into up to `most` bytes at the end, which must be reserved; it says how many it
    /// wrote.
    pub(super) fn fill<E>(
        &mut self,
        most: usize,
        read: impl FnOnce(&mut [MaybeUninit<u8>]) -> Result<usize, E>,
    ) -> Result<usize, E> {
        let space = self.bytes.spare_capacity_mut();
        let most = most.min(space.len());
        let got = read(&mut space[..most])?;
        // SAFETY: there is room for `most` bytes, and so many of them were written.
        unsafe { self.bytes.set_len(self.bytes.len() + got.min(most)) };
        Ok(got)
    }

    /// Moves what is left to the front when that spares growing.
    fn make_room(&mut self, more: usize) {
        if self.is_empty() && more > SMALL && more > self.bytes.capacity() {
            let spare = SPARE_MEMORY.try_with(Cell::take).unwrap_or_default();
            if spare.capacity() >= more {
                (self.bytes, self.start) = (spare, 0);
            }
        }
        if self.start > 0 && self.bytes.len() + more > self.bytes.capacity() {
            self.bytes.drain(..self.start);
            self.start = 0;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_come_out_in_order_and_memory_goes_back() {
        let mut buffer = ByteQueue::default();
        let mut out = Vec::new();
        for round in 0..200u32 {
            let piece: Vec<u8> = (0..round).map(|n| (n + round) as u8).collect();
            buffer.try_push(&piece).unwrap();
            let mut room = [0u8; 77];
            let n = buffer.pop(&mut room);
            out.extend_from_slice(&room[..n]);
        }
        out.extend_from_slice(buffer.front());
        let expected: Vec<u8> = (0..200u32).flat_map(|round| (0..round).map(move |n| (n + round) as u8)).collect();
        assert_eq!(out, expected);
        buffer.consume(buffer.len());
        assert_eq!(buffer.len(), 0);
        assert!(buffer.bytes.capacity() <= SMALL);
    }

    #[test]
    fn datagrams_come_out_as_they_went_in() {
        let mut buffer = ByteQueue::datagrams();
        for piece in [&b"one"[..], b"", b"three", b"four"] {
            buffer.try_push(piece).unwrap();
        }
        let mut room = [0u8; 4];
        assert_eq!((buffer.pop(&mut room), &room[..3]), (3, &b"one"[..]));
        assert_eq!((buffer.pop(&mut room), &room[..4]), (4, &b"thre"[..]));
        let mut other = ByteQueue::datagrams();
        other.try_push(b"five!").unwrap();
        buffer.try_append(other).unwrap();
        let mut taken = buffer.take();
        assert!(buffer.is_empty() && buffer.borders.is_some());
        assert_eq!((taken.pop(&mut room), &room[..1]), (1, &b"e"[..]));
        assert_eq!((taken.pop(&mut room), &room[..4]), (4, &b"four"[..]));
        assert_eq!(taken.front(), b"five!");
        taken.consume(100);
        assert_eq!((taken.is_empty(), taken.pop(&mut room)), (true, 0));
    }
}
