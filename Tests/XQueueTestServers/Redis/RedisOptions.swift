/// How a test wants its Redis server.
package struct RedisOptions: Sendable {
    /// When a write is on the disk.
    package enum AppendOnly: String, Sendable {
        case always
        case everySecond = "everysec"
    }

    /// Files in PEM format.
    package struct TLS: Sendable {
        package var authority: String
        package var certificate: String
        package var key: String
        /// Whether clients must show a certificate too.
        package var asksClients: Bool

        package init(authority: String, certificate: String, key: String, asksClients: Bool = false) {
            self.authority = authority
            self.certificate = certificate
            self.key = key
            self.asksClients = asksClients
        }
    }

    /// Nil for a server that forgets everything at its end.
    package var appendOnly: AppendOnly?
    /// Of the default user.
    package var password: String?
    /// Further users, each as after `user` in Redis' configuration: `worker on >secret ~* &* +@all`.
    package var users: [String] = []
    /// Opens a second port, with TLS.
    package var tls: TLS?
    /// Also listens on a socket file.
    package var hasSocketFile = false
    /// Such as `10mb`.
    package var maxMemory: String?
    package var maxMemoryPolicy = "noeviction"
    /// The port of the server this one is a replica of.
    package var replicaOf: Int?
    /// Further lines of the configuration.
    package var lines: [String] = []

    package init() {}

    /// The configuration file.
    func file(port: Int, tlsPort: Int?, socketFile: String?, folder: String) -> String {
        var all = [
            "port \(port)", "bind 127.0.0.1", "dir \"\(folder)\"", "save \"\"", "daemonize no",
            "repl-diskless-sync-delay 0", "maxmemory-policy \(maxMemoryPolicy)",
        ]
        if let appendOnly { all += ["appendonly yes", "appendfsync \(appendOnly.rawValue)"] }
        // A replica shows its primary the password that clients show to it.
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
