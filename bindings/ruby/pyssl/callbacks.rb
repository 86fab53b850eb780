# frozen_string_literal: true

module PySSL
  # Ruby code that C calls. One C function for each kind of callback, made once and kept for good; which Ruby code is
  # meant, the userdata tells: a number, under which it is kept until the library calls the destructor. So no closure can
  # be collected too early: at worst its number is unknown, which fails the call.
  #
  # An exception must not pass through C's frames. It is kept, C is told of the failure, and the call that led here raises
  # the very object.
  module Callbacks
    @kept = {} # no lock: one hash operation is atomic, and a destructor may run in a finaliser in the middle of anything
    Kept = Struct.new(:code)

    # The userdata for a piece of Ruby code.
    def self.keep(code)
      kept = Kept.new(code) # an object of its own, for the same code may be kept twice
      @kept[kept.object_id] = kept
      kept.object_id
    end

    def self.[](userdata)
      @kept.fetch(userdata.to_i).code
    end

    def self.forget(userdata)
      @kept.delete(userdata.to_i)
    end

    def self.count
      @kept.size
    end

    # Runs a callback's body. Whatever leaves it, be it an exception or a throw, C gets a value.
    def self.guard(failure)
      value = failure
      begin
        value = yield
      rescue Exception => e # rubocop:disable Lint/RescueException -- Interrupt and SystemExit must arrive as well
        Thread.current[:pyssl_raised] = e
      end
    ensure
      return value # rubocop:disable Lint/EnsureReturn -- stops a throw
    end

    # Runs a call that may call back. Exceptions of other threads (kill, Timeout) wait until it is over.
    def self.around(&call)
      Thread.current[:pyssl_raised] = nil
      Thread.handle_interrupt(Object => :never, &call)
    end

    # The exception that a callback of the last call raised, once.
    def self.raised
      Thread.current[:pyssl_raised].tap { Thread.current[:pyssl_raised] = nil }
    end

    DESTROY = ABI.callback("pyssl_destructor") { |userdata| forget(userdata) }

    VERIFY = ABI.callback("pyssl_verify_callback") do |userdata, conn, cert, error, depth, ok|
      guard(-1) do
        certificate = cert.null? ? nil : X509.adopt(cert.to_i)
        self[userdata].call(Connection.lent(conn.to_i), certificate, error, depth, ok == 1) ? 1 : 0
      end
    end

    PASSPHRASE = ABI.callback("pyssl_passphrase_fn") do |userdata, writing, room, size|
      guard(-1) do
        passphrase = self[userdata].call(writing != 0).to_s.b
        raise ArgumentError, "passphrase longer than #{size} bytes" if passphrase.bytesize > size

        room[0, passphrase.bytesize] = passphrase
        passphrase.bytesize
      end
    end

    # A transport's functions: nil is the end of the stream, :later says that nothing can be moved now.
    READ = ABI.callback("pyssl_transport_read_fn") do |userdata, room, size|
      guard(PYSSL_TRANSPORT_FAILED) do
        case bytes = self[userdata].read(size)
        when nil then 0
        when :later then PYSSL_TRANSPORT_LATER
        else
          raise ArgumentError, "more bytes than asked for" if bytes.bytesize > size

          room[0, bytes.bytesize] = bytes
          bytes.bytesize
        end
      end
    end

    WRITE = ABI.callback("pyssl_transport_write_fn") do |userdata, bytes, size|
      guard(PYSSL_TRANSPORT_FAILED) do
        taken = self[userdata].write(bytes[0, size])
        taken == :later ? PYSSL_TRANSPORT_LATER : taken
      end
    end
  end
end
