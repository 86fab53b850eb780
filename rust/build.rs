fn main() {
    println!("cargo:rustc-cdylib-link-arg=-Wl,-soname,libpyssl.so.0");
}
