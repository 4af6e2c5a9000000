import Logging
import Synchronization
import XQueueCore

/// Logs, once for each type, that tasks were accepted which nobody serves.
///
/// A submission only notes its types. Who serves them is asked beside it, now and then, by ``run()``.
final class UnservedTypes: Sendable {
    /// Beyond so many, further types are no longer told apart and not logged.
    private static let limit = 1000

    private struct State {
        /// Types that were logged.
        var told: Set<String> = []
        /// Types to be asked about.
        var noted: Set<String> = []

        func knows(_ type: String) -> Bool {
            told.contains(type) || noted.contains(type) || told.count + noted.count >= UnservedTypes.limit
        }
    }

    private let cluster: ClusterView
    private let isServedHere: @Sendable (String) -> Bool
    /// How old the knowledge of who serves a type may be.
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

    /// Asks who serves the types that were noted, once a moment at most, until the Swift task is canceled.
    func run() async {
        while await news.wait() {
            // Those that were noted while others were asked about have given no signal.
            repeat {
                for type in state.withLock({ $0.noted }) { await look(at: type) }
                guard (try? await context.clock.sleep(for: ClusterView.freshness)) != nil else { return }
            } while state.withLock({ !$0.noted.isEmpty })
        }
    }

    private func look(at type: String) async {
        // Whether anybody serves it is not known if this fails; a later submission will tell.
        let isServed = (try? await cluster.serves(type, maxAge: maxAge)) ?? true
        let isNews = state.withLock { state in
            state.noted.remove(type)
            return !isServed && state.told.insert(type).inserted
        }
        guard isNews else { return }
        context.logger.warning(
            "A task was accepted whose type no live node serves", metadata: ["task.type": "\(type)"])
    }
}
