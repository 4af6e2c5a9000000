#if Redis

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
