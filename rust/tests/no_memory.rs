//! Every allocation of Rust's fails in turn while certificates are read and written, two ends shake hands and bytes are
//! pumped. The process must live, and each call end with a status. `cargo test --features failing-allocator`.
#![cfg(feature = "failing-allocator")]
// The memory of the test itself does not fail.
#![allow(clippy::disallowed_methods)]

use pyssl::abi::conn::*;
use pyssl::abi::conn_config::*;
use pyssl::abi::ctx::*;
use pyssl::abi::ctx_callback::*;
use pyssl::abi::ctx_trust::*;
use pyssl::abi::error::*;
use pyssl::abi::library::pyssl_handle_count;
use pyssl::abi::name::*;
use pyssl::abi::pkey::*;
use pyssl::abi::store::*;
use pyssl::abi::types::*;
use pyssl::abi::x509::*;
use pyssl::fail_from;
use std::ptr;
use std::sync::Mutex;

const PEM: i32 = 1;
const TLS: i32 = PYSSL_TLS_METHOD;

/// What every scene begins with, made while there is memory.
struct Made {
    cert: Vec<u8>,
    key: Vec<u8>,
    /// The certificate with 100 KiB of text before it.
    large: Vec<u8>,
}

/// A call: what it returned if that is no failure, else what it failed of.
fn done(status: pyssl_status) -> Result<(), pyssl_status> {
    moved(status as isize).map(drop)
}

fn moved(count: isize) -> Result<usize, pyssl_status> {
    assert_ne!(count, PYSSL_ERR_PANIC as isize);
    usize::try_from(count).map_err(|_| count as pyssl_status)
}

/// Frees its handle, as every program would.
struct Owned<T>(*mut T, extern "C" fn(*mut T) -> pyssl_status);

impl<T> Drop for Owned<T> {
    fn drop(&mut self) {
        assert_eq!((self.1)(self.0), PYSSL_OK);
    }
}

fn new<T>(
    free: extern "C" fn(*mut T) -> pyssl_status,
    make: impl FnOnce(*mut *mut T) -> pyssl_status,
) -> Result<Owned<T>, pyssl_status> {
    let mut handle = ptr::null_mut();
    done(make(&mut handle)).map(|()| Owned(handle, free))
}

fn text(
    mut dump: impl FnMut(*mut u8, usize, *mut usize) -> pyssl_status,
    room: &mut [u8],
) -> Result<usize, pyssl_status> {
    let mut len = 0;
    done(dump(room.as_mut_ptr(), room.len(), &mut len)).map(|()| len)
}

fn make() -> Made {
    // SAFETY: readable arguments and writable results throughout.
    unsafe {
        let key = new(pyssl_pkey_free, |out| pyssl_pkey_new(out)).unwrap();
        assert_eq!(pyssl_pkey_generate_ec(key.0, c"P-256".as_ptr()), PYSSL_OK);
        let cert = new(pyssl_x509_free, |out| pyssl_x509_new(out)).unwrap();
        let name = new(pyssl_name_free, |out| pyssl_x509_subject(cert.0, out)).unwrap();
        let value = b"no memory";
        assert_eq!(pyssl_name_set(name.0, c"CN".as_ptr(), value.as_ptr(), value.len()), PYSSL_OK);
        assert_eq!(pyssl_x509_set_issuer(cert.0, name.0), PYSSL_OK);
        assert_eq!(pyssl_x509_adjust_not_before(cert.0, -60), PYSSL_OK);
        assert_eq!(pyssl_x509_adjust_not_after(cert.0, 3600), PYSSL_OK);
        assert_eq!(pyssl_x509_set_pubkey(cert.0, key.0), PYSSL_OK);
        assert_eq!(pyssl_x509_sign(cert.0, key.0, c"sha256".as_ptr()), PYSSL_OK);
        let mut room = vec![0; 65536];
        let len = text(|room, size, len| pyssl_x509_dump(cert.0, PEM, room, size, len), &mut room).unwrap();
        let cert = room[..len].to_vec();
        let dump = |room, size, len| pyssl_pkey_dump_private(key.0, PEM, ptr::null(), ptr::null(), 0, room, size, len);
        let len = text(dump, &mut room).unwrap();
        let large = [&b"words before the certificate\n".repeat(3500)[..], &cert].concat();
        Made { cert, key: room[..len].to_vec(), large }
    }
}

/// Reads and writes PEM.
fn pem(made: &Made) -> Result<(), pyssl_status> {
    let mut room = [0; 4096];
    // SAFETY: as above.
    unsafe {
        for pem in [&made.cert, &made.large] {
            let cert = new(pyssl_x509_free, |out| pyssl_x509_load(PEM, pem.as_ptr(), pem.len(), out))?;
            text(|room, size, len| pyssl_x509_dump(cert.0, PEM, room, size, len), &mut room)?;
        }
        let key = key(made)?;
        let dump = |room, size, len| pyssl_pkey_dump_private(key.0, PEM, ptr::null(), ptr::null(), 0, room, size, len);
        text(dump, &mut room)?;
    }
    Ok(())
}

unsafe fn key(made: &Made) -> Result<Owned<pyssl_pkey>, pyssl_status> {
    // SAFETY: as above.
    new(pyssl_pkey_free, |out| unsafe {
        pyssl_pkey_load_private(PEM, made.key.as_ptr(), made.key.len(), ptr::null(), 0, None, ptr::null_mut(), out)
    })
}

/// Shakes hands, sends 100 KiB before any of it is taken, and receives it.
fn tls(made: &Made) -> Result<(), pyssl_status> {
    // SAFETY: as above.
    unsafe {
        let cert = new(pyssl_x509_free, |out| pyssl_x509_load(PEM, made.cert.as_ptr(), made.cert.len(), out))?;
        let key = key(made)?;
        let server = new(pyssl_ctx_free, |out| pyssl_ctx_new(TLS, out))?;
        done(pyssl_ctx_use_certificate(server.0, cert.0))?;
        done(pyssl_ctx_use_privatekey(server.0, key.0))?;
        let client = new(pyssl_ctx_free, |out| pyssl_ctx_new(TLS, out))?;
        let store = new(pyssl_store_free, |out| pyssl_ctx_cert_store(client.0, out))?;
        done(pyssl_store_add_cert(store.0, cert.0))?;
        done(pyssl_ctx_set_verify(client.0, PYSSL_VERIFY_PEER, None, ptr::null_mut(), None))?;
        let near = new(pyssl_conn_free, |out| pyssl_conn_new(client.0, out))?;
        let far = new(pyssl_conn_free, |out| pyssl_conn_new(server.0, out))?;
        done(pyssl_conn_set_connect_state(near.0))?;
        done(pyssl_conn_set_accept_state(far.0))?;
        let mut room = [7; 16384];
        for _ in 0..10 {
            for (end, other) in [(&near, &far), (&far, &near)] {
                let shaken = waits(pyssl_conn_do_handshake(end.0) as isize);
                pump(end.0, other.0, &mut room)?;
                shaken?;
            }
        }
        for _ in 0..7 {
            moved(pyssl_conn_send(near.0, room.as_ptr(), room.len()))?;
        }
        pump(near.0, far.0, &mut room)?;
        let mut received = 0;
        while received < 7 * room.len() {
            received += moved(pyssl_conn_recv(far.0, room.as_mut_ptr(), room.len(), 0))?;
        }
    }
    Ok(())
}

unsafe fn pump(from: *mut pyssl_conn, to: *mut pyssl_conn, room: &mut [u8]) -> Result<(), pyssl_status> {
    loop {
        // SAFETY: as above.
        match waits(unsafe { pyssl_conn_bio_read(from, room.as_mut_ptr(), room.len()) })? {
            0 => return Ok(()),
            // SAFETY: as above.
            got => assert_eq!(moved(unsafe { pyssl_conn_bio_write(to, room.as_ptr(), got) })?, got),
        };
    }
}

/// 0 for WANT_READ.
fn waits(count: isize) -> Result<usize, pyssl_status> {
    if count == PYSSL_ERR_WANT_READ as isize {
        return Ok(0);
    }
    moved(count)
}

type Scene = fn(&Made) -> Result<(), pyssl_status>;

/// Runs a scene with `count` failures at each place. Returns how many runs failed, and of what.
fn run(scene: Scene, count: u64) -> (usize, usize) {
    // Handles are counted for the whole process.
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _turn = ONE_AT_A_TIME.lock().unwrap();
    let made = make();
    scene(&made).unwrap();
    let handles = pyssl_handle_count();
    let (mut runs, mut failed) = (0, 0);
    for nth in 0.. {
        fail_from(nth, count);
        let result = scene(&made);
        let reached = fail_from(0, 0);
        assert_eq!(pyssl_handle_count(), handles);
        runs += 1;
        if let Err(status) = result {
            assert_eq!(status, PYSSL_ERR_MEMORY, "at allocation {nth}");
            failed += 1;
        }
        if !reached {
            break;
        }
        // Afterwards all is as it was.
        scene(&made).unwrap();
    }
    (runs, failed)
}

#[test]
fn pem_is_read_and_written_with_a_failure_at_every_allocation() {
    for count in [1, 2, u64::MAX] {
        let (runs, failed) = run(pem, count);
        println!("{count} failures at each place: {runs} runs, {failed} failed");
        assert!(runs > 10 && (failed > 0 || count < u64::MAX), "{runs} {failed}");
    }
}

#[test]
fn two_ends_shake_hands_and_pump_with_a_failure_at_every_allocation() {
    for count in [1, 2, u64::MAX] {
        let (runs, failed) = run(tls, count);
        println!("{count} failures at each place: {runs} runs, {failed} failed");
        assert!(runs > 30 && (failed > 0 || count == 1), "{runs} {failed}");
    }
}
