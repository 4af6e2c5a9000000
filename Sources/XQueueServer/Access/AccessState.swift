import XQueueCore

/// What ``AccessControl`` knows at one moment.
struct AccessState {
    var configuration: AccessConfiguration
    /// By the hash of what is presented, which is then compared again in constant time.
    var tokens: [TokenHash: Caller]
    /// JWTs that were found good, so that the next request with one costs no signature.
    var known: [TokenHash: Caller] = [:]
    var sessions = Sessions()
    var buckets: TokenBuckets
    /// Goes up when other JWTs are trusted.
    var generation = 0

    init(_ configuration: AccessConfiguration) {
        self.configuration = configuration
        tokens = Self.callers(configuration)
        buckets = TokenBuckets(rate: configuration.rateLimit, burst: configuration.rateBurst)
    }

    static func callers(_ configuration: AccessConfiguration) -> [TokenHash: Caller] {
        Dictionary(
            configuration.tokens.map { token in
                let caller = Caller(
                    name: token.name, scopes: token.scopes, types: token.types, proof: .token(token.hash),
                    keyNamespace: token.keyNamespace, quota: token.quota)
                return (token.hash, caller)
            }, uniquingKeysWith: { first, _ in first })
    }

    /// Whether a JWT's bearer is still believed.
    func holds(_ caller: Caller, now: Timestamp) -> Bool {
        guard case .jwt(let generation, let expiresAt) = caller.proof else { return false }
        return generation == self.generation && expiresAt > now
    }

    /// What the caller's proof is worth now; nil for nothing.
    func current(_ caller: Caller, now: Timestamp) -> Caller? {
        switch caller.proof {
        case .none: nil
        case .token(let hash): tokens[hash]
        case .jwt: configuration.jwt != nil && holds(caller, now: now) ? caller : nil
        }
    }
}
