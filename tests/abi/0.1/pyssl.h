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
 * NULL. A parameter that may be NULL says so. Every other pointer that is NULL gives PYSSL_ERR_ARGUMENT (a handle
 * PYSSL_ERR_HANDLE), and nothing is done. Out parameters are checked before everything else.
 *
 * Bytes go in as (data, data_len), text as NUL-terminated UTF-8. Bytes and text come out into the caller's buffer,
 * (buf, buf_size, len_out): *len_out receives the length. A NUL follows text (char *) and is not counted; none follows
 * bytes (uint8_t *). If the buffer is too small nothing is stored in it, *len_out says what is needed, and the result is
 * PYSSL_ERR_BUFFER. An array of handles comes out as (buf, buf_size, count_out) in the same way.
 *
 * Errors. PYSSL_ERR_WANT_*, PYSSL_ERR_ZERO_RETURN and PYSSL_ERR_INTERRUPTED are answers and leave the last failure as it
 * is. The strings of a failure live until the thread's next call that fails.
 *
 * Threads. Every function may be called from any thread at any time, also with the same handle, but not from a signal
 * handler. pthread_cancel() is held back inside the library and its callbacks: the thread is cancelled at its next
 * cancellation point (pthread_testcancel() is one) after the call has returned. A blocked call is ended by
 * pyssl_conn_close(), pyssl_conn_shutdown() or a timeout. Asynchronous cancellation must be off.
 *
 * Callbacks return. A thread that ends inside of one (pthread_exit) is kept there until the process ends. An exception that
 * leaves one (of C++, say) ends the process with a message.
 */

#ifndef PYSSL_H
#define PYSSL_H

#include <stddef.h>
#include <stdint.h>

#include "pyssl_constants.h"

#ifdef __cplusplus
extern "C" {
#endif

/* ---- Handles */

/**
 * A TLS or DTLS connection. One thread may read while another writes and a third closes.
 */
typedef struct pyssl_conn pyssl_conn;

/**
 * A certificate revocation list.
 */
typedef struct pyssl_crl pyssl_crl;

/**
 * A TLS or DTLS context. It may be changed at any time; connections keep what they took when they were made.
 */
typedef struct pyssl_ctx pyssl_ctx;

/**
 * An extension; it never changes once made. Thread safe.
 */
typedef struct pyssl_ext pyssl_ext;

/**
 * A distinguished name. Thread safe. A view keeps alive what it looks into; once the name there was replaced as a
 * whole (pyssl_x509_set_subject() and its kin), every call with the view returns PYSSL_ERR_HANDLE.
 */
typedef struct pyssl_name pyssl_name;

/**
 * The parts of a PKCS#12 file.
 */
typedef struct pyssl_pkcs12 pyssl_pkcs12;

/**
 * A PKCS#7 message.
 */
typedef struct pyssl_pkcs7 pyssl_pkcs7;

/**
 * A key: empty, public only, or private. Thread safe.
 */
typedef struct pyssl_pkey pyssl_pkey;

/**
 * A certificate request. Thread safe.
 */
typedef struct pyssl_req pyssl_req;

/**
 * An entry of a revocation list: a serial number, a date, and perhaps a reason.
 */
typedef struct pyssl_revoked pyssl_revoked;

/**
 * A TLS session. It never changes and belongs to the context of the connection it came from.
 */
typedef struct pyssl_session pyssl_session;

/**
 * A signed public key and challenge.
 */
typedef struct pyssl_spki pyssl_spki;

/**
 * Trusted certificates and revocation lists, on their own or of a TLS context.
 */
typedef struct pyssl_store pyssl_store;

/**
 * A certificate to be verified, with the store and the certificates that may lead to it.
 */
typedef struct pyssl_store_ctx pyssl_store_ctx;

/**
 * A certificate. Thread safe.
 */
typedef struct pyssl_x509 pyssl_x509;

/* ---- What calls return, and the opaque types behind handles. */

/**
 * What a call came to: PYSSL_OK (0) or one of the negative PYSSL_ERR_* values.
 */
typedef int pyssl_status;

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
 * The system has no memory left. A connection that needed it has ended; everything else is as it was.
 */
#define PYSSL_ERR_MEMORY -19

/**
 * A failure. The strings are UTF-8 and live until this thread's next call that
 * fails or pyssl_error_clear().
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
 * One entry of OpenSSL's error queue. The strings are UTF-8, "" where OpenSSL has none, and live as
 * long as those of its pyssl_error.
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
 * Returns the calling thread's last failure. It stays, with its strings, until the next call that fails or
 * pyssl_error_clear(). Calls that succeed leave it, and so do those that return PYSSL_ERR_WANT_READ,
 * PYSSL_ERR_WANT_WRITE, PYSSL_ERR_WANT_X509_LOOKUP, PYSSL_ERR_ZERO_RETURN or PYSSL_ERR_INTERRUPTED, which are answers.
 * @param out  receives it; status is PYSSL_OK and message "" when nothing failed yet
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when out is NULL
 */
pyssl_status pyssl_error_last(pyssl_error *out);

/**
 * Returns an entry of OpenSSL's queue as it was at the last failure.
 * @param index  0 is the oldest, the cause; below entry_count
 * @param out    receives it
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when index is too large or out is NULL
 */
pyssl_status pyssl_error_entry_at(size_t index, pyssl_error_entry *out);

/**
 * Returns the sentence of the calling thread's last failure, "" when there is none; never NULL.
 * @return UTF-8, valid until this thread's next call that fails or pyssl_error_clear()
 */
const char *pyssl_error_message(void);

/**
 * Forgets the calling thread's last failure.
 */
void pyssl_error_clear(void);

/**
 * Returns the name of a status: "PYSSL_OK", "PYSSL_ERR_WANT_READ".
 * @param status  PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_*
 * @return a static string; "PYSSL_OK" for numbers above 0, which are counts; "unknown status" for any other number
 */
const char *pyssl_status_name(pyssl_status status);

/* ---- pyssl_version and its kin: what this library is. */

/**
 * The version of this header, as pyssl_version_number() has it for the library: major << 16 | minor << 8 | patch.
 */
#define PYSSL_VERSION_NUMBER 256

/**
 * The major version of this header.
 */
#define PYSSL_VERSION_MAJOR 0

/**
 * The minor version of this header.
 */
#define PYSSL_VERSION_MINOR 1

/**
 * The patch level of this header.
 */
#define PYSSL_VERSION_PATCH 0

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
 * The library's own version as one number, to be compared with PYSSL_VERSION_NUMBER, the version of the header that a
 * program was built with.
 * @return major << 16 | minor << 8 | patch
 */
int pyssl_version_number(void);

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
 * Reads an OpenSSL configuration file (openssl.cnf) and applies it to the process, before other threads use the library. The
 * embedded OpenSSL reads none unless this is called: neither OPENSSL_CONF nor a default place counts, and modules are
 * loaded by their full path alone. The system's OpenSSL has read its own by then.
 * @param file  NUL-terminated name of the file
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file); parts of the file may have taken effect
 */
pyssl_status pyssl_load_openssl_config(const char *file);

/**
 * OpenSSL's words for a result of verifying (X509_V_*).
 * @param code  X509_V_*
 * @return a static string, never NULL
 */
const char *pyssl_verify_error_string(int code);

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

/* ---- Callbacks: a C function, its userdata, and a destructor for that. */

/**
 * What a pyssl_alpn_select_callback returns to end the handshake.
 */
#define PYSSL_ALPN_REFUSE 256

/**
 * Frees a callback's userdata: called once, when the library will not call the callback again. From any thread, at the end
 * of the call that lets go of it, and without any lock of the library held: it may call the library, and wait for threads
 * that do. What a callback lets go of goes when the call returns that led to the callback.
 */
typedef void (*pyssl_destructor)(void *userdata);

/**
 * Has the last word on each certificate of the peer's chain (SSL_CTX_set_verify).
 * @param userdata  as given with the callback
 * @param conn      the connection, lent for the length of the call: state may be read; to send or receive on it gives
 *                  PYSSL_ERR_BUSY
 * @param cert      the certificate, a new handle that the callback owns; NULL when there is none
 * @param error     X509_V_OK or X509_V_ERR_*
 * @param depth     0 is the peer's own certificate
 * @param ok        OpenSSL's verdict, 1 or 0
 * @return 1 accepts, 0 refuses, a negative value refuses and makes the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_verify_callback)(void *userdata,
                                     pyssl_conn *conn,
                                     pyssl_x509 *cert,
                                     int error,
                                     int depth,
                                     int ok);

/**
 * Is told what the state machine does (SSL_CTX_set_info_callback).
 * @param userdata  as given with the callback
 * @param conn      the connection, lent
 * @param where     SSL_CB_* and SSL_ST_* bits
 * @param value     for an alert its level and number; for an exit the result; else 1
 * @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_info_callback)(void *userdata, pyssl_conn *conn, int where, int value);

/**
 * Is given a line for a key log file (SSLKEYLOGFILE format).
 * @param userdata  as given with the callback
 * @param conn      the connection, lent
 * @param line      NUL-terminated, without a line end
 * @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_keylog_callback)(void *userdata, pyssl_conn *conn, const char *line);

/**
 * Is told, on a server, that a client hello came, with a server name or without: the time to switch contexts.
 * @param userdata  as given with the callback
 * @param conn      the connection, lent
 * @return 0, or a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_servername_callback)(void *userdata, pyssl_conn *conn);

/**
 * Chooses, on a server, one of the protocols that the client offers (ALPN, RFC 7301).
 * @param userdata     as given with the callback
 * @param conn         the connection, lent
 * @param offered      the protocols, each behind a byte with its length
 * @param offered_len  how many bytes that is
 * @param buf          the choice is written here
 * @param buf_size     how many bytes there is room for, 255
 * @return the length of the choice; 0 to go on without a protocol; PYSSL_ALPN_REFUSE to end the handshake
 *         (no_application_protocol); a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef ptrdiff_t (*pyssl_alpn_select_callback)(void *userdata,
                                                pyssl_conn *conn,
                                                const uint8_t *offered,
                                                size_t offered_len,
                                                uint8_t *buf,
                                                size_t buf_size);

/**
 * Gives, on a server, the OCSP response to staple (RFC 6066, 8), when the client asks for one.
 * @param userdata  as given with the callback
 * @param conn      the connection, lent
 * @param buf       the DER of an OCSPResponse is written here
 * @param buf_size  how many bytes there is room for, 65535
 * @return its length; 0 for none; a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef ptrdiff_t (*pyssl_ocsp_server_callback)(void *userdata,
                                                pyssl_conn *conn,
                                                uint8_t *buf,
                                                size_t buf_size);

/**
 * Judges, on a client that asked for it, the OCSP response that the server stapled.
 * @param userdata      as given with the callback
 * @param conn          the connection, lent
 * @param response      the DER of an OCSPResponse
 * @param response_len  its length, 0 when there was none
 * @return 1 accepts, 0 refuses, a negative value refuses and makes the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_ocsp_client_callback)(void *userdata,
                                          pyssl_conn *conn,
                                          const uint8_t *response,
                                          size_t response_len);

/**
 * Makes, on a DTLS server, a cookie that proves the client's address (RFC 6347, 4.2.1).
 * @param userdata  as given with the callback
 * @param conn      the connection, lent
 * @param buf       the cookie is written here
 * @param buf_size  how many bytes there is room for, 255
 * @return its length; a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef ptrdiff_t (*pyssl_cookie_generate_callback)(void *userdata,
                                                    pyssl_conn *conn,
                                                    uint8_t *buf,
                                                    size_t buf_size);

/**
 * Tells, on a DTLS server, whether a cookie is the one that was made for this client.
 * @param userdata    as given with the callback
 * @param conn        the connection, lent
 * @param cookie      what the client sent back
 * @param cookie_len  its length
 * @return 1 when it is, 0 when it is not, a negative value to make the call that led here return PYSSL_ERR_CALLBACK
 */
typedef int (*pyssl_cookie_verify_callback)(void *userdata,
                                            pyssl_conn *conn,
                                            const uint8_t *cookie,
                                            size_t cookie_len);

/* ---- Languages whose runtime ends before the process does. */

/**
 * A function of whatever type, as pyssl_language_add_function() takes it. The library does not call it by this type.
 */
typedef void (*pyssl_any_fn)(void);

/**
 * Begins a language, which has no functions yet.
 * @param number  receives its number, which is never 0 and never given twice
 * @return PYSSL_OK
 */
pyssl_status pyssl_language_new(uint64_t *number);

/**
 * Says that a function is one of a language's. Call it before the function is given to the library.
 * @param number    from pyssl_language_new()
 * @param function  the function, of whatever type; with a callback that has a destructor, the destructor alone counts
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the number is no language's, or function is NULL
 */
pyssl_status pyssl_language_add_function(uint64_t number,
                                         pyssl_any_fn function);

/**
 * Says that a language's runtime is about to end. From then on the library calls the language's functions on the calling
 * thread alone. Another thread that is to call one stays inside the library until the process ends, but for
 * destructors, which are passed over. Calls that other threads are in already go on: wait for them, for as long as
 * they may take, and call this again to know how many are left.
 * @param number  from pyssl_language_new()
 * @return how many calls of the language's functions are under way on other threads, or PYSSL_ERR_ARGUMENT
 */
ptrdiff_t pyssl_language_end(uint64_t number);

/* ---- pyssl_rand_*: OpenSSL's random generator, seed files, and entropy daemons. */

/**
 * Mixes bytes into the generator's state.
 * @param data      the bytes
 * @param data_len  how many
 * @param entropy   a lower bound of the randomness in them, in bytes; taken as 0 when negative and as data_len when larger
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_rand_add(const uint8_t *data,
                            size_t data_len,
                            double entropy);

/**
 * Mixes bytes that are all randomness into the generator's state.
 * @param data      the bytes
 * @param data_len  how many
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_rand_seed(const uint8_t *data, size_t data_len);

/**
 * Has the generator been seeded with enough?
 * @return 1 or 0
 */
int pyssl_rand_status(void);

/**
 * Random bytes, fit for keys.
 * @param buf       room for them
 * @param buf_size  how many are wanted
 * @return PYSSL_OK; PYSSL_ERROR when the generator fails, and then nothing in out is to be used
 */
pyssl_status pyssl_rand_bytes(uint8_t *buf, size_t buf_size);

/**
 * Replaces the generator's state, with all that was mixed into it, by one drawn afresh from the system.
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_rand_cleanup(void);

/**
 * Mixes the content of a file into the generator's state.
 * @param file  NUL-terminated name
 * @param most  how many bytes to read at most; negative for all of it (of a device or pipe: 2048)
 * @param out   receives how many were read; may be NULL
 * @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be read
 */
pyssl_status pyssl_rand_load_file(const char *file, int64_t most, size_t *out);

/**
 * Writes 1024 random bytes to a file, for pyssl_rand_load_file() to read another day. The file gets mode 0600.
 * @param file  NUL-terminated name
 * @param out   receives how many were written; may be NULL
 * @return PYSSL_OK; PYSSL_ERROR with path and errno when the file cannot be written or is no regular file
 */
pyssl_status pyssl_rand_write_file(const char *file,
                                   size_t *out);

/**
 * Mixes bytes from an entropy gathering daemon (EGD, PRNGD) into the generator's state.
 * @param socket      NUL-terminated name of the daemon's Unix socket
 * @param count       how many bytes to ask for
 * @param timeout_ms  how long one answer of the daemon (up to 255 bytes) may take, in milliseconds
 * @param out         receives how many were read: count; may be NULL
 * @return PYSSL_OK; PYSSL_ERROR with path (and errno where the system refused) when there is no daemon, or it hangs
 *         up, stays silent (errno ETIMEDOUT) or answers against the protocol; then nothing was mixed in
 */
pyssl_status pyssl_rand_egd(const char *socket,
                            int count,
                            int64_t timeout_ms,
                            size_t *out);

/* ---- pyssl_pkey_*: keys. */

/**
 * PEM: base64 between BEGIN and END lines.
 */
#define PYSSL_FILETYPE_PEM 1

/**
 * DER.
 */
#define PYSSL_FILETYPE_ASN1 2

/**
 * Text for people; it cannot be loaded.
 */
#define PYSSL_FILETYPE_TEXT 65535

/**
 * pyssl_pkey_type() of an RSA key.
 */
#define PYSSL_KEY_RSA 6

/**
 * pyssl_pkey_type() of a DH key.
 */
#define PYSSL_KEY_DH 28

/**
 * pyssl_pkey_type() of a DSA key.
 */
#define PYSSL_KEY_DSA 116

/**
 * pyssl_pkey_type() of a key on an elliptic curve.
 */
#define PYSSL_KEY_EC 408

/**
 * pyssl_pkey_type() of an Ed25519 key.
 */
#define PYSSL_KEY_ED25519 1087

/**
 * pyssl_pkey_type() of an Ed448 key.
 */
#define PYSSL_KEY_ED448 1088

/**
 * Gives a passphrase: called on the thread of the call that needs it, once.
 * Writes at most size bytes to room. Returns how many, or a negative number to fail the call with
 * PYSSL_ERR_CALLBACK.
 */
typedef ptrdiff_t (*pyssl_passphrase_fn)(void *userdata, int writing, uint8_t *buf, size_t buf_size);

/**
 * An empty key.
 * @param out  receives a new handle, to be freed with pyssl_pkey_free()
 * @return PYSSL_OK
 */
pyssl_status pyssl_pkey_new(pyssl_pkey **out);

/**
 * Frees a handle.
 * @param key  NULL is fine
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_free(pyssl_pkey *key);

/**
 * Puts a fresh RSA key (exponent 65537) in this one's place.
 * @param bits  size of the modulus
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when bits is not positive; PYSSL_ERROR when OpenSSL refuses the size
 */
pyssl_status pyssl_pkey_generate_rsa(pyssl_pkey *key,
                                     int bits);

/**
 * Puts a fresh DSA key, with parameters of its own, in this one's place.
 * @param bits  size of p
 * @return PYSSL_OK, or PYSSL_ERROR when OpenSSL refuses the size
 */
pyssl_status pyssl_pkey_generate_dsa(pyssl_pkey *key, int bits);

/**
 * Puts a fresh key on an elliptic curve in this one's place.
 * @param curve  OpenSSL's short name ("prime256v1"), a NIST name ("P-256") or dotted numbers
 * @return PYSSL_OK, or PYSSL_ERROR when OpenSSL does not know the curve
 */
pyssl_status pyssl_pkey_generate_ec(pyssl_pkey *key, const char *curve);

/**
 * Puts a fresh Ed25519 key in this one's place.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_generate_ed25519(pyssl_pkey *key);

/**
 * Puts a fresh Ed448 key in this one's place.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_generate_ed448(pyssl_pkey *key);

/**
 * The size OpenSSL names the key by, in bits.
 * @param out  receives it; 0 for an empty key
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_bits(pyssl_pkey *key, int *out);

/**
 * The kind of key.
 * @param out  receives PYSSL_KEY_*, or another of OpenSSL's EVP_PKEY ids; 0 for an empty key
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_type(pyssl_pkey *key, int *out);

/**
 * Whether the private part is missing.
 * @param out  receives 1 for a public key, 0 for a private or an empty one
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkey_is_public_only(pyssl_pkey *key, int *out);

/**
 * Holds the numbers of a private RSA key against each other.
 * @return PYSSL_OK when they fit; PYSSL_ERROR when not; PYSSL_ERR_ARGUMENT for a public key or another kind
 */
pyssl_status pyssl_pkey_check(pyssl_pkey *key);

/**
 * Loads a private key. Nothing is ever asked for on a terminal.
 * @param filetype        PYSSL_FILETYPE_PEM (PKCS#8 or traditional, encrypted or not; the first key in the text) or
 *                        PYSSL_FILETYPE_ASN1 (PKCS#8 or traditional, not encrypted)
 * @param data            the encoded key
 * @param passphrase      NULL for none; "" is a passphrase of no bytes
 * @param passphrase_len  at most 1024
 * @param callback        gives the passphrase where passphrase is NULL and the key needs one; or NULL
 * @param userdata        handed to callback
 * @param out             receives a new handle
 * @return PYSSL_OK; PYSSL_ERROR, also for an encrypted key without passphrase and for a wrong one; PYSSL_ERR_CALLBACK
 */
pyssl_status pyssl_pkey_load_private(int filetype,
                                     const uint8_t *data,
                                     size_t data_len,
                                     const uint8_t *passphrase,
                                     size_t passphrase_len,
                                     pyssl_passphrase_fn callback,
                                     void *userdata,
                                     pyssl_pkey **out);

/**
 * Tells whether there is a cipher of that name to write a private key with: for who would ask for a passphrase first.
 * @param cipher  OpenSSL's name ("aes-256-cbc")
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_pkey_check_cipher(const char *cipher);

/**
 * Writes a private key.
 * @param filetype        PYSSL_FILETYPE_PEM (PKCS#8), _ASN1 (traditional form of the kind, or PKCS#8 where there is
 *                        none) or _TEXT
 * @param cipher          encrypts PEM: OpenSSL's name ("aes-256-cbc"); NULL for none
 * @param passphrase      for the cipher
 * @param passphrase_len  at most 1024
 * @param buf             receives the encoded key
 * @param buf_size        buf's size in bytes
 * @param len_out         receives the length
 * @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERR_ARGUMENT for an unknown cipher;
 *         PYSSL_ERROR, also when there is no private part
 */
pyssl_status pyssl_pkey_dump_private(pyssl_pkey *key,
                                     int filetype,
                                     const char *cipher,
                                     const uint8_t *passphrase,
                                     size_t passphrase_len,
                                     uint8_t *buf,
                                     size_t buf_size,
                                     size_t *len_out);

/**
 * Writes a private key as PEM in the traditional form of its kind ("BEGIN RSA PRIVATE KEY").
 * Parameters and results as for pyssl_pkey_dump_private().
 */
pyssl_status pyssl_pkey_dump_private_traditional(pyssl_pkey *key,
                                                 const char *cipher,
                                                 const uint8_t *passphrase,
                                                 size_t passphrase_len,
                                                 uint8_t *buf,
                                                 size_t buf_size,
                                                 size_t *len_out);

/**
 * Loads a public key (SubjectPublicKeyInfo).
 * @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
 * @param data      the encoded key
 * @param out       receives a new handle
 * @return PYSSL_OK, or PYSSL_ERROR
 */
pyssl_status pyssl_pkey_load_public(int filetype,
                                    const uint8_t *data,
                                    size_t data_len,
                                    pyssl_pkey **out);

/**
 * Writes the public part (SubjectPublicKeyInfo).
 * @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
 * @param buf       receives the encoded key
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out
 */
pyssl_status pyssl_pkey_dump_public(pyssl_pkey *key,
                                    int filetype,
                                    uint8_t *buf,
                                    size_t buf_size,
                                    size_t *len_out);

/**
 * Signs bytes. Signatures of DSA and ECDSA keys vary in length by a few bytes; a buffer for the longest is asked for.
 * @param digest    OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
 * @param data      what is signed
 * @param buf       receives the signature
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERR_BUFFER when
 *         buf_size is below the length of the key's longest signature, which len_out receives; PYSSL_ERROR
 */
pyssl_status pyssl_pkey_sign(pyssl_pkey *key,
                             const char *digest,
                             const uint8_t *data,
                             size_t data_len,
                             uint8_t *buf,
                             size_t buf_size,
                             size_t *len_out);

/**
 * Checks a signature over bytes against the public part of the key.
 * @param digest     as for pyssl_pkey_sign()
 * @param signature  what pyssl_pkey_sign() stored
 * @param data       what was signed
 * @return PYSSL_OK when it fits; PYSSL_ERROR when not; PYSSL_ERR_ARGUMENT for an unknown digest
 */
pyssl_status pyssl_pkey_verify(pyssl_pkey *key,
                               const char *digest,
                               const uint8_t *signature,
                               size_t signature_len,
                               const uint8_t *data,
                               size_t data_len);

/**
 * How many elliptic curves the linked OpenSSL knows.
 */
size_t pyssl_curve_count(void);

/**
 * The short name of a curve.
 * @param index     below pyssl_curve_count()
 * @param buf       receives NUL-terminated text
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when index is too large; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_curve_name(size_t index, char *buf, size_t buf_size, size_t *len_out);

/* ---- pyssl_name_*: distinguished names, on their own or as live views into a certificate or request. */

/**
 * An empty name that stands on its own.
 * @param out  receives a new handle, to be freed with pyssl_name_free()
 * @return PYSSL_OK
 */
pyssl_status pyssl_name_new(pyssl_name **out);

/**
 * Frees a handle.
 * @param name  NULL is fine
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_name_free(pyssl_name *name);

/**
 * An independent copy.
 * @param out  receives a new handle
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_name_copy(pyssl_name *name, pyssl_name **out);

/**
 * The value of the first entry of a type.
 * @param attribute  short name ("CN"), long name ("commonName") or dotted numbers ("2.5.4.3")
 * @param buf        receives NUL-terminated UTF-8, which may contain NULs
 * @param buf_size   buf's size in bytes
 * @param len_out    receives the length without the NUL
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when there is none; PYSSL_ERR_ARGUMENT when OpenSSL does not know the type;
 *         PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_name_get(pyssl_name *name,
                            const char *attribute,
                            char *buf,
                            size_t buf_size,
                            size_t *len_out);

/**
 * Sets the entry of a type: the first one there goes, the new one comes last. A refused value changes nothing.
 * @param attribute  as for pyssl_name_get()
 * @param value      UTF-8; OpenSSL picks the string type and checks the length as RFC 5280 says
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when OpenSSL does not know the type; PYSSL_ERROR when it refuses the value
 */
pyssl_status pyssl_name_set(pyssl_name *name,
                            const char *attribute,
                            const uint8_t *value,
                            size_t value_len);

/**
 * How many entries the name has.
 * @param out  receives the number
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_name_entry_count(pyssl_name *name, size_t *out);

/**
 * The type of an entry.
 * @param index     0 is the first
 * @param buf       receives the short name, "UNDEF" where OpenSSL has none, NUL-terminated
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is no such entry; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_name_entry_type(pyssl_name *name,
                                   size_t index,
                                   char *buf,
                                   size_t buf_size,
                                   size_t *len_out);

/**
 * The value of an entry, in the bytes of its string type.
 * @param index     0 is the first
 * @param buf       receives the bytes
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is no such entry; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_name_entry_value(pyssl_name *name,
                                    size_t index,
                                    uint8_t *buf,
                                    size_t buf_size,
                                    size_t *len_out);

/**
 * The DER of the name, a SEQUENCE.
 * @param buf       receives the bytes
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_name_der(pyssl_name *name, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * The hash by which c_rehash names files: first four bytes, little endian, of SHA-1 over the canonical encoding.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_name_hash(pyssl_name *name,
                             uint32_t *out);

/**
 * Compares by canonical encoding: case and runs of blanks do not count; shorter is smaller, then bytewise.
 * @param out  receives -1, 0 or 1
 * @param other  the name to compare with
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_name_compare(pyssl_name *name,
                                pyssl_name *other,
                                int *out);

/**
 * The name on one line, "/C=US/CN=x", cut to 511 bytes; for people.
 * @param buf       receives NUL-terminated text
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_name_oneline(pyssl_name *name, char *buf, size_t buf_size, size_t *len_out);

/* ---- pyssl_x509_*: certificates. */

/**
 * An empty certificate: version 0, serial 0, no times, names or key.
 * @param out  receives a new handle, to be freed with pyssl_x509_free()
 * @return PYSSL_OK
 */
pyssl_status pyssl_x509_new(pyssl_x509 **out);

/**
 * Frees a handle.
 * @param cert  NULL is fine
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_free(pyssl_x509 *cert);

/**
 * Loads a certificate.
 * @param filetype  PYSSL_FILETYPE_PEM (the first certificate in the text) or PYSSL_FILETYPE_ASN1
 * @param data      the encoded certificate
 * @param out       receives a new handle
 * @return PYSSL_OK, or PYSSL_ERROR
 */
pyssl_status pyssl_x509_load(int filetype, const uint8_t *data, size_t data_len, pyssl_x509 **out);

/**
 * Loads all certificates of a PEM text, as of a chain or a bundle, in its order. What is not a certificate is passed over.
 * @param pem        the text
 * @param pem_len    how many bytes that is
 * @param buf        receives new handles, each to be freed with pyssl_x509_free()
 * @param buf_size   how many handles there is room for
 * @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
 * @return PYSSL_OK; PYSSL_ERR_BUFFER, with no handle made; PYSSL_ERROR when there is none or one is damaged
 */
pyssl_status pyssl_x509_load_chain(const uint8_t *pem,
                                   size_t pem_len,
                                   pyssl_x509 **buf,
                                   size_t buf_size,
                                   size_t *count_out);

/**
 * Writes a certificate.
 * @param filetype  PYSSL_FILETYPE_PEM, _ASN1 or _TEXT (as `openssl x509 -text` prints it)
 * @param buf       receives the encoded certificate
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERROR when parts are missing
 */
pyssl_status pyssl_x509_dump(pyssl_x509 *cert,
                             int filetype,
                             uint8_t *buf,
                             size_t buf_size,
                             size_t *len_out);

/**
 * The certificate's subject, as a live view: writing to it changes the certificate, which it keeps alive.
 * @param out  receives a new handle, to be freed with pyssl_name_free()
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_subject(pyssl_x509 *cert,
                                pyssl_name **out);

/**
 * The certificate's issuer, as pyssl_x509_subject().
 */
pyssl_status pyssl_x509_issuer(pyssl_x509 *cert, pyssl_name **out);

/**
 * Copies a name into the certificate as its subject. Views of the subject made before are dead from now on.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_set_subject(pyssl_x509 *cert,
                                    pyssl_name *name);

/**
 * As pyssl_x509_set_subject(), for the issuer.
 */
pyssl_status pyssl_x509_set_issuer(pyssl_x509 *cert, pyssl_name *name);

/**
 * The hash of the subject, as pyssl_name_hash().
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_subject_name_hash(pyssl_x509 *cert, uint32_t *out);

/**
 * The version field.
 * @param out  receives it, zero based: 2 means v3
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_version(pyssl_x509 *cert, int64_t *out);

/**
 * Sets the version field.
 * @param version  zero based: 2 means v3; stored as it is
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_set_version(pyssl_x509 *cert, int64_t version);

/**
 * The serial number: big endian, two's complement, as few bytes as can be.
 * @param buf       receives the bytes, at least one
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_x509_serial(pyssl_x509 *cert, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * Sets the serial number, of any size and sign.
 * @param serial  big endian, two's complement; no bytes mean 0
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_set_serial(pyssl_x509 *cert, const uint8_t *serial, size_t serial_len);

/**
 * The start of the validity period, as GeneralizedTime text "YYYYMMDDhhmmssZ" whatever the encoding inside is.
 * @param buf       receives the text, without a NUL
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when it was never set; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_x509_not_before(pyssl_x509 *cert,
                                   uint8_t *buf,
                                   size_t buf_size,
                                   size_t *len_out);

/**
 * The end of the validity period, as pyssl_x509_not_before().
 */
pyssl_status pyssl_x509_not_after(pyssl_x509 *cert, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * Sets the start of the validity period.
 * @param when  any legal ASN.1 time: YYYYMMDDhhmmssZ (kept as GeneralizedTime), YYMMDDhhmmssZ (UTCTime), with
 *              fractions or offsets
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT when it is none
 */
pyssl_status pyssl_x509_set_not_before(pyssl_x509 *cert,
                                       const char *when);

/**
 * Sets the end of the validity period, as pyssl_x509_set_not_before().
 */
pyssl_status pyssl_x509_set_not_after(pyssl_x509 *cert, const char *when);

/**
 * Sets the start of the validity period to a moment relative to now. One that ASN.1 cannot express (after the year
 * 9999) changes nothing.
 * @param seconds  from now; negative for the past
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_adjust_not_before(pyssl_x509 *cert,
                                          int64_t seconds);

/**
 * Sets the end of the validity period, as pyssl_x509_adjust_not_before().
 */
pyssl_status pyssl_x509_adjust_not_after(pyssl_x509 *cert, int64_t seconds);

/**
 * Whether the end of the validity period lies in the past, by this machine's clock.
 * @param out  receives 1 or 0
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the end was never set
 */
pyssl_status pyssl_x509_has_expired(pyssl_x509 *cert, int *out);

/**
 * The certified public key.
 * @param out  receives a new handle of a public-only key
 * @return PYSSL_OK; PYSSL_ERROR when there is none, or OpenSSL cannot use it
 */
pyssl_status pyssl_x509_pubkey(pyssl_x509 *cert, pyssl_pkey **out);

/**
 * Sets the certified public key.
 * @param key  its public part is copied
 * @return PYSSL_OK; PYSSL_ERROR for an empty key
 */
pyssl_status pyssl_x509_set_pubkey(pyssl_x509 *cert, pyssl_pkey *key);

/**
 * Signs the certificate.
 * @param key     the issuer's private key
 * @param digest  OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERROR
 */
pyssl_status pyssl_x509_sign(pyssl_x509 *cert,
                             pyssl_pkey *key,
                             const char *digest);

/**
 * The signature algorithm that the signed part names.
 * @param buf       receives its long name, NUL-terminated
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when there is none or OpenSSL does not know it; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_x509_signature_algorithm(pyssl_x509 *cert,
                                            char *buf,
                                            size_t buf_size,
                                            size_t *len_out);

/**
 * How many extensions the certificate has.
 * @param out  receives the number
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_extension_count(pyssl_x509 *cert, size_t *out);

/**
 * A copy of an extension.
 * @param index  0 is the first
 * @param out    receives a new handle, to be freed with pyssl_ext_free()
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such extension
 */
pyssl_status pyssl_x509_extension(pyssl_x509 *cert, size_t index, pyssl_ext **out);

/**
 * Copies extensions into the certificate, after those it has.
 * @param extensions  count handles in a row
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_x509_add_extensions(pyssl_x509 *cert,
                                       pyssl_ext *const *extensions,
                                       size_t count);

/**
 * A digest over the certificate's DER, also called its fingerprint.
 * @param digest    OpenSSL's name ("sha256")
 * @param buf       receives the bytes
 * @param buf_size  buf's size in bytes; 64 are always enough
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT for an unknown digest; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_x509_digest(pyssl_x509 *cert,
                               const char *digest,
                               uint8_t *buf,
                               size_t buf_size,
                               size_t *len_out);

/* ---- pyssl_ext_*: extensions of certificates and requests. */

/**
 * An extension by name and value in the syntax of OpenSSL's configuration files (x509v3_config). There is no
 * configuration behind it: "@section" is refused.
 * @param name      OpenSSL's short name ("basicConstraints"); also dotted numbers, with a "DER:" or "ASN1:" value
 * @param critical  not 0 marks it critical
 * @param value     "CA:TRUE, pathlen:0"
 * @param subject   the certificate that "hash" and "email:copy" look at; may be NULL
 * @param issuer    the certificate that "keyid", "issuer" and "issuer:copy" look at; may be NULL
 * @param out       receives a new handle, to be freed with pyssl_ext_free()
 * @return PYSSL_OK, or PYSSL_ERROR
 */
pyssl_status pyssl_ext_new(const char *name,
                           int critical,
                           const char *value,
                           pyssl_x509 *subject,
                           pyssl_x509 *issuer,
                           pyssl_ext **out);

/**
 * Frees a handle.
 * @param ext  NULL is fine
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ext_free(pyssl_ext *ext);

/**
 * Whether the extension is critical.
 * @param out  receives 1 or 0
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ext_critical(pyssl_ext *ext, int *out);

/**
 * The type of the extension.
 * @param buf       receives OpenSSL's short name, "UNDEF" for a type it does not know, NUL-terminated
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_ext_short_name(pyssl_ext *ext,
                                  char *buf,
                                  size_t buf_size,
                                  size_t *len_out);

/**
 * The DER of the value: what is inside the OCTET STRING.
 * @param buf       receives the bytes
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_ext_data(pyssl_ext *ext, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * The value for people, as `openssl x509 -text` has it; a hexadecimal dump for a type OpenSSL does not know.
 * @param buf       receives NUL-terminated UTF-8, in which a subjectAltName may have NULs
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length without the NUL
 * @return PYSSL_OK; PYSSL_ERROR when the value cannot be decoded; PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_ext_text(pyssl_ext *ext,
                            char *buf,
                            size_t buf_size,
                            size_t *len_out);

/* ---- pyssl_req_*: certificate requests (PKCS#10). */

/**
 * An empty request: version 0 (which means v1), no name, no key.
 * @param out  receives a new handle, to be freed with pyssl_req_free()
 * @return PYSSL_OK
 */
pyssl_status pyssl_req_new(pyssl_req **out);

/**
 * Frees a handle.
 * @param req  NULL is fine
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_req_free(pyssl_req *req);

/**
 * Loads a request.
 * @param filetype  PYSSL_FILETYPE_PEM (the first request in the text) or PYSSL_FILETYPE_ASN1
 * @param data      the encoded request
 * @param out       receives a new handle
 * @return PYSSL_OK, or PYSSL_ERROR
 */
pyssl_status pyssl_req_load(int filetype, const uint8_t *data, size_t data_len, pyssl_req **out);

/**
 * Writes a request.
 * @param filetype  PYSSL_FILETYPE_PEM, _ASN1 or _TEXT (as `openssl req -text` prints it)
 * @param buf       receives the encoded request
 * @param buf_size  buf's size in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK; PYSSL_ERR_BUFFER, with the length needed in len_out; PYSSL_ERROR when parts are missing
 */
pyssl_status pyssl_req_dump(pyssl_req *req,
                            int filetype,
                            uint8_t *buf,
                            size_t buf_size,
                            size_t *len_out);

/**
 * The request's subject, as a live view: writing to it changes the request, which it keeps alive.
 * @param out  receives a new handle, to be freed with pyssl_name_free()
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_req_subject(pyssl_req *req, pyssl_name **out);

/**
 * Copies a name into the request. Views of its subject made before are dead from now on.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_req_set_subject(pyssl_req *req, pyssl_name *name);

/**
 * The version field.
 * @param out  receives it; 0 means v1, the only one there is
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_req_version(pyssl_req *req, int64_t *out);

/**
 * Sets the version field.
 * @param version  0
 * @return PYSSL_OK, or PYSSL_ERR_ARGUMENT for any other
 */
pyssl_status pyssl_req_set_version(pyssl_req *req, int64_t version);

/**
 * The public key to be certified.
 * @param out  receives a new handle of a public-only key
 * @return PYSSL_OK; PYSSL_ERROR when there is none, or OpenSSL cannot use it
 */
pyssl_status pyssl_req_pubkey(pyssl_req *req, pyssl_pkey **out);

/**
 * Sets the public key to be certified.
 * @param key  its public part is copied
 * @return PYSSL_OK; PYSSL_ERROR for an empty key
 */
pyssl_status pyssl_req_set_pubkey(pyssl_req *req, pyssl_pkey *key);

/**
 * Copies extensions into the request, after those it asks for already.
 * @param extensions  count handles in a row
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_req_add_extensions(pyssl_req *req, pyssl_ext *const *extensions, size_t count);

/**
 * How many extensions the request asks for.
 * @param out  receives the number
 * @return PYSSL_OK; PYSSL_ERROR when they cannot be decoded
 */
pyssl_status pyssl_req_extension_count(pyssl_req *req, size_t *out);

/**
 * A copy of an extension that the request asks for.
 * @param index  0 is the first
 * @param out    receives a new handle, to be freed with pyssl_ext_free()
 * @return PYSSL_OK; PYSSL_ERR_ABSENT when there is no such extension
 */
pyssl_status pyssl_req_extension(pyssl_req *req, size_t index, pyssl_ext **out);

/**
 * Signs the request.
 * @param key     the private key of the public key in it
 * @param digest  OpenSSL's name ("sha256"); NULL for kinds of key that bring their own (Ed25519, Ed448)
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT for a public or empty key or an unknown digest; PYSSL_ERROR
 */
pyssl_status pyssl_req_sign(pyssl_req *req,
                            pyssl_pkey *key,
                            const char *digest);

/**
 * Checks the request's signature.
 * @param key  its public part is used
 * @return PYSSL_OK when the signature is of this key; PYSSL_ERROR when not
 */
pyssl_status pyssl_req_verify(pyssl_req *req, pyssl_pkey *key);

/* ---- pyssl_crl_*: certificate revocation lists (RFC 5280, 5). */

/**
 * An empty list.
 * @param out  receives a new handle, to be freed with pyssl_crl_free()
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_crl_new(pyssl_crl **out);

/**
 * Reads a list.
 * @param filetype  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
 * @param data      the encoding
 * @param data_len  its length in bytes; what follows the list in it is ignored
 * @param out       receives a new handle, to be freed with pyssl_crl_free()
 * @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for another filetype
 */
pyssl_status pyssl_crl_load(int filetype, const uint8_t *data, size_t data_len, pyssl_crl **out);

/**
 * Writes a list.
 * @param crl       the list
 * @param filetype  PYSSL_FILETYPE_PEM, PYSSL_FILETYPE_ASN1 or PYSSL_FILETYPE_TEXT
 * @param buf       receives the encoding
 * @param buf_size  of buf, in bytes
 * @param len_out   receives the encoding's length
 * @return PYSSL_OK, PYSSL_ERROR for a list that is not complete, PYSSL_ERR_ARGUMENT for another filetype,
 *         PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_dump(pyssl_crl *crl,
                            int filetype,
                            uint8_t *buf,
                            size_t buf_size,
                            size_t *len_out);

/**
 * The issuer's name, as a copy: writing to it does not change the list.
 * @param crl  the list
 * @param out  receives a new handle, to be freed with pyssl_name_free()
 * @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_issuer(pyssl_crl *crl, pyssl_name **out);

/**
 * Sets the version as it is encoded.
 * @param crl      the list
 * @param version  0 for v1, 1 for v2 (which a list with reasons has to be)
 * @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_set_version(pyssl_crl *crl, int64_t version);

/**
 * Sets when this list was issued.
 * @param crl   the list
 * @param when  NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_set_last_update(pyssl_crl *crl, const char *when);

/**
 * Sets when the next list is issued at the latest.
 * @param crl   the list
 * @param when  NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_set_next_update(pyssl_crl *crl, const char *when);

/**
 * How many entries the list has.
 * @param crl  the list
 * @param out  receives the number
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_revoked_count(pyssl_crl *crl, size_t *out);

/**
 * An entry, as a copy: writing to it does not change the list.
 * @param crl    the list
 * @param index  below pyssl_crl_revoked_count()
 * @param out    receives a new handle, to be freed with pyssl_revoked_free()
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT when index is too large, PYSSL_ERROR or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_revoked_at(pyssl_crl *crl, size_t index, pyssl_revoked **out);

/**
 * Adds a copy of an entry.
 * @param crl      the list
 * @param revoked  the entry
 * @return PYSSL_OK, PYSSL_ERROR for an entry without serial number or date, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_add_revoked(pyssl_crl *crl, pyssl_revoked *revoked);

/**
 * Takes the issuer's name from its certificate, brings the entries into order and signs.
 * @param crl     the list
 * @param issuer  the issuer's certificate
 * @param key     the issuer's private key
 * @param digest  NUL-terminated name of the digest ("sha256"); NULL for Ed25519 and Ed448 keys, which bring their own
 * @return PYSSL_OK, PYSSL_ERROR (for an unknown digest too), PYSSL_ERR_ARGUMENT for a key without private part, or
 *         PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_sign(pyssl_crl *crl,
                            pyssl_x509 *issuer,
                            pyssl_pkey *key,
                            const char *digest);

/**
 * As pyssl_crl_sign(), after setting the times: issued now, the next list so many days from now.
 * @param crl     the list
 * @param issuer  the issuer's certificate
 * @param key     the issuer's private key
 * @param days    until the next list is issued
 * @param digest  NUL-terminated name of the digest ("sha256"); NULL for Ed25519 and Ed448 keys, which bring their own
 * @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for an unknown digest or a key without private part, or
 *         PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_issue(pyssl_crl *crl,
                             pyssl_x509 *issuer,
                             pyssl_pkey *key,
                             int days,
                             const char *digest);

/**
 * Frees a handle.
 * @param crl  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_crl_free(pyssl_crl *crl);

/* ---- pyssl_revoked_*: entries of revocation lists. */

/**
 * An empty entry.
 * @param out  receives a new handle, to be freed with pyssl_revoked_free()
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_revoked_new(pyssl_revoked **out);

/**
 * The serial number of the revoked certificate.
 * @param revoked   the entry
 * @param buf       receives it in upper case hexadecimal, two digits a byte; "00" when never set
 * @param buf_size  of buf
 * @param len_out   receives the text's length
 * @return PYSSL_OK, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_serial(pyssl_revoked *revoked,
                                  char *buf,
                                  size_t buf_size,
                                  size_t *len_out);

/**
 * Sets the serial number.
 * @param revoked  the entry
 * @param hex      NUL-terminated: hexadecimal digits of any number, after a '-' when it is negative
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT for anything else, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_set_serial(pyssl_revoked *revoked, const char *hex);

/**
 * When the certificate was revoked.
 * @param revoked   the entry
 * @param buf       receives the text of a GeneralizedTime, YYYYMMDDhhmmssZ, without a NUL
 * @param buf_size  of buf, in bytes
 * @param len_out   receives the text's length
 * @return PYSSL_OK, PYSSL_ERR_ABSENT when it was never set, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_date(pyssl_revoked *revoked,
                                uint8_t *buf,
                                size_t buf_size,
                                size_t *len_out);

/**
 * Sets when the certificate was revoked.
 * @param revoked  the entry
 * @param when     NUL-terminated: YYYYMMDDhhmmssZ or any other form of UTCTime or GeneralizedTime
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT for no legal time, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_set_date(pyssl_revoked *revoked, const char *when);

/**
 * Why the certificate was revoked.
 * @param revoked   the entry
 * @param buf       receives OpenSSL's words for it ("Key Compromise"), without a NUL
 * @param buf_size  of buf, in bytes
 * @param len_out   receives the text's length
 * @return PYSSL_OK, PYSSL_ERR_ABSENT when there is no reason, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_reason(pyssl_revoked *revoked,
                                  uint8_t *buf,
                                  size_t buf_size,
                                  size_t *len_out);

/**
 * Sets why the certificate was revoked.
 * @param revoked  the entry
 * @param reason   NUL-terminated name as pyssl_revoked_reason_at() has it, with case and blanks not counting; NULL takes
 *                 the reason out
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT for an unknown name, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_set_reason(pyssl_revoked *revoked,
                                      const char *reason);

/**
 * The names of all reasons that can be set ("keyCompromise").
 * @param index     from 0
 * @param buf       receives a name
 * @param buf_size  of buf
 * @param len_out   receives the name's length
 * @return PYSSL_OK, PYSSL_ERR_ABSENT when index is too large, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_revoked_reason_at(size_t index, char *buf, size_t buf_size, size_t *len_out);

/**
 * Frees a handle.
 * @param revoked  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_revoked_free(pyssl_revoked *revoked);

/* ---- pyssl_store_*: trusted certificates and revocation lists. */

/**
 * An empty store.
 * @param out  receives a new handle, to be freed with pyssl_store_free()
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_store_new(pyssl_store **out);

/**
 * Trusts a certificate as it is now: later changes of it do not reach the store. One that is there already is fine.
 * @param store  the store
 * @param cert   the certificate
 * @return PYSSL_OK, PYSSL_ERROR for a certificate that is not complete, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_add_cert(pyssl_store *store,
                                  pyssl_x509 *cert);

/**
 * Adds a revocation list as it is now. It counts where X509_V_FLAG_CRL_CHECK is set.
 * @param store  the store
 * @param crl    the list
 * @return PYSSL_OK, PYSSL_ERROR for a list that is not complete, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_add_crl(pyssl_store *store, pyssl_crl *crl);

/**
 * Adds flags for verifying to those that are set; there is no way to take one off.
 * @param store  the store
 * @param flags  X509_V_FLAG_* of OpenSSL, together (their values: pyssl_constant())
 * @return PYSSL_OK, PYSSL_ERROR or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_set_flags(pyssl_store *store, uint64_t flags);

/**
 * Verifies as of a certain moment from now on, not as of the time of verifying.
 * @param store    the store
 * @param seconds  the moment, in seconds since 1970-01-01 00:00:00 UTC
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_set_time(pyssl_store *store, int64_t seconds);

/**
 * Trusts the certificates in a file, and those in a directory, which are looked up there when needed.
 * @param store    the store
 * @param cafile   NUL-terminated name of a PEM file with certificates and revocation lists, or NULL
 * @param capath   NUL-terminated name of a directory that `openssl rehash` prepared, or NULL; one that is not there is
 *                 no error
 * @return PYSSL_OK; PYSSL_ERROR when both are NULL, or with the path when the file cannot be used; PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_load_locations(pyssl_store *store,
                                        const char *cafile,
                                        const char *capath);

/**
 * Trusts the certificates of a PEM text, and takes its revocation lists.
 * @param store    the store
 * @param pem      the text; keys in it are passed over
 * @param pem_len  how many bytes that is
 * @return PYSSL_OK; PYSSL_ERR_HANDLE; PYSSL_ERR_ARGUMENT; PYSSL_ERROR when none is in it or one is damaged, and the store is as
 *         before
 */
pyssl_status pyssl_store_load_pem(pyssl_store *store,
                                  const uint8_t *pem,
                                  size_t pem_len);

/**
 * Frees a handle.
 * @param store  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_free(pyssl_store *store);

/* ---- pyssl_store_ctx_*: verifying a certificate against a store (RFC 5280, 6). */

/**
 * Sets up a verification, to be run as often as one likes.
 * @param store  the trusted certificates; kept, and read anew each time
 * @param cert   the certificate; kept, and read anew each time
 * @param chain  handles of certificates that may be needed between the two, in any order and untrusted; kept
 * @param count  how many, 0 for none
 * @param out    receives a new handle, to be freed with pyssl_store_ctx_free()
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_ctx_new(pyssl_store *store,
                                 pyssl_x509 *cert,
                                 pyssl_x509 *const *chain,
                                 size_t count,
                                 pyssl_store_ctx **out);

/**
 * Puts another store in place, for later verifications.
 * @param ctx    the verification
 * @param store  the store; kept
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_ctx_set_store(pyssl_store_ctx *ctx, pyssl_store *store);

/**
 * Verifies.
 * @param ctx      the verification
 * @param culprit  on PYSSL_ERROR receives a new handle of a copy of the certificate at fault, or NULL when there is
 *                 none; may be NULL
 * @return PYSSL_OK; PYSSL_ERROR with verify_code, verify_depth and verify_subject when the certificate is refused;
 *         PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_ctx_verify(pyssl_store_ctx *ctx,
                                    pyssl_x509 **culprit);

/**
 * Verifies and tells the chain.
 * @param ctx        the verification
 * @param buf        receives new handles of copies: the certificate first, the trusted one last
 * @param buf_size   how many handles there is room for
 * @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
 * @param culprit    as for pyssl_store_ctx_verify(); may be NULL
 * @return as pyssl_store_ctx_verify(), or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_store_ctx_verified_chain(pyssl_store_ctx *ctx,
                                            pyssl_x509 **buf,
                                            size_t buf_size,
                                            size_t *count_out,
                                            pyssl_x509 **culprit);

/**
 * Frees a handle.
 * @param ctx  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_store_ctx_free(pyssl_store_ctx *ctx);

/* ---- pyssl_pkcs7_*: PKCS#7 messages (RFC 2315). */

/**
 * Reads a message.
 * @param filetype  PYSSL_FILETYPE_PEM ("BEGIN PKCS7") or PYSSL_FILETYPE_ASN1
 * @param data      the encoding
 * @param data_len  its length in bytes; what follows the message in it is ignored
 * @param out       receives a new handle, to be freed with pyssl_pkcs7_free()
 * @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for another filetype
 */
pyssl_status pyssl_pkcs7_load(int filetype,
                              const uint8_t *data,
                              size_t data_len,
                              pyssl_pkcs7 **out);

/**
 * Is the content type data: bytes as they are?
 * @param message  the message
 * @param out      receives 1 or 0
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_type_is_data(pyssl_pkcs7 *message, int *out);

/**
 * Is the content type signedData: content of any type with any number of signatures, none for a mere bundle of
 * certificates?
 * @param message  the message
 * @param out      receives 1 or 0
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_type_is_signed(pyssl_pkcs7 *message,
                                        int *out);

/**
 * Is the content type envelopedData: content encrypted for one recipient or more?
 * @param message  the message
 * @param out      receives 1 or 0
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_type_is_enveloped(pyssl_pkcs7 *message, int *out);

/**
 * Is the content type signedAndEnvelopedData: encrypted content with encrypted signatures?
 * @param message  the message
 * @param out      receives 1 or 0
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_type_is_signed_and_enveloped(pyssl_pkcs7 *message, int *out);

/**
 * OpenSSL's short name of the content type: "pkcs7-data", "pkcs7-signedData", "pkcs7-envelopedData",
 * "pkcs7-signedAndEnvelopedData", "pkcs7-digestData", "pkcs7-encryptedData"; "UNDEF" for a type it does not know.
 * @param message   the message
 * @param buf       receives the text
 * @param buf_size  of buf
 * @param len_out   receives the text's length
 * @return PYSSL_OK, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_type_name(pyssl_pkcs7 *message,
                                   char *buf,
                                   size_t buf_size,
                                   size_t *len_out);

/**
 * Frees a handle.
 * @param message  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs7_free(pyssl_pkcs7 *message);

/* ---- pyssl_pkcs12_*: a key, its certificate and others in one file (RFC 7292). */

/**
 * One without any part.
 * @param out  receives a new handle, to be freed with pyssl_pkcs12_free()
 * @return PYSSL_OK
 */
pyssl_status pyssl_pkcs12_new(pyssl_pkcs12 **out);

/**
 * Reads a file, with the algorithms of today (AES) or of the past (triple DES, RC2).
 * @param data            its content
 * @param data_len        in bytes; what follows the structure in it is ignored
 * @param passphrase      in UTF-8; NULL for none, which is tried as an empty one too, and the other way around
 * @param passphrase_len  in bytes
 * @param out             receives a new handle, to be freed with pyssl_pkcs12_free()
 * @return PYSSL_OK, PYSSL_ERROR, or PYSSL_ERR_ARGUMENT for a NUL in the passphrase
 */
pyssl_status pyssl_pkcs12_load(const uint8_t *data,
                               size_t data_len,
                               const uint8_t *passphrase,
                               size_t passphrase_len,
                               pyssl_pkcs12 **out);

/**
 * Writes a file.
 * @param p12             the parts
 * @param passphrase      in UTF-8; NULL for none
 * @param passphrase_len  in bytes
 * @param cipher          NUL-terminated name of a cipher for PBES2 (RFC 8018; "aes-128-cbc"), or "PBE-SHA1-3DES" for
 *                        PKCS#12's own scheme, which readers of before 2010 need; NULL for AES-256-CBC
 * @param rounds          for deriving the keys that encrypt; 0 for 100,000
 * @param mac_rounds      for deriving the key of the MAC (SHA-256); 0 for 100,000, -1 for no MAC
 * @param buf             receives the content
 * @param buf_size        of buf, in bytes
 * @param len_out         receives the content's length
 * @return PYSSL_OK; PYSSL_ERROR when there is no part, or key and certificate do not match; PYSSL_ERR_ARGUMENT for
 *         an unknown cipher or a NUL in a text; PYSSL_ERR_BUFFER; PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_export(pyssl_pkcs12 *p12,
                                 const uint8_t *passphrase,
                                 size_t passphrase_len,
                                 const char *cipher,
                                 int rounds,
                                 int mac_rounds,
                                 uint8_t *buf,
                                 size_t buf_size,
                                 size_t *len_out);

/**
 * The private key.
 * @param p12  the parts
 * @param out  receives a new handle, to be freed with pyssl_pkey_free(), or NULL when there is none
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_key(pyssl_pkcs12 *p12, pyssl_pkey **out);

/**
 * Sets the private key.
 * @param p12  the parts
 * @param key  kept, not copied; may be NULL, for none
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_set_key(pyssl_pkcs12 *p12, pyssl_pkey *key);

/**
 * The key's certificate.
 * @param p12  the parts
 * @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when there is none
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_cert(pyssl_pkcs12 *p12, pyssl_x509 **out);

/**
 * Sets the key's certificate.
 * @param p12   the parts
 * @param cert  kept, not copied; may be NULL, for none
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_set_cert(pyssl_pkcs12 *p12, pyssl_x509 *cert);

/**
 * The other certificates, in the order of the file.
 * @param p12        the parts
 * @param buf        receives new handles, each to be freed with pyssl_x509_free()
 * @param buf_size   how many handles there is room for
 * @param count_out  receives how many there are; with PYSSL_ERR_BUFFER how many are needed
 * @return PYSSL_OK, PYSSL_ERR_ABSENT when there are none, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_ca_certs(pyssl_pkcs12 *p12,
                                   pyssl_x509 **buf,
                                   size_t buf_size,
                                   size_t *count_out);

/**
 * Sets the other certificates, in place of those that were there.
 * @param p12    the parts
 * @param certs  handles; kept, not copied; may be NULL, for none at all
 * @param count  how many
 * @return PYSSL_OK or PYSSL_ERR_HANDLE, and then nothing is changed
 */
pyssl_status pyssl_pkcs12_set_ca_certs(pyssl_pkcs12 *p12, pyssl_x509 *const *certs, size_t count);

/**
 * The friendly name: the key's and its certificate's attribute of that name.
 * @param p12       the parts
 * @param buf       receives UTF-8, without a NUL
 * @param buf_size  of buf, in bytes
 * @param len_out   receives the length
 * @return PYSSL_OK, PYSSL_ERR_ABSENT when there is none, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_friendly_name(pyssl_pkcs12 *p12,
                                        uint8_t *buf,
                                        size_t buf_size,
                                        size_t *len_out);

/**
 * Sets the friendly name.
 * @param p12       the parts
 * @param name      UTF-8; NULL for none
 * @param name_len  in bytes
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_set_friendly_name(pyssl_pkcs12 *p12,
                                            const uint8_t *name,
                                            size_t name_len);

/**
 * Frees a handle.
 * @param p12  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_pkcs12_free(pyssl_pkcs12 *p12);

/* ---- pyssl_spki_*: Netscape's signed public key and challenge (SPKAC). */

/**
 * An empty one.
 * @param out  receives a new handle, to be freed with pyssl_spki_free()
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_spki_new(pyssl_spki **out);

/**
 * Reads one from base64, as `openssl spkac` writes it after "SPKAC=".
 * @param data      the base64 text; blanks and line ends in it are passed over
 * @param data_len  its length in bytes
 * @param out       receives a new handle, to be freed with pyssl_spki_free()
 * @return PYSSL_OK or PYSSL_ERROR
 */
pyssl_status pyssl_spki_from_base64(const uint8_t *data, size_t data_len, pyssl_spki **out);

/**
 * Its encoding in base64, without line ends.
 * @param spki      the object
 * @param buf       receives the text, without a NUL
 * @param buf_size  of buf, in bytes
 * @param len_out   receives the text's length
 * @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_BUFFER or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_to_base64(pyssl_spki *spki, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * The public key in it.
 * @param spki  the object
 * @param out   receives a new handle, to be freed with pyssl_pkey_free()
 * @return PYSSL_OK; PYSSL_ERROR when none was set; PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_pubkey(pyssl_spki *spki, pyssl_pkey **out);

/**
 * Puts the public part of a key in it.
 * @param spki  the object
 * @param key   the key; it is copied
 * @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for an empty key, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_set_pubkey(pyssl_spki *spki, pyssl_pkey *key);

/**
 * Signs it.
 * @param spki    the object
 * @param key     a private key
 * @param digest  NUL-terminated name of the digest ("sha256")
 * @return PYSSL_OK, PYSSL_ERROR, PYSSL_ERR_ARGUMENT for a key without private part or an unknown digest, or
 *         PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_sign(pyssl_spki *spki,
                             pyssl_pkey *key,
                             const char *digest);

/**
 * Checks the signature with a key.
 * @param spki  the object
 * @param key   a key with a public part
 * @return PYSSL_OK when the signature is the key's; PYSSL_ERROR when it is not, or there is none; PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_verify(pyssl_spki *spki,
                               pyssl_pkey *key);

/**
 * Frees a handle.
 * @param spki  or NULL
 * @return PYSSL_OK or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_spki_free(pyssl_spki *spki);

/* ---- pyssl_ctx_*: what connections have in common, here: protocol, certificates, keys. */

/**
 * SSL 2.0: no OpenSSL in use has it; pyssl_ctx_new() says so.
 */
#define PYSSL_SSLV2_METHOD 1

/**
 * SSL 3.0: refused, RFC 7568.
 */
#define PYSSL_SSLV3_METHOD 2

/**
 * The old name of PYSSL_TLS_METHOD.
 */
#define PYSSL_SSLV23_METHOD 3

/**
 * TLS 1.0 and nothing else.
 */
#define PYSSL_TLSV1_METHOD 4

/**
 * TLS 1.1 and nothing else.
 */
#define PYSSL_TLSV1_1_METHOD 5

/**
 * TLS 1.2 and nothing else.
 */
#define PYSSL_TLSV1_2_METHOD 6

/**
 * The highest TLS version that both ends have.
 */
#define PYSSL_TLS_METHOD 7

/**
 * As PYSSL_TLS_METHOD, for servers only.
 */
#define PYSSL_TLS_SERVER_METHOD 8

/**
 * As PYSSL_TLS_METHOD, for clients only.
 */
#define PYSSL_TLS_CLIENT_METHOD 9

/**
 * The highest DTLS version that both ends have.
 */
#define PYSSL_DTLS_METHOD 10

/**
 * As PYSSL_DTLS_METHOD, for servers only.
 */
#define PYSSL_DTLS_SERVER_METHOD 11

/**
 * As PYSSL_DTLS_METHOD, for clients only.
 */
#define PYSSL_DTLS_CLIENT_METHOD 12

/**
 * A new context that verifies nothing and trusts nobody, like OpenSSL's own; for clients there is pyssl_ctx_new_client().
 * Connections of it accept any peer until pyssl_ctx_set_verify() says PYSSL_VERIFY_PEER, and any certificate of a trusted
 * chain until pyssl_conn_set_verify_host() names the peer.
 * @param method  PYSSL_TLS_METHOD or another PYSSL_*_METHOD
 * @param out     receives a new handle, to be freed with pyssl_ctx_free()
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT for an unknown or withdrawn protocol
 */
pyssl_status pyssl_ctx_new(int method,
                           pyssl_ctx **out);

/**
 * A new context for TLS clients that verifies servers: PYSSL_VERIFY_PEER is on, and the trust is loaded. With
 * pyssl_conn_set_client() on each connection the server is verified by its chain and its name.
 * @param cafile  NUL-terminated name of a PEM file with the trusted certificates; NULL for what the system trusts, as
 *                pyssl_ctx_load_system_trust() finds it; an empty name for none yet (see pyssl_ctx_load_verify_pem())
 * @param out     receives a new handle, to be freed with pyssl_ctx_free()
 * @return PYSSL_OK, or PYSSL_ERROR when the trust cannot be loaded (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_new_client(const char *cafile,
                                  pyssl_ctx **out);

/**
 * Frees a context; its connections keep what they need of it.
 * @param ctx  may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_free(pyssl_ctx *ctx);

/**
 * Sets the certificate that this end shows. A context has one for each kind of key. In place of a certificate and key that
 * are in use, a certificate of another key waits for that key: connections show the earlier pair until
 * pyssl_ctx_use_privatekey(), and no handshake fails meanwhile.
 * @param cert  it is copied
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch" if a key of this kind was set without a
 *         certificate, and is another one)
 */
pyssl_status pyssl_ctx_use_certificate(pyssl_ctx *ctx,
                                       pyssl_x509 *cert);

/**
 * Sets the certificate that this end shows, from a file.
 * @param file  its name
 * @param type  PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_use_certificate_file(pyssl_ctx *ctx,
                                            const char *file,
                                            int type);

/**
 * Sets the certificate that this end shows and the chain above it, from a PEM file that holds them in this order. The
 * chain belongs to this certificate and is sent with no other. Certificate and chain may wait for a key, as with
 * pyssl_ctx_use_certificate().
 * @param file  its name
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_use_certificate_chain_file(pyssl_ctx *ctx,
                                                  const char *file);

/**
 * As pyssl_ctx_use_certificate_chain_file(), from memory.
 * @param pem      the certificate and the chain above it, in this order
 * @param pem_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_use_certificate_chain_pem(pyssl_ctx *ctx,
                                                 const uint8_t *pem,
                                                 size_t pem_len);

/**
 * Adds a certificate to the chain of those of this end's certificates that have none from a chain file. It is copied.
 * @param cert  it is copied
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_add_extra_chain_cert(pyssl_ctx *ctx,
                                            pyssl_x509 *cert);

/**
 * Sets the private key of this end. It must belong to the certificate of its kind that was set last, if any. A certificate
 * that waits for it takes effect with it.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch")
 */
pyssl_status pyssl_ctx_use_privatekey(pyssl_ctx *ctx,
                                      pyssl_pkey *key);

/**
 * Sets the private key of this end, from a file. Nothing is ever asked for on a terminal.
 * @param file      its name
 * @param type      PYSSL_FILETYPE_PEM or PYSSL_FILETYPE_ASN1
 * @param callback  gives the passphrase of an encrypted key; may be NULL
 * @param userdata  for the callback, which is not used after the call
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, PYSSL_ERR_CALLBACK, or PYSSL_ERROR (the error names the file
 *         and the errno, or says that the passphrase is missing or wrong)
 */
pyssl_status pyssl_ctx_use_privatekey_file(pyssl_ctx *ctx,
                                           const char *file,
                                           int type,
                                           pyssl_passphrase_fn callback,
                                           void *userdata);

/**
 * As pyssl_ctx_use_privatekey_file(), from PEM in memory.
 * @param pem       the key, in any PEM form
 * @param pem_len   how many bytes that is
 * @param callback  gives the passphrase of an encrypted key; may be NULL
 * @param userdata  for the callback, which is not used after the call
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, PYSSL_ERR_CALLBACK, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_use_privatekey_pem(pyssl_ctx *ctx,
                                          const uint8_t *pem,
                                          size_t pem_len,
                                          pyssl_passphrase_fn callback,
                                          void *userdata);

/**
 * Tells whether private key and certificate belong together.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also while a certificate waits for its key
 */
pyssl_status pyssl_ctx_check_privatekey(pyssl_ctx *ctx);

/* ---- pyssl_ctx_*: whom a context trusts, and whom a server asks its clients to be certified by. */

/**
 * Trusts the certificates of a file, or of a directory, or of both.
 * @param cafile  PEM; may be NULL
 * @param capath  a directory with OpenSSL's hashed names; may be NULL
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_load_verify_locations(pyssl_ctx *ctx,
                                             const char *cafile,
                                             const char *capath);

/**
 * Trusts the certificates of a PEM text, and takes its revocation lists.
 * @param pem      the text; keys in it are passed over
 * @param pem_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR when none is in it or one is damaged; nothing more
 *         is trusted then
 */
pyssl_status pyssl_ctx_load_verify_pem(pyssl_ctx *ctx,
                                       const uint8_t *pem,
                                       size_t pem_len);

/**
 * Trusts what the system trusts: SSL_CERT_FILE and SSL_CERT_DIR where set, else the distribution's bundle.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_load_system_trust(pyssl_ctx *ctx);

/**
 * As pyssl_ctx_load_system_trust(), passing over what is missing or cannot be used.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_default_verify_paths(pyssl_ctx *ctx);

/**
 * The store that the context verifies with, live: what is added to it the context trusts. It keeps the context alive.
 * @param out  receives a new handle, to be freed with pyssl_store_free()
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_cert_store(pyssl_ctx *ctx,
                                  pyssl_store **out);

/**
 * Verifies with another store from now on. It is shared: what is added to it later is trusted too.
 * @param store  may belong to several contexts
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_cert_store(pyssl_ctx *ctx, pyssl_store *store);

/**
 * Names to clients, as the authorities a server accepts, the subjects of a file of certificates.
 * @param cafile  PEM
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_load_client_ca(pyssl_ctx *ctx, const char *cafile);

/**
 * Names to clients the authorities that a server accepts. The names are copied.
 * @param names  an array of handles
 * @param count  how many
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_client_ca_list(pyssl_ctx *ctx, pyssl_name *const *names, size_t count);

/**
 * Names to clients one authority more: the certificate's subject.
 * @param cert  the authority's
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_add_client_ca(pyssl_ctx *ctx, pyssl_x509 *cert);

/* ---- pyssl_ctx_*: protocol versions, suites, groups, options, sessions. */

/**
 * Adds options (SSL_OP_*); none is ever removed.
 * @param options  bits to add, 0 for none
 * @param out      receives the bits as they are then; may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_options(pyssl_ctx *ctx, uint64_t options, uint64_t *out);

/**
 * Adds modes (SSL_MODE_*).
 * @param mode  bits to add, 0 for none
 * @param out  receives the bits as they are then; may be NULL
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT for SSL_MODE_ASYNC, whose jobs no call of this library could
 *         be resumed in; no bit is added then
 */
pyssl_status pyssl_ctx_set_mode(pyssl_ctx *ctx,
                                int64_t mode,
                                int64_t *out);

/**
 * Takes modes (SSL_MODE_*) off.
 * @param mode  bits to take off
 * @param out  receives the bits as they are then; may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_clear_mode(pyssl_ctx *ctx, int64_t mode, int64_t *out);

/**
 * Sets the lowest protocol version.
 * @param version  0x0301 is TLS 1.0, 0x0304 TLS 1.3, 0xfefd DTLS 1.2; 0 the lowest the library has
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for a version that the context cannot have
 */
pyssl_status pyssl_ctx_set_min_proto_version(pyssl_ctx *ctx, int version);

/**
 * Sets the highest protocol version.
 * @param version  0x0301 is TLS 1.0, 0x0304 TLS 1.3, 0xfefd DTLS 1.2; 0 the highest the library has
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for a version that the context cannot have
 */
pyssl_status pyssl_ctx_set_max_proto_version(pyssl_ctx *ctx, int version);

/**
 * Sets the cipher suites up to TLS 1.2. Those of TLS 1.3 stay as they are.
 * @param list      OpenSSL's list syntax (`openssl ciphers`), without NUL
 * @param list_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR ("no cipher match")
 */
pyssl_status pyssl_ctx_set_cipher_list(pyssl_ctx *ctx, const uint8_t *list, size_t list_len);

/**
 * Sets the cipher suites of TLS 1.3.
 * @param list      their names in RFC 8446 with colons between, without NUL
 * @param list_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR ("no cipher match")
 */
pyssl_status pyssl_ctx_set_tls13_ciphersuites(pyssl_ctx *ctx, const uint8_t *list, size_t list_len);

/**
 * Sets the key exchange groups, the preferred first.
 * @param list      OpenSSL's list syntax (SSL_CTX_set1_groups_list): "X25519MLKEM768:X25519:P-256", without NUL
 * @param list_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_set_groups(pyssl_ctx *ctx,
                                  const uint8_t *list,
                                  size_t list_len);

/**
 * Allows one curve and no other group for the key exchange.
 * @param curve  OpenSSL's short name ("prime256v1") or dotted numbers
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for an unknown curve, or PYSSL_ERROR for one that TLS does not use
 */
pyssl_status pyssl_ctx_set_tmp_ecdh(pyssl_ctx *ctx,
                                    const char *curve);

/**
 * Sets the parameters of ephemeral Diffie-Hellman up to TLS 1.2. Without them a server takes a group that is as strong as
 * its key, or one that the client names (RFC 7919).
 * @param file  PEM ("DH PARAMETERS")
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (the error names the file and the errno)
 */
pyssl_status pyssl_ctx_load_tmp_dh(pyssl_ctx *ctx,
                                   const char *file);

/**
 * Sets the parameters of ephemeral Diffie-Hellman up to TLS 1.2, from memory.
 * @param pem      PEM ("DH PARAMETERS") of pem_len bytes
 * @param pem_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
 */
pyssl_status pyssl_ctx_set_tmp_dh(pyssl_ctx *ctx, const uint8_t *pem, size_t pem_len);

/**
 * Says whether clients answer a server that asks for their certificate after the handshake (TLS 1.3,
 * SSL_CTX_set_post_handshake_auth). It is off at first. Connections that exist keep what they have.
 * @param enabled  1 to answer, 0 not to tell servers that this client could
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_post_handshake_auth(pyssl_ctx *ctx,
                                               int enabled);

/**
 * Names the application whose sessions these are, so that no other's are resumed here.
 * @param id      up to 32 bytes
 * @param id_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR when there are more
 */
pyssl_status pyssl_ctx_set_session_id(pyssl_ctx *ctx, const uint8_t *id, size_t id_len);

/**
 * Says which sessions are cached (SSL_SESS_CACHE_*).
 * @param mode  the bits
 * @param out  receives the bits as they were; may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_session_cache_mode(pyssl_ctx *ctx, int64_t mode, int64_t *out);

/**
 * The SSL_SESS_CACHE_* bits.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_session_cache_mode(pyssl_ctx *ctx, int64_t *out);

/**
 * Says how long sessions live.
 * @param seconds  their life
 * @param out  receives the seconds as they were; may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_timeout(pyssl_ctx *ctx, int64_t seconds, int64_t *out);

/**
 * How long sessions live, in seconds.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_timeout(pyssl_ctx *ctx, int64_t *out);

/**
 * Sets the protocols that clients offer (RFC 7301).
 * @param protocols      each of 1 to 255 bytes, behind a byte with its length
 * @param protocols_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR for what is not of that form
 */
pyssl_status pyssl_ctx_set_alpn_protos(pyssl_ctx *ctx,
                                       const uint8_t *protocols,
                                       size_t protocols_len);

/**
 * Sets the SRTP profiles to negotiate (RFC 5764).
 * @param profiles      their names with colons between, without NUL
 * @param profiles_len  how many bytes that is
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR for an unknown one
 */
pyssl_status pyssl_ctx_set_tlsext_use_srtp(pyssl_ctx *ctx,
                                           const uint8_t *profiles,
                                           size_t profiles_len);

/**
 * The PYSSL_VERIFY_* bits.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_verify_mode(pyssl_ctx *ctx, int *out);

/**
 * Limits how many certificates may stand between the peer's own and a trusted one.
 * @param depth  that number
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_verify_depth(pyssl_ctx *ctx, int depth);

/**
 * The limit of pyssl_ctx_set_verify_depth(), -1 when it was never set.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_verify_depth(pyssl_ctx *ctx, int *out);

/* ---- pyssl_ctx_set_*_callback: what a context's connections call back. Each keeps the callbacks that were set when it was made. */

/**
 * The peer's certificate is not asked for (server) or not judged (client).
 */
#define PYSSL_VERIFY_NONE 0

/**
 * The peer's certificate is asked for and its chain verified.
 */
#define PYSSL_VERIFY_PEER 1

/**
 * With PYSSL_VERIFY_PEER on a server: a client without a certificate is refused.
 */
#define PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT 2

/**
 * With PYSSL_VERIFY_PEER on a server: no second request at renegotiation.
 */
#define PYSSL_VERIFY_CLIENT_ONCE 4

/**
 * Says whether and how peers are verified.
 * @param mode      PYSSL_VERIFY_* bits
 * @param callback  has the last word on each certificate; NULL leaves it to OpenSSL
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_verify(pyssl_ctx *ctx,
                                  int mode,
                                  pyssl_verify_callback callback,
                                  void *userdata,
                                  pyssl_destructor destroy);

/**
 * Is told what the state machine does; for looking on.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_info_callback(pyssl_ctx *ctx,
                                         pyssl_info_callback callback,
                                         void *userdata,
                                         pyssl_destructor destroy);

/**
 * Is given lines for a key log file, with which others can decrypt what they recorded.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_keylog_callback(pyssl_ctx *ctx,
                                           pyssl_keylog_callback callback,
                                           void *userdata,
                                           pyssl_destructor destroy);

/**
 * Is told that a client hello came (server name indication, RFC 6066), once in each handshake and before OpenSSL chooses
 * anything: version, cipher suite, session. It is the place for pyssl_conn_set_context() and pyssl_conn_set_verify(): a
 * session is resumed only if it was made under the rules that hold when the callback returns.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_servername_callback(pyssl_ctx *ctx,
                                               pyssl_servername_callback callback,
                                               void *userdata,
                                               pyssl_destructor destroy);

/**
 * Chooses the application protocol on a server (RFC 7301). Not called when the client offers none.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_alpn_select_callback(pyssl_ctx *ctx,
                                                pyssl_alpn_select_callback callback,
                                                void *userdata,
                                                pyssl_destructor destroy);

/**
 * Gives the OCSP response that a server staples, when the client asks for one.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_ocsp_server_callback(pyssl_ctx *ctx,
                                                pyssl_ocsp_server_callback callback,
                                                void *userdata,
                                                pyssl_destructor destroy);

/**
 * Judges what the server stapled, on a client that asked for it (pyssl_conn_request_ocsp).
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_ocsp_client_callback(pyssl_ctx *ctx,
                                                pyssl_ocsp_client_callback callback,
                                                void *userdata,
                                                pyssl_destructor destroy);

/**
 * Makes the cookies of a DTLS server.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_cookie_generate_callback(pyssl_ctx *ctx,
                                                    pyssl_cookie_generate_callback callback,
                                                    void *userdata,
                                                    pyssl_destructor destroy);

/**
 * Knows the cookies of a DTLS server again.
 * @param callback  NULL for none
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_ctx_set_cookie_verify_callback(pyssl_ctx *ctx,
                                                  pyssl_cookie_verify_callback callback,
                                                  void *userdata,
                                                  pyssl_destructor destroy);

/* ---- pyssl_conn_*: a TLS connection. */

/**
 * For pyssl_conn_recv(): the bytes stay to be received again.
 */
#define PYSSL_MSG_PEEK 2

/**
 * From a transport's functions: nothing can be moved now.
 */
#define PYSSL_TRANSPORT_LATER -1

/**
 * From a transport's functions: they failed; the call that led here returns PYSSL_ERR_CALLBACK.
 */
#define PYSSL_TRANSPORT_FAILED -2

/**
 * Tells which fiber runs.
 * @return a number that no other fiber of the calling thread has or had: a counter's, not an address
 */
typedef size_t (*pyssl_fiber_fn)(void);

/**
 * Reads ciphertext from a transport.
 * @param userdata  the transport's
 * @param buf       receives the bytes
 * @param buf_size  how many at the most
 * @return how many; 0 at the end of the stream; PYSSL_TRANSPORT_LATER, or PYSSL_TRANSPORT_FAILED
 */
typedef ptrdiff_t (*pyssl_transport_read_fn)(void *userdata, uint8_t *buf, size_t buf_size);

/**
 * Writes ciphertext to a transport.
 * @param userdata   the transport's
 * @param bytes      the bytes, lent for the length of the call
 * @param bytes_len  how many
 * @return how many it took, at least 1; PYSSL_TRANSPORT_LATER, or PYSSL_TRANSPORT_FAILED
 */
typedef ptrdiff_t (*pyssl_transport_write_fn)(void *userdata, const uint8_t *bytes, size_t bytes_len);

/**
 * A pair of functions for a connection to send its bytes through. They run without any lock held, one `read` and one
 * `write` at a time, on the thread of the call that needs them, and may block. Moving bytes on the connection from inside
 * them gives PYSSL_ERR_BUSY; looking at it, closing and freeing it is fine. For threads that run fibers see
 * pyssl_set_fiber_fn().
 */
typedef struct pyssl_transport {
    /**
     * Fetches bytes from the peer.
     */
    pyssl_transport_read_fn read;
    /**
     * Takes bytes for the peer.
     */
    pyssl_transport_write_fn write;
    /**
     * Handed to both.
     */
    void *userdata;
    /**
     * Frees userdata with the connection; may be NULL.
     */
    pyssl_destructor destroy;
} pyssl_transport;

/**
 * For programs that run several fibers (greenlets, coroutines with stacks of their own) on one thread and switch among them
 * inside of transports: has the library tell them apart as it tells threads apart. Then one fiber may be inside a
 * connection's read while another one sends on that connection. Two that want to read, or to write, at once: the second
 * gets PYSSL_ERR_BUSY, for to wait would stop both. One function for the process; it is called in calls on connections
 * with a pyssl_transport, possibly with locks of the library held, and must not call the library.
 * @param fiber  NULL when there are no fibers, which is how things stand before the first call
 * @return PYSSL_OK
 */
pyssl_status pyssl_set_fiber_fn(pyssl_fiber_fn fiber);

/**
 * A new connection without a transport: the caller moves the ciphertext with pyssl_conn_bio_read() and
 * pyssl_conn_bio_write().
 * @param out  receives a new handle, to be freed with pyssl_conn_free()
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_new(pyssl_ctx *ctx,
                            pyssl_conn **out);

/**
 * A new connection on a descriptor, which stays the caller's: the library never closes it. It is used without
 * blocking; calls wait (in poll) unless O_NONBLOCK is set on it or a timeout says otherwise.
 * @param fd   a connected socket, or a pipe or terminal open for both directions
 * @param out  receives a new handle, to be freed with pyssl_conn_free()
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_SYSCALL when fd is not open
 */
pyssl_status pyssl_conn_new_fd(pyssl_ctx *ctx,
                               int fd,
                               pyssl_conn **out);

/**
 * A new connection on a pair of functions.
 * @param transport  copied; its destroy runs also when this call fails
 * @param out        receives a new handle, to be freed with pyssl_conn_free()
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT
 */
pyssl_status pyssl_conn_new_transport(pyssl_ctx *ctx,
                                      const pyssl_transport *transport,
                                      pyssl_conn **out);

/**
 * Frees a connection. Nothing is sent; the descriptor stays open. Calls under way on other threads end with
 * PYSSL_ERR_CLOSED. Once this has returned a socket may be closed, as after pyssl_conn_close().
 * @param conn  may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_free(pyssl_conn *conn);

/**
 * Ends every call that waits on the connection, and every later one, with PYSSL_ERR_CLOSED. Nothing is sent; the
 * descriptor stays open. Once this has returned no call of another thread moves bytes on a socket, which may be closed and
 * its number given to another file. (Calls on a pipe or terminal can block; those are not waited for, and neither are the
 * functions of a pyssl_transport.)
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_close(pyssl_conn *conn);

/**
 * Ties something to the connection's life: what a transport or the callbacks need, say, of a connection that is given
 * to other code.
 * @param userdata  what the connection keeps
 * @param destroy   called with it once the connection is freed and no call is under way on it, or at once when this fails
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_keep(pyssl_conn *conn,
                             void *userdata,
                             pyssl_destructor destroy);

/**
 * In a process forked from the one that made the connection: takes it over, and the parent must not use it any more.
 * Until then every call that moves bytes gives PYSSL_ERR_CLOSED there; state can be read.
 * @return PYSSL_OK (also when it is this process's already); PYSSL_ERR_HANDLE; PYSSL_ERR_BUSY when a call was in the middle
 *         of it as the process forked (a call that only waited for the peer does not matter)
 */
pyssl_status pyssl_conn_adopt_after_fork(pyssl_conn *conn);

/**
 * Has pyssl_conn_recv() and pyssl_conn_send() begin without a look whether the descriptor is still the file it was when the
 * connection was made, which is a system call: for callers that know by other means. After waiting they look.
 * @param on  0 has them look again
 * @return PYSSL_OK (on a connection without a descriptor, too), or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_trust_descriptor(pyssl_conn *conn,
                                         int on);

/**
 * How long each call may wait.
 * @param milliseconds  PYSSL_ERR_TIMEOUT comes after that; negative (the start): for ever on a blocking descriptor, not
 *                      at all on one with O_NONBLOCK
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_timeout(pyssl_conn *conn,
                                    int64_t milliseconds);

/**
 * Does the handshake, or what is left of it.
 * @return PYSSL_OK when it is done; PYSSL_ERR_WANT_READ, PYSSL_ERR_WANT_WRITE (not now), PYSSL_ERR_TIMEOUT,
 *         PYSSL_ERR_INTERRUPTED (call again), PYSSL_ERR_SYSCALL, PYSSL_ERR_EOF, PYSSL_ERR_CLOSED, PYSSL_ERR_CALLBACK,
 *         PYSSL_ERR_BUSY, or PYSSL_ERROR
 */
pyssl_status pyssl_conn_do_handshake(pyssl_conn *conn);

/**
 * Receives at most one record's worth of bytes. The handshake is done first if it is not.
 * @param buf       receives them
 * @param buf_size  how many at the most; 0 receives nothing and gives 0
 * @param flags     PYSSL_MSG_PEEK or 0; PYSSL_ERR_ARGUMENT for any other
 * @return how many; PYSSL_ERR_ZERO_RETURN after the peer's close_notify; or as pyssl_conn_do_handshake()
 */
ptrdiff_t pyssl_conn_recv(pyssl_conn *conn,
                          uint8_t *buf,
                          size_t buf_size,
                          int flags);

/**
 * Sends at most one record (16,384 bytes). The handshake is done first if it is not.
 * @param data      what to send. After PYSSL_ERR_WANT_WRITE, PYSSL_ERR_TIMEOUT or PYSSL_ERR_INTERRUPTED the same thread (or
 *                  fiber) calls again with the same bytes, at any address, and others may follow them; until then
 *                  other bytes from it give PYSSL_ERROR ("bad write retry"). What other threads send is not concerned.
 * @param data_len  how many; 0 sends nothing and gives 0
 * @return how many were sent; or as pyssl_conn_do_handshake()
 */
ptrdiff_t pyssl_conn_send(pyssl_conn *conn,
                          const uint8_t *data,
                          size_t data_len);

/**
 * Sends everything.
 * @param data      what to send
 * @param data_len  how many
 * @param sent      receives how many went, also on failure; after PYSSL_ERR_WANT_WRITE and its kin call again with the rest
 * @return PYSSL_OK when all went; or as pyssl_conn_do_handshake()
 */
pyssl_status pyssl_conn_send_all(pyssl_conn *conn,
                                 const uint8_t *data,
                                 size_t data_len,
                                 size_t *sent);

/**
 * Sends close_notify; called again, waits for the peer's. Calls of other threads that wait on the connection end with
 * PYSSL_ERR_CLOSED (sys_errno ESHUTDOWN); what the peer still sends can be received by later calls.
 * @param done  receives 1 when both were exchanged, 0 when only this end's went; may be NULL
 * @return PYSSL_OK; or as pyssl_conn_do_handshake()
 */
pyssl_status pyssl_conn_shutdown(pyssl_conn *conn,
                                 int *done);

/**
 * Waits for a DTLS ClientHello with a cookie that the context's callback accepts (RFC 6347, 4.2.1); the handshake comes
 * after it. Everything else that arrives is passed over, and no state kept for it.
 * @return PYSSL_OK when it came; or as pyssl_conn_do_handshake()
 */
pyssl_status pyssl_conn_dtls_listen(pyssl_conn *conn);

/**
 * How long until pyssl_conn_dtls_handle_timeout() has something to do.
 * @param microseconds  receives it
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ABSENT when no answer is awaited (never without DTLS)
 */
pyssl_status pyssl_conn_dtls_timeout(pyssl_conn *conn,
                                     uint64_t *microseconds);

/**
 * Sends the last DTLS flight again when its time has come. Calls that wait on a blocking socket do it themselves.
 * @param done  receives 1 when it was time, 0 when not (never without DTLS); may be NULL
 * @return PYSSL_OK; or PYSSL_ERROR when it was sent too often, and as pyssl_conn_do_handshake()
 */
pyssl_status pyssl_conn_dtls_handle_timeout(pyssl_conn *conn,
                                            int *done);

/**
 * Gives a connection without transport ciphertext from the peer. For DTLS, each call is one datagram.
 * @param data  data_len of them; all are taken
 * @return how many; PYSSL_ERR_ARGUMENT when the connection has a transport
 */
ptrdiff_t pyssl_conn_bio_write(pyssl_conn *conn,
                               const uint8_t *data,
                               size_t data_len);

/**
 * Takes ciphertext for the peer from a connection without transport. For DTLS, at most one datagram; what does not fit
 * of it comes with the next call.
 * @param buf       receives it
 * @param buf_size  how much at the most
 * @return how much; PYSSL_ERR_WANT_READ when there is none; PYSSL_ERR_ARGUMENT when the connection has a transport
 */
ptrdiff_t pyssl_conn_bio_read(pyssl_conn *conn,
                              uint8_t *buf,
                              size_t buf_size);

/**
 * How much ciphertext the next pyssl_conn_bio_read() would find: all there is, or, of DTLS, one datagram.
 * @return how many bytes; 0 when there is nothing; PYSSL_ERR_ARGUMENT when the connection has a transport
 */
ptrdiff_t pyssl_conn_bio_pending(pyssl_conn *conn);

/**
 * Tells a connection without transport that no more ciphertext will come.
 * @return PYSSL_OK; PYSSL_ERR_ARGUMENT when the connection has a transport
 */
pyssl_status pyssl_conn_bio_shutdown(pyssl_conn *conn);

/* ---- pyssl_conn_*: setting one connection up. */

/**
 * Makes this end the client.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_connect_state(pyssl_conn *conn);

/**
 * Makes this end the server.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_accept_state(pyssl_conn *conn);

/**
 * Makes this end a client of a host, in one call before the handshake: the client's role, server name indication, and
 * the name that the peer's certificate must have, as pyssl_conn_set_verify_host() has it. PYSSL_VERIFY_PEER is turned on.
 * Whom the connection trusts its context says: see pyssl_ctx_new_client().
 * @param host  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address. For an address no server name is
 *              sent, and of a name with a dot at its end the dot is not (RFC 6066, 3)
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for what is neither a DNS name nor an address, or PYSSL_ERROR when
 *         the handshake has begun; nothing has changed then
 */
pyssl_status pyssl_conn_set_client(pyssl_conn *conn,
                                   const char *host);

/**
 * Names the host a client wants (server name indication, RFC 6066), as it stands. It is not verified by this: see
 * pyssl_conn_set_client().
 * @param name  a DNS name of name_len bytes, without NUL
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR
 */
pyssl_status pyssl_conn_set_tlsext_host_name(pyssl_conn *conn,
                                             const uint8_t *name,
                                             size_t name_len);

/**
 * Has the peer's certificate compared with a name, in the handshake and by OpenSSL (RFC 6125, RFC 9525: names of the
 * certificate's subjectAltName alone, wildcards as a whole label alone), and turns PYSSL_VERIFY_PEER on. A peer with
 * other names is refused; the error says which names it has. After the handshake the peer is checked at once: PYSSL_OK says
 * that its chain was verified and that its certificate is for the name.
 * @param name  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address
 * @return PYSSL_OK; PYSSL_ERR_HANDLE; PYSSL_ERR_ARGUMENT for what no certificate can hold; PYSSL_ERROR while a handshake is
 *         under way, and for a peer that a finished one has not verified under this name. Where it fails, the name that was
 *         set before stays
 */
pyssl_status pyssl_conn_set_verify_host(pyssl_conn *conn,
                                        const char *name);

/**
 * Names the host that verification compares the peer's certificate with, as pyssl_conn_set_verify_host() does, and
 * leaves the verification mode as it is. Without PYSSL_VERIFY_PEER a client goes on with a peer of another name, and
 * pyssl_conn_verify_result() tells.
 * @param name  NUL-terminated: a DNS name in its ASCII form, or an IPv4 or IPv6 address
 * @return as pyssl_conn_set_verify_host()
 */
pyssl_status pyssl_conn_set_expected_host(pyssl_conn *conn,
                                          const char *name);

/**
 * TLS 1.3 servers: asks for the client's certificate after the handshake (SSL_verify_client_post_handshake). The next
 * call that moves bytes sends the request; a later one that receives reads the answer and verifies it by the mode of
 * pyssl_conn_set_verify(), which must have PYSSL_VERIFY_PEER.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (before the handshake, with TLS 1.2, without PYSSL_VERIFY_PEER, and
 *         for a client that did not offer it: see pyssl_ctx_set_post_handshake_auth())
 */
pyssl_status pyssl_conn_verify_client_post_handshake(pyssl_conn *conn);

/**
 * Says whether and how this peer is verified, in place of what the context says.
 * @param mode      PYSSL_VERIFY_* bits
 * @param callback  has the last word on each certificate; NULL leaves it to OpenSSL
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR in the middle of a client's handshake
 */
pyssl_status pyssl_conn_set_verify(pyssl_conn *conn,
                                   int mode,
                                   pyssl_verify_callback callback,
                                   void *userdata,
                                   pyssl_destructor destroy);

/**
 * The PYSSL_VERIFY_* bits.
 * @param out  receives them
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_verify_mode(pyssl_conn *conn, int *out);

/**
 * Has the state machine's moves of this connection told, in place of what the context says (SSL_set_info_callback).
 * @param callback  NULL for nobody
 * @param userdata  for the callback
 * @param destroy   frees userdata when the callback is not needed any more; may be NULL. It runs also when this call fails.
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_info_callback(pyssl_conn *conn,
                                          pyssl_info_callback callback,
                                          void *userdata,
                                          pyssl_destructor destroy);

/**
 * The context: the one it was made with, or was given later.
 * @param out  receives a new handle, to be freed with pyssl_ctx_free()
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_context(pyssl_conn *conn, pyssl_ctx **out);

/**
 * Gives the connection another context's certificate, key, trust and callbacks, as a server does in its server name
 * callback. What was set on the connection itself stays: options, verify mode and callback, expected name, info callback.
 * Depth, purpose and flags of verification are the new context's, and so is the verify callback, if any. The verify mode
 * is the stricter of both contexts: PYSSL_VERIFY_PEER and PYSSL_VERIFY_FAIL_IF_NO_PEER_CERT of either,
 * PYSSL_VERIFY_CLIENT_ONCE only of both.
 * @param ctx  the context to use from now on; kept
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also in the middle of a client's handshake
 */
pyssl_status pyssl_conn_set_context(pyssl_conn *conn,
                                    pyssl_ctx *ctx);

/**
 * Adds options (SSL_OP_*); none is ever removed.
 * @param options  bits to add, 0 for none
 * @param out      receives the bits as they are then; may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_options(pyssl_conn *conn, uint64_t options, uint64_t *out);

/**
 * Sets the certificate this end shows. One that does not belong to the context's key waits for its own key, and both take
 * effect at once. The context's chain goes with it only if that leads on from it.
 * @param cert  it is copied
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR ("key values mismatch" if another key was set on the connection)
 */
pyssl_status pyssl_conn_use_certificate(pyssl_conn *conn,
                                        pyssl_x509 *cert);

/**
 * Sets this end's private key.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR when it does not belong to the certificate
 */
pyssl_status pyssl_conn_use_privatekey(pyssl_conn *conn, pyssl_pkey *key);

/**
 * Sets the protocols a client offers (ALPN, RFC 7301).
 * @param wire  wire_len bytes: each protocol after one byte with its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR
 */
pyssl_status pyssl_conn_set_alpn_protos(pyssl_conn *conn, const uint8_t *wire, size_t wire_len);

/**
 * Asks the server for an OCSP response along with its certificate (RFC 6066, 8).
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR, also in the middle of a client's handshake
 */
pyssl_status pyssl_conn_request_ocsp(pyssl_conn *conn);

/**
 * Offers a session to be resumed. Call before the first handshake has begun.
 *
 * A connection that verifies its server (any mode but PYSSL_VERIFY_NONE) resumes a session only under its own rules. The
 * rules are: verification, store, purpose, depth, flags, time, security level, expected name, verify callback, and the
 * callback that judges an OCSP response where one is asked for. They are compared when the handshake begins. The session
 * is offered if all of this holds:
 * - its full handshake verified the server by the same rules; an expected name or a callback more than this connection has
 *   is fine, and a callback is the same only as the same one of the same context;
 * - the verify callback did not accept what OpenSSL had refused;
 * - the chain is within its dates, its first certificate is for the expected name, and the store still trusts its last
 *   one (for pyssl_session_from_bytes(): this connection's store trusts it);
 * - no flag asks for revocation lists or OCSP, for their answer is one of the moment.
 *
 * Otherwise the handshake is a full one, without an error; pyssl_conn_session_reused() tells. A session of a resumed
 * connection has the rules of the full handshake behind it.
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_ARGUMENT for a session of another context, or PYSSL_ERROR once a handshake
 *         has begun, in its callbacks too
 */
pyssl_status pyssl_conn_set_session(pyssl_conn *conn,
                                    pyssl_session *session);

/**
 * Says which close_notify alerts count as exchanged.
 * @param state  1 sent, 2 received, 3 both, 0 none
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_shutdown(pyssl_conn *conn, int state);

/**
 * TLS 1.2 and earlier: asks for another handshake, which the next call that moves bytes begins.
 * @param asked  receives 1, or 0 when one is pending already
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (TLS 1.3 has none: see pyssl_conn_key_update())
 */
pyssl_status pyssl_conn_renegotiate(pyssl_conn *conn,
                                    int *asked);

/**
 * TLS 1.3: new keys for what this end sends, from the next call that moves bytes on.
 * @param peer_too  1 asks the peer for new keys on its side as well
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR (before the handshake, and with TLS 1.2)
 */
pyssl_status pyssl_conn_key_update(pyssl_conn *conn, int peer_too);

/**
 * DTLS: how many bytes of UDP payload the path takes.
 * @param taken  receives 1, or 0 when that is too few to work with or the connection does not speak DTLS
 * @param mtu  bytes that a datagram may have
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_set_ciphertext_mtu(pyssl_conn *conn,
                                           int64_t mtu,
                                           int *taken);

/* ---- pyssl_conn_*: what a connection can tell. */

/**
 * pyssl_conn_want(): nothing is waited for.
 */
#define PYSSL_WANT_NOTHING 1

/**
 * pyssl_conn_want(): the transport must take bytes first.
 */
#define PYSSL_WANT_WRITE 2

/**
 * pyssl_conn_want(): bytes of the peer must come first.
 */
#define PYSSL_WANT_READ 3

/**
 * pyssl_conn_want(): something else (a callback's answer) must come first.
 */
#define PYSSL_WANT_OTHER 4

/**
 * Decrypted bytes that can be received without asking the peer.
 * @param out  receives their number
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_pending(pyssl_conn *conn, size_t *out);

/**
 * The protocol version's number: 0x0304 is TLS 1.3. Before the handshake, the highest this end would use.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_version(pyssl_conn *conn,
                                int *out);

/**
 * The protocol version's name: "TLSv1.3".
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_conn_version_name(pyssl_conn *conn, char *buf, size_t buf_size, size_t *len_out);

/**
 * The cipher suite's name: "TLS_AES_256_GCM_SHA384".
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before the handshake
 */
pyssl_status pyssl_conn_cipher_name(pyssl_conn *conn, char *buf, size_t buf_size, size_t *len_out);

/**
 * The key exchange group's name: "X25519MLKEM768".
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
 */
pyssl_status pyssl_conn_group_name(pyssl_conn *conn, char *buf, size_t buf_size, size_t *len_out);

/**
 * The peer's own certificate.
 * @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when the peer showed none
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_peer_certificate(pyssl_conn *conn,
                                         pyssl_x509 **out);

/**
 * What the verification of the peer's chain came to: X509_V_OK (0) or X509_V_ERR_*. 0 also when no certificate came.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_verify_result(pyssl_conn *conn,
                                      int *out);

/**
 * What the last operation waits for: PYSSL_WANT_*.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_want(pyssl_conn *conn, int *out);

/**
 * Which close_notify alerts were exchanged: 1 sent, 2 received, 3 both.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_shutdown_state(pyssl_conn *conn, int *out);

/**
 * 1 when no handshake is under way or to come, else 0.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_is_init_finished(pyssl_conn *conn, int *out);

/**
 * 1 when a renegotiation was asked for and is not done, else 0.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_renegotiate_pending(pyssl_conn *conn, int *out);

/**
 * How many renegotiations this end asked for, or began because a server asked (SSL_total_renegotiations). A server does
 * not count those that a client began.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_total_renegotiations(pyssl_conn *conn,
                                             int64_t *out);

/**
 * 1 when the handshake took up an earlier session, else 0.
 * @param out  receives it
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_session_reused(pyssl_conn *conn, int *out);

/**
 * What the handshake is at, in OpenSSL's words.
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_conn_state_string(pyssl_conn *conn, char *buf, size_t buf_size, size_t *len_out);

/**
 * The protocol version that the cipher suite belongs to: "TLSv1.3".
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before the handshake
 */
pyssl_status pyssl_conn_cipher_version(pyssl_conn *conn,
                                       char *buf,
                                       size_t buf_size,
                                       size_t *len_out);

/**
 * The strength of the cipher in bits.
 * @param out  receives it
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ABSENT before the handshake
 */
pyssl_status pyssl_conn_cipher_bits(pyssl_conn *conn, int *out);

/**
 * The cipher suites that may be used, those of TLS 1.3 first, with ":" between them.
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_conn_cipher_list(pyssl_conn *conn, char *buf, size_t buf_size, size_t *len_out);

/**
 * The protocol that ALPN agreed on; no bytes when none.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_conn_alpn_proto_negotiated(pyssl_conn *conn,
                                              uint8_t *buf,
                                              size_t buf_size,
                                              size_t *len_out);

/**
 * The name of the SRTP protection profile that was agreed on.
 * @param buf       receives it, with a NUL
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
 */
pyssl_status pyssl_conn_selected_srtp_profile(pyssl_conn *conn,
                                              char *buf,
                                              size_t buf_size,
                                              size_t *len_out);

/**
 * The host name that the client asked for (SNI); on a client, the one it set.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
 */
pyssl_status pyssl_conn_servername(pyssl_conn *conn,
                                   uint8_t *buf,
                                   size_t buf_size,
                                   size_t *len_out);

/**
 * The client's random value, 32 bytes.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
 */
pyssl_status pyssl_conn_client_random(pyssl_conn *conn,
                                      uint8_t *buf,
                                      size_t buf_size,
                                      size_t *len_out);

/**
 * The server's random value, 32 bytes.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
 */
pyssl_status pyssl_conn_server_random(pyssl_conn *conn,
                                      uint8_t *buf,
                                      size_t buf_size,
                                      size_t *len_out);

/**
 * The session's master secret. Whoever has it can read the session.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there is a session
 */
pyssl_status pyssl_conn_master_key(pyssl_conn *conn,
                                   uint8_t *buf,
                                   size_t buf_size,
                                   size_t *len_out);

/**
 * This end's last Finished message.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there was one
 */
pyssl_status pyssl_conn_finished(pyssl_conn *conn, uint8_t *buf, size_t buf_size, size_t *len_out);

/**
 * The peer's last Finished message.
 * @param buf       receives it
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT before there was one
 */
pyssl_status pyssl_conn_peer_finished(pyssl_conn *conn,
                                      uint8_t *buf,
                                      size_t buf_size,
                                      size_t *len_out);

/**
 * Keying material for another protocol (RFC 5705; RFC 8446, 7.5).
 * @param label     label_len bytes
 * @param context   context_len bytes, or NULL for none (which differs from no bytes up to TLS 1.2)
 * @param buf       receives the material
 * @param buf_size  how many bytes of it
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERROR before the handshake is done
 */
pyssl_status pyssl_conn_export_keying_material(pyssl_conn *conn,
                                               const uint8_t *label,
                                               size_t label_len,
                                               const uint8_t *context,
                                               size_t context_len,
                                               uint8_t *buf,
                                               size_t buf_size);

/**
 * This end's own certificate.
 * @param out  receives a new handle, to be freed with pyssl_x509_free(), or NULL when there is none
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_certificate(pyssl_conn *conn, pyssl_x509 **out);

/**
 * The chain as the peer sent it, its own certificate first; on a server that one is not among them.
 * @param buf        receives new handles, each to be freed with pyssl_x509_free()
 * @param buf_size   how many there is room for
 * @param count_out  receives their number
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when none came
 */
pyssl_status pyssl_conn_peer_cert_chain(pyssl_conn *conn,
                                        pyssl_x509 **buf,
                                        size_t buf_size,
                                        size_t *count_out);

/**
 * The chain that verification built, from the peer's own certificate to a trusted one. Trust it only when the
 * verification's result is X509_V_OK.
 * @param buf        receives new handles, each to be freed with pyssl_x509_free()
 * @param buf_size   how many there is room for
 * @param count_out  receives their number
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, PYSSL_ERR_BUFFER, or PYSSL_ERR_ABSENT when there is none
 */
pyssl_status pyssl_conn_verified_chain(pyssl_conn *conn,
                                       pyssl_x509 **buf,
                                       size_t buf_size,
                                       size_t *count_out);

/**
 * On a client, the authorities that the server named for client certificates; on a server, those it names.
 * @param buf        receives new handles, each to be freed with pyssl_name_free()
 * @param buf_size   how many there is room for
 * @param count_out  receives their number, which may be 0
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_conn_client_ca_list(pyssl_conn *conn,
                                       pyssl_name **buf,
                                       size_t buf_size,
                                       size_t *count_out);

/**
 * The session as it is now. In TLS 1.3 one that can be taken up again is there once the server's ticket was read.
 * @param out  receives a new handle, to be freed with pyssl_session_free(), or NULL when there is none
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_conn_session(pyssl_conn *conn,
                                pyssl_session **out);

/**
 * DTLS: how many bytes of data fit one datagram; 0 before the handshake.
 * @param out  receives it
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_ARGUMENT without DTLS
 */
pyssl_status pyssl_conn_cleartext_mtu(pyssl_conn *conn, size_t *out);

/* ---- pyssl_session_*: a TLS session, to be resumed. */

/**
 * Reads what pyssl_session_to_bytes() gave, or OpenSSL's DER of a session, for a connection of any context. Take the bytes
 * only from where nobody else can write: a connection that resumes the session trusts the server by what they say of its
 * verification. OpenSSL's DER says nothing of it, so it is offered only by a connection that verifies nothing; see
 * pyssl_conn_set_session().
 * @param data  data_len bytes
 * @param out   receives a new handle, to be freed with pyssl_session_free()
 * @return PYSSL_OK, PYSSL_ERR_ARGUMENT, or PYSSL_ERROR for what is no session
 */
pyssl_status pyssl_session_from_bytes(const uint8_t *data,
                                      size_t data_len,
                                      pyssl_session **out);

/**
 * Frees a session.
 * @param session  may be NULL
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_session_free(pyssl_session *session);

/**
 * Writes the session as bytes, secrets included: keep them as a private key is kept. Where the server was verified, the
 * rules and the chain stand beside OpenSSL's DER of the session; else the bytes are that DER. The store and callbacks are
 * not written.
 * @param buf       receives them
 * @param buf_size  room in buffer
 * @param len_out   receives their number
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_session_to_bytes(pyssl_session *session,
                                    uint8_t *buf,
                                    size_t buf_size,
                                    size_t *len_out);

/**
 * The session's id; in TLS 1.3 a number of this end's own, and no bytes before a ticket came.
 * @param buf       receives it, 32 bytes at the most
 * @param buf_size  room in buffer
 * @param len_out   receives its length
 * @return PYSSL_OK, PYSSL_ERR_HANDLE, or PYSSL_ERR_BUFFER
 */
pyssl_status pyssl_session_id(pyssl_session *session,
                              uint8_t *buf,
                              size_t buf_size,
                              size_t *len_out);

/**
 * When the session was agreed on, and for how long it is good.
 * @param made     receives the time in seconds since 1970
 * @param timeout  receives how many seconds it is good from then on
 * @return PYSSL_OK, or PYSSL_ERR_HANDLE
 */
pyssl_status pyssl_session_times(pyssl_session *session, int64_t *made, int64_t *timeout);

#include "pyssl_checked.h"

#ifdef __cplusplus
} /* extern "C" */
#endif

#endif /* PYSSL_H */
