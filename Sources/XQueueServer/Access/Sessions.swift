import XQueueCore

/// The consoles that are logged in, in this process's memory: a restart logs them out.
///
/// A session holds no right of its own but refers to what it was opened with, so that it ends with that.
struct Sessions {
    struct Session {
        let caller: Caller
        let endsAt: MonotonicInstant
        let number: Int
    }

    private var sessions: [TokenHash: Session] = [:]
    private var opened = 0

    var count: Int { sessions.count }

    /// Opens one for what `caller` showed; answers the secret that goes into the cookie, or nil if there is no
    /// room: one token's consoles are never logged out for another's.
    ///
    /// - Parameters:
    ///   - share: The most of the caller's.
    ///   - limit: The most in all.
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

    /// The session of a cookie, if it is not over.
    func find(_ secret: TokenHash, now: MonotonicInstant) -> Session? {
        guard let session = sessions[secret], session.endsAt > now else { return nil }
        return session
    }

    mutating func close(_ secret: TokenHash) {
        sessions[secret] = nil
    }
}
