//! Languages whose runtime ends before the process does, as Python's interpreter: after that, none of their functions may
//! be called.
//!
//! Asking the runtime whether it has begun to end is a race: it may begin between the answer and the call. So each call
//! of one of its functions passes a gate here. `end` closes the gate and counts the calls that passed before. The
//! runtime waits for these, and ends.

use super::mutex::Mutex;
use super::threads;
use std::cell::RefCell;
use std::ptr;
use std::sync::atomic::{AtomicUsize, Ordering};

/// A runtime's gate. Never freed, as the functions are not.
#[derive(Default)]
pub struct Language {
    /// The calls under way, times `CALL`, and `CLOSED`.
    word: AtomicUsize,
    /// The thread that closed the gate, as `threads::id` has it: it may still call.
    closer: AtomicUsize,
}

const CLOSED: usize = 1;
const CALL: usize = 2;

/// A call under way that has passed the gate.
pub struct Call(&'static Language);

/// Returns a number for one more language: never 0, and never given twice.
pub fn add() -> u64 {
    let mut registry = REGISTRY.lock();
    registry.languages.push(Box::leak(Box::default()));
    registry.languages.len() as u64
}

/// Makes a function one of a language's. Returns false if the number is no language's.
pub fn add_function(number: u64, address: usize) -> bool {
    let mut registry = REGISTRY.lock();
    let Some(language) = registry.numbered(number) else { return false };
    registry.functions.push((address, language));
    true
}

/// Returns the language that a function was added to.
pub fn of_function(address: usize) -> Option<&'static Language> {
    // The last one: a language that is no more may have had a function at the same address.
    REGISTRY.lock().functions.iter().rev().find(|(known, _)| *known == address).map(|(_, language)| *language)
}

/// Closes the gate of a language to all other threads. Returns how many calls of theirs are under way, which may be
/// asked again; None if the number is no language's.
pub fn end(number: u64) -> Option<usize> {
    let language = REGISTRY.lock().numbered(number)?;
    language.closer.store(threads::id(), Ordering::SeqCst);
    let calls = language.word.fetch_or(CLOSED, Ordering::SeqCst) / CALL;
    let own = MINE.try_with(|mine| mine.borrow().iter().filter(|call| ptr::eq(**call, language)).count());
    Some(calls.saturating_sub(own.unwrap_or(0)))
}

/// Leaves all calls of this thread, which stays inside of them: whoever ends a language does not wait for it.
pub fn leave_calls() {
    let calls = MINE.try_with(|mine| std::mem::take(&mut *mine.borrow_mut())).unwrap_or_default();
    for language in calls {
        language.word.fetch_sub(CALL, Ordering::SeqCst);
    }
}

impl Language {
    /// Counts a call of the language's, until the result is dropped; None if the gate is closed to this thread.
    pub fn enter(&'static self) -> Option<Call> {
        let before = self.word.fetch_add(CALL, Ordering::SeqCst);
        if before & CLOSED != 0 && self.closer.load(Ordering::SeqCst) != threads::id() {
            self.word.fetch_sub(CALL, Ordering::SeqCst);
            return None;
        }
        // A thread that is ending has no place to note it, and is not the one that ends a language.
        let _ = MINE.try_with(|mine| mine.borrow_mut().push(self));
        Some(Call(self))
    }
}

impl Drop for Call {
    fn drop(&mut self) {
        let _ = MINE.try_with(|mine| {
            let mut mine = mine.borrow_mut();
            if let Some(at) = mine.iter().rposition(|call| ptr::eq(*call, self.0)) {
                mine.remove(at);
            }
        });
        self.0.word.fetch_sub(CALL, Ordering::SeqCst);
    }
}

thread_local! {
    /// The calling thread's calls under way. Fibers may end theirs in any order.
    static MINE: RefCell<Vec<&'static Language>> = const { RefCell::new(Vec::new()) };
}

#[derive(Default)]
struct Registry {
    languages: Vec<&'static Language>,
    functions: Vec<(usize, &'static Language)>,
}

impl Registry {
    fn numbered(&self, number: u64) -> Option<&'static Language> {
        self.languages.get(usize::try_from(number).ok()?.checked_sub(1)?).copied()
    }
}

/// In a forked child: calls lock it with the mark of `fork` up, so it is free there.
static REGISTRY: Mutex<Registry> = Mutex::new(Registry { languages: Vec::new(), functions: Vec::new() });

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::mpsc;

    #[test]
    fn a_closed_gate_lets_its_closer_in_and_nobody_else_and_counts_those_within() {
        let number = add();
        assert!(add_function(number, 0x1000) && !add_function(number + 1000, 0x1000) && !add_function(0, 0x1000));
        let language = of_function(0x1000).unwrap();
        assert!(of_function(0x1001).is_none() && end(number + 1000).is_none());
        let (tell, told) = mpsc::channel();
        let (leave, may_leave) = mpsc::channel::<()>();
        let other = std::thread::spawn(move || {
            let call = language.enter();
            tell.send(call.is_some()).unwrap();
            may_leave.recv().unwrap();
            drop(call);
            tell.send(language.enter().is_some()).unwrap();
        });
        assert!(told.recv().unwrap());
        let own = language.enter().unwrap();
        assert_eq!((end(number), end(number)), (Some(1), Some(1)));
        drop(own);
        leave.send(()).unwrap();
        assert!(!told.recv().unwrap());
        other.join().unwrap();
        assert_eq!(end(number), Some(0));
        assert!(language.enter().is_some());
    }
}
