# frozen_string_literal: true

require "json"
require_relative "lib/clock"

=begin
Keeps the readings of a weather station.
=end
module Weather
  LIMITS = { low: -40, high: 60.5, unit: :celsius }.freeze
  NAMES = %w[north south].freeze

  # One station.
  class Station < Base
    include Comparable
    attr_reader :name, :readings
    attr_accessor :ratio

    def initialize(name, *rest, ratio: 1r, **options, &block)
      super(name)
      @name = name
      @readings = []
      @ratio ||= ratio
      block&.call(self) if block_given?
      rest.each { |item| push(item) }
    end

    def self.load(path) = new(path)

    def push(value)
      raise ArgumentError, "bad #{value.inspect}" unless value.is_a?(Numeric)
      return if value.nil? || value < LIMITS[:low]

      if value > LIMITS[:high]
        :hot
      elsif value > 20 and value <= 30
        :mild
      else
        :cold
      end
    end

    def grade(value)
      case value
      when 0..9 then "low"
      when 10, 11
        "middle"
      else
        "high"
      end
    end

    def shape(data)
      case data
      in { kind: :point, at: [x, y] } if x == y then [x, y]
      in [first, *] unless first.zero?
        first
      in _
        nil
      end
    end

    def each_warm(limit = 25, (low, high))
      index = 0
      while index < readings.size
        index += 1
        next if readings[index] <= limit
        break unless index != high
        yield readings[index]
      end
      until index.zero? do index -= 1 end
      for name in NAMES do puts name end
      index += 1 while index < 3
      loop do
        break
      end
      low ? index : -index
    end

    def fetch(url)
      attempts = 0
      body = begin
        open(url) { |io| io.read }
      rescue IOError, Timeout::Error => error
        attempts += 1
        retry if attempts < 3
        raise
      else
        true
      ensure
        close
      end
      text = JSON.parse(body) rescue nil
      text =~ /warm\s+(?<x>\d+)/i ? $~[:x] : not(text)
    end

    private

    def report
      square = lambda do |x|
        x**2
      end
      cube = ->(x) { x * square.(x) }
      readings.map(&:to_s).select do |text|
        text.start_with?('4') || text.eql?("it's")
      end
      title = <<~TEXT
        Readings of #{name}: #{cube[3]}
      TEXT
      print title, `uname`, ?c, 0xff, 1e3, false, self
    end

    class << self
      def <=>(other)
        name <=> other&.name
      end
    end
  end
end

class Log
  @@count = 0i

  def count=(value)
    @@count = value
  end

  def forward(...) = store(...)

  def levels
    unless @@count.positive?
      @@count += 1
    end
    @@count -= 1 until @@count == 0
    each { redo if _1 === :"level #{_1}" }
    send(:count=, %i[low high])
  end
  alias level levels
  undef forward
end

BEGIN { srand }
END { p !true }
alias_method :old, :new unless defined?(OLD)
__END__
not code
