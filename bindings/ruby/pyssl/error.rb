# frozen_string_literal: true

module PySSL
  # A call of the library that failed, with all that the library knows of it.
  class Error < StandardError
    # One entry of OpenSSL's error queue.
    Entry = Struct.new(:code, :library, :function, :reason, :data)

    # The PYSSL_ERR_* value, the system's errno or 0, and the file that could not be used or nil.
    attr_reader :status, :errno, :path
    # Of a certificate that was refused: X509_V_ERR_* (else 0), OpenSSL's words, its depth in the chain and its subject.
    attr_reader :verify_code, :verify_message, :verify_depth, :verify_subject
    # OpenSSL's queue, the cause first.
    attr_reader :queue

    # An answer (WantRead and its kin) leaves the library's last failure as it was, so it has words of its own.
    def initialize(status = PYSSL_ERROR, words = ANSWERS[status])
      @status = status
      words ? answer(words) : describe
      super(words || @message)
    end

    # What the library knows of the calling thread's last failure.
    def describe
      last = ABI::Error.malloc(Fiddle::RUBY_FREE)
      ABI.pyssl_error_last(last)
      @errno = last.sys_errno
      @path = Error.string(last.path)
      @verify_code = last.verify_code
      @verify_message = Error.string(last.verify_message)
      @verify_depth = last.verify_depth
      @verify_subject = Error.string(last.verify_subject)
      @message = Error.string(last.message)
      @queue = Array.new(last.entry_count) { |index| Error.entry(index) }.freeze
    end
    private :describe

    def answer(words)
      @message = words
      @errno = @verify_code = 0
      @verify_depth = -1
      @queue = [].freeze
    end
    private :answer

    def self.entry(index)
      entry = ABI::ErrorEntry.malloc(Fiddle::RUBY_FREE)
      ABI.pyssl_error_entry_at(index, entry)
      Entry.new(entry.code, *[entry.library, entry.function, entry.reason, entry.data].map { |text| string(text) })
    end

    def self.string(pointer)
      pointer.null? ? nil : pointer.to_s.force_encoding(Encoding::UTF_8)
    end

    # The exception for a failed call: of the class that its status, or the refused certificate, asks for.
    def self.of(status)
      error = (CLASSES[status] || Error).new(status)
      error.verify_code.zero? || error.instance_of?(VerificationError) ? error : VerificationError.new(status)
    end
  end

  class WantRead < Error; end
  class WantWrite < Error; end
  # The peer closed the TLS session properly.
  class ZeroReturn < Error; end
  class SystemCallFailed < Error; end
  # The transport ended without close_notify: what came may have been cut short.
  class UnexpectedEOF < Error; end
  class Interrupted < Error; end
  class TimedOut < Error; end
  # A handle that was freed, or of another kind, or none at all.
  class HandleError < Error; end
  class InvalidArgument < Error; end
  # I/O on a connection from inside its own callback.
  class Busy < Error; end
  class CallbackFailed < Error; end
  class Closed < Error; end
  class Absent < Error; end
  class Unsupported < Error; end
  # The system has no memory left; a connection that needed it has ended.
  class NoMemory < Error; end
  # A certificate was refused.
  class VerificationError < Error; end

  class Error
    ANSWERS = {
      PYSSL_ERR_WANT_READ => "more bytes from the peer are needed first",
      PYSSL_ERR_WANT_WRITE => "the transport takes no more bytes now",
      PYSSL_ERR_WANT_X509_LOOKUP => "a certificate lookup is pending",
      PYSSL_ERR_ZERO_RETURN => "the peer closed the TLS session",
      PYSSL_ERR_INTERRUPTED => "a signal arrived"
    }.freeze

    CLASSES = {
      PYSSL_ERR_WANT_READ => WantRead, PYSSL_ERR_WANT_WRITE => WantWrite, PYSSL_ERR_ZERO_RETURN => ZeroReturn,
      PYSSL_ERR_SYSCALL => SystemCallFailed, PYSSL_ERR_EOF => UnexpectedEOF, PYSSL_ERR_INTERRUPTED => Interrupted,
      PYSSL_ERR_TIMEOUT => TimedOut, PYSSL_ERR_HANDLE => HandleError, PYSSL_ERR_ARGUMENT => InvalidArgument,
      PYSSL_ERR_BUSY => Busy, PYSSL_ERR_CALLBACK => CallbackFailed, PYSSL_ERR_CLOSED => Closed,
      PYSSL_ERR_ABSENT => Absent, PYSSL_ERR_UNSUPPORTED => Unsupported, PYSSL_ERR_MEMORY => NoMemory
    }.freeze
  end
end
