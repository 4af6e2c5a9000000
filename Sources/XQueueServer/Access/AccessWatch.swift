import HTTPTypes
import Synchronization

/// Those who wait for something on behalf of a caller, and must stop when what let the caller in is taken away.
final class AccessWatch: Sendable {
    private struct Watcher {
        let caller: Caller
        let head: HTTPRequest
        let end: @Sendable () -> Void
    }

    private struct State {
        var watchers: [Int: Watcher] = [:]
        var last = 0
    }

    private let state = Mutex(State())
    private let changes = Atomic<Int>(0)

    /// Goes up whenever something may have been taken away.
    var revision: Int { changes.load(ordering: .acquiring) }

    /// Has `end` called as soon as the caller is not let in any more.
    ///
    /// - Returns: A number for ``remove(_:)``, which has to follow.
    func add(_ caller: Caller, _ head: HTTPRequest, _ end: @escaping @Sendable () -> Void) -> Int {
        state.withLock { state in
            state.last += 1
            state.watchers[state.last] = Watcher(caller: caller, head: head, end: end)
            return state.last
        }
    }

    func remove(_ number: Int) {
        state.withLock { _ = $0.watchers.removeValue(forKey: number) }
    }

    /// Something was taken away: ends those for whom `holds` is false.
    func changed(_ holds: (Caller, HTTPRequest) -> Bool) {
        changes.wrappingAdd(1, ordering: .releasing)
        let watchers = state.withLock { $0.watchers.values.map(\.self) }
        for watcher in watchers where !holds(watcher.caller, watcher.head) { watcher.end() }
    }
}
