# frozen_string_literal: true

require_relative "helper"
require "fileutils"
require "openssl" # Ruby's own, on another OpenSSL: a real peer in the same process

class TestTLS < BindingTest
  def test_serves_and_fetches_over_sockets
    page = "<p>hello</p>" * 10_000
    serve(server_context) { |tls| answer(tls, page) } => port, server
    TCPSocket.open("127.0.0.1", port) do |socket|
      tls = PySSL::Connection.connect(client_context, socket, host: "localhost")
      tls.write("GET / HTTP/1.0\r\n\r\n")
      assert_equal page, read_all(tls).split("\r\n\r\n", 2)[1]
      assert tls.shutdown
      assert_equal ["TLSv1.3", 0, "localhost"], [tls.version, tls.verify_result, tls.peer_certificate.subject["CN"]]
      assert_match(/\ATLS_/, tls.cipher)
    end
    server.value
  end

  def test_curl_fetches
    serve(server_context) { |tls| answer(tls, "for curl") } => port, server
    ca = file(authority[0].to_pem)
    page, report, = Open3.capture3("curl", "-sS", "--cacert", ca, "--resolve", "localhost:#{port}:127.0.0.1",
                                   "https://localhost:#{port}/")
    assert_equal ["for curl", ""], [page, report]
    server.value
  end

  def test_fetches_from_the_openssl_of_ruby
    cert, key = certificate("localhost", issuer: authority)
    theirs = OpenSSL::SSL::SSLContext.new
    theirs.cert = OpenSSL::X509::Certificate.new(cert.to_der)
    theirs.key = OpenSSL::PKey.read(key.to_pem)
    listener = TCPServer.new("127.0.0.1", 0)
    server = Thread.new do
      tls = OpenSSL::SSL::SSLSocket.new(listener.accept, theirs).accept
      tls.write(tls.readpartial(100).upcase)
      tls.close
    end
    TCPSocket.open("127.0.0.1", listener.addr[1]) do |socket|
      tls = PySSL::Connection.connect(client_context, socket, host: "localhost")
      tls.write("to the other library")
      assert_equal "TO THE OTHER LIBRARY", read_all(tls)
    end
    server.join
  end

  def test_a_server_that_is_not_trusted_is_refused
    serve(server_context(certificate("localhost"))) { |tls| tls.read } => port, server
    TCPSocket.open("127.0.0.1", port) do |socket|
      error = assert_raises(PySSL::VerificationError) { PySSL::Connection.connect(client_context, socket, host: "localhost") }
      assert_equal ["self-signed certificate", 0], [error.verify_message, error.verify_depth]
    end
    assert_raises(PySSL::Error) { server.value } # the client's alert
  end

  def test_a_certificate_for_another_name_is_refused
    elsewhere = server_context(certificate("evil.example", issuer: authority))
    client = PySSL::Connection.new(client_context).client(host: "bank.example")
    error = assert_raises(PySSL::VerificationError) { pump(client, PySSL::Connection.new(elsewhere).server) }
    assert_match(/hostname mismatch: wanted "bank.example", and the certificate is for "evil.example"/, error.message)
    pump(PySSL::Connection.new(client_context).client(host: "evil.example"), PySSL::Connection.new(elsewhere).server)
  end

  def test_nothing_is_trusted_unless_somebody_said_so
    [PySSL::Context.new, PySSL::Context.new(:both), PySSL::Context.new(PySSL::PYSSL_TLS_METHOD)].each do |context|
      error = assert_raises(PySSL::VerificationError) { pump(*pair(context, server_context(certificate("localhost")))) }
      assert_equal "self-signed certificate", error.verify_message
    end
    assert_raises(ArgumentError) { PySSL::Connection.new(client_context).client }
    error = assert_raises(PySSL::Error) { PySSL::Connection.new(client_context).client(host: "a..b") }
    assert_match(/cannot be verified/, error.message)
  end

  def test_a_context_in_one_call_and_credentials_from_memory
    cert, key = certificate("localhost", issuer: authority)
    server = PySSL::Context.new(:server).identity_pem(cert.to_pem, key.to_pem)
    pump(*pair(PySSL::Context.client(pem: authority[0].to_pem), server))
    pump(*pair(PySSL::Context.client(file: file(authority[0].to_pem)), server))
    assert_raises(PySSL::Error) { PySSL::Context.client(file: "/no/such/file") }
    PySSL::Context.client.free # the system's trust
  end

  # Beside the binding stands what a checkout has there, or somebody who can write there.
  def test_the_library_is_looked_for_where_the_application_or_the_system_says
    Dir.mktmpdir do |root|
      FileUtils.mkdir_p(%w[bindings target/release include lib].map { |name| File.join(root, name) })
      FileUtils.cp_r(__dir__, File.join(root, "bindings/ruby"))
      %w[target/release/libpyssl.so bindings/ruby/libpyssl.so.0 bindings/ruby/pyssl/libpyssl.so.0].each do |name|
        File.write(File.join(root, name), "not a library")
      end
      File.write(File.join(root, "include/pyssl.h"), "#error not this one")
      File.symlink(File.expand_path(PySSL::ABI::LIBRARY_PATH), File.join(root, "lib/libpyssl.so.0"))
      environment = { "PYSSL_LIBRARY" => nil, "PYSSL_HEADER" => PySSL::ABI::HEADER_PATH,
                      "LD_LIBRARY_PATH" => File.join(root, "lib") }
      program = "puts PySSL.version, PySSL::ABI::LIBRARY_PATH"
      output, = Open3.capture2e(environment, "ruby", "-r", File.join(root, "bindings/ruby/pyssl.rb"), "-e", program)
      assert_equal [PySSL.version, "libpyssl.so.0"], output.split("\n")
    end
  end

  def test_threads_share_a_connection
    serve(server_context) { |tls| nil while (bytes = tls.read) && tls.write(bytes) } => port, server
    TCPSocket.open("127.0.0.1", port) do |socket|
      tls = PySSL::Connection.connect(client_context, socket, host: "localhost")
      sent = Random.bytes(500_000)
      writer = Thread.new { tls.write(sent) }
      received = +""
      received << tls.read until received.bytesize == sent.bytesize
      assert_equal sent, received
      writer.join
      tls.shutdown
    end
    server.value
  end

  def test_waiting_ends_by_either_timeout
    ends = UNIXSocket.pair
    tls = PySSL::Connection.new(client_context, ends[0]).client(host: nil)
    tls.timeout = 0.05
    assert_raises(PySSL::Absent) { PySSL.check(PySSL::ABI.pyssl_constant("no such thing", PySSL::ABI.room)) }
    error = assert_raises(PySSL::TimedOut) { tls.handshake }
    assert_equal "the peer did not answer within 0.05 seconds", error.message
    tls.timeout = nil
    assert_raises(Timeout::Error) { Timeout.timeout(0.05) { tls.handshake } }
    ends[1].close
    assert_raises(PySSL::UnexpectedEOF, PySSL::SystemCallFailed) { tls.handshake }
  end

  def test_pumps_by_hand
    client, server = pump(*pair(client_context, server_context))
    client.write("from the client")
    carry(client, server)
    assert_equal "from the client", server.read
    assert_raises(PySSL::WantRead) { server.read }
    refute server.shutdown
    carry(server, client)
    assert_nil client.read
    client.bio_write(nil)
    assert_equal "", client.bio_read
  end

  # Two pipes, say; here strings in memory.
  Tube = Struct.new(:inbox, :outbox) do
    def read(size)
      inbox.empty? ? :later : inbox.slice!(0, size)
    end

    def write(bytes)
      outbox << bytes
      bytes.bytesize
    end
  end

  def test_any_object_with_read_and_write_is_a_transport
    there, back = +"".b, +"".b
    client = PySSL::Connection.over(client_context, Tube.new(back, there)).client(host: "localhost")
    server = PySSL::Connection.over(server_context, Tube.new(there, back)).server
    [client, server, client].each do |one|
      one.handshake
    rescue PySSL::WantRead
      nil
    end
    server.handshake
    client.write("through a tube")
    assert_equal "through a tube", server.read
    assert_equal 2, PySSL::Callbacks.count
  end

  private

  # Serves one connection; [port, thread].
  def serve(context)
    listener = TCPServer.new("127.0.0.1", 0)
    thread = Thread.new do
      Thread.current.report_on_exception = false
      socket = listener.accept
      yield PySSL::Connection.accept(context, socket)
    ensure
      socket&.close
      listener.close
    end
    [listener.addr[1], thread]
  end

  def answer(tls, page)
    request = +""
    request << tls.read until request.end_with?("\r\n\r\n")
    tls.write("HTTP/1.0 200 OK\r\nContent-Length: #{page.bytesize}\r\n\r\n#{page}")
    tls.shutdown
    tls.shutdown if request.start_with?("GET / HTTP/1.0") # and wait for the client's
  end

  def read_all(tls)
    whole = +""
    while (bytes = tls.read)
      whole << bytes
    end
    whole
  end
end
