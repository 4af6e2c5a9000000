import Synchronization
import XQueueCore

/// A handler with its types erased: raw JSON in, raw JSON out.
typealias ErasedHandler = @Sendable (TaskContext<RawJSON>) async throws -> RawJSON?

/// The handlers of this process, by task type, with the middleware around them.
final class HandlerRegistry: Sendable {
    private struct Entry {
        let handler: ErasedHandler
        let maxConcurrency: Int?
        /// The handler with all middleware around it.
        var wrapped: ErasedHandler
    }

    private struct State {
        var entries: [String: Entry] = [:]
        var types: [String] = []
        /// The first one is outermost.
        var middleware: [any AttemptMiddleware]
    }

    private let state: Mutex<State>

    /// - Parameter middleware: The queue's own, around all that is added later.
    init(middleware: [any AttemptMiddleware]) {
        state = Mutex(State(middleware: middleware))
    }

    /// Adds a handler, or replaces the one of the same type.
    func add(_ type: String, maxConcurrency: Int?, _ handler: @escaping ErasedHandler) {
        state.withLock { state in
            state.entries[type] = Entry(
                handler: handler, maxConcurrency: maxConcurrency,
                wrapped: state.middleware.wrapping(handler))
            state.types = state.entries.keys.sorted()
        }
    }

    /// Adds the innermost middleware of all handlers, those that are registered later included.
    func add(_ middleware: any AttemptMiddleware) {
        state.withLock { state in
            state.middleware.append(middleware)
            for (type, entry) in state.entries {
                state.entries[type]?.wrapped = state.middleware.wrapping(entry.handler)
            }
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
        state.withLock { $0.entries[type]?.wrapped }
    }
}
