//! Turns off the caches of freed memory, so that valgrind and ASan see a use after free.

use std::env;
use std::sync::OnceLock;

/// Returns whether freed memory may be kept and handed out again. PYSSL_CACHES=off in the environment forbids it; the
/// library reads the variable once.
#[inline]
pub fn are_on() -> bool {
    static ON: OnceLock<bool> = OnceLock::new();
    *ON.get_or_init(|| env::var_os("PYSSL_CACHES").is_none_or(|value| value != "off"))
}

#[cfg(test)]
mod tests {
    use crate::runtime::byte_queue::ByteQueue;
    use std::env;
    use std::process::Command;

    /// Whether a queue gets the memory that another one gave back, though other allocations want it.
    fn kept_memory_is_handed_out_again() -> bool {
        let address = || {
            let mut queue = ByteQueue::default();
            queue.try_push(&[7; 20_000]).unwrap();
            let address = queue.front().as_ptr() as usize;
            queue.consume(20_000);
            address
        };
        let first = address();
        let _others: Vec<_> = (0..64).map(|_| vec![0u8; 20_000]).collect();
        first == address()
    }

    #[test]
    fn the_environment_turns_caches_off() {
        if env::var_os("PYSSL_TEST_CHILD").is_some() {
            println!("again: {}", kept_memory_is_handed_out_again());
            return;
        }
        // The variable is read once a process.
        let run = |value: &str| {
            let mut child = Command::new(env::current_exe().unwrap());
            child.args(["--nocapture", "--exact", "runtime::caches::tests::the_environment_turns_caches_off"]);
            let output = child.env("PYSSL_TEST_CHILD", "1").env("PYSSL_CACHES", value).output().unwrap();
            String::from_utf8(output.stdout).unwrap()
        };
        assert!(run("on").contains("again: true"));
        assert!(run("off").contains("again: false"));
    }
}
