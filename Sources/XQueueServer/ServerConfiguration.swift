/// Where the server listens, and its limits for clients.
public struct ServerConfiguration: Sendable, Hashable {
    /// Host name or IP address to listen on.
    public var host: String = "127.0.0.1"
    /// Port to listen on; 0 = any free port.
    public var port: Int = 8080
    /// Names of this server besides those of the loopback interface, such as `xqueue.example.com`. Without tokens,
    /// requests to other hosts are rejected if the server listens on the loopback interface or any names are set.
    public var hosts: [String] = []
    /// Maximum size of a request body, in bytes; larger ones are answered 413.
    public var maxBodyBytes: Int = 1 << 20
    /// Maximum size of a request head, in bytes; larger ones are answered 431.
    public var maxHeaderBytes: Int = 32 << 10
    /// Maximum number of connections for requests. A further one replaces the longest idle one, and is rejected if none
    /// is idle. Event streams are not counted; ``XQueue/QueueConfiguration/maxSubscribers`` limits them.
    public var maxConnections: Int = 1000
    /// Maximum number of those connections per address (per /64 network in IPv6), with the same rule; 0 = no limit.
    /// Loopback addresses are not limited, since local proxies connect from there.
    public var maxConnectionsPerAddress: Int = 500
    /// Maximum total size of large replies and request bodies in transit, in bytes; requests beyond it are answered
    /// 503.
    public var maxReplyBytes: Int = 128 << 20
    /// How long a connection may be idle between requests, or its client not read the reply, before it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// Maximum time to receive a request; slower ones are answered 408. Also the maximum time a shutdown waits for
    /// clients.
    public var requestTimeout: Duration = .seconds(30)
    /// Interval of heartbeats to event subscribers. A subscriber without a sign of life for three intervals is
    /// disconnected.
    public var streamHeartbeat: Duration = .seconds(15)
    /// Who may call.
    public var access = AccessConfiguration()
    /// Origins whose pages may read the server's replies (CORS), such as `https://app.example.com`; `*` = all.
    public var allowedOrigins: [String] = []
    /// Certificate and key for TLS; nil for unencrypted connections.
    public var tls: CertificateFiles?
    /// The program's version as reported by `stats` and `health`.
    public var version: String = "dev"

    /// How long `health` and `readyz` wait for the store before they reply with the last known state.
    var healthPatience: Duration = .milliseconds(80)

    public init() {}

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
