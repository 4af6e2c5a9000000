import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import XQueue

/// The one HTTP client of all webhooks.
///
/// It is made with the program, event loops and all: those cannot be made any more when descriptors run out.
final class WebhookClient: Sendable {
    private static let connectTimeout = TimeAmount.seconds(10)
    /// With fewer descriptors than this to begin with, connections are kept for less time.
    private static let manyDescriptors = 1024
    private static let shortRest = TimeAmount.seconds(2)
    let http: HTTPClient
    let exchanges: WebhookExchanges

    /// - Parameter maxConnections: The most connections to one host: as many as tasks may run at once, or they would
    ///   wait for each other.
    init(maxConnections: Int) {
        let exchanges = WebhookExchanges()
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: Self.connectTimeout),
            decompression: .disabled)
        configuration.connectionPool.concurrentHTTP1ConnectionsPerHostSoftLimit = maxConnections
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
        http = HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }

    /// A client for the handlers of the configuration; nil if none of them is a webhook that is served here.
    static func ifNeeded(_ values: ServeConfiguration) -> WebhookClient? {
        guard values.queue.runsWorkers, values.handlers.contains(where: { $0.webhook != nil }) else {
            return nil
        }
        return WebhookClient(maxConnections: values.queue.maxConcurrency)
    }

    /// Closes its connections. To be called when no task runs any more.
    func shutDown() async {
        // What it could say is that requests were still under way, and they are over then.
        try? await http.shutdown()
    }
}
