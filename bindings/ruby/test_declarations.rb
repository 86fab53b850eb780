# frozen_string_literal: true

require_relative "helper"

class TestDeclarations < BindingTest
  SYMBOLS = File.readlines(File.join(__dir__, "../../tests/data/symbols.txt"), chomp: true)

  def test_every_function_of_the_header_can_be_called
    assert_equal SYMBOLS, PySSL::ABI::FUNCTIONS.keys.sort
    assert_equal [], SYMBOLS.reject { |name| PySSL::ABI.respond_to?(name) }
  end

  def test_structs_are_laid_out_as_in_c
    source = <<~C
      #include <pyssl.h>
      #include <stdio.h>
      int main(void) {
          printf("%zu %zu %zu", sizeof(pyssl_error), sizeof(pyssl_error_entry), sizeof(pyssl_transport));
          return 0;
      }
    C
    Dir.mktmpdir do |folder|
      File.write("#{folder}/sizes.c", source)
      assert system("gcc", "-I", File.dirname(PySSL::ABI::HEADER_PATH), "-o", "#{folder}/sizes", "#{folder}/sizes.c")
      sizes = `#{folder}/sizes`.split.map(&:to_i)
      assert_equal sizes, [PySSL::ABI::Error, PySSL::ABI::ErrorEntry, PySSL::ABI::Transport].map(&:size)
    end
  end

  def test_constants_of_openssl_have_names
    assert_equal 1, PySSL::SSL_VERIFY_PEER
    assert_equal PySSL::PYSSL_VERIFY_PEER, PySSL.constant("SSL_VERIFY_PEER")
    assert_equal PySSL::PYSSL_ERR_EOF, PySSL.constant("PYSSL_ERR_EOF")
    assert_raises(NameError) { PySSL::SSL_OP_THAT_NOBODY_HAS }
  end

  def test_versions
    assert_match(/\A\d+\.\d+\.\d+\z/, PySSL.version)
    assert_match(/\AOpenSSL \d/, PySSL.openssl_version)
  end
end
