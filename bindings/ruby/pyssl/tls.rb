# frozen_string_literal: true

require "io/wait"

module PySSL
  # What connections have in common. Setters return the context, so that they chain.
  class Context < Handle
    frees :pyssl_ctx_free

    METHODS = { client: PYSSL_TLS_CLIENT_METHOD, server: PYSSL_TLS_SERVER_METHOD, both: PYSSL_TLS_METHOD }.freeze

    SERVERS = [PYSSL_TLS_SERVER_METHOD, PYSSL_DTLS_SERVER_METHOD].freeze

    # A client's context that trusts the certificates of a PEM file and of a PEM text; without either, what the system
    # trusts. With Connection.connect the server is verified by its chain and its name.
    def self.client(file: nil, pem: nil)
      file = "" if file.nil? && pem
      context = adopt(Out.value(:pyssl_ctx_new_client, "J", ABI.text(file)))
      pem ? context.trust(pem: pem) : context
    end

    # :client, :server, :both, or a PYSSL_*_METHOD. All but a server's verify their peers from the start, and trust nobody
    # until trust() says so. (A server on :both asks its clients for certificates.)
    def initialize(method = :client)
      super()
      number = METHODS.fetch(method, method)
      adopt(Out.value(:pyssl_ctx_new, "J", number))
      verify(PYSSL_VERIFY_PEER) unless SERVERS.include?(number)
    end

    # The certificate and key that this end shows, and the certificates above it.
    def identity(certificate, key, chain: [])
      call(:pyssl_ctx_use_certificate, certificate)
      call(:pyssl_ctx_use_privatekey, key)
      chain.each { |above| call(:pyssl_ctx_add_extra_chain_cert, above) }
      call(:pyssl_ctx_check_privatekey)
    end

    # The same from PEM: the certificate with the chain above it, and the key.
    def identity_pem(chain, key)
      call(:pyssl_ctx_use_certificate_chain_pem, chain, chain.bytesize)
      call(:pyssl_ctx_use_privatekey_pem, key, key.bytesize, nil, nil)
      call(:pyssl_ctx_check_privatekey)
    end

    # Whom to trust: the certificates of a PEM file, of a prepared directory, of a PEM text, or what the system trusts.
    def trust(file: nil, directory: nil, pem: nil)
      return call(:pyssl_ctx_load_verify_pem, pem, pem.bytesize) if pem
      return call(:pyssl_ctx_load_system_trust) if file.nil? && directory.nil?

      call(:pyssl_ctx_load_verify_locations, ABI.text(file), ABI.text(directory))
    end

    # Whether peers are verified (PYSSL_VERIFY_*). The block, if any, has the last word on each certificate: it gets
    # the connection, the certificate, X509_V_*, the depth and OpenSSL's verdict, and accepts by a true value.
    def verify(mode, &block)
      return call(:pyssl_ctx_set_verify, mode, nil, nil, nil) unless block

      call(:pyssl_ctx_set_verify, mode, Callbacks::VERIFY, Callbacks.keep(block), Callbacks::DESTROY)
    end

    def min_version=(version)
      call(:pyssl_ctx_set_min_proto_version, version)
    end

    def max_version=(version)
      call(:pyssl_ctx_set_max_proto_version, version)
    end

    # Adds SSL_OP_* bits; returns those that are set.
    def options(bits = 0)
      get(:pyssl_ctx_set_options, "Q", bits)
    end

    def ciphers=(list)
      call(:pyssl_ctx_set_cipher_list, list, list.bytesize)
    end
  end

  # A TLS connection: over an IO, over any object with `read` and `write`, or over nothing, where the caller pumps.
  class Connection < Handle
    frees :pyssl_conn_free

    RECORD = 16_384

    # Over an IO, which stays the caller's to close.
    def initialize(context, io = nil)
      super()
      @io = io
      adopt(io ? Out.value(:pyssl_conn_new_fd, "J", context, io.fileno) : Out.value(:pyssl_conn_new, "J", context))
    end

    # Over an object whose `read(size)` gives bytes, nil at the end, or :later, and whose `write(bytes)` gives how many
    # bytes it took, or :later.
    def self.over(context, object)
      transport = ABI::Transport.malloc(Fiddle::RUBY_FREE)
      transport.read = Callbacks::READ.to_i
      transport.write = Callbacks::WRITE.to_i
      transport.userdata = Callbacks.keep(object)
      transport.destroy = Callbacks::DESTROY.to_i
      adopt(Out.value(:pyssl_conn_new_transport, "J", context, transport))
    end

    # A connection that someone else frees; what a callback gets.
    def self.lent(handle)
      allocate.tap do |connection|
        connection.instance_variable_set(:@handle, handle)
        connection.instance_variable_set(:@lent, true)
      end
    end

    def lent?
      !!@lent
    end

    def free
      lent? ? @handle = 0 : super
    end

    # The client's end, with the handshake done. The server's certificate must be for `host`, a DNS name or an address.
    def self.connect(context, io, host:)
      new(context, io).tap { |connection| connection.client(host: host).handshake }
    end

    # The server's end, with the handshake done.
    def self.accept(context, io)
      new(context, io).tap { |connection| connection.server.handshake }
    end

    # Asks for that host, and verifies that the peer is it. nil has to be said where any name will do.
    def client(host:)
      host.nil? ? call(:pyssl_conn_set_connect_state) : call(:pyssl_conn_set_client, ABI.text(host))
    end

    def server
      call(:pyssl_conn_set_accept_state)
    end

    # Seconds that each call may wait; nil for ever.
    attr_writer :timeout

    def handshake
      move { ABI.pyssl_conn_do_handshake(@handle) }
      self
    end

    # Up to `size` decrypted bytes as soon as there are some, or nil when the peer closed.
    def read(size = RECORD)
      size = [size, RECORD].min
      room = @room ||= Fiddle::Pointer.malloc(RECORD, Fiddle::RUBY_FREE)
      room[0, move { ABI.pyssl_conn_recv(@handle, room, size, 0) }]
    rescue ZeroReturn
      nil
    end

    # Sends all of it.
    def write(data)
      rest = data.b
      rest = rest.byteslice(move { ABI.pyssl_conn_send(@handle, rest, rest.bytesize) }..) until rest.empty?
      data.bytesize
    end

    # Says that nothing more is sent; true when the peer has said so too.
    def shutdown
      done = ABI.room
      move { ABI.pyssl_conn_shutdown(@handle, done) }
      done[0, 4].unpack1("i") == 1
    end

    # Ends every call under way on other threads, and all later ones, with Closed.
    def close
      call(:pyssl_conn_close)
    end

    # Ciphertext from the peer, for a connection over nothing; nil says that no more comes.
    def bio_write(data)
      return call(:pyssl_conn_bio_shutdown) if data.nil?

      PySSL.check(ABI.pyssl_conn_bio_write(@handle, data, data.bytesize))
    end

    # Ciphertext for the peer, "" when there is none.
    def bio_read(size = RECORD)
      room = ABI.room(size)
      room[0, PySSL.check(ABI.pyssl_conn_bio_read(@handle, room, size))]
    rescue WantRead
      "".b
    end

    def pending
      get(:pyssl_conn_pending, "J")
    end

    def version
      get_text(:pyssl_conn_version_name)
    end

    def cipher
      get_text(:pyssl_conn_cipher_name)
    rescue Absent
      nil
    end

    # The peer's certificate, or nil.
    def peer_certificate
      get_object(X509, :pyssl_conn_peer_certificate)
    end

    # X509_V_OK or X509_V_ERR_*.
    def verify_result
      get(:pyssl_conn_verify_result, "i")
    end

    private

    # Runs a call until it has moved something. Ruby's sockets do not block, so the waiting is Ruby's: other threads
    # run, Timeout and Thread#kill work. On a blocking descriptor the library waits.
    def move(&call)
      loop do
        status = Callbacks.around(&call)
        case status
        when PYSSL_ERR_INTERRUPTED then next # Ruby has run its signal handlers by now
        when PYSSL_ERR_WANT_READ then wait(:wait_readable, status)
        when PYSSL_ERR_WANT_WRITE then wait(:wait_writable, status)
        else return PySSL.check(status)
        end
      end
    end

    def wait(how, status)
      PySSL.check(status) unless @io
      return if @io.public_send(how, @timeout)

      raise TimedOut.new(PYSSL_ERR_TIMEOUT, "the peer did not answer within #{@timeout} seconds")
    end
  end
end
