import Synchronization
import XQueueCore

/// A log that keeps what is appended, and hands out nothing.
final class MemoryLog: TaskIntake {
    private struct State {
        var messages: [IntakeMessage] = []
        var isFailing = false
    }

    let name = "memory"
    private let state = Mutex(State())

    /// The values of the messages.
    var values: [String] { state.withLock { $0.messages.map(\.value) } }

    func fail(_ isFailing: Bool = true) {
        state.withLock { $0.isFailing = isFailing }
    }

    func append(_ messages: [IntakeMessage]) async throws(IntakeError) -> [IntakeOrigin] {
        let first = state.withLock { state -> Int? in
            guard !state.isFailing else { return nil }
            state.messages += messages
            return state.messages.count - messages.count
        }
        guard let first else { throw IntakeError(.unavailable, "not acknowledged") }
        return messages.indices.map { IntakeOrigin(log: name, part: 0, position: Int64(first + $0)) }
    }

    func stored(_ origins: [IntakeOrigin]) {}
    func open() async throws(IntakeError) {}
    func receive(limit: Int, waiting: Duration) async throws(IntakeError) -> [IntakeRecord] { [] }
    func hold() async throws(IntakeError) {}
    func reject(_ records: [RejectedRecord]) async throws(IntakeError) {}
    func commit(_ records: [IntakeRecord]) async throws(IntakeError) {}
    func leave() async {}
    func status() async -> IntakeStatus { IntakeStatus() }
    func close() async {}
}
