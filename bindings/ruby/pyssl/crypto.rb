# frozen_string_literal: true

module PySSL
  # A key: empty, public only, or private.
  class PKey < Handle
    frees :pyssl_pkey_free

    def initialize
      super()
      adopt(Out.value(:pyssl_pkey_new, "J"))
    end

    def self.rsa(bits = 2048)
      new.tap { |key| key.send(:call, :pyssl_pkey_generate_rsa, bits) }
    end

    def self.ec(curve = "prime256v1")
      new.tap { |key| key.send(:call, :pyssl_pkey_generate_ec, ABI.text(curve)) }
    end

    def self.ed25519
      new.tap { |key| key.send(:call, :pyssl_pkey_generate_ed25519) }
    end

    # A private key; for an encrypted one the passphrase, or a block that gives it when it is needed.
    def self.load(data, passphrase = nil, filetype: PYSSL_FILETYPE_PEM, &block)
      userdata = block && Callbacks.keep(block)
      Callbacks.around do
        adopt(Out.value(:pyssl_pkey_load_private, "J", filetype, data, data.bytesize, passphrase,
                        passphrase.to_s.bytesize, block && Callbacks::PASSPHRASE, userdata))
      end
    ensure
      Callbacks.forget(userdata) if userdata # this callback has no destructor: it is used within the call only
    end

    def self.load_public(data, filetype: PYSSL_FILETYPE_PEM)
      adopt(Out.value(:pyssl_pkey_load_public, "J", filetype, data, data.bytesize))
    end

    def to_pem(cipher: nil, passphrase: nil)
      get_bytes(:pyssl_pkey_dump_private, PYSSL_FILETYPE_PEM, ABI.text(cipher), passphrase, passphrase.to_s.bytesize)
    end

    def public_to_pem
      get_bytes(:pyssl_pkey_dump_public, PYSSL_FILETYPE_PEM)
    end

    def bits
      get(:pyssl_pkey_bits, "i")
    end

    def type
      get(:pyssl_pkey_type, "i")
    end

    def sign(data, digest: "sha256")
      get_bytes(:pyssl_pkey_sign, ABI.text(digest), data, data.bytesize)
    end

    def verify(signature, data, digest: "sha256")
      call(:pyssl_pkey_verify, ABI.text(digest), signature, signature.bytesize, data, data.bytesize)
      true
    rescue InvalidArgument, HandleError
      raise
    rescue Error
      false
    end
  end

  # A distinguished name; that of a certificate is a live view, which keeps the certificate alive.
  class Name < Handle
    include Enumerable
    frees :pyssl_name_free

    def initialize
      super()
      adopt(Out.value(:pyssl_name_new, "J"))
    end

    # The first value of that type ("CN"), or nil.
    def [](attribute)
      get_text(:pyssl_name_get, ABI.text(attribute))
    rescue Absent
      nil
    end

    def []=(attribute, value)
      value = value.encode(Encoding::UTF_8)
      call(:pyssl_name_set, ABI.text(attribute), value, value.bytesize)
    end

    def each
      return enum_for unless block_given?

      get(:pyssl_name_entry_count, "J").times do |index|
        yield get_text(:pyssl_name_entry_type, index), get_bytes(:pyssl_name_entry_value, index)
      end
    end

    def to_s
      get_text(:pyssl_name_oneline)
    end
  end

  # An extension; it never changes.
  class Extension < Handle
    frees :pyssl_ext_free

    # `value` in the syntax of OpenSSL's configuration files: ("basicConstraints", "CA:TRUE", critical: true).
    def initialize(name, value, critical: false, subject: nil, issuer: nil)
      super()
      adopt(Out.value(:pyssl_ext_new, "J", ABI.text(name), critical ? 1 : 0, ABI.text(value), subject, issuer))
    end

    def name
      get_text(:pyssl_ext_short_name)
    end

    def critical?
      get(:pyssl_ext_critical, "i") == 1
    end

    def to_s
      get_text(:pyssl_ext_text)
    end
  end

  # A certificate.
  class X509 < Handle
    frees :pyssl_x509_free

    def initialize
      super()
      adopt(Out.value(:pyssl_x509_new, "J"))
    end

    def self.load(data, filetype: PYSSL_FILETYPE_PEM)
      adopt(Out.value(:pyssl_x509_load, "J", filetype, data, data.bytesize))
    end

    def to_pem
      get_bytes(:pyssl_x509_dump, PYSSL_FILETYPE_PEM)
    end

    def to_der
      get_bytes(:pyssl_x509_dump, PYSSL_FILETYPE_ASN1)
    end

    def subject
      get_object(Name, :pyssl_x509_subject)
    end

    def issuer
      get_object(Name, :pyssl_x509_issuer)
    end

    def subject=(name)
      call(:pyssl_x509_set_subject, name)
    end

    def issuer=(name)
      call(:pyssl_x509_set_issuer, name)
    end

    # Counted from 0: 2 means v3.
    def version=(version)
      call(:pyssl_x509_set_version, version)
    end

    def version
      get(:pyssl_x509_version, "q")
    end

    def serial
      bytes = get_bytes(:pyssl_x509_serial)
      value = bytes.unpack1("H*").hex
      bytes.getbyte(0) < 0x80 ? value : value - (1 << (8 * bytes.bytesize))
    end

    def serial=(number)
      size = number.bit_length / 8 + 1
      bytes = [(number % (1 << (8 * size))).to_s(16).rjust(2 * size, "0")].pack("H*")
      call(:pyssl_x509_set_serial, bytes, bytes.bytesize)
    end

    def not_before
      time(:pyssl_x509_not_before)
    end

    def not_after
      time(:pyssl_x509_not_after)
    end

    def not_before=(time)
      call(:pyssl_x509_set_not_before, time.getutc.strftime("%Y%m%d%H%M%SZ"))
    end

    def not_after=(time)
      call(:pyssl_x509_set_not_after, time.getutc.strftime("%Y%m%d%H%M%SZ"))
    end

    def public_key
      get_object(PKey, :pyssl_x509_pubkey)
    end

    def public_key=(key)
      call(:pyssl_x509_set_pubkey, key)
    end

    def add_extension(*extensions)
      call(:pyssl_x509_add_extensions, extensions.map(&:to_i).pack("J*"), extensions.size)
    end

    def extensions
      Array.new(get(:pyssl_x509_extension_count, "J")) { |index| get_object(Extension, :pyssl_x509_extension, index) }
    end

    # `digest` is nil for keys that bring their own (Ed25519).
    def sign(key, digest: "sha256")
      call(:pyssl_x509_sign, key, ABI.text(digest))
    end

    def fingerprint(digest = "sha256")
      get_bytes(:pyssl_x509_digest, ABI.text(digest))
    end

    private

    def time(function)
      year, *rest = get_bytes(function).unpack("a4a2a2a2a2a2").map(&:to_i)
      Time.utc(year, *rest)
    rescue Absent
      nil
    end
  end

  # Trusted certificates.
  class Store < Handle
    frees :pyssl_store_free

    def initialize(*certificates)
      super()
      adopt(Out.value(:pyssl_store_new, "J"))
      certificates.each { |certificate| add(certificate) }
    end

    def add(certificate)
      call(:pyssl_store_add_cert, certificate)
    end

    # Raises VerificationError for a certificate that this store does not lead to, perhaps by way of `chain`.
    def verify(certificate, chain: [])
      Verification.new(self, certificate, chain).verify
    end
  end

  # A certificate to be verified.
  class Verification < Handle
    frees :pyssl_store_ctx_free

    def initialize(store, certificate, chain)
      super()
      handles = chain.map(&:to_i).pack("J*")
      adopt(Out.value(:pyssl_store_ctx_new, "J", store, certificate, handles, chain.size))
    end

    def verify
      call(:pyssl_store_ctx_verify, nil)
      true
    end
  end
end
