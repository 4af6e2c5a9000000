/// Who may call the server. The default grants every caller full access.
public struct AccessConfiguration: Sendable, Hashable {
    /// The accepted tokens, in configuration order.
    public var tokens: [AccessToken] = []
    /// Which JSON Web Tokens are accepted; nil for none.
    public var jwt: JWTRules?
    /// Sustained rate limit per token, in requests per second; 0 = no limit.
    public var rateLimit: Int = 0
    /// Number of requests a token may make in a burst; 0 = one second's worth of ``rateLimit``.
    public var rateBurst: Int = 0
    /// How long a console session lasts.
    public var sessionLifetime: Duration = .seconds(12 * 3600)
    /// Maximum number of console sessions. A login can end the token's own oldest session, never another token's.
    public var maxSessions: Int = 1000
    /// Number of invalid tokens an address may present per minute before its replies are delayed; 0 = no limit.
    public var maxFailures: Int = 60

    public init() {}

    /// Whether callers must authenticate.
    public var isLocked: Bool { !tokens.isEmpty || jwt != nil }
}

/// A token that callers may present, known only by its hash.
public struct AccessToken: Sendable, Hashable {
    /// Minimum length of a token, in bytes: shorter ones can be guessed.
    public static let minLength = 16

    /// Name used in logs and replies.
    public let name: String
    public let hash: TokenHash
    public let scopes: AccessScopes
    /// The task types it gives access to; nil for all.
    public let types: Set<String>?
    /// The namespace of its concurrency keys: tokens with the same namespace share keys. Without one, the keys of a
    /// token with ``types`` apply within their type, and those of a token without to the whole queue.
    public let keyNamespace: String?
    public let quota: TokenQuota

    public init(
        name: String, hash: TokenHash, scopes: AccessScopes, types: Set<String>? = nil,
        keyNamespace: String? = nil, quota: TokenQuota = TokenQuota()
    ) {
        self.name = name
        self.hash = hash
        self.scopes = scopes
        self.types = types
        self.keyNamespace = keyNamespace
        self.quota = quota
    }
}
