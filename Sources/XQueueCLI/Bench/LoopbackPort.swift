import NIOCore
import NIOPosix

/// Ports for the servers that a benchmark starts.
enum LoopbackPort {
    /// One that nobody listens on.
    static func free() async throws -> Int {
        let channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        let port = channel.localAddress?.port
        try await channel.close()
        guard let port else { throw BenchFailure(description: "no port is free") }
        return port
    }

    /// Waits until somebody listens.
    static func waitUntilOpen(_ port: Int, _ program: String) async throws {
        for _ in 0..<200 {
            let client = ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            if let channel = try? await client.connect(host: "127.0.0.1", port: port).get() {
                return try await channel.close()
            }
            try await Task.sleep(for: .milliseconds(50))
        }
        throw BenchFailure(description: "\(program) does not answer on port \(port) after 10 s")
    }
}
