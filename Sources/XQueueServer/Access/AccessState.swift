import HTTPTypes
import Synchronization
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

/// Those who wait for something on behalf of a caller, and must stop when what let the caller in is taken away.
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

    /// Goes up whenever something may have been taken away.
    var revision: Int { changes.load(ordering: .acquiring) }

    /// Has `end` called as soon as the caller is not let in any more.
    ///
    /// - Returns: A number for ``remove(_:)``, which has to follow.
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

    /// Something was taken away: ends those for whom `holds` is false.
    func changed(_ holds: (Caller, HTTPRequest) -> Bool) {
        changes.wrappingAdd(1, ordering: .releasing)
        let watchers = state.withLock { $0.watchers.values.map(\.self) }
        for watcher in watchers where !holds(watcher.caller, watcher.head) { watcher.end() }
    }
}
