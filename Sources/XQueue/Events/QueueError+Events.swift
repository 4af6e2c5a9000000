extension QueueError.Code {
    /// Events that came after the place asked for are no longer in the log, or the place is of another log.
    public static let eventsMissed = QueueError.Code(rawValue: "events_missed")
    /// Whoever follows the events took them more slowly than they came.
    public static let slowConsumer = QueueError.Code(rawValue: "slow_consumer")
    /// The limit of subscribers is reached.
    public static let tooManySubscribers = QueueError.Code(rawValue: "too_many_subscribers")
    /// The queue is shutting down.
    public static let stopped = QueueError.Code(rawValue: "stopped")
}
