import Synchronization
import XQueueCore

/// The events of several sinks, in the order in which they arrived at any of them.
final class Deliveries: Sendable {
    private let events = Mutex<[TaskEvent]>([])

    var all: [TaskEvent] { events.withLock { $0 } }

    func append(_ more: [TaskEvent]) {
        events.withLock { $0 += more }
    }
}

/// A sink that records its events and can be made to fail or hang.
final class RecordingSink: EventSink {
    private struct State {
        var isDown = false
        var isStuck = false
        var rejections = SinkRejections()
        var isOpen = false
        var openings = 0
        var failures = 0
        var events: [TaskEvent] = []
    }

    struct Down: Error {}

    let name = "recording"
    private let state = Mutex(State())
    private let deliveries: Deliveries

    /// - Parameter deliveries: Also receives the events.
    init(_ deliveries: Deliveries) {
        self.deliveries = deliveries
    }

    /// All delivered events, including repeats.
    var events: [TaskEvent] { state.withLock { $0.events } }
    var isOpen: Bool { state.withLock { $0.isOpen } }
    /// How often it was used while down.
    var failures: Int { state.withLock { $0.failures } }

    func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
    }

    /// Makes deliveries hang until canceled.
    func setStuck(_ isStuck: Bool) {
        state.withLock { $0.isStuck = isStuck }
    }

    /// Sets the rejections to report next.
    func reject(_ topics: [String]) {
        state.withLock { state in
            for topic in topics { state.rejections.add(SinkRejection(topic: topic, reason: "no")) }
        }
    }

    func takeRejections() -> SinkRejections {
        state.withLock { state in
            defer { state.rejections = SinkRejections() }
            return state.rejections
        }
    }

    func open() async throws {
        try check()
        state.withLock { $0.isOpen = true }
    }

    func deliver(_ events: [TaskEvent]) async throws {
        try check()
        if !events.isEmpty, state.withLock({ $0.isStuck }) {
            try await SystemQueueClock().sleep(for: .seconds(3600))
        }
        state.withLock { $0.events += events }
        deliveries.append(events)
    }

    func close() async {
        state.withLock { $0.isOpen = false }
    }

    private func check() throws {
        try state.withLock { state in
            guard state.isDown else { return }
            state.failures += 1
            throw Down()
        }
    }
}

/// The delivered status versions of each task, in arrival order.
struct Stories {
    private let versions: [TaskID: [Int]]

    init(_ events: [TaskEvent]) {
        var versions: [TaskID: [Int]] = [:]
        for event in events {
            guard case .status(let change) = event.change else { continue }
            versions[event.taskID, default: []].append(change.version)
        }
        self.versions = versions
    }

    /// The number of tasks that reached their third version: submitted, started, succeeded.
    var whole: Int { versions.values.count { $0.contains(3) } }

    /// Tasks with missing or out-of-order versions. Repeats, which restart from an older version, are allowed.
    var broken: [TaskID: [Int]] {
        versions.filter { _, versions in
            var highest = 0
            for version in versions {
                if version > highest + 1 { return true }
                highest = max(highest, version)
            }
            return false
        }
    }
}
