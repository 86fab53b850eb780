# frozen_string_literal: true

module PySSL
  # Raises for a status below 0, else returns it (a count, or PYSSL_OK).
  def self.check(status)
    return status if status >= 0

    failure = Error.of(status)
    raise (status == PYSSL_ERR_CALLBACK && Callbacks.raised) || failure
  end

  # An object of the library. Its handle is a number that is never used twice, so freeing it in any order, twice or too
  # early harms nobody: the next call with it raises HandleError.
  class Handle
    # The function that frees this kind: `frees :pyssl_x509_free`.
    def self.frees(function)
      @free = function
    end

    # A finaliser must not know its object, for else that would never die.
    def self.finaliser(handle)
      free = @free
      proc { ABI.public_send(free, handle) }
    end

    # Takes over a handle that the library gave out.
    def self.adopt(handle)
      allocate.tap { |object| object.send(:adopt, handle) }
    end

    # The number itself, for calls of ABI; 0 once freed.
    def to_i
      @handle || 0 # nil where making it failed
    end

    # Frees the object now. Once is enough, twice is fine.
    def free
      return if freed?

      ObjectSpace.undefine_finalizer(self)
      handle, @handle = @handle, 0
      PySSL.check(self.class.finaliser(handle).call)
      nil
    end

    def freed?
      to_i.zero?
    end

    def inspect
      format("#<%<class>s %<handle>#x>", class: self.class, handle: to_i)
    end

    # A copy would share the handle, and has the finaliser already: its end would be the end of both.
    def initialize_copy(_)
      ObjectSpace.undefine_finalizer(self)
      @handle = 0
      raise TypeError, "can't copy #{self.class}"
    end

    private

    def adopt(handle)
      @handle = handle
      ObjectSpace.define_finalizer(self, self.class.finaliser(handle))
    end

    # Shapes of a call. The out parameters come last, as everywhere in the header.

    def call(function, *arguments)
      PySSL.check(ABI.public_send(function, @handle, *arguments))
      self
    end

    def get(function, format, *arguments)
      Out.value(function, format, @handle, *arguments)
    end

    def get_bytes(function, *arguments)
      Out.bytes(function, @handle, *arguments)
    end

    def get_text(function, *arguments)
      Out.bytes(function, @handle, *arguments).force_encoding(Encoding::UTF_8)
    end

    # An object, or nil where the library gives NULL.
    def get_object(type, function, *arguments)
      handle = get(function, "J", *arguments)
      handle.zero? ? nil : type.adopt(handle)
    end
  end

  # Results through out parameters.
  module Out
    # A number or handle; `format` as for String#unpack1: "i" int, "J" size_t or handle, "q" int64_t.
    def self.value(function, format, *arguments)
      out = ABI.room
      PySSL.check(ABI.public_send(function, *arguments, out))
      out[0, 8].unpack1(format)
    end

    # Bytes of a length that only the library knows: most fit at once, else it says how much room they need.
    def self.bytes(function, *arguments, size: 512)
      len = ABI.room
      loop do
        room = ABI.room(size)
        status = ABI.public_send(function, *arguments, room, size, len)
        needed = len[0, 8].unpack1("J")
        if status == PYSSL_ERR_BUFFER && needed >= size
          size = needed + 1 # one for the NUL after text
          next
        end
        PySSL.check(status)
        return room[0, needed]
      end
    end
  end
end
