import Synchronization

/// Lets a few do something at once; the others wait, first come, first served.
package final class Turns: Sendable {
    private struct State {
        var free: Int
        var waiters: [CheckedContinuation<Void, Never>] = []
        /// Those before it have been let in.
        var first = 0
    }

    private let state: Mutex<State>

    package init(_ count: Int) {
        state = Mutex(State(free: count))
    }

    /// Returns when it is the caller's turn, which it then has to give back.
    package func take() async {
        await withCheckedContinuation { continuation in
            let isFree = state.withLock { state in
                if state.free > 0 {
                    state.free -= 1
                    return true
                }
                state.waiters.append(continuation)
                return false
            }
            if isFree { continuation.resume() }
        }
    }

    package func giveBack() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            guard state.first < state.waiters.count else {
                state.free += 1
                state.waiters = []
                state.first = 0
                return nil
            }
            defer { state.first += 1 }
            return state.waiters[state.first]
        }
        next?.resume()
    }
}
