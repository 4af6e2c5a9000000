#if Redis

import NIOSSL

/// Connection settings for Redis.
///
/// Descriptions of this type never include a password.
public struct RedisConfiguration: Sendable {
    /// TLS settings.
    public struct TLS: Sendable {
        /// PEM file of the certificates to trust; nil for those of the system.
        public var caFile: String?
        /// Whether to verify the server's certificate and host name. Disable it for testing only.
        public var verifies = true
        /// PEM file of the client's certificate chain, for servers that require one.
        public var certificateFile: String?
        /// PEM file of the client's private key; required with `certificateFile`.
        public var privateKeyFile: String?

        public init() {}
    }

    /// Sentinels, which report the current primary.
    public struct Sentinel: Sendable {
        /// Addresses of the Sentinels, queried in turn.
        public var addresses: [RedisAddress]
        /// Name under which they monitor the primary, such as `mymaster`.
        public var primaryName: String
        /// User name for the Sentinels (not the server); nil for the default user.
        public var username: String?
        /// Password for the Sentinels (not the server); nil for none.
        public var password: String?

        public init(addresses: [RedisAddress], primaryName: String) {
            self.addresses = addresses
            self.primaryName = primaryName
        }
    }

    /// Server address; ignored if `sentinel` is set.
    public var address: RedisAddress
    /// ACL user name; nil for the default user.
    public var username: String?
    /// Password; nil for none.
    public var password: String?
    /// Database number, 0 or greater.
    public var database = 0
    /// Maximum number of command connections, at least 1.
    public var poolSize = 10
    /// Number of command connections kept open when idle, from 1 to `poolSize`.
    public var minIdleConnections = 2
    /// Prefix of every key, which must not be empty or contain braces or spaces.
    public var keyPrefix = "xqueue"
    /// Timeout for connecting, for each reply of the handshake, and for calls that wait for a connection.
    public var connectTimeout: Duration = .seconds(5)
    /// Maximum time to wait for a reply.
    public var commandTimeout: Duration = .seconds(10)
    /// TLS; nil for unencrypted. Set automatically for `rediss://` addresses.
    public var tls: TLS?
    /// Sentinels to look up the primary with; nil to connect to `address`.
    public var sentinel: Sentinel?
    /// Maximum number of callers waiting for a connection; further calls fail immediately.
    public var maximumWaitingCallers = 10_000
    /// Maximum bytes of unanswered commands; further commands fail immediately.
    public var maximumQueuedBytes = 256 * 1_024 * 1_024
    /// Number of unanswered commands per connection above which another connection is opened.
    public var commandsPerConnection = 256
    /// Maximum size of a reply in memory, in bytes. Redis' own limit for a string is 512 MiB.
    public var maximumReplyBytes = 512 * 1_024 * 1_024

    /// Creates a configuration with defaults; the address may set user, password, database and encryption.
    ///
    /// - Throws: ``RedisError`` of kind `unsuitable` if the address is invalid.
    public init(address: String = "localhost:6379") throws(RedisError) {
        let parsed = try RedisAddress.Parsed(address)
        self.address = parsed.address
        username = parsed.username
        password = parsed.password
        database = parsed.database ?? 0
        if parsed.address.encryption == .required { tls = TLS() }
    }
}

extension RedisConfiguration {
    /// Hash tag that begins every key of the queue and keeps them in one slot of a Redis Cluster.
    var hashTag: String { "{\(keyPrefix)}" }
}

extension RedisConfiguration: CustomStringConvertible, CustomReflectable {
    public var description: String {
        if let sentinel {
            return "primary \(sentinel.primaryName) of \(sentinel.addresses), database \(database)"
        }
        return "\(address), database \(database)"
    }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension RedisConfiguration.Sentinel: CustomStringConvertible, CustomReflectable {
    public var description: String { "primary \(primaryName) of \(addresses)" }

    public var customMirror: Mirror { Mirror(self, children: ["description": description]) }
}

extension RedisConfiguration.TLS {
    /// - Throws: `unsuitable`, naming the files, if one cannot be loaded.
    func makeContext() throws(RedisError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let caFile { configuration.trustRoots = .file(caFile) }
        if !verifies { configuration.certificateVerification = .none }
        do {
            if let certificateFile {
                guard let privateKeyFile else {
                    throw RedisError(.unsuitable, "the client certificate for Redis requires a private key")
                }
                configuration.certificateChain = try NIOSSLCertificate.fromPEMFile(certificateFile)
                    .map { .certificate($0) }
                configuration.privateKey = .privateKey(
                    try NIOSSLPrivateKey(file: privateKeyFile, format: .pem))
            }
            return try NIOSSLContext(configuration: configuration)
        } catch let error as RedisError {
            throw error
        } catch {
            let files = [caFile, certificateFile, privateKeyFile].compactMap { $0 }.joined(separator: ", ")
            throw RedisError(.unsuitable, "cannot load the TLS files for Redis (\(files)): \(error)")
        }
    }
}

#endif
