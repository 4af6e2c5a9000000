import Synchronization
import XQueueCore

/// A sink that keeps what it is given, and can be down or stuck.
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

    /// All it was given, repeats included.
    var events: [TaskEvent] { state.withLock { $0.events } }
    var isOpen: Bool { state.withLock { $0.isOpen } }
    /// How often it was down when somebody wanted it.
    var failures: Int { state.withLock { $0.failures } }

    func setDown(_ isDown: Bool) {
        state.withLock { $0.isDown = isDown }
    }

    /// Whether deliveries take until they are canceled.
    func setStuck(_ isStuck: Bool) {
        state.withLock { $0.isStuck = isStuck }
    }

    /// What it is to tell of next.
    func refuse(_ topics: [String]) {
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

/// What is told of each task, in the order it came.
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

    /// How many tasks have come to their third version: submitted, started, succeeded.
    var whole: Int { versions.values.count { $0.contains(3) } }

    /// The tasks of which something is missing, or told too early. Repeats begin anew from an older version.
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
