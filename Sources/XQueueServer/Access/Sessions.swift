import XQueueCore

/// The console sessions, kept in memory: a restart logs all consoles out.
///
/// A session has no rights of its own; it refers to the token it was opened with and ends with it.
struct Sessions {
    struct Session {
        let caller: Caller
        let endsAt: MonotonicInstant
        let number: Int
    }

    private var sessions: [TokenHash: Session] = [:]
    private var opened = 0

    var count: Int { sessions.count }

    /// Opens a session for `caller`; returns the cookie's secret, or nil if the limit is reached: one token's sessions
    /// are never ended in favor of another's.
    ///
    /// - Parameters:
    ///   - share: Maximum number of the caller's sessions.
    ///   - limit: Maximum number of sessions in total.
    mutating func open(
        for caller: Caller, until end: MonotonicInstant, now: MonotonicInstant, share: Int, limit: Int
    ) -> String? {
        if sessions.count >= limit { sessions = sessions.filter { $0.value.endsAt > now } }
        var own = sessions.filter { $0.value.caller.name == caller.name }
        while own.count >= max(1, share) || sessions.count >= max(1, limit),
            let oldest = own.min(by: { $0.value.number < $1.value.number })
        {
            sessions[oldest.key] = nil
            own[oldest.key] = nil
        }
        guard sessions.count < max(1, limit) else { return nil }
        opened += 1
        let secret = RandomSecret.make()
        sessions[TokenHash(of: secret)] = Session(caller: caller, endsAt: end, number: opened)
        return secret
    }

    /// The session of a cookie, unless it has expired.
    func find(_ secret: TokenHash, now: MonotonicInstant) -> Session? {
        guard let session = sessions[secret], session.endsAt > now else { return nil }
        return session
    }

    mutating func close(_ secret: TokenHash) {
        sessions[secret] = nil
    }
}
