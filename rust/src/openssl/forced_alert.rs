//! What a connection is made to read when it must end: OpenSSL answers with a fatal alert.

/// Stands before everything else that a wire has to read.
pub enum ForcedAlert {
    Stream,
    /// How many went.
    Datagrams(usize),
}

/// A plaintext DTLS 1.2 record with the alert (fatal, internal_error). The sequence number is far beyond those in use.
pub const DTLS_INTERNAL_ERROR: [u8; 15] = [21, 254, 253, 0, 0, 0, 1, 0, 0, 0, 0, 0, 2, 2, 80];

/// Whether one of the DTLS records in a datagram is encrypted: its epoch is not the first any more (RFC 6347, 4.1).
pub fn has_encrypted_dtls(mut datagram: &[u8]) -> bool {
    while let [_, 254, _, epoch_high, epoch_low, _, _, _, _, _, _, length_high, length_low, rest @ ..] = datagram {
        if (*epoch_high, *epoch_low) != (0, 0) {
            return true;
        }
        let length = usize::from(u16::from_be_bytes([*length_high, *length_low]));
        datagram = rest.get(length..).unwrap_or_default();
    }
    false
}

/// OpenSSL puts TLS 1.0 on a plaintext alert of a client that has not heard from its server yet, which a server that chose
/// TLS 1.2 takes for a mistake and no alert. Any server of TLS 1.2 and 1.3 knows it as an alert by this version.
pub fn as_heard(record: &[u8]) -> Option<[u8; 7]> {
    match *record {
        [21, 3, 1, 0, 2, level, description] => Some([21, 3, 3, 0, 2, level, description]),
        _ => None,
    }
}

/// The header of a TLS record that is longer than any may be (RFC 8446, 5.1). As the rest of a record that was begun it
/// is no less impossible.
const OVERLONG: [u8; 5] = [22, 3, 3, 255, 255];

/// Plaintext handshake records of DTLS 1.2 and 1.0 that are too short for the header of a handshake message (RFC 6347, 4.2.2).
const SHORT: [[u8; 14]; 2] =
    [[22, 254, 253, 0, 0, 0, 1, 0, 0, 0, 0, 0, 1, 1], [22, 254, 255, 0, 0, 0, 1, 0, 0, 0, 1, 0, 1, 1]];

impl ForcedAlert {
    pub fn new(datagrams: bool) -> Self {
        if datagrams {
            ForcedAlert::Datagrams(0)
        } else {
            ForcedAlert::Stream
        }
    }

    /// Fills the room. None when there is no more.
    pub fn read(&mut self, room: &mut [u8]) -> Option<usize> {
        match self {
            ForcedAlert::Stream => {
                for (byte, poison) in room.iter_mut().zip(OVERLONG.iter().cycle()) {
                    *byte = *poison;
                }
                Some(room.len())
            }
            ForcedAlert::Datagrams(number) => {
                let datagram = SHORT.get(*number)?;
                *number += 1;
                let len = datagram.len().min(room.len());
                let (room, _) = room.split_at_mut(len);
                room.copy_from_slice(&datagram[..len]);
                Some(len)
            }
        }
    }
}
