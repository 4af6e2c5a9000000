# frozen_string_literal: true

# Sidekiq, with the free edition's fetch: BRPOP, without a copy of running jobs.

require "sidekiq"

# Counts the jobs run by this process in a file that the measuring program reads.
module Gauge
  STEP = 250
  TASKS = Integer(ENV.fetch("COMPARE_TASKS"))
  @mutex = Mutex.new
  @count = 0

  def self.now
    Process.clock_gettime(Process::CLOCK_MONOTONIC, :nanosecond)
  end

  def self.hit
    @mutex.synchronize do
      if @count.zero?
        @first = now
        @file = File.open(File.join(ENV.fetch("COMPARE_GAUGES"), Process.pid.to_s), "wb")
      end
      @count += 1
      @file.pwrite([@count, @first, now].pack("q3"), 0) if (@count % STEP).zero? || @count == TASKS
    end
  end
end

class Noop
  include Sidekiq::Worker

  def perform(_payload)
    Gauge.hit
  end
end

Redis.silence_deprecations = true
url = "redis://127.0.0.1:#{ENV.fetch("COMPARE_PORT")}/#{ENV.fetch("COMPARE_DATABASE", "0")}"
Sidekiq.configure_server do |config|
  config.redis = {url: url}
  config.logger.level = Logger::WARN
end
Sidekiq.configure_client { |config| config.redis = {url: url} }

if $PROGRAM_NAME == __FILE__
  Array.new(Gauge::TASKS) { ["x" * 100] }.each_slice(1000) do |slice|
    Sidekiq::Client.push_bulk("class" => Noop, "args" => slice)
  end
end
