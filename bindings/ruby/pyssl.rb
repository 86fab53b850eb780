# frozen_string_literal: true

# libpyssl for Ruby, with nothing but Ruby's own Fiddle. Lift out this file and the folder beside it; docs/bindings.md
# tells what stands behind each choice.
#
#     context = PySSL::Context.new(:client)
#     context.trust(file: "ca.pem").verify(PySSL::PYSSL_VERIFY_PEER)
#     TCPSocket.open("localhost", 4433) do |socket|
#       tls = PySSL::Connection.connect(context, socket, host: "localhost")
#       tls.write("hello")
#       puts tls.read
#       tls.shutdown
#     end
#
# PYSSL_LIBRARY and PYSSL_HEADER name the library and its header where they are in no usual place.
module PySSL
end

require_relative "pyssl/abi"
require_relative "pyssl/error"
require_relative "pyssl/callbacks"
require_relative "pyssl/handle"
require_relative "pyssl/crypto"
require_relative "pyssl/tls"
