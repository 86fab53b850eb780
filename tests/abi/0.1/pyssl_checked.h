/* GCC and Clang warn where a program drops the result of one of these functions. pyssl.h includes this file.
 * Written by `make header` from rust/src/abi; do not edit.
 */

#ifdef __GNUC__
pyssl_status pyssl_rand_bytes(uint8_t *buf, size_t buf_size) __attribute__((warn_unused_result));
pyssl_status pyssl_pkey_sign(pyssl_pkey *key,
                             const char *digest,
                             const uint8_t *data,
                             size_t data_len,
                             uint8_t *buf,
                             size_t buf_size,
                             size_t *len_out) __attribute__((warn_unused_result));
pyssl_status pyssl_pkey_verify(pyssl_pkey *key,
                               const char *digest,
                               const uint8_t *signature,
                               size_t signature_len,
                               const uint8_t *data,
                               size_t data_len) __attribute__((warn_unused_result));
pyssl_status pyssl_req_verify(pyssl_req *req, pyssl_pkey *key) __attribute__((warn_unused_result));
pyssl_status pyssl_spki_verify(pyssl_spki *spki,
                               pyssl_pkey *key) __attribute__((warn_unused_result));
pyssl_status pyssl_store_ctx_verify(pyssl_store_ctx *ctx,
                                    pyssl_x509 **culprit) __attribute__((warn_unused_result));
pyssl_status pyssl_store_ctx_verified_chain(pyssl_store_ctx *ctx,
                                            pyssl_x509 **buf,
                                            size_t buf_size,
                                            size_t *count_out,
                                            pyssl_x509 **culprit) __attribute__((warn_unused_result));
pyssl_status pyssl_ctx_set_verify(pyssl_ctx *ctx,
                                  int mode,
                                  pyssl_verify_callback callback,
                                  void *userdata,
                                  pyssl_destructor destroy) __attribute__((warn_unused_result));
pyssl_status pyssl_ctx_check_privatekey(pyssl_ctx *ctx) __attribute__((warn_unused_result));
pyssl_status pyssl_conn_set_verify_host(pyssl_conn *conn,
                                        const char *name) __attribute__((warn_unused_result));
pyssl_status pyssl_conn_set_expected_host(pyssl_conn *conn,
                                          const char *name) __attribute__((warn_unused_result));
pyssl_status pyssl_conn_set_client(pyssl_conn *conn,
                                   const char *host) __attribute__((warn_unused_result));
ptrdiff_t pyssl_conn_send(pyssl_conn *conn,
                          const uint8_t *data,
                          size_t data_len) __attribute__((warn_unused_result));
pyssl_status pyssl_conn_send_all(pyssl_conn *conn,
                                 const uint8_t *data,
                                 size_t data_len,
                                 size_t *sent) __attribute__((warn_unused_result));
#endif
