//! Chains whose signatures were found good before. That they are is a fact about bytes and stays true, and checking it
//! is nearly all the work of a verification.

use openssl::sha::Sha256;
use openssl::x509::X509;
use parking_lot::Mutex;
use std::collections::{HashSet, VecDeque};

/// SHA-256 over the flags of a verification and every certificate of the chain, from end to end.
pub type Fingerprint = [u8; 32];

/// How many chains are remembered; the oldest gives way.
const MOST: usize = 256;

#[derive(Default)]
pub struct KnownChains {
    known: Mutex<Known>,
}

#[derive(Default)]
struct Known {
    chains: HashSet<Fingerprint>,
    by_age: VecDeque<Fingerprint>,
}

impl KnownChains {
    /// Never waits: when another thread has the lock (or had it when this process was forked) nothing is known.
    pub fn contain(&self, fingerprint: &Fingerprint) -> bool {
        self.known.try_lock().is_some_and(|known| known.chains.contains(fingerprint))
    }

    /// Never waits, as above; what is not remembered will be checked again.
    pub fn add(&self, fingerprint: Fingerprint) {
        let Some(mut known) = self.known.try_lock() else { return };
        if !known.chains.insert(fingerprint) {
            return;
        }
        known.by_age.push_back(fingerprint);
        if known.by_age.len() > MOST {
            if let Some(oldest) = known.by_age.pop_front() {
                known.chains.remove(&oldest);
            }
        }
    }
}

/// None when a certificate cannot be encoded.
pub fn fingerprint(flags: u64, chain: &[X509]) -> Option<Fingerprint> {
    let mut hash = Sha256::new();
    hash.update(&flags.to_be_bytes());
    for cert in chain {
        let der = cert.to_der().ok()?;
        hash.update(&(der.len() as u64).to_be_bytes());
        hash.update(&der);
    }
    Some(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_knows_what_was_added_last_and_forgets_the_oldest() {
        let known = KnownChains::default();
        let chain = |n: usize| -> Fingerprint {
            let mut hash = Sha256::new();
            hash.update(&n.to_be_bytes());
            hash.finish()
        };
        assert!(!known.contain(&chain(0)));
        for n in 0..MOST {
            known.add(chain(n));
            known.add(chain(n));
        }
        assert!((0..MOST).all(|n| known.contain(&chain(n))));
        known.add(chain(MOST));
        assert!(!known.contain(&chain(0)) && known.contain(&chain(1)) && known.contain(&chain(MOST)));
        let known = known.known.lock();
        assert_eq!((known.chains.len(), known.by_age.len()), (MOST, MOST));
    }

    #[test]
    fn while_another_has_the_lock_nothing_is_known_and_nobody_waits() {
        let known = KnownChains::default();
        known.add([7; 32]);
        let lock = known.known.lock();
        assert!(!known.contain(&[7; 32]));
        known.add([8; 32]);
        drop(lock);
        assert!(known.contain(&[7; 32]) && !known.contain(&[8; 32]));
    }
}
