/* GCC and Clang warn where a program drops the result of one of these functions. pyssl.h includes this file.
 * Written by `make header` from rust/src/abi; do not edit.
 */
