import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XQueue
import XQueueCore

/// The HTTP client of webhooks, one per process.
///
/// Create it at startup: its event loops cannot be created once file descriptors run out.
public final class WebhookClient: Sendable {
    private static let connectTimeout = TimeAmount.seconds(10)
    /// With fewer free descriptors than this, idle connections are closed sooner.
    private static let manyDescriptors = 1024
    private static let shortIdleTimeout = TimeAmount.seconds(2)
    let http: HTTPClient
    let exchanges: WebhookExchanges
    let userAgent: String

    /// A client that lives as long as the process; do not shut it down.
    public static let shared = WebhookClient(maxConnections: ModelLimits.maxConcurrency)

    /// Creates a client.
    ///
    /// - Parameters:
    ///   - maxConnections: Maximum number of connections per host, from 1. Should equal the maximum number of running tasks, or
    ///     tasks wait for each other.
    ///   - userAgent: The `User-Agent` header, unless the webhook sets one.
    public init(maxConnections: Int, userAgent: String = "xqueue") {
        let exchanges = WebhookExchanges()
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectTimeout),
            decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(maxConnections, 1)
        // Retrying is the queue's job; do not block a worker slot for it.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Idle connections must not hold the last descriptors while attempts wait for one.
        if !OpenFiles.hasRoom(for: Self.manyDescriptors) {
            configuration.connectionPool.idleTimeout = Self.shortIdleTimeout
        }
        configuration.httpVersion = .http1Only
        configuration.http1_1ConnectionDebugInitializer = { channel in
            channel.eventLoop.makeCompletedFuture {
                let pipeline = channel.pipeline.syncOperations
                let encoder = try pipeline.handler(type: HTTPRequestEncoder.self)
                try pipeline.addHandler(WebhookConnectionWatch(exchanges), position: .after(encoder))
            }
        }
        self.exchanges = exchanges
        self.userAgent = userAgent
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// Closes all connections. Call it once, when no task is running any more.
    public func shutDown() async {
        // The only error is that requests were in flight, and those have been ended.
        try? await http.shutdown()
    }
}
