# frozen_string_literal: true

require "fiddle"
require "fiddle/import"

module PySSL
  # What pyssl.h declares, read from it when the program starts, so that nothing is typed twice: the functions as
  # methods, the structs as classes, callbacks by the name of their type.
  #
  #     out = ABI.room
  #     ABI.pyssl_x509_new(out)    # the status
  #
  # An Integer, a Fiddle::Pointer, a String (its bytes) or nil (NULL) goes where C has a pointer.
  module ABI
    extend Fiddle::CParser

    # Where the application says (by the environment, which it may set before it requires this file), else where the
    # system's linker finds it. Nothing is looked for beside this file: whoever can write there would be loaded.
    LIBRARY_PATH = ENV.fetch("PYSSL_LIBRARY", "libpyssl.so.0")
    HEADER_PATH = ENV["PYSSL_HEADER"] || %w[/usr/local/include/pyssl.h /usr/include/pyssl.h].find { |path| File.exist?(path) } ||
                  raise(LoadError, "pyssl.h is not installed: PYSSL_HEADER names it")

    # The header without comments, and without what only the preprocessor reads.
    HEADER = File.read(HEADER_PATH).gsub(%r{/\*.*?\*/}m, "").gsub(/^#ifdef __cplusplus.*?#endif/m, "")
    TEXT = HEADER.gsub(/^#.*/, "").gsub(/\s+/, " ")

    MACROS = HEADER.scan(/^#define (PYSSL_\w+) (-?\w+)\s*$/).to_h { |name, value| [name, Integer(value)] }.freeze
    HANDLES = TEXT.scan(/typedef struct (pyssl_\w+) \1;/).flatten.freeze
    CALLBACKS = TEXT.scan(/typedef ([^;{}()]*)\(\*(pyssl_\w+)\)(\([^;]*?\));/)
                    .to_h { |result, name, parameters| [name, "#{result}#{name}#{parameters}"] }.freeze
    STRUCTS = TEXT.scan(/typedef struct pyssl_\w+ \{(.*?)\} (pyssl_\w+);/)
                  .to_h { |members, name| [name, members.split(";").map(&:strip).reject(&:empty?)] }.freeze
    TYPES = TEXT.scan(/typedef (\w+) (pyssl_\w+);/).to_h { |type, name| [name, type] }
                .merge(CALLBACKS.transform_values { "void *" }).freeze
    # Name => [result, parameters], as C has them.
    FUNCTIONS = TEXT.gsub(/typedef [^;{]*(\{.*?\})?[^;]*;/, "").scan(/((?:const )?\w+ \**)(pyssl_\w+)\(([^;]*?)\);/)
                    .to_h { |result, name, parameters| [name, [result.strip, parameters == "void" ? [] : parameters.split(/, ?/)]] }.freeze

    @library = Fiddle.dlopen(LIBRARY_PATH)

    # A C function with the parameters that C has. It lets other Ruby threads run meanwhile.
    def self.function(name)
      result, parameters = FUNCTIONS.fetch(name)
      _, type, types = parse_signature("#{result} #{name}(#{parameters.join(', ')})", TYPES)
      Fiddle::Function.new(@library[name], types, type, name: name)
    end

    # A C function pointer of the type of that name, which runs the block. It must live as long as C may call it.
    def self.callback(type, signature = CALLBACKS.fetch(type), &block)
      _, result, types = parse_signature(signature, TYPES)
      Fiddle::Closure::BlockCaller.new(result, types, &block)
    end

    # A class for a struct: `ABI.struct("pyssl_error").malloc(Fiddle::RUBY_FREE)`.
    def self.struct(name)
      members = STRUCTS.fetch(name).map { |text| text.sub(/\Aconst /, "") }
      Fiddle::CStructBuilder.create(Fiddle::CStruct, *parse_struct_signature(members, TYPES))
    end

    # Room for an out parameter of any kind (or for so many bytes), filled with zeros.
    def self.room(size = 8)
      pointer = Fiddle::Pointer.malloc([size, 1].max, Fiddle::RUBY_FREE)
      pointer[0, size] = "\0" * size
      pointer
    end

    # The C text of a String: UTF-8 and NUL-terminated. A NUL inside would cut it short, unseen.
    def self.text(string)
      return nil if string.nil?

      string = string.to_s.encode(Encoding::UTF_8)
      raise ArgumentError, "string contains null byte" if string.include?("\0")

      string
    end

    FUNCTIONS.each_key do |name|
      callable = function(name)
      define_singleton_method(name) { |*arguments| callable.call(*arguments) }
    end

    Error = struct("pyssl_error")
    ErrorEntry = struct("pyssl_error_entry")
    Transport = struct("pyssl_transport")
  end

  ABI::MACROS.each { |name, value| const_set(name, value) }

  # A constant by its name, with the value of the OpenSSL that is linked (SSL_OP_*, X509_V_*, ...). As
  # PySSL::X509_V_FLAG_CRL_CHECK too.
  def self.constant(name)
    out = ABI.room
    raise NameError, "no constant #{name}" unless ABI.pyssl_constant(ABI.text(name), out).zero?

    out[0, 8].unpack1("q")
  end

  def self.const_missing(name)
    name.match?(/\A[A-Z0-9]+_[A-Z0-9_a-z]+\z/) ? const_set(name, constant(name)) : super
  end

  # How many objects of the library are alive in this process.
  def self.handle_count
    ABI.pyssl_handle_count
  end

  def self.version
    ABI.pyssl_version.to_s
  end

  def self.openssl_version
    ABI.pyssl_openssl_version(PYSSL_OPENSSL_VERSION).to_s
  end
end
