#if Redis

import Foundation
import NIOPosix
import Subprocess
import XQueueRedis

/// A `redis-server` on a free port, which lives as long as it is needed.
enum OwnRedisServer {
    /// Runs `body` with the port of a new server, and stops the server.
    static func use(
        _ appendOnly: BenchOptions.AppendOnly?, in folder: String, _ body: (Int) async throws -> Void
    ) async throws {
        let port = try await LoopbackPort.free()
        var arguments = [
            "--port", "\(port)", "--bind", "127.0.0.1", "--dir", folder, "--save", "", "--loglevel",
            "warning",
            "--maxmemory-policy", "noeviction", "--appendonly", appendOnly == nil ? "no" : "yes",
        ]
        if let appendOnly { arguments += ["--appendfsync", appendOnly.rawValue] }
        try await OwnServer.use(
            .name("redis-server"), arguments, missing: .notInstalled("redis-server", package: "redis-server")
        ) {
            try await waitUntilReady(port)
        } _: { _ in
            try await body(port)
        }
    }

    private static func waitUntilReady(_ port: Int) async throws {
        let configuration = try RedisConfiguration(address: "127.0.0.1:\(port)")
        for _ in 0..<200 {
            let client = RedisClient(
                configuration: configuration, group: MultiThreadedEventLoopGroup.singleton, logger: .silent)
            let isReady = (try? await client.connect()) != nil
            await client.close()
            if isReady { return }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchFailure(description: "redis-server does not answer on port \(port) after 10 s")
    }
}

#endif
