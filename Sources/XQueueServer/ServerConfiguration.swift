/// Where the server listens, and the bounds of what it takes from clients.
public struct ServerConfiguration: Sendable, Hashable {
    /// A name or address of this machine.
    public var host: String = "127.0.0.1"
    /// 0 means any free port.
    public var port: Int = 8080
    /// Names that lead to this server besides those of the loopback interface, such as `xqueue.example.com`. Without
    /// tokens, a server on the loopback interface refuses requests to any other; elsewhere it does so if there are any.
    public var hosts: [String] = []
    /// The largest body of a request, in bytes; a larger one is answered 413.
    public var maxBodyBytes: Int = 1 << 20
    /// The largest head of a request, in bytes; a larger one is answered 431.
    public var maxHeaderBytes: Int = 32 << 10
    /// The most connections for requests at once. One more takes the place of the one that has been idle longest, and is
    /// refused if none is. Streams of events do not count: they are limited by ``XQueue/QueueConfiguration/maxSubscribers``.
    public var maxConnections: Int = 1000
    /// The most of them that come from one address (of IPv6, from one /64), with the same rule; 0 for any number. The
    /// loopback interface is not limited: proxies on this machine come from there.
    public var maxConnectionsPerAddress: Int = 500
    /// How many bytes of large replies and bodies may be under way at once; beyond, requests that would add to them are
    /// answered 503.
    public var maxReplyBytes: Int = 128 << 20
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

    /// How long `health` and `readyz` wait for the store before they answer with what was seen last.
    var healthPatience: Duration = .milliseconds(80)

    public init() {}

    public init(host: String, port: Int) {
        self.host = host
        self.port = port
    }
}
