/// Where the server listens, and the bounds of what it takes from clients.
public struct ServerConfiguration: Sendable, Hashable {
    /// A name or address of this machine.
    public var host: String = "127.0.0.1"
    /// 0 means any free port.
    public var port: Int = 8080
    /// The largest body of a request, in bytes; a larger one is answered 413.
    public var maxBodyBytes: Int = 1 << 20
    /// The largest head of a request, in bytes; a larger one is answered 431.
    public var maxHeaderBytes: Int = 32 << 10
    /// The most connections for requests at once; further ones wait until one closes. Streams of events
    /// do not count: they are limited by ``XQueue/QueueConfiguration/maxSubscribers``.
    public var maxConnections: Int = 1000
    /// How long a connection may rest between requests, or stop taking its reply, before it is closed.
    public var idleTimeout: Duration = .seconds(60)
    /// How long a client may take to send a request it has begun; a slower one is answered 408. Also the
    /// longest a shutdown waits for clients.
    public var requestTimeout: Duration = .seconds(30)
    /// How often a subscriber to events hears of the server when nothing else happens. One that gives no
    /// sign for three times as long is closed.
    public var streamHeartbeat: Duration = .seconds(15)
    /// Who may call.
    public var access = AccessConfiguration()
    /// The places whose pages may read what the server answers, such as `https://app.example.com`; `*` for
    /// all.
    public var allowedOrigins: [String] = []
    /// The certificate and key to encrypt connections with; nil to leave them open.
    public var tls: CertificateFiles?
    /// What `stats` and `health` call the program's version.
    public var version: String = "dev"

    public init() {}

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
