# frozen_string_literal: true

require_relative "helper"

class TestCallbacks < BindingTest
  class Mine < StandardError; end

  def test_a_verify_block_sees_each_certificate_and_has_the_last_word
    seen = []
    context = client_context do |conn, cert, error, depth, ok|
      seen << [conn.version, cert.subject["CN"], error, depth, ok]
      true
    end
    pump(*pair(context, server_context))
    assert_equal [["TLSv1.3", "Test CA", 0, 1, true], ["TLSv1.3", "localhost", 0, 0, true]], seen
    stranger = server_context(certificate("stranger"))
    client, = pump(*pair(context, stranger))
    assert_equal ["stranger", 18, 0, false], seen[2][1..] # accepted, so the verification goes on
    assert_equal 0, client.verify_result
  end

  def test_a_verify_block_refuses
    context = client_context { false }
    assert_raises(PySSL::Error) { pump(*pair(context, server_context)) }
  end

  def test_an_exception_in_the_block_is_the_very_object_that_the_call_raises
    exception = Mine.new("from the block")
    context = client_context { raise exception }
    assert_same exception, assert_raises(Mine) { pump(*pair(context, server_context)) }
  end

  def test_no_other_connection_gets_it
    exception = Mine.new("from the block")
    bad, server = pair(client_context { raise exception }, server_context)
    good = pair(client_context { true }, server_context)
    assert_raises(Mine) { pump(bad, server) }
    pump(*good)
  end

  def test_nothing_leaves_through_the_frames_of_c
    thrown = client_context { throw :away }
    catch(:away) { assert_raises(PySSL::CallbackFailed) { pump(*pair(thrown, server_context)) } }
    interrupted = client_context { raise Interrupt, "Ctrl-C" }
    assert_raises(Interrupt) { pump(*pair(interrupted, server_context)) }
    killed = client_context { Thread.current.kill }
    Thread.new { assert_raises(PySSL::CallbackFailed) { pump(*pair(killed, server_context)) } }.join
  end

  def test_a_kill_from_outside_waits_until_the_call_is_over
    over = false
    victim = nil
    context = client_context do
      Thread.new { victim.kill }.join(0.1)
      Thread.pass
      over = true
    end
    victim = Thread.new { pump(*pair(context, server_context)) }
    assert_nil victim.value
    assert over
  end

  def test_io_on_a_connection_from_its_own_callback_is_refused
    context = client_context { |conn, *| conn.write("no") }
    assert_raises(PySSL::Busy) { pump(*pair(context, server_context)) }
  end

  def test_a_lent_connection_is_of_no_use_to_keep
    kept = nil
    client, server = pair(client_context { |conn, *| kept = conn }, server_context)
    pump(client, server)
    client.free
    assert_raises(PySSL::HandleError) { kept.version }
  end

  def test_a_passphrase_block
    key = PySSL::PKey.ec
    pem = key.to_pem(cipher: "aes-256-cbc", passphrase: "sesame")
    asked = []
    again = PySSL::PKey.load(pem) { |writing| asked << writing && "sesame" }
    assert_equal [key.public_to_pem, [false]], [again.public_to_pem, asked]
    assert_equal key.to_pem, PySSL::PKey.load(pem, "sesame").to_pem
    assert_raises(PySSL::Error) { PySSL::PKey.load(pem) }
    assert_raises(PySSL::Error) { PySSL::PKey.load(pem) { "wrong" } }
    assert_raises(Mine) { PySSL::PKey.load(pem) { raise Mine } }
    assert_raises(ArgumentError) { PySSL::PKey.load(pem) { "x" * 5000 } }
  end

  def test_an_exception_in_a_transport
    broken = Struct.new(:nothing) { def write(_) = raise(Mine, "no wire") }.new
    assert_raises(Mine) { PySSL::Connection.over(client_context, broken).client(host: nil).handshake }
    generous = Struct.new(:nothing) do
      def write(bytes) = bytes.bytesize
      def read(size) = "x" * (size + 1)
    end
    assert_raises(ArgumentError) { PySSL::Connection.over(client_context, generous.new).client(host: nil).handshake }
  end

  def test_the_destructor_tells_when_a_callback_may_go
    calls = 0
    context = client_context { calls += 1 }
    client, server = pair(context, server_context)
    context.free
    GC.start
    assert_equal 1, PySSL::Callbacks.count # the connection still needs it
    pump(client, server)
    assert_equal 2, calls
    client.free
    assert_equal 0, PySSL::Callbacks.count
  end

  def test_another_callback_in_its_place_lets_the_first_go
    context = client_context { true }
    context.verify(PySSL::PYSSL_VERIFY_PEER) { false }
    assert_equal 1, PySSL::Callbacks.count
    context.verify(PySSL::PYSSL_VERIFY_NONE)
    assert_equal 0, PySSL::Callbacks.count
  end

  def test_a_call_that_fails_runs_the_destructor_too
    context = PySSL::Context.new
    context.free
    assert_raises(PySSL::HandleError) { context.verify(0) { true } }
    assert_raises(PySSL::HandleError) { PySSL::Connection.over(context, "transport") }
    assert_equal 0, PySSL::Callbacks.count
  end

  def test_a_callback_that_was_let_go_too_early_is_an_error
    client, server = pair(client_context { true }, server_context)
    ObjectSpace.each_object(PySSL::Callbacks::Kept) { |kept| PySSL::Callbacks.forget(kept.object_id) }
    assert_raises(KeyError) { pump(client, server) }
  end
end
