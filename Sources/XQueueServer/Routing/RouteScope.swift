/// What a caller must be allowed to do before a route answers.
enum RouteScope: String, Sendable, CaseIterable {
    /// Answers strangers, too.
    case `public`
    /// Brings tasks, and cancels or retries them.
    case submit
    /// Looks at tasks, events and numbers.
    case read
    /// Takes tasks and runs them.
    case work
    /// Pauses and limits types.
    case admin
}
