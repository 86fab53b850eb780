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
