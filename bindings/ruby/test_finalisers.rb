# frozen_string_literal: true

require_relative "helper"

class TestFinalisers < BindingTest
  def test_the_garbage_collector_frees
    make = -> { 500.times { PySSL::X509.new.subject } }
    make.call
    10.times { GC.start }
    assert_operator PySSL.handle_count, :<, 50 # the collector is conservative
  end

  def test_objects_live_on_when_what_they_came_from_is_freed
    context = server_context
    client, server = pair(client_context, context)
    context.free
    pump(client, server)
    cert = client.peer_certificate
    client.free
    subject = cert.subject
    cert.free
    assert_equal "localhost", subject["CN"]
  end

  def test_freeing_in_any_order_and_twice
    20.times do
      objects = [*certificate("x"), *authority, context = server_context, client_context]
      objects += [PySSL::Connection.new(context), objects[0].subject, objects[0].extensions[0]]
      objects += [PySSL::Store.new(objects[0]), PySSL::Verification.new(PySSL::Store.new, objects[0], [objects[0]])]
      (objects + objects).shuffle.each(&:free)
      assert objects.all?(&:freed?)
      @authority = nil
    end
  end

  def test_a_finaliser_that_runs_twice_or_after_free_is_an_error_and_no_more
    cert = PySSL::X509.new
    finaliser = PySSL::X509.finaliser(cert.to_i)
    others = Array.new(10) { PySSL::X509.new }
    assert_equal PySSL::PYSSL_OK, finaliser.call
    more = Array.new(10) { PySSL::X509.new } # one of them has the slot now, under another number
    assert_equal [PySSL::PYSSL_ERR_HANDLE] * 2, [finaliser.call, finaliser.call]
    assert_raises(PySSL::HandleError) { cert.version }
    assert_raises(PySSL::HandleError) { cert.free }
    assert_equal [0], (others + more).map(&:version).uniq
  end

  def test_a_copy_would_free_twice_so_there_is_none
    cert = PySSL::X509.new
    50.times { assert_raises(TypeError) { [cert.dup, cert.clone] } }
    GC.start
    assert_equal 0, cert.version
  end

  # Under stress every allocation collects, in the middle of calls and callbacks too.
  def test_collecting_all_the_time
    context = client_context { |_, cert, *| cert.subject["CN"].size }
    servers = server_context
    GC.stress = true
    client, = pump(*pair(context, servers))
    cn = client.peer_certificate.subject["CN"]
    GC.stress = false
    assert_equal "localhost", cn
  ensure
    GC.stress = false
  end

  # The process ends with live connections, contexts, callbacks and threads in the middle of a call.
  AT_EXIT = <<~RUBY
    require "socket"
    at_exit { $kept.last.handshake rescue $stdout.puts($!.class) }
    context = PySSL::Context.new.verify(1) { true }
    $kept = Array.new(50) { [PySSL::Connection.new(context), PySSL::X509.new.subject, PySSL::PKey.ed25519] }.flatten
    $ends = UNIXSocket.pair
    $kept << waiting = PySSL::Connection.new(context, $ends[0]).client(host: nil)
    Thread.new { waiting.handshake }.report_on_exception = false
    sleep 0.05
    $kept.reverse! if ARGV[0] == "reverse"
    $kept.each(&:free) if ARGV[0] == "freed"
    $kept << PySSL::Connection.new(context).client(host: nil)
  RUBY

  def test_the_process_ends_well_in_every_order
    %w[kept reverse freed].each do |how|
      library = File.join(__dir__, "pyssl.rb")
      output, status = Open3.capture2e("ruby", "-w", "-r", library, "-e", AT_EXIT, how)
      assert_equal ["PySSL::WantRead\n", 0], [output, status.exitstatus], how
    end
  end

  def test_a_forked_child_frees_its_own_copies
    objects = [PySSL::X509.new, PySSL::Connection.new(client_context)]
    pid = fork do
      objects.each(&:free)
      PySSL::X509.new.version
      exit!(0)
    rescue Exception # rubocop:disable Lint/RescueException
      exit!(1)
    end
    assert_equal 0, Process.wait2(pid)[1].exitstatus
    assert_equal 0, objects[0].version
  end
end
