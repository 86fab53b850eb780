//! A queue of bytes that gives its memory back when it runs empty.

/// Bytes in at the end, out at the front.
#[derive(Default)]
pub struct Buffer {
    bytes: Vec<u8>,
    start: usize,
}

impl Buffer {
    pub fn len(&self) -> usize {
        self.bytes.len() - self.start
    }

    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    pub fn as_slice(&self) -> &[u8] {
        &self.bytes[self.start..]
    }

    pub fn push(&mut self, more: &[u8]) {
        self.make_room(more.len());
        self.bytes.extend_from_slice(more);
    }

    /// Moves as much as fits to `room`; how much that was.
    pub fn pop(&mut self, room: &mut [u8]) -> usize {
        let n = room.len().min(self.len());
        room[..n].copy_from_slice(&self.as_slice()[..n]);
        self.consume(n);
        n
    }

    /// Forgets the first `n` bytes.
    pub fn consume(&mut self, n: usize) {
        self.start = (self.start + n).min(self.bytes.len());
        if self.is_empty() {
            *self = Buffer::default();
        }
    }

    /// Lets `read` write into up to `most` bytes at the end; keeps as many as it says.
    pub fn fill<E>(&mut self, most: usize, read: impl FnOnce(&mut [u8]) -> Result<usize, E>) -> Result<usize, E> {
        self.make_room(most);
        let len = self.bytes.len();
        self.bytes.resize(len + most, 0);
        let got = read(&mut self.bytes[len..]);
        self.bytes.truncate(len + got.as_ref().map_or(0, |got| *got));
        if self.is_empty() {
            *self = Buffer::default();
        }
        got
    }

    /// Moves what is left to the front when that spares growing.
    fn make_room(&mut self, more: usize) {
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
        let mut buffer = Buffer::default();
        let mut out = Vec::new();
        for round in 0..200u32 {
            let piece: Vec<u8> = (0..round).map(|n| (n + round) as u8).collect();
            buffer.push(&piece);
            let mut room = [0u8; 77];
            let n = buffer.pop(&mut room);
            out.extend_from_slice(&room[..n]);
        }
        out.extend_from_slice(buffer.as_slice());
        let expected: Vec<u8> = (0..200u32).flat_map(|round| (0..round).map(move |n| (n + round) as u8)).collect();
        assert_eq!(out, expected);
        buffer.consume(buffer.len());
        assert_eq!((buffer.len(), buffer.bytes.capacity()), (0, 0));
    }
}
