/// Options of a test's Redis server.
package struct RedisOptions: Sendable {
    /// When writes are synced to disk.
    package enum AppendOnly: String, Sendable {
        case always
        case everySecond = "everysec"
    }

    /// Certificate files in PEM format.
    package struct TLS: Sendable {
        package var authority: String
        package var certificate: String
        package var key: String
        /// Whether clients must present a certificate.
        package var asksClients: Bool

        package init(authority: String, certificate: String, key: String, asksClients: Bool = false) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
            self.asksClients = asksClients
        }
    }

    /// Nil for a server without persistence.
    package var appendOnly: AppendOnly?
    /// Password of the default user.
    package var password: String?
    /// Further users, each in the syntax of Redis' `user` directive: `worker on >secret ~* &* +@all`.
    package var users: [String] = []
    /// Opens a second port, with TLS.
    package var tls: TLS?
    /// Also listens on a socket file.
    package var hasSocketFile = false
    /// Memory limit, such as `10mb`.
    package var maxMemory: String?
    package var maxMemoryPolicy = "noeviction"
    /// Port of this server's primary, if it is a replica.
    package var replicaOf: Int?
    /// Further configuration lines.
    package var lines: [String] = []

    package init() {}

    /// The configuration file.
    func file(port: Int, tlsPort: Int?, socketFile: String?, folder: String) -> String {
        var all = [
            "port \(port)", "bind 127.0.0.1", "dir \"\(folder)\"", "save \"\"", "daemonize no",
            "repl-diskless-sync-delay 0", "maxmemory-policy \(maxMemoryPolicy)",
        ]
        if let appendOnly { all += ["appendonly yes", "appendfsync \(appendOnly.rawValue)"] }
        // A replica authenticates at its primary with the clients' password.
        if let password { all += ["requirepass \"\(password)\"", "masterauth \"\(password)\""] }
        all += users.map { "user \($0)" }
        if let tls, let tlsPort {
            all += [
                "tls-port \(tlsPort)", "tls-ca-cert-file \"\(tls.authority)\"",
                "tls-cert-file \"\(tls.certificate)\"", "tls-key-file \"\(tls.key)\"",
                "tls-auth-clients \(tls.asksClients ? "yes" : "no")",
            ]
        }
        if let socketFile { all.append("unixsocket \"\(socketFile)\"") }
        if let maxMemory { all.append("maxmemory \(maxMemory)") }
        if let replicaOf { all.append("replicaof 127.0.0.1 \(replicaOf)") }
        return (all + lines).joined(separator: "\n") + "\n"
    }
}
