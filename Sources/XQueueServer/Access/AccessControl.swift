import HTTPTypes
import NIOCore
import Synchronization
import XQueue
import XQueueCore

/// Authenticates and authorizes callers: every request passes through here.
///
/// Its configuration can be replaced while the server runs, which ends the streams and sessions no longer allowed.
final class AccessControl: Sendable {
    /// The result of looking up a credential, before any signature is verified.
    private enum Finding {
        case caller(Caller, isSession: Bool)
        case jwt(JWTRules, generation: Int)
    }

    /// Maximum number of cached JWTs.
    static let maxKnown = 1000
    /// Maximum length of a JWT, in bytes.
    private static let maxTokenBytes = 8 << 10

    private let state: Mutex<AccessState>
    private let clock: any QueueClock
    private let trace: AccessTrace
    let crossOrigin: CrossOrigin
    /// Waiting requests and streams, to be ended when their caller loses access.
    let watch = AccessWatch()
    let ledger = TokenLedger()
    let submissionQuota = SubmissionQuota()

    /// - Parameter trace: Records invalid tokens.
    init(
        _ configuration: AccessConfiguration, origins: [String] = [],
        clock: any QueueClock = SystemQueueClock(), trace: AccessTrace? = nil
    ) {
        state = Mutex(AccessState(configuration))
        crossOrigin = CrossOrigin(origins)
        self.clock = clock
        self.trace = trace ?? AccessTrace(maxFailures: configuration.maxFailures, clock: clock)
    }

    /// Applies other tokens and rules.
    func replace(_ configuration: AccessConfiguration) {
        state.withLock { state in
            if state.configuration.jwt != configuration.jwt {
                state.generation += 1
                state.known = [:]
            }
            if (state.configuration.rateLimit, state.configuration.rateBurst)
                != (configuration.rateLimit, configuration.rateBurst)
            {
                state.buckets = TokenBuckets(rate: configuration.rateLimit, burst: configuration.rateBurst)
            }
            if state.configuration.maxFailures != configuration.maxFailures {
                trace.setMaxFailures(configuration.maxFailures)
            }
            state.configuration = configuration
            state.tokens = AccessState.callers(configuration)
        }
        watch.changed(stillHolds)
    }

    var isLocked: Bool { state.withLock { $0.configuration.isLocked } }
    var sessionLifetime: Duration { state.withLock { $0.configuration.sessionLifetime } }

    // MARK: - Admission

    /// Returns the request's caller if they have `scope`.
    ///
    /// - Parameter channel: The request's connection.
    /// - Throws: ``AccessRejection`` otherwise.
    func admit(
        _ head: HTTPRequest, to scope: RouteScope, from channel: (any Channel)? = nil
    ) async throws(AccessRejection) -> Caller {
        if let caller = try admitAtOnce(head, to: scope, from: channel) { return caller }
        guard case .bearer(let token) = Credential(head.headerFields) else { return .anonymous }
        do {
            return try allow(try await bearer(token), scope, head, isSession: false)
        } catch {
            return try rejected(error, scope, channel)
        }
    }

    /// Like ``admit(_:to:from:)``, but returns nil if a signature must be verified first, which is slow.
    func admitAtOnce(
        _ head: HTTPRequest, to scope: RouteScope, from channel: (any Channel)? = nil
    ) throws(AccessRejection) -> Caller? {
        guard isLocked else {
            try checkOrigin(of: head, isSession: false)
            return .anyone
        }
        do {
            let credential = Credential(head.headerFields)
            switch try find(credential) {
            case nil: return try allow(.anonymous, scope, head, isSession: false)
            case .caller(let caller, let isSession)?:
                return try allow(caller, scope, head, isSession: isSession)
            case .jwt?: return nil
            }
        } catch {
            return try rejected(error, scope, channel)
        }
    }

    /// Records an invalid token. Public routes stay open to callers whose token has expired.
    private func rejected(
        _ rejection: AccessRejection, _ scope: RouteScope, _ channel: (any Channel)?
    ) throws(AccessRejection) -> Caller {
        let rejection = recorded(rejection, at: .request, from: channel)
        guard scope == .public, rejection.error.code == .unauthorized else { throw rejection }
        return .anonymous
    }

    private func recorded(
        _ rejection: AccessRejection, at door: AccessTrace.Door, from channel: (any Channel)?
    ) -> AccessRejection {
        guard rejection.isTokenWrong else { return rejection }
        return trace.record(rejection, at: door, from: ClientAddress.text(of: channel))
    }

    /// Returns the caller identified by `token`, whether it came in a header or a login form.
    func bearer(_ token: String) async throws(AccessRejection) -> Caller {
        switch try find(.bearer(token)) {
        case .caller(let caller, _)?: return caller
        case nil: return .anonymous
        case .jwt(let rules, let generation)?:
            let now = clock.now()
            guard let caller = try? await rules.verify(token, generation: generation, now: now) else {
                throw .unauthorized("unknown, wrongly signed or expired token", isTokenWrong: true)
            }
            remember(caller, TokenHash(of: token), generation: generation, now: now)
            return caller
        }
    }

    private func find(_ credential: Credential) throws(AccessRejection) -> Finding? {
        switch credential {
        case .none: return nil
        case .unknown: throw .unauthorized("Authorization must be: Bearer TOKEN", isTokenWrong: true)
        case .bearer(let token):
            let hash = TokenHash(of: token)
            let isJWT =
                token.utf8.count <= Self.maxTokenBytes && token.utf8.count { $0 == UInt8(ascii: ".") } == 2
            let now = clock.now()
            let finding: Finding? = state.withLock { state -> Finding? in
                if let caller = state.tokens[hash] { return .caller(caller, isSession: false) }
                guard isJWT, let rules = state.configuration.jwt else { return nil }
                if let caller = state.known[hash], state.holds(caller, now: now) {
                    return .caller(caller, isSession: false)
                }
                return .jwt(rules, generation: state.generation)
            }
            guard let finding else { throw .unauthorized("unknown token", isTokenWrong: true) }
            return finding
        case .session(let secret):
            let hash = TokenHash(of: secret)
            let (now, instant) = (clock.now(), clock.instant())
            let caller = state.withLock { state in
                state.sessions.find(hash, now: instant).flatMap { state.current($0.caller, now: now) }
            }
            guard let caller else { throw .unauthorized("session expired", isTokenWrong: false) }
            return .caller(caller, isSession: true)
        }
    }

    private func allow(
        _ caller: Caller, _ scope: RouteScope, _ head: HTTPRequest, isSession: Bool
    ) throws(AccessRejection) -> Caller {
        try checkOrigin(of: head, isSession: isSession)
        if let name = caller.name { try countRequest(of: name) }
        guard let needed = scope.needed else { return caller }
        guard caller.proof != .none else {
            throw .unauthorized(
                "a token is required: send Authorization: Bearer TOKEN", isTokenWrong: false)
        }
        guard caller.scopes.isSuperset(of: needed) else { throw .missing(scope, caller) }
        return caller
    }

    /// Rejects writes from pages of other origins that rely on ambient authority: the session cookie, or merely the
    /// user's network access to the server. Reads need no check, since browsers withhold the replies from such pages.
    private func checkOrigin(of head: HTTPRequest, isSession: Bool) throws(AccessRejection) {
        guard !head.method.isSafe, isSession || !head.headerFields.contains(.authorization) else { return }
        switch RequestOrigin(head) {
        case .own: return
        case .unspecified: if isSession { throw .foreignOrigin }
        case .foreign(let origin): guard !isSession, crossOrigin.allows(origin) else { throw .foreignOrigin }
        }
    }

    private func countRequest(of name: String) throws(AccessRejection) {
        let now = clock.instant()
        let wait = state.withLock { $0.buckets.isOff ? nil : $0.buckets.take(name, at: now) }
        if let wait { throw .tooFast(retryAfter: wait) }
    }

    private func remember(_ caller: Caller, _ hash: TokenHash, generation: Int, now: Timestamp) {
        state.withLock { state in
            guard state.generation == generation else { return }
            if state.known.count >= Self.maxKnown {
                state.known = state.known.filter { state.holds($0.value, now: now) }
                if state.known.count >= Self.maxKnown { state.known = [:] }
            }
            state.known[hash] = caller
        }
    }

    // MARK: - Sessions and streams

    /// Returns the caller that `token` identifies, for a console login, which counts against their rate limit.
    func logIn(_ token: String, from channel: (any Channel)?) async throws(AccessRejection) -> Caller {
        let caller: Caller
        do {
            caller = try await bearer(token)
        } catch {
            throw recorded(error, at: .login, from: channel)
        }
        if let name = caller.name { try countRequest(of: name) }
        return caller
    }

    /// Opens a console session for `caller`; returns the cookie's secret and when it expires.
    ///
    /// - Throws: ``AccessRejection`` if other tokens' sessions already use up the limit.
    func openSession(for caller: Caller) throws(AccessRejection) -> (secret: String, expiresAt: Timestamp) {
        let (now, instant) = (clock.now(), clock.instant())
        let session = state.withLock { state -> (String, Timestamp)? in
            var lifetime = state.configuration.sessionLifetime
            if case .jwt(_, let end) = caller.proof { lifetime = min(lifetime, end - now) }
            let limit = state.configuration.maxSessions
            let share = caller.quota.sessions ?? max(1, limit / 10)
            return state.sessions.open(
                for: caller, until: instant + lifetime, now: instant, share: share, limit: limit
            )
            .map { ($0, now + lifetime) }
        }
        guard let session else { throw .tooManySessions }
        return session
    }

    /// When the request's session expires; nil if it has none.
    func sessionEnd(_ head: HTTPRequest) -> Timestamp? {
        guard case .session(let secret) = Credential(head.headerFields) else { return nil }
        let (hash, now, instant) = (TokenHash(of: secret), clock.now(), clock.instant())
        return state.withLock { $0.sessions.find(hash, now: instant).map { now + ($0.endsAt - instant) } }
    }

    func closeSession(_ head: HTTPRequest) {
        guard case .session(let secret) = Credential(head.headerFields) else { return }
        let hash = TokenHash(of: secret)
        state.withLock { $0.sessions.close(hash) }
        watch.changed(stillHolds)
    }

    /// Whether the request's credential is still valid and grants at least the same access as when it was admitted.
    func stillHolds(_ caller: Caller, _ head: HTTPRequest) -> Bool {
        let credential = Credential(head.headerFields)
        let (now, instant) = (clock.now(), clock.instant())
        let secret: TokenHash? = if case .session(let text) = credential { TokenHash(of: text) } else { nil }
        return state.withLock { state in
            guard state.configuration.isLocked else { return true }
            if let secret, state.sessions.find(secret, now: instant) == nil { return false }
            guard let current = state.current(caller, now: now) else { return false }
            return current.types == caller.types && current.scopes.isSuperset(of: caller.scopes)
        }
    }

    /// Calls `body`, which waits on behalf of the request's caller, and calls `end` as soon as the caller loses access.
    ///
    /// - Throws: ``AccessRejection`` if the caller has lost access when `body` returns, or what `body` throws.
    func whileHolding<Value>(
        _ caller: Caller, _ head: HTTPRequest, end: @escaping @Sendable () -> Void,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard isLocked else { return try await body() }
        let number = watch.add(caller, head, end)
        defer { watch.remove(number) }
        // Access may have been revoked before the watch began.
        if !stillHolds(caller, head) { end() }
        let value = try await body()
        guard stillHolds(caller, head) else {
            end()
            throw AccessRejection.unauthorized("token or session no longer valid", isTokenWrong: false)
        }
        return value
    }
}
