/* OpenSSL's public constants, for programs that do without OpenSSL's headers. pyssl.h includes this file.
 * Written by `make header` from rust/src/core/constant.rs; do not edit.
 *
 * The numbers are the same in every OpenSSL from 3.0 to 4.0; one that is newer than the OpenSSL at hand has no effect.
 * A program that includes OpenSSL's headers too includes them first. pyssl_constant() finds the same names at run time.
 */
