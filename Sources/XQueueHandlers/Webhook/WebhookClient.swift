import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XQueue
import XQueueCore

/// The HTTP client of webhooks: one for all of a process.
///
/// Make it with the program: its event loops cannot be made any more when file descriptors run out.
public final class WebhookClient: Sendable {
    private static let connectTimeout = TimeAmount.seconds(10)
    /// With fewer descriptors than this to begin with, connections are kept for less time.
    private static let manyDescriptors = 1024
    private static let shortRest = TimeAmount.seconds(2)
    let http: HTTPClient
    let exchanges: WebhookExchanges
    let userAgent: String

    /// A client that lives as long as the process, and is not to be shut down.
    public static let shared = WebhookClient(maxConnections: ModelLimits.maxConcurrency)

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - maxConnections: The most connections to one host, 1 or more: as many as tasks may run at once, or they would
    ///     wait for each other.
    ///   - userAgent: How it calls itself where a webhook's headers do not say.
    public init(maxConnections: Int, userAgent: String = "xqueue") {
        let exchanges = WebhookExchanges()
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectTimeout),
            decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = max(maxConnections, 1)
        // The queue is there to try again; and the task's slot is not for waiting.
        configuration.connectionPool.retryConnectionEstablishment = false
        // Connections that rest must not keep the last descriptors from attempts that wait for one.
        if !OpenFiles.hasRoom(for: Self.manyDescriptors) {
            configuration.connectionPool.idleTimeout = Self.shortRest
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

    /// Closes its connections. To be called once, when no task runs any more.
    public func shutDown() async {
        // What it could say is that requests were still under way, and they are over then.
        try? await http.shutdown()
    }
}
