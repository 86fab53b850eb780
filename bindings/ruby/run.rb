# frozen_string_literal: true

# ruby -w bindings/ruby/run.rb [minitest's options]
Dir[File.join(__dir__, "test_*.rb")].sort.each { |file| require file }
