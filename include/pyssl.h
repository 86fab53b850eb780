/* libpyssl: TLS, keys and certificates over OpenSSL. C99 and C++.
 * Written by `make header` from rust/src/abi; do not edit.
 *
 * Handles. Every pyssl_xxx * is a handle, not an address: never follow it, compare it only with NULL. A handle that is
 * NULL, stale, freed twice, of another kind or garbage gives PYSSL_ERR_HANDLE, and nothing else happens. What a function
 * hands out through an out parameter belongs to the caller, who frees it with the pyssl_xxx_free() of its kind; freeing
 * NULL is fine. Every object keeps alive what it rests on.
 *
 * Results. Functions return PYSSL_OK (0) or a negative PYSSL_ERR_*; those that move bytes return how many (> 0) or a
 * negative status. Results go to out parameters, which stand last and are written on success only, if not said
 * otherwise. pyssl_error_last() tells the calling thread why its last failed call failed.
 *
 * Bytes go in as (pointer, size_t), text as NUL-terminated UTF-8. Bytes and text come out into the caller's room,
 * (pointer, size, size_t *len): *len receives the length (without the NUL that follows text). If the room is too small
 * nothing is stored in it, *len says what is needed, and the result is PYSSL_ERR_BUFFER.
 *
 * Threads. Every function may be called from any thread at any time, also with the same handle.
 */

#ifndef PYSSL_H
#define PYSSL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles */

/* ---- pyssl_error_*: the calling thread's last failure. */

/**
 * Success.
 */
#define PYSSL_OK 0

/**
 * OpenSSL or the library refused; pyssl_error_last() says why.
 */
#define PYSSL_ERROR -1

/**
 * Call again when the transport has bytes to read.
 */
#define PYSSL_ERR_WANT_READ -2

/**
 * Call again when the transport takes bytes.
 */
#define PYSSL_ERR_WANT_WRITE -3

/**
 * Call again later: a certificate lookup is pending.
 */
#define PYSSL_ERR_WANT_X509_LOOKUP -4

/**
 * The peer closed the TLS session properly (close_notify).
 */
#define PYSSL_ERR_ZERO_RETURN -5

/**
 * The operating system refused; the error carries errno.
 */
#define PYSSL_ERR_SYSCALL -6

/**
 * The transport ended without close_notify.
 */
#define PYSSL_ERR_EOF -7

/**
 * A signal arrived while waiting: run its handlers and call again.
 */
#define PYSSL_ERR_INTERRUPTED -8

/**
 * The deadline passed.
 */
#define PYSSL_ERR_TIMEOUT -9

/**
 * A handle that is NULL, stale, of another kind, or no handle at all. Nothing was done.
 */
#define PYSSL_ERR_HANDLE -10

/**
 * An argument that cannot be used. Nothing was done.
 */
#define PYSSL_ERR_ARGUMENT -11

/**
 * The object is in use by the very call that led here (I/O from inside a callback). Nothing was done.
 */
#define PYSSL_ERR_BUSY -12

/**
 * A callback reported failure.
 */
#define PYSSL_ERR_CALLBACK -13

/**
 * A defect of the library, caught at the border.
 */
#define PYSSL_ERR_PANIC -14

/**
 * The buffer is too small: nothing was stored in it, the length needed was.
 */
#define PYSSL_ERR_BUFFER -15

/**
 * The connection was closed, by this or another thread.
 */
#define PYSSL_ERR_CLOSED -16

/**
 * There is no such thing here (a value that was never set).
 */
#define PYSSL_ERR_ABSENT -17

/**
 * The linked OpenSSL cannot do this.
 */
#define PYSSL_ERR_UNSUPPORTED -18

/**
 * What a call came to: PYSSL_OK (0) or one of the negative PYSSL_ERR_* values.
 */
typedef int pyssl_status;

/**
 * A failure. The strings are UTF-8 and stay valid until this thread asks for another error or entry.
 */
typedef struct pyssl_error {
    /**
     * The status that the call returned.
     */
    pyssl_status status;
    /**
     * The system's errno, or 0.
     */
    int sys_errno;
    /**
     * X509_V_ERR_* when a certificate was refused, else 0.
     */
    int verify_code;
    /**
     * Depth in the chain of the certificate at fault, 0 for the peer's own; -1 when no certificate was refused.
     */
    int verify_depth;
    /**
     * One sentence; never NULL.
     */
    const char *message;
    /**
     * The file that could not be used, or NULL.
     */
    const char *path;
    /**
     * OpenSSL's words for verify_code, or NULL.
     */
    const char *verify_message;
    /**
     * Subject of the certificate at fault (RFC 2253 form), or NULL.
     */
    const char *verify_subject;
    /**
     * How many entries pyssl_error_entry_at() has.
     */
    size_t entry_count;
} pyssl_error;

/**
 * One entry of OpenSSL's error queue. The strings are UTF-8, "" where OpenSSL has none, and stay valid until this
 * thread asks for another error or entry.
 */
typedef struct pyssl_error_entry {
    /**
     * OpenSSL's packed code.
     */
    uint64_t code;
    const char *library;
    const char *function;
    const char *reason;
    const char *data;
    const char *file;
    int line;
} pyssl_error_entry;

/**
 * The calling thread's last failure. It stays until the next call that fails; calls that succeed leave it.
 * @param out  receives it; status is PYSSL_OK and message "" when nothing failed yet
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when out is NULL
 */
pyssl_status pyssl_error_last(struct pyssl_error *out);

/**
 * An entry of OpenSSL's queue as it was at the last failure.
 * @param index  0 is the oldest, the cause; below entry_count
 * @param out    receives it
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when index is too large or out is NULL
 */
pyssl_status pyssl_error_entry_at(size_t index, struct pyssl_error_entry *out);

/**
 * The sentence of the calling thread's last failure, "" when there is none; never NULL.
 * @return UTF-8, valid until this thread asks for another error or entry
 */
const char *pyssl_error_message(void);

/**
 * Forgets the calling thread's last failure.
 */
void pyssl_error_clear(void);

/* ---- pyssl_version and its kin: what this library is. */

/**
 * For pyssl_openssl_version(): name and date of the release.
 */
#define PYSSL_OPENSSL_VERSION 0

/**
 * For pyssl_openssl_version(): the compiler's flags.
 */
#define PYSSL_OPENSSL_CFLAGS 1

/**
 * For pyssl_openssl_version(): the date of the build.
 */
#define PYSSL_OPENSSL_BUILT_ON 2

/**
 * For pyssl_openssl_version(): the platform.
 */
#define PYSSL_OPENSSL_PLATFORM 3

/**
 * For pyssl_openssl_version(): OPENSSLDIR.
 */
#define PYSSL_OPENSSL_DIR 4

/**
 * The library's own version, "0.1.0".
 * @return a static string
 */
const char *pyssl_version(void);

/**
 * OpenSSL's version number as OPENSSL_VERSION_NUMBER has it (0xMNN00PP0).
 */
uint64_t pyssl_openssl_version_number(void);

/**
 * What the linked OpenSSL says of itself (OpenSSL_version).
 * @param what  PYSSL_OPENSSL_VERSION, _CFLAGS, _BUILT_ON, _PLATFORM, _DIR
 * @return a static string; "not available" for an unknown number
 */
const char *pyssl_openssl_version(int what);

/**
 * How many handles of all kinds are alive in this process.
 */
size_t pyssl_handle_count(void);

/* ---- pyssl_constant: the header's and OpenSSL's macros by name, for languages without a preprocessor. */

/**
 * The value of a constant by its name: the PYSSL_* macros of this header, and OpenSSL's SSL_OP_*, SSL_MODE_*,
 * SSL_CB_*, SSL_ST_*, SSL_VERIFY_*, SSL_SESS_CACHE_*, X509_V_*, *_VERSION and their kin with the values of the linked
 * OpenSSL.
 * @param name  NUL-terminated
 * @param out   receives the value
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such constant
 */
pyssl_status pyssl_constant(const char *name,
                            int64_t *out);

/* ---- pyssl_rand_*: OpenSSL's random generator, seed files, and entropy daemons. */

/**
 * Mixes bytes into the generator's state.
 * @param data     the bytes
 * @param len      how many
 * @param entropy  a lower bound of the randomness in them, in bytes; taken as 0 when negative and as len when larger
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_rand_add(const uint8_t *data,
                            size_t len,
                            double entropy);

/**
 * Mixes bytes that are all randomness into the generator's state.
 * @param data  the bytes
 * @param len   how many
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_rand_seed(const uint8_t *data, size_t len);

/**
 * Has the generator been seeded with enough?
 * @return 1 or 0
 */
int pyssl_rand_status(void);

/**
 * Random bytes, fit for keys.
 * @param out  room for them
 * @param len  how many are wanted
 * @return PYSSL_OK; PYSSL_ERROR when the generator fails, and then nothing in out is to be used
 */
pyssl_status pyssl_rand_bytes(uint8_t *out, size_t len);

/**
 * Replaces the generator's state, with all that was mixed into it, by one drawn afresh from the system.
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_rand_cleanup(void);

/**
 * Mixes the content of a file into the generator's state.
 * @param file  NUL-terminated name
 * @param most  how many bytes to read at most; negative for all of it (of a device or pipe: 2048)
 * @param out   receives how many were read
 * @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be read
 */
pyssl_status pyssl_rand_load_file(const char *file, int64_t most, size_t *out);

/**
 * Writes 1024 random bytes to a file, for pyssl_rand_load_file() to read another day. The file gets mode 0600.
 * @param file  NUL-terminated name
 * @param out   receives how many were written
 * @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be written or is no regular file
 */
pyssl_status pyssl_rand_write_file(const char *file,
                                   size_t *out);

/**
 * Mixes bytes from an entropy gathering daemon (EGD, PRNGD) into the generator's state.
 * @param socket      NUL-terminated name of the daemon's Unix socket
 * @param count       how many bytes to ask for
 * @param timeout_ms  how long one answer of the daemon (up to 255 bytes) may take, in milliseconds
 * @param out         receives how many were read: count
 * @return PYSSL_OK; PYSSL_ERROR with path (and errno where the system refused) when there is no daemon, or it hangs
 *         up, stays silent (errno ETIMEDOUT) or answers against the protocol; then nothing was mixed in
 */
pyssl_status pyssl_rand_egd(const char *socket,
                            int count,
                            int timeout_ms,
                            size_t *out);

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PYSSL_H */
