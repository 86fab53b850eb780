# frozen_string_literal: true

require_relative "helper"

# What only mistakes lead to, for every function of the header: error codes, never a crash.
class TestMisuse < BindingTest
  GARBAGE = [1, 0x7fff_ffff, 0xdead_beef, 1 << 56, 2 << 56 | 5, (1 << 64) - 1, 1 << 63, 0x0100_0000_0000_0001].freeze
  OF_HANDLES = PySSL::ABI::FUNCTIONS.select { |_, (_, parameters)| parameters[0]&.match?(/\Apyssl_\w+ \*\w+\z/) }
                                    .reject { |_, (_, parameters)| parameters[0].match?(/pyssl_error/) }.freeze

  # Some look at the other arguments first.
  REFUSED = [PySSL::PYSSL_ERR_HANDLE, PySSL::PYSSL_ERR_ARGUMENT].freeze

  def test_null_everywhere
    PySSL::ABI::FUNCTIONS.each do |name, (_, parameters)|
      status = PySSL::ABI.public_send(name, *parameters.map { |one| one.include?("double") ? 0.0 : 0 })
      next unless OF_HANDLES.key?(name)

      assert_includes name.end_with?("_free") ? [PySSL::PYSSL_OK] : REFUSED, status, name
    end
  end

  def test_integers_for_handles
    GARBAGE.product(OF_HANDLES.to_a).each do |garbage, (name, (_, parameters))|
      status = PySSL::ABI.public_send(name, garbage, *parameters.drop(1).map { 0 })
      assert_includes REFUSED, status, name
    end
  end

  def test_handles_of_another_kind
    live = [PySSL::X509.new, PySSL::Name.new, PySSL::PKey.new, PySSL::Context.new, PySSL::Store.new]
    live << PySSL::Connection.new(live[3])
    live.product(OF_HANDLES.to_a).each do |object, (name, (_, parameters))|
      next if parameters[0].start_with?(object.class.instance_variable_get(:@free).to_s.delete_suffix("_free") + " ")

      status = PySSL::ABI.public_send(name, object, *parameters.drop(1).map { 0 })
      assert_includes REFUSED, status, name
    end
    assert_equal 6, PySSL.handle_count
  end

  def test_null_beside_a_live_handle
    live = { "pyssl_x509" => PySSL::X509.new, "pyssl_name" => PySSL::Name.new, "pyssl_pkey" => PySSL::PKey.new,
             "pyssl_ctx" => PySSL::Context.new, "pyssl_store" => PySSL::Store.new }
    live["pyssl_conn"] = PySSL::Connection.new(live["pyssl_ctx"])
    OF_HANDLES.each do |name, (_, parameters)|
      object = live[parameters[0][/\w+/]]
      next if object.nil? || name.end_with?("_free")

      PySSL::ABI.public_send(name, object, *parameters.drop(1).map { 0 })
    end
    assert_equal 6, PySSL.handle_count
    live.each_value(&:free)
  end

  def test_use_after_free
    client, = pump(*pair(client_context, server_context))
    context = PySSL::Context.new
    cert = client.peer_certificate
    [client, cert, context].each(&:free)
    assert_raises(PySSL::HandleError) { client.read }
    assert_raises(PySSL::HandleError) { client.write("x") }
    assert_raises(PySSL::HandleError) { cert.to_pem }
    assert_raises(PySSL::HandleError) { PySSL::Connection.new(context) }
    assert_raises(PySSL::HandleError) { PySSL::Store.new(cert) }
    assert_match(/NULL/, assert_raises(PySSL::HandleError) { context.identity(cert, nil) }.message)
  end

  # These take their time, or ask for more than numbers from a hat.
  TOO_SLOW = %w[pyssl_pkey_generate_rsa pyssl_pkey_generate_dsa pyssl_rand_cleanup].freeze
  TEXTS = ["", "x", "CN", "sha256", "aes-256-cbc", "20300101000000Z", "prime256v1", "CA:TRUE", "basicConstraints"].freeze

  def test_ten_thousand_random_calls
    seed = Random.new_seed
    @random = Random.new(seed)
    @handles = [0, *GARBAGE]
    names = PySSL::ABI::FUNCTIONS.keys - TOO_SLOW
    statuses = Hash.new(0)
    Dir.mktmpdir do |folder|
      Dir.chdir(folder) { 10_000.times { statuses[random_call(names.sample(random: @random))] += 1 } }
    end
    OF_HANDLES.keys.grep(/_free\z/).product(@handles).each { |free, handle| PySSL::ABI.public_send(free, handle) }
    assert_equal 0, PySSL.handle_count, "seed #{seed}"
    assert_equal 0, statuses[PySSL::PYSSL_ERR_PANIC], "seed #{seed}"
    assert_operator statuses[PySSL::PYSSL_OK], :>, 100 # some of it is real
  end

  private

  # Sane pointers, for C takes those on trust; everything else is random. New handles join the hat.
  def random_call(name)
    result, parameters = PySSL::ABI::FUNCTIONS[name]
    given = []
    arguments = parameters.map { |parameter| random_argument(parameter).tap { |value| given << [parameter, value] } }
    status = PySSL::ABI.public_send(name, *arguments)
    given.each do |parameter, room|
      next unless parameter.match?(/\Apyssl_\w+ \*\*\w+\z/) && room.is_a?(Fiddle::Pointer)

      @handles.concat(room[0, room.size].unpack("J*").reject(&:zero?))
    end
    result == "pyssl_status" || result == "ptrdiff_t" ? status : nil
  end

  def random_argument(parameter)
    case parameter
    when /double/ then @random.rand
    when /\bpyssl_transport\b|\A(#{PySSL::ABI::CALLBACKS.keys.join('|')})\b/ then nil
    when /\Apyssl_error(_entry)? \*/ then PySSL::ABI.room(1024)
    when /\Apyssl_\w+ \*\w+\z/ then @handles.sample(random: @random)
    when /\bfd\b/ then -1
    when /const char \*/ then [nil, *TEXTS].sample(random: @random)
    when /void \*/ then nil
    when /\*/ then @random.rand(8).zero? ? nil : PySSL::ABI.room(1024)
    when /size_t|len\b/ then @random.rand(65)
    else [-1, 0, 1, 2, 5, 7, 1 << 20].sample(random: @random)
    end
  end
end
