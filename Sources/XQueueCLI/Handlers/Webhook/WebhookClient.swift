import AsyncHTTPClient
import NIOCore
import Synchronization

/// The one HTTP client of all webhooks, made when the first task needs it.
final class WebhookClient: Sendable {
    private static let connectTimeout = TimeAmount.seconds(10)
    private let client = Mutex<HTTPClient?>(nil)
    /// The most connections to one host.
    private let maxConnections: Int

    /// - Parameter maxConnections: As many as tasks may run at once, or they would wait for each other.
    init(maxConnections: Int) {
        self.maxConnections = maxConnections
    }

    func http() -> HTTPClient {
        client.withLock { client in
            if let client { return client }
            var configuration = HTTPClient.Configuration(
                redirectConfiguration: .disallow,
                timeout: .init(connect: Self.connectTimeout),
                decompression: .disabled)
            configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = maxConnections
            configuration.httpVersion = .http1Only
            let made = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
            client = made
            return made
        }
    }

    /// Closes its connections. To be called when no task runs any more.
    func shutDown() async {
        let client = client.withLock { client in
            defer { client = nil }
            return client
        }
        // What it could say is that requests were still under way, and they are over then.
        try? await client?.shutdown()
    }
}
