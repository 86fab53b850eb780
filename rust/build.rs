use std::env;

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    if env::var("CARGO_CFG_TARGET_OS").as_deref() == Ok("linux") {
        // A C extension finds the copy that Python has loaded by this name, and only by it.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libpyssl.so.0");
        // OpenSSL keeps thread-local state and no exit handler: dlclose must not take its code away.
        println!("cargo:rustc-cdylib-link-arg=-Wl,-z,nodelete");
    }
}
