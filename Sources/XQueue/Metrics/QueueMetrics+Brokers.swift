import CoreMetrics

extension QueueMetrics {
    /// The instruments of a sink.
    struct Sink: Sendable {
        let delivery: Timer
        let events: Counter
        let errors: Counter
        let lost: Counter
        /// Messages that the other side refused for good.
        let refused: Counter
    }

    /// The instruments of the log in front of the store.
    struct Intake: Sendable {
        let append: Timer
        let errors: Counter
        /// Records that became tasks.
        let fed: Counter
        /// Records whose tasks the store had already.
        let known: Counter
        /// Records for whose tasks others with the same unique key answer.
        let deduplicated: Counter
        /// Records that were put aside.
        let rejected: Counter
    }

    func sink(_ name: String) -> Sink {
        let label = [("sink", name)]
        return Sink(
            delivery: timer(.sinkDelivery, label), events: counter(.sinkEvents, label),
            errors: counter(.sinkErrors, label), lost: counter(.sinkLost, label),
            refused: counter(.sinkRefused, label))
    }

    func intake(_ name: String) -> Intake {
        let label = ("intake", name)
        func records(_ outcome: String) -> Counter {
            counter(.intakeRecords, [label, ("outcome", outcome)])
        }
        return Intake(
            append: timer(.intakeAppend, [label]), errors: counter(.intakeErrors, [label]),
            fed: records("fed"), known: records("known"),
            deduplicated: records("deduplicated"), rejected: records("rejected"))
    }
}
