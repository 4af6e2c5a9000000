import Logging
import Synchronization
import XQueueCore

/// Logs, once per type, that tasks were accepted whose type no live node serves.
///
/// Submissions only note their types; ``run()`` checks them in the background.
final class UnservedTypes: Sendable {
    /// Maximum number of types tracked; further ones are not logged.
    private static let limit = 1000

    private struct State {
        /// Types that were logged.
        var logged: Set<String> = []
        /// Types to be checked.
        var noted: Set<String> = []

        func knows(_ type: String) -> Bool {
            logged.contains(type) || noted.contains(type) || logged.count + noted.count >= UnservedTypes.limit
        }
    }

    private let cluster: ClusterView
    private let isServedHere: @Sendable (String) -> Bool
    /// Maximum age of cached knowledge that a type is served.
    private let maxAge: Duration
    private let context: EngineContext
    private let state = Mutex(State())
    private let news = AsyncEvent()

    init(
        _ cluster: ClusterView, maxAge: Duration, context: EngineContext,
        isServedHere: @escaping @Sendable (String) -> Bool
    ) {
        self.cluster = cluster
        self.isServedHere = isServedHere
        self.maxAge = maxAge
        self.context = context
    }

    /// Notes the types of tasks that were accepted.
    func note(_ tasks: [NewTask]) {
        var last: String?
        for task in tasks where task.type != last {
            last = task.type
            if !isServedHere(task.type) { note(task.type) }
        }
    }

    private func note(_ type: String) {
        let isFirst = state.withLock { state in
            guard !state.knows(type) else { return false }
            state.noted.insert(type)
            return state.noted.count == 1
        }
        if isFirst { news.signal() }
    }

    /// Checks the noted types, at most once per ``ClusterView/freshness``, until the Swift task is canceled.
    func run() async {
        while await news.wait() {
            // Types noted while others were checked have not signaled.
            repeat {
                for type in state.withLock({ $0.noted }) { await check(type) }
                guard (try? await context.clock.sleep(for: ClusterView.freshness)) != nil else { return }
            } while state.withLock({ !$0.noted.isEmpty })
        }
    }

    private func check(_ type: String) async {
        // If this fails, assume it is served; a later submission has it checked again.
        let isServed = (try? await cluster.serves(type, maxAge: maxAge)) ?? true
        let isNews = state.withLock { state in
            state.noted.remove(type)
            return !isServed && state.logged.insert(type).inserted
        }
        guard isNews else { return }
        context.logger.warning(
            "Accepted a task whose type no live node serves", metadata: ["task.type": "\(type)"])
    }
}
