# frozen_string_literal: true

require "minitest/autorun"
require "open3"
require "socket"
require "tempfile"
require "timeout"
require "tmpdir"
require_relative "pyssl"

# What holds for every test: it ends in time, and every handle that is left belongs to an object.
class BindingTest < Minitest::Test
  def run
    Timeout.timeout(60) { super }
  end

  def teardown
    # Ruby's garbage collector is conservative, so what it has not found yet is freed here, in no particular order.
    ObjectSpace.each_object(PySSL::Handle).reject(&:freed?).select { |object| owned?(object) }.shuffle.each(&:free)
    assert_equal [0, 0], [PySSL.handle_count, PySSL::Callbacks.count], "handles and callbacks left"
  end

  private

  # Lent connections are freed by someone else.
  def owned?(object)
    !object.is_a?(PySSL::Connection) || !object.lent?
  end

  # A certificate for `name` and its key, signed by `issuer` (a pair as well) or by itself.
  def certificate(name, issuer: nil, ca: false)
    key = PySSL::PKey.ec
    cert = PySSL::X509.new
    cert.version = 2
    cert.serial = rand(1 << 64) + 1
    cert.not_before = Time.now - 60
    cert.not_after = Time.now + 3600
    cert.subject["CN"] = name
    cert.issuer = (issuer ? issuer[0] : cert).subject
    cert.public_key = key
    cert.add_extension(PySSL::Extension.new("basicConstraints", ca ? "CA:TRUE" : "CA:FALSE", critical: true),
                       PySSL::Extension.new("subjectKeyIdentifier", "hash", subject: cert))
    cert.add_extension(PySSL::Extension.new("subjectAltName", "DNS:#{name},IP:127.0.0.1")) unless ca
    cert.sign(issuer ? issuer[1] : key)
    [cert, key]
  end

  def authority
    @authority ||= certificate("Test CA", ca: true)
  end

  # A file with that text, which lives as long as the test.
  def file(text)
    (@files ||= []) << Tempfile.new("pyssl")
    @files.last.binmode.write(text)
    @files.last.close
    @files.last.path
  end

  def server_context(identity = certificate("localhost", issuer: authority))
    PySSL::Context.new(:server).identity(*identity)
  end

  def client_context(&block)
    context = PySSL::Context.client(file: file(authority[0].to_pem))
    block ? context.verify(PySSL::PYSSL_VERIFY_PEER, &block) : context
  end

  # A connection over nothing for each end.
  def pair(client_context, server_context)
    [PySSL::Connection.new(client_context).client(host: "localhost"), PySSL::Connection.new(server_context).server]
  end

  # Carries ciphertext between two connections until both have shaken hands. The first failure is raised.
  def pump(*ends)
    done = []
    100.times do
      ends.each do |one|
        one.handshake
        done |= [one]
      rescue PySSL::WantRead
        nil
      ensure
        ends.reverse.each { |other| carry(one, other) unless other.equal?(one) }
      end
      return ends if done.size == ends.size
    end
    flunk "the handshake never ended"
  end

  def carry(from, to)
    bytes = from.bio_read
    to.bio_write(bytes) unless bytes.empty?
  end
end
