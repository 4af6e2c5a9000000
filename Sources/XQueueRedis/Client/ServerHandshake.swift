#if Redis

import NIOCore

/// What is said on a fresh connection before anyone may use it.
struct ServerHandshake: Sendable {
    let username: String?
    let password: String?
    let timeout: TimeAmount
    /// Looks at the queue's layout; nil for a connection that has no queue.
    let layout: QueueLayout?

    /// Logs in, if there is a password.
    func authenticate(on connection: RedisConnection) async throws(RedisError) {
        guard let password else { return }
        var command = RedisCommand("AUTH")
        if let username { command.append(username) }
        command.append(password)
        _ = try await ask(command, on: connection)
    }

    /// Makes the connection ready for tasks, and refuses a server that cannot hold them.
    ///
    /// - Returns: The server of the same cluster that has the queue, if it is another one.
    func prepare(
        _ connection: RedisConnection, database: Int, cluster: ClusterMap
    ) async throws(RedisError) -> RedisAddress? {
        try await authenticate(on: connection)
        if database != 0 { _ = try await ask(RedisCommand("SELECT", String(database)), on: connection) }
        // A name for CLIENT LIST; a server or a proxy without it is none the worse.
        _ = try await connection.send(RedisCommand("CLIENT", "SETNAME", "xqueue"), timeout: timeout)
        _ = try await ask(RedisCommand("PING"), on: connection)
        var text = ""
        for section in ["server", "replication", "memory", "cluster"] {
            if case .bytes(let bytes) = try await ask(RedisCommand("INFO", section), on: connection) {
                text += String(decoding: bytes, as: UTF8.self) + "\n"
            }
        }
        let report = ServerReport(text)
        if report.isInCluster, let owner = try await cluster.owner(asking: connection) { return owner }
        try report.checkFitness()
        try await layout?.check(connection, timeout: timeout)
        return nil
    }

    private func ask(
        _ command: RedisCommand, on connection: RedisConnection
    ) async throws(RedisError) -> RedisReply {
        let reply = try await connection.send(command, timeout: timeout)
        if case .error(let text) = reply { throw RedisError(refusal: text) }
        return reply
    }
}

/// What a server says about itself (`INFO`), and whether XQueue can use it.
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

    /// Whether it is one of the servers of a Redis Cluster.
    var isInCluster: Bool { fields["cluster_enabled"] == "1" }

    /// - Throws: `unfit` with the reason, and what to change.
    func checkFitness() throws(RedisError) {
        try checkVersion()
        guard isPrimary else {
            let primary = fields["master_host"].map { " of \($0):\(fields["master_port"] ?? "?")" } ?? ""
            throw RedisError(
                .unfit,
                "this Redis server is a read-only replica\(primary): XQueue must be pointed at the primary")
        }
        try checkPolicy()
    }

    private func checkVersion() throws(RedisError) {
        let version = fields["redis_version"] ?? "unknown"
        guard let major = Int(version.prefix { $0 != "." }), major >= 6 else {
            throw RedisError(.unfit, "this Redis server has version \(version): XQueue needs 6.0 or newer")
        }
    }

    private func checkPolicy() throws(RedisError) {
        guard let policy = fields["maxmemory_policy"], policy != "noeviction" else { return }
        throw RedisError(
            .unfit,
            """
            this Redis server has maxmemory-policy \(policy), so it may throw tasks away: \
            set it to noeviction (CONFIG SET maxmemory-policy noeviction, and in its configuration file)
            """)
    }
}

#endif
