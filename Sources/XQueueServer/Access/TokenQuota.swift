/// How much of the queue one token may take up; nil for no bound of its own. Each node counts for itself.
public struct TokenQuota: Sendable, Hashable {
    /// The most task types that exist because it submitted the first task of them.
    public var types: Int?
    /// The most pending tasks of its types, whoever submitted them; of all types for a token without.
    public var backlog: Int?
    /// The most event streams at once.
    public var streams: Int?
    /// The most remote workers at once, and requests for tasks that wait.
    public var workers: Int?
    /// The most consoles that are logged in at once; beyond it its oldest one is logged out. Nil for a tenth of
    /// ``AccessConfiguration/maxSessions``.
    public var sessions: Int?

    public init(
        types: Int? = nil, backlog: Int? = nil, streams: Int? = nil, workers: Int? = nil, sessions: Int? = nil
    ) {
        self.types = types
        self.backlog = backlog
        self.streams = streams
        self.workers = workers
        self.sessions = sessions
    }
}
