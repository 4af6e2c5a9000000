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
/// One client serves a whole program: it may be shared, and keeps its connections. ``shutDown()`` closes them.
public struct QueueClient: Sendable {
    /// How a server is talked to.
    public struct Configuration: Sendable {
        /// The server's address, such as `https://queue.example:8080`; what follows the host comes before `/api/v1`.
        public var url: String
        /// What is shown to the server, if it asks for tokens.
        public var token: String?
        /// How long the server may take to answer. It does not end streams of events.
        public var timeout: Duration = .seconds(30)
        /// How long a request is sent again while no server answers, or it is at a limit. One that would do harm when it
        /// arrives twice is only sent again if it has not left.
        public var patience: Duration = .zero
        /// How the client calls itself.
        public var userAgent = "xqueue-client"
        /// A file of certificates in PEM form to trust in place of the system's.
        public var authorityFile: String?
        /// Whether any certificate will do. For tests only: whoever is between may read and change everything.
        public var acceptsAnyCertificate = false

        /// Describes a server.
        ///
        /// - Parameters:
        ///   - url: The server's address.
        ///   - token: What is shown to the server, if it asks for tokens.
        public init(url: String = "http://127.0.0.1:8080", token: String? = nil) {
            self.url = url
            self.token = token
        }
    }

    /// How the server is talked to.
    public let configuration: Configuration
    /// The server's address, without a slash at its end.
    let address: String
    let http: HTTPClient

    /// Makes a client; it connects when it is first used.
    ///
    /// - Parameter configuration: How the server is talked to.
    /// - Throws: ``QueueClientError`` `bad_configuration` if the address is none of http or https, or the certificates
    ///   cannot be read.
    public init(_ configuration: Configuration = Configuration()) throws(QueueClientError) {
        let url = configuration.url
        guard
            let host = ["http://", "https://"].lazy.compactMap({ url.lowercased().withoutPrefix($0) }).first,
            let first = host.first, !"/?#:".contains(first)
        else {
            throw QueueClientError(
                .badConfiguration, "\(url) is not the address of a server, like http://127.0.0.1:8080")
        }
        self.configuration = configuration
        address = url.hasSuffix("/") ? String(url.dropLast()) : url
        http = HTTPClient(
            eventLoopGroup: .singletonMultiThreadedEventLoopGroup,
            configuration: try Self.http(configuration))
    }

    /// Calls `body` with a client, and closes the client.
    ///
    /// - Parameters:
    ///   - configuration: How the server is talked to.
    ///   - body: What is done with the client.
    /// - Returns: What `body` returns.
    /// - Throws: What `body` throws, or ``QueueClientError`` if there can be no client.
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

    /// Closes the client's connections. To be called once, at the end; what is under way fails.
    public func shutDown() async {
        // What it could say is that requests were under way.
        try? await http.shutdown()
    }

    private static func http(
        _ configuration: Configuration
    ) throws(QueueClientError) -> HTTPClient.Configuration {
        var http = HTTPClient.Configuration()
        // Whether to try again is decided here.
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
