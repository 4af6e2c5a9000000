import HTTPTypes
import NIOCore
import Synchronization
import XQueue
import XQueueCore

/// Says who a caller is and lets them in or not: the one door all requests come through.
///
/// What it knows can be replaced while it works; streams and sessions that what is new does not allow end.
final class AccessControl: Sendable {
    /// What came of looking at a credential without a signature to check.
    private enum Finding {
        case caller(Caller, isSession: Bool)
        case jwt(JWTRules, generation: Int)
    }

    /// The most JWTs that are kept in mind.
    static let maxKnown = 1000
    /// The longest JWT that is looked at, in bytes.
    private static let maxTokenBytes = 8 << 10

    private let state: Mutex<AccessState>
    private let clock: any QueueClock
    private let trace: AccessTrace
    let crossOrigin: CrossOrigin
    /// Those who wait or follow on behalf of a caller.
    let watch = AccessWatch()
    let ledger = TokenLedger()
    let submissionQuota = SubmissionQuota()

    /// - Parameter trace: Told of wrong tokens.
    init(
        _ configuration: AccessConfiguration, origins: [String] = [],
        clock: any QueueClock = SystemQueueClock(), trace: AccessTrace? = nil
    ) {
        state = Mutex(AccessState(configuration))
        crossOrigin = CrossOrigin(origins)
        self.clock = clock
        self.trace = trace ?? AccessTrace(maxFailures: configuration.maxFailures, clock: clock)
    }

    /// Puts other tokens and rules in force.
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

    // MARK: - Letting in

    /// Who sent the request, if they may do what needs `scope`.
    ///
    /// - Parameter channel: The connection it came by.
    /// - Throws: ``AccessRefusal`` if not.
    func admit(
        _ head: HTTPRequest, to scope: RouteScope, from channel: (any Channel)? = nil
    ) async throws(AccessRefusal) -> Caller {
        if let caller = try admitAtOnce(head, to: scope, from: channel) { return caller }
        guard case .bearer(let token) = Credential(head.headerFields) else { return .stranger }
        do {
            return try allow(try await bearer(token), scope, head, isSession: false)
        } catch {
            return try refused(error, scope, channel)
        }
    }

    /// As ``admit(_:to:from:)``, but nil if there is a signature to check, which takes its time.
    func admitAtOnce(
        _ head: HTTPRequest, to scope: RouteScope, from channel: (any Channel)? = nil
    ) throws(AccessRefusal) -> Caller? {
        guard isLocked else {
            try checkOrigin(of: head, isSession: false)
            return .anyone
        }
        do {
            let credential = Credential(head.headerFields)
            switch try find(credential) {
            case nil: return try allow(.stranger, scope, head, isSession: false)
            case .caller(let caller, let isSession)?:
                return try allow(caller, scope, head, isSession: isSession)
            case .jwt?: return nil
            }
        } catch {
            return try refused(error, scope, channel)
        }
    }

    /// Tells of a wrong token. What is open to all is open to whoever has a token that is over, too.
    private func refused(
        _ refusal: AccessRefusal, _ scope: RouteScope, _ channel: (any Channel)?
    ) throws(AccessRefusal) -> Caller {
        let refusal = told(refusal, at: .request, from: channel)
        guard scope == .public, refusal.error.code == .unauthorized else { throw refusal }
        return .stranger
    }

    private func told(
        _ refusal: AccessRefusal, at door: AccessTrace.Door, from channel: (any Channel)?
    ) -> AccessRefusal {
        guard refusal.isTokenWrong else { return refusal }
        return trace.told(refusal, at: door, from: ClientAddress.text(of: channel))
    }

    /// Whoever `token` stands for, whether it came in a header or in a form.
    func bearer(_ token: String) async throws(AccessRefusal) -> Caller {
        switch try find(.bearer(token)) {
        case .caller(let caller, _)?: return caller
        case nil: return .stranger
        case .jwt(let rules, let generation)?:
            let now = clock.now()
            guard let caller = try? await rules.verify(token, generation: generation, now: now) else {
                throw .unauthorized(
                    "unknown, wrongly signed or expired token", isTokenWrong: true)
            }
            remember(caller, TokenHash(of: token), generation: generation, now: now)
            return caller
        }
    }

    private func find(_ credential: Credential) throws(AccessRefusal) -> Finding? {
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
    ) throws(AccessRefusal) -> Caller {
        try checkOrigin(of: head, isSession: isSession)
        if let name = caller.name { try countRequest(of: name) }
        guard let needed = scope.needed else { return caller }
        guard caller.proof != .none else {
            throw .unauthorized("a token is needed: Authorization: Bearer TOKEN", isTokenWrong: false)
        }
        guard caller.scopes.isSuperset(of: needed) else { throw .missing(scope, caller) }
        return caller
    }

    /// Another place's page must not use what the browser adds by itself: the cookie, or that this machine
    /// can reach the server at all. Reading is left to browsers, which don't hand over what they must not.
    private func checkOrigin(of head: HTTPRequest, isSession: Bool) throws(AccessRefusal) {
        guard !head.method.isSafe, isSession || !head.headerFields.contains(.authorization) else { return }
        switch RequestOrigin(head) {
        case .own: return
        case .unsaid: if isSession { throw .foreignOrigin }
        case .foreign(let origin): guard !isSession, crossOrigin.allows(origin) else { throw .foreignOrigin }
        }
    }

    private func countRequest(of name: String) throws(AccessRefusal) {
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

    /// Whoever `token` stands for, who wants to log a console in: that counts as a request of theirs.
    func logIn(_ token: String, from channel: (any Channel)?) async throws(AccessRefusal) -> Caller {
        let caller: Caller
        do {
            caller = try await bearer(token)
        } catch {
            throw told(error, at: .login, from: channel)
        }
        if let name = caller.name { try countRequest(of: name) }
        return caller
    }

    /// Logs a console in with what `caller` showed; answers the cookie's secret and when it is over.
    ///
    /// - Throws: ``AccessRefusal`` if as many consoles of others are logged in as there may be.
    func openSession(for caller: Caller) throws(AccessRefusal) -> (secret: String, expiresAt: Timestamp) {
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

    /// When the session of the request's cookie is over; nil if it has none.
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

    /// Whether what let somebody in would do so still, with nothing taken away since.
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

    /// Calls `body`, which waits for something on behalf of the request's caller; `end` is called as soon as the
    /// caller is not let in any more.
    ///
    /// - Throws: ``AccessRefusal`` if that is so in the end, or what `body` throws.
    func whileHolding<Value>(
        _ caller: Caller, _ head: HTTPRequest, end: @escaping @Sendable () -> Void,
        _ body: () async throws -> Value
    ) async throws -> Value {
        guard isLocked else { return try await body() }
        let number = watch.add(caller, head, end)
        defer { watch.remove(number) }
        // What was taken away before the watch began.
        if !stillHolds(caller, head) { end() }
        let value = try await body()
        guard stillHolds(caller, head) else {
            end()
            throw AccessRefusal.unauthorized("the token or session is over", isTokenWrong: false)
        }
        return value
    }
}
