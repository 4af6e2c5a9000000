import HTTPTypes
import Synchronization
import XQueueCore

/// The mutable state of ``AccessControl``.
struct AccessState {
    var configuration: AccessConfiguration
    /// Keyed by the hash of the presented token, which is then compared again in constant time.
    var tokens: [TokenHash: Caller]
    /// JWTs already verified, so that later requests skip the signature check.
    var known: [TokenHash: Caller] = [:]
    var sessions = Sessions()
    var buckets: TokenBuckets
    /// Incremented when the JWT rules change.
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

    /// Whether the caller's JWT is still valid.
    func holds(_ caller: Caller, now: Timestamp) -> Bool {
        guard case .jwt(let generation, let expiresAt) = caller.proof else { return false }
        return generation == self.generation && expiresAt > now
    }

    /// The caller with the access their credential grants now; nil if it is no longer valid.
    func current(_ caller: Caller, now: Timestamp) -> Caller? {
        switch caller.proof {
        case .none: nil
        case .token(let hash): tokens[hash]
        case .jwt: configuration.jwt != nil && holds(caller, now: now) ? caller : nil
        }
    }
}

/// Operations waiting on behalf of a caller, to be ended when the caller loses access.
final class AccessWatch: Sendable {
    private struct Watcher {
        let caller: Caller
        let head: HTTPRequest
        let end: @Sendable () -> Void
    }

    private struct State {
        var watchers: [Int: Watcher] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    private let changes = Atomic<Int>(0)

    /// Incremented whenever access may have been revoked.
    var revision: Int { changes.load(ordering: .acquiring) }

    /// Registers `end` to be called as soon as the caller loses access.
    ///
    /// - Returns: A number for ``remove(_:)``, which must follow.
    func add(_ caller: Caller, _ head: HTTPRequest, _ end: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.watchers[state.last] = Watcher(caller: caller, head: head, end: end)
            return state.last
        }
    }

    func remove(_ number: Int) {
        state.withLock { _ = $0.watchers.removeValue(forKey: number) }
    }

    /// Access may have been revoked: ends the operations for which `holds` returns false.
    func changed(_ holds: (Caller, HTTPRequest) -> Bool) {
        changes.wrappingAdd(1, ordering: .releasing)
        let watchers = state.withLock { $0.watchers.values.map(\.self) }
        for watcher in watchers where !holds(watcher.caller, watcher.head) { watcher.end() }
    }
}
