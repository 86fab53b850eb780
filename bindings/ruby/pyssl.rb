# frozen_string_literal: true

# libpyssl for Ruby, with nothing but Ruby's own Fiddle. Lift out this file and the folder beside it; docs/bindings.md
# tells what stands behind each choice.
#
#     context = PySSL::Context.client # or Context.client(file: "ca.pem"), in place of the system's trust
#     TCPSocket.open("example.org", 443) do |socket|
#       tls = PySSL::Connection.connect(context, socket, host: "example.org") # raises unless it is example.org
#       tls.write("hello")
#       puts tls.read
#       tls.shutdown
#     end
#
# The library is the system's libpyssl.so.0, and pyssl.h that of /usr/local/include or /usr/include. PYSSL_LIBRARY and
# PYSSL_HEADER in the environment name others.
module PySSL
end

require_relative "pyssl/abi"
require_relative "pyssl/error"
require_relative "pyssl/callbacks"
require_relative "pyssl/handle"
require_relative "pyssl/crypto"
require_relative "pyssl/tls"
