#if Redis

import NIOCore

/// Prepares a new connection: logs in and checks the server.
struct ServerHandshake: Sendable {
    let username: String?
    let password: String?
    let timeout: TimeAmount
    /// Checks the queue's layout; nil for no check.
    let layout: QueueLayout?

    /// Logs in if there is a password.
    func authenticate(on connection: RedisConnection) async throws(RedisError) {
        guard let password else { return }
        var command = RedisCommand("AUTH")
        if let username { command.append(username) }
        command.append(password)
        _ = try await request(command, on: connection)
    }

    /// Makes the connection ready to use.
    ///
    /// - Returns: The server of the same cluster that has the queue; nil if it is this one.
    /// - Throws: `unsuitable` if the server is unsuitable.
    func prepare(
        _ connection: RedisConnection, database: Int, cluster: ClusterMap
    ) async throws(RedisError) -> RedisAddress? {
        try await authenticate(on: connection)
        if database != 0 { _ = try await request(RedisCommand("SELECT", String(database)), on: connection) }
        // The name is shown by CLIENT LIST. Errors are ignored: proxies may not support it.
        _ = try await connection.send(RedisCommand("CLIENT", "SETNAME", "xqueue"), timeout: timeout)
        _ = try await request(RedisCommand("PING"), on: connection)
        var text = ""
        for section in ["server", "replication", "memory", "cluster"] {
            if case .bytes(let bytes) = try await request(RedisCommand("INFO", section), on: connection) {
                text += String(decoding: bytes, as: UTF8.self) + "\n"
            }
        }
        let report = ServerReport(text)
        if report.isInCluster, let owner = try await cluster.owner(asking: connection) { return owner }
        try report.checkRequirements()
        try await layout?.check(connection, timeout: timeout)
        return nil
    }

    private func request(
        _ command: RedisCommand, on connection: RedisConnection
    ) async throws(RedisError) -> RedisReply {
        let reply = try await connection.send(command, timeout: timeout)
        if case .error(let text) = reply { throw RedisError(errorReply: text) }
        return reply
    }
}

/// A server's `INFO`, and whether the server meets XQueue's requirements.
struct ServerReport {
    private let fields: [Substring: Substring]

    init(_ text: String) {
        var fields: [Substring: Substring] = [:]
        for line in text.split(whereSeparator: \.isNewline) {
            guard !line.hasPrefix("#"), let colon = line.firstIndex(of: ":") else { continue }
            fields[line[..<colon]] = line[line.index(after: colon)...]
        }
        self.fields = fields
    }

    var isPrimary: Bool { fields["role"] == "master" }

    /// Whether the server is part of a Redis Cluster.
    var isInCluster: Bool { fields["cluster_enabled"] == "1" }

    /// - Throws: `unsuitable` with the reason and what to change.
    func checkRequirements() throws(RedisError) {
        try checkVersion()
        guard isPrimary else {
            let primary = fields["master_host"].map { " of \($0):\(fields["master_port"] ?? "?")" } ?? ""
            throw RedisError(
                .unsuitable,
                "this Redis server is a read-only replica\(primary): point XQueue at the primary")
        }
        try checkPolicy()
    }

    private func checkVersion() throws(RedisError) {
        let version = fields["redis_version"] ?? "unknown"
        guard let major = Int(version.prefix { $0 != "." }), major >= 6 else {
            throw RedisError(
                .unsuitable, "this Redis server has version \(version): XQueue requires 6.0 or newer")
        }
    }

    private func checkPolicy() throws(RedisError) {
        guard let policy = fields["maxmemory_policy"], policy != "noeviction" else { return }
        throw RedisError(
            .unsuitable,
            """
            this Redis server has maxmemory-policy \(policy), so it may evict tasks: \
            set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in its configuration file)
            """)
    }
}

#endif
