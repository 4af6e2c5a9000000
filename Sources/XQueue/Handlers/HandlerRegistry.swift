import Synchronization
import XQueueCore

/// A handler with its types erased: raw JSON in, raw JSON out.
typealias ErasedHandler = @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?

/// The handlers of this process, by task type.
final class HandlerRegistry: Sendable {
    struct Entry: Sendable {
        let handler: ErasedHandler
        let maxConcurrency: Int?
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var types: [String] = []
    }

    private let state = Mutex(State())

    /// Adds a handler, or replaces the one of the same type.
    func add(_ type: String, maxConcurrency: Int?, _ handler: @escaping ErasedHandler) {
        state.withLock { state in
            state.entries[type] = Entry(handler: handler, maxConcurrency: maxConcurrency)
            state.types = state.entries.keys.sorted()
        }
    }

    /// The types served, by name.
    var types: [String] { state.withLock { $0.types } }

    var limits: [(type: String, limit: Int?)] {
        state.withLock { state in
            state.types.map { (type: $0, limit: state.entries[$0]?.maxConcurrency) }
        }
    }

    func handler(of type: String) -> ErasedHandler? {
        state.withLock { $0.entries[type]?.handler }
    }
}
