import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import XQueueCore

/// A client of a server's HTTP API.
///
/// ```swift
/// let client = try QueueClient(QueueClient.Configuration(url: "https://queue.example", token: token))
/// let task = try await client.submit(Submission(type: "mail", payload: try RawJSON(#"{"to":"ann"}"#)))
/// ```
///
/// Share one client in the whole program: it keeps its connections open. ``shutDown()`` closes them.
public struct QueueClient: Sendable {
    /// How to connect to a server.
    public struct Configuration: Sendable {
        /// The server's URL, such as `https://queue.example:8080`; its path, if any, is prepended to `/api/v1`.
        public var url: String
        /// Access token, if the server requires one.
        public var token: String?
        /// How long the server may take to reply; does not apply to event streams.
        public var timeout: Duration = .seconds(30)
        /// How long to retry a request while the server is unreachable or at a limit. Requests that are not safe to repeat
        /// are retried only if they have not been sent.
        public var retryTimeout: Duration = .zero
        /// The `User-Agent` header.
        public var userAgent = "xqueue-client"
        /// Path of trusted certificates in PEM format, instead of the system's.
        public var authorityFile: String?
        /// Whether to accept any certificate. For tests only: it allows man-in-the-middle attacks.
        public var acceptsAnyCertificate = false

        /// Creates a configuration.
        ///
        /// - Parameters:
        ///   - url: The server's URL.
        ///   - token: Access token, if the server requires one.
        public init(url: String = "http://127.0.0.1:8080", token: String? = nil) {
            self.url = url
            self.token = token
        }
    }

    /// How the client connects to the server.
    public let configuration: Configuration
    /// The server's URL without a trailing slash.
    let address: String
    let http: HTTPClient

    /// Creates a client, which connects on first use.
    ///
    /// - Parameter configuration: How to connect to the server.
    /// - Throws: ``QueueClientError`` `bad_configuration` if the URL is neither http nor https, or the certificates
    ///   cannot be read.
    public init(_ configuration: Configuration = Configuration()) throws(QueueClientError) {
        let url = configuration.url
        guard
            let host = ["http://", "https://"].lazy.compactMap({ url.lowercased().withoutPrefix($0) }).first,
            let first = host.first, !"/?#:".contains(first)
        else {
            throw QueueClientError(
                .badConfiguration, "\(url) is not a server URL like http://127.0.0.1:8080")
        }
        self.configuration = configuration
        address = url.hasSuffix("/") ? String(url.dropLast()) : url
        http = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            configuration: try Self.http(configuration))
    }

    /// Calls `body` with a client, then shuts the client down.
    ///
    /// - Parameters:
    ///   - configuration: How to connect to the server.
    ///   - body: Uses the client.
    /// - Returns: The result of `body`.
    /// - Throws: The error of `body`, or ``QueueClientError`` if the client cannot be created.
    public static func with<Value>(
        _ configuration: Configuration = Configuration(), _ body: (QueueClient) async throws -> Value
    ) async throws -> Value {
        let client = try QueueClient(configuration)
        let outcome: Result<Value, any Error>
        do {
            outcome = .success(try await body(client))
        } catch {
            outcome = .failure(error)
        }
        await client.shutDown()
        return try outcome.get()
    }

    /// Closes the client's connections; requests in flight fail. Call it once, at the end.
    public func shutDown() async {
        // The only error is that requests were in flight.
        try? await http.shutdown()
    }

    private static func http(
        _ configuration: Configuration
    ) throws(QueueClientError) -> HTTPClient.Configuration {
        var http = HTTPClient.Configuration()
        // This client decides itself whether to retry.
        http.connectionPool.retryConnectionEstablishment = false
        http.timeout.connect = .seconds(10)
        var tls = TLSConfiguration.makeClientConfiguration()
        if let file = configuration.authorityFile {
            do {
                tls.trustRoots = .certificates(try NIOSSLCertificate.fromPEMFile(file))
            } catch {
                throw QueueClientError(.badConfiguration, "cannot read certificates from \(file)")
            }
        }
        if configuration.acceptsAnyCertificate { tls.certificateVerification = .none }
        http.tlsConfiguration = tls
        return http
    }
}

extension String {
    fileprivate func withoutPrefix(_ prefix: String) -> Substring? {
        hasPrefix(prefix) ? dropFirst(prefix.count) : nil
    }
}
