# frozen_string_literal: true

require_relative "helper"

class TestCertificates < BindingTest
  def test_what_is_written_is_read_back
    cert, key = certificate("localhost")
    again = PySSL::X509.load(cert.to_pem)
    assert_equal cert.to_der, again.to_der
    assert_equal [cert.serial, cert.not_after, 2], [again.serial, again.not_after, again.version]
    assert_equal "localhost", again.subject["CN"]
    assert_equal [["CN", "localhost"]], again.issuer.to_a
    assert_equal key.public_to_pem, again.public_key.public_to_pem
    assert_equal %w[basicConstraints subjectKeyIdentifier subjectAltName], again.extensions.map(&:name)
    assert_equal ["CA:FALSE", true], [again.extensions[0].to_s, again.extensions[0].critical?]
  end

  def test_openssl_reads_and_verifies_it
    cert, = certificate("localhost", issuer: authority)
    output, = Open3.capture2e("openssl", "verify", "-CAfile", file(authority[0].to_pem), file(cert.to_pem))
    assert_match(/: OK$/, output)
    output, = Open3.capture2e("openssl", "x509", "-noout", "-serial", "-fingerprint", "-sha256", stdin_data: cert.to_pem)
    assert_includes output, format("serial=%X", cert.serial).sub(/=(.(..)*)\z/, '=0\1')
    assert_includes output, cert.fingerprint.unpack("C*").map { |byte| format("%02X", byte) }.join(":")
  end

  def test_serial_numbers_of_any_size_and_sign
    cert = PySSL::X509.new
    [0, 1, 127, 128, -1, -128, -129, 1 << 159, -(1 << 100)].each do |number|
      cert.serial = number
      assert_equal number, cert.serial
    end
  end

  def test_a_name_is_a_live_view_that_outlives_the_variable
    subject = certificate("before")[0].subject
    GC.start
    subject["O"] = "Žluťoučký kůň"
    assert_equal [["CN", "before"], ["O", "Žluťoučký kůň".b]], subject.to_a
    assert_equal "Žluťoučký kůň", subject["O"]
    assert_nil subject["OU"]
  end

  def test_long_results_get_the_room_they_need
    name = PySSL::Name.new
    cert = PySSL::X509.new
    cert.add_extension(PySSL::Extension.new("subjectAltName", (1..200).map { |n| "DNS:host#{n}.example" }.join(",")))
    assert_match(/DNS:host200\.example\z/, cert.extensions[0].to_s)
    # 512 bytes of text do not fit into the first room of 512, for a NUL follows them.
    [511, 512, 513].each do |size|
      dns = "a" * (size - 4)
      assert_equal "DNS:#{dns}", PySSL::Extension.new("subjectAltName", "DNS:#{dns}").to_s
    end
    assert_equal "", name.to_s
  end

  def test_verification_tells_what_is_wrong
    cert, = certificate("localhost", issuer: authority)
    assert PySSL::Store.new(authority[0]).verify(cert)
    error = assert_raises(PySSL::VerificationError) { PySSL::Store.new.verify(cert) }
    assert_equal [20, 0, "CN=localhost"], [error.verify_code, error.verify_depth, error.verify_subject]
    assert_equal "unable to get local issuer certificate", error.verify_message
  end

  def test_an_intermediate_may_be_given_along
    middle = certificate("Middle", issuer: authority, ca: true)
    leaf, = certificate("leaf", issuer: middle)
    store = PySSL::Store.new(authority[0])
    assert_raises(PySSL::VerificationError) { store.verify(leaf) }
    assert store.verify(leaf, chain: [middle[0]])
  end

  def test_signatures
    [PySSL::PKey.ec, PySSL::PKey.rsa(2048)].each do |key|
      signature = key.sign("text")
      assert key.verify(signature, "text")
      refute key.verify(signature, "other")
    end
    assert_equal [PySSL::PYSSL_KEY_ED25519, 256], [PySSL::PKey.ed25519.type, PySSL::PKey.rsa(2048).bits / 8]
    key = PySSL::PKey.ed25519
    assert key.verify(key.sign("text", digest: nil), "text", digest: nil)
    assert_raises(PySSL::InvalidArgument) { PySSL::PKey.ec.sign("text", digest: "md0") }
  end

  def test_errors_carry_the_queue_and_the_file
    error = assert_raises(PySSL::Error) { PySSL::X509.load("garbage") }
    assert_equal ["PEM routines", "no start line"], [error.queue[0].library, error.queue[0].reason]
    error = assert_raises(PySSL::Error) { PySSL::Context.new.trust(file: "/no/such/file") }
    assert_equal ["/no/such/file", Errno::ENOENT::Errno], [error.path, error.errno]
    assert_raises(ArgumentError) { PySSL::Context.new.trust(file: "nul\0inside") }
  end
end
