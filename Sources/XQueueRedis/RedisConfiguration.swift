#if Redis

import NIOSSL

/// Where the Redis server is and how the client behaves.
///
/// No description of a value of this type shows a password.
public struct RedisConfiguration: Sendable {
    /// How to make and check an encrypted connection.
    public struct TLS: Sendable {
        /// A file of PEM certificates to trust instead of the system's; nil for the system's.
        public var caFile: String?
        /// Whether the server's certificate and name are checked. Turn it off for trials only.
        public var verifies = true
        /// The client's certificate chain in PEM, for servers that ask for one.
        public var certificateFile: String?
        /// The client's private key in PEM; needed with `certificateFile`.
        public var privateKeyFile: String?

        public init() {}
    }

    /// The Sentinels that know which server is the primary.
    public struct Sentinel: Sendable {
        /// The Sentinels themselves, asked in turn.
        public var addresses: [RedisAddress]
        /// The name under which they watch the primary, such as `mymaster`.
        public var primaryName: String
        /// The user at the Sentinels (not at the server); nil for the default user.
        public var username: String?
        /// The password at the Sentinels (not at the server); nil for none.
        public var password: String?

        public init(addresses: [RedisAddress], primaryName: String) {
            self.addresses = addresses
            self.primaryName = primaryName
        }
    }

    /// The server; not used when `sentinel` is set.
    public var address: RedisAddress
    /// The ACL user; nil for the default user.
    public var username: String?
    /// The password; nil for none.
    public var password: String?
    /// The database number, 0 or more.
    public var database = 0
    /// Most connections for commands at a time, at least 1.
    public var poolSize = 10
    /// Connections kept open even when nothing happens, at least 1 and at most `poolSize`.
    public var minIdleConnections = 2
    /// What every key starts with.
    public var keyPrefix = "xqueue"
    /// The longest wait for a connection, from the first packet to a checked server.
    public var connectTimeout: Duration = .seconds(5)
    /// The longest wait for the reply to a command.
    public var commandTimeout: Duration = .seconds(10)
    /// Encryption; nil for none. An address that begins with `rediss://` needs no more than that.
    public var tls: TLS?
    /// Where to ask for the primary; nil to use `address`.
    public var sentinel: Sentinel?
    /// Most callers that wait for a connection while there is none; more are refused at once.
    public var maximumWaitingCallers = 10_000
    /// Most bytes of commands that are not answered yet; more are refused at once.
    public var maximumQueuedBytes = 256 * 1_024 * 1_024
    /// Unanswered commands a connection carries before another one is opened.
    public var commandsPerConnection = 256
    /// The longest string in a reply, in bytes; 512 MiB is Redis' own limit.
    public var maximumReplyBytes = 512 * 1_024 * 1_024

    /// The defaults, with what the address itself says: user, password, database, encryption.
    ///
    /// - Throws: `unfit` if the address cannot be read.
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
    /// What all keys of the queue begin with; a Redis Cluster keeps them together for it.
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
    /// - Throws: `unfit` with the file that cannot be used.
    func makeContext() throws(RedisError) -> NIOSSLContext {
        var configuration = TLSConfiguration.makeClientConfiguration()
        if let caFile { configuration.trustRoots = .file(caFile) }
        if !verifies { configuration.certificateVerification = .none }
        do {
            if let certificateFile {
                guard let privateKeyFile else {
                    throw RedisError(.unfit, "a client certificate for Redis needs its private key too")
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
            throw RedisError(.unfit, "the TLS files for Redis cannot be used (\(files)): \(error)")
        }
    }
}

#endif
