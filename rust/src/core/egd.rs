//! The Entropy Gathering Daemon's protocol, which OpenSSL itself dropped in 1.1: commands over a Unix socket.
//!
//! Command 1, then how many bytes are wanted (1 to 255): the daemon answers at once with one byte that says how many
//! it has to give, and those. Command 2, then a number: it answers with just so many bytes as soon as it has gathered
//! them. As OpenSSL did: ask with 1, and with 2 when the answer is "none".

use crate::runtime::memory;
use crate::runtime::unix_stream::Stream;
use std::ffi::CStr;
use std::io;
use std::time::{Duration, Instant};

const READ_WHAT_THERE_IS: u8 = 1;
const READ_WHEN_THERE_IS: u8 = 2;

/// Gathers `wanted` bytes from the daemon. `deadline` is how long it may take for one answer. All of it or an error: a
/// daemon that hangs up, breaks the protocol or stays silent gives nothing.
pub fn gather(path: &CStr, wanted: usize, deadline: Duration) -> io::Result<Vec<u8>> {
    let daemon = Stream::connect(path, deadline)?;
    let mut gathered = Vec::new();
    while gathered.len() < wanted {
        let ask = u8::try_from(wanted - gathered.len()).unwrap_or(u8::MAX);
        gathered.extend(one_answer(&daemon, ask, Instant::now() + deadline)?);
    }
    Ok(gathered)
}

fn one_answer(daemon: &Stream, ask: u8, deadline: Instant) -> io::Result<Vec<u8>> {
    daemon.send_all(&[READ_WHAT_THERE_IS, ask], deadline)?;
    let mut count = [0];
    daemon.recv_exact(&mut count, deadline)?;
    let count = match count {
        [0] => {
            daemon.send_all(&[READ_WHEN_THERE_IS, ask], deadline)?;
            ask
        }
        [count] if count <= ask => count,
        [count] => {
            let text = format!("the daemon announced {count} bytes where {ask} were asked for");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text));
        }
    };
    let mut bytes = memory::zeroed(usize::from(count)).map_err(|_| io::ErrorKind::OutOfMemory)?;
    daemon.recv_exact(&mut bytes, deadline)?;
    Ok(bytes)
}
