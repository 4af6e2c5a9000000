import XQueue
import XQueueServer

#if Redis
import XQueueRedis
#endif

/// The command line: `--name value` pairs.
struct NodeOptions {
    /// What is wrong with the command line.
    struct Mistake: Error, CustomStringConvertible {
        let description: String
    }

    private let values: [String: String]

    init(_ words: [String]) throws {
        var values: [String: String] = [:]
        var rest = words[...]
        while let name = rest.popFirst() {
            guard name.hasPrefix("--"), let value = rest.popFirst() else {
                throw Mistake(description: "\(name) is not the name of an option with a value")
            }
            values[String(name.dropFirst(2))] = value
        }
        self.values = values
    }

    func text(_ name: String) throws -> String {
        guard let value = values[name] else { throw Mistake(description: "--\(name) is missing") }
        return value
    }

    /// A duration such as `1.5s`; nil if the option is missing.
    private func duration(_ name: String) throws -> Duration? {
        guard let value = values[name] else { return nil }
        guard value.hasSuffix("s"), let seconds = Double(value.dropLast()) else {
            throw Mistake(description: "--\(name) must be seconds such as 1.5s")
        }
        return .seconds(seconds)
    }

    var queue: QueueConfiguration {
        get throws {
            var queue = QueueConfiguration()
            queue.servesAPI = true
            queue.maxConcurrency = values["queue-max-concurrency"].flatMap { Int($0) } ?? queue.maxConcurrency
            queue.heartbeatInterval = try duration("queue-heartbeat-interval") ?? queue.heartbeatInterval
            queue.gracePeriod = try duration("queue-grace-period") ?? queue.gracePeriod
            queue.stopPeriod = try duration("queue-stop-period") ?? queue.stopPeriod
            queue.pollInterval = try duration("queue-poll-interval") ?? queue.pollInterval
            return queue
        }
    }

    var server: ServerConfiguration {
        get throws {
            guard let port = Int(try text("server-port")) else {
                throw Mistake(description: "--server-port must be a number")
            }
            var server = ServerConfiguration(host: "127.0.0.1", port: port)
            server.streamHeartbeat = try duration("server-stream-heartbeat") ?? server.streamHeartbeat
            return server
        }
    }

    #if Redis
    /// The store's connection settings; nil for a file.
    func redis() throws -> RedisConfiguration? {
        let sentinels = values["redis-sentinel-addrs"]
        guard sentinels != nil || values["redis-addr"] != nil else { return nil }
        var redis = try RedisConfiguration(address: values["redis-addr"] ?? "localhost:6379")
        redis.connectTimeout = try duration("redis-connect-timeout") ?? redis.connectTimeout
        redis.commandTimeout = try duration("redis-command-timeout") ?? redis.commandTimeout
        if let sentinels {
            redis.sentinel = RedisConfiguration.Sentinel(
                addresses: try sentinels.split(separator: ",").map {
                    try RedisAddress(String($0), defaultPort: 26_379)
                },
                primaryName: try text("redis-sentinel-master"))
        }
        return redis
    }
    #endif
}
