/// Who may call the server. A fresh one lets everybody do everything.
public struct AccessConfiguration: Sendable, Hashable {
    /// The tokens that are known, in the order they were given in.
    public var tokens: [AccessToken] = []
    /// Which JSON Web Tokens are trusted; nil for none.
    public var jwt: JWTRules?
    /// The most requests a second with one token, in the long run; 0 for no limit.
    public var rateLimit: Int = 0
    /// How many requests a token may make at once after a rest; 0 for as many as in a second.
    public var rateBurst: Int = 0
    /// How long a console stays logged in.
    public var sessionLifetime: Duration = .seconds(12 * 3600)
    /// The most consoles that are logged in. A token logs out its own oldest one, never another token's.
    public var maxSessions: Int = 1000
    /// How many wrong tokens an address may show within a minute before it is slowed down; 0 for any number.
    public var maxFailures: Int = 60

    public init() {}

    /// Whether callers must say who they are.
    public var isLocked: Bool { !tokens.isEmpty || jwt != nil }
}

/// A token a caller may present, of which only the hash is known.
public struct AccessToken: Sendable, Hashable {
    /// The shortest token that is taken, in bytes: shorter ones can be guessed.
    public static let minLength = 16

    /// What logs and replies call it.
    public let name: String
    public let hash: TokenHash
    public let scopes: AccessScopes
    /// The task types it is good for; nil for all.
    public let types: Set<String>?
    /// What keeps its concurrency keys apart from others': tokens of the same namespace share keys. Without one,
    /// the keys of a token with ``types`` hold within their type, and those of one without hold in the whole queue.
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
