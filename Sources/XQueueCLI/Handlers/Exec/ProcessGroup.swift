import Foundation
import Synchronization

/// A program and everything it has started, as one thing that can be sent signals.
///
/// It holds on to the group's number only while that surely means this group: from the program's start
/// until the program has been reaped and, if it was stopped, nobody of the group is left.
final class ProcessGroup: Sendable {
    private struct State {
        var leader: pid_t?
        var hasEnded = false
    }

    private let state = Mutex(State())

    /// The program runs, and is the leader of its group.
    func started(_ leader: pid_t) {
        state.withLock { $0.leader = leader }
    }

    /// The program is gone, or never was.
    func ended() {
        state.withLock { $0.hasEnded = true }
    }

    /// Sends SIGTERM to the group, waits until it is gone, and sends SIGKILL when `patience` is over.
    ///
    /// Programs that outlive the leader of their group get the same time as the leader.
    func stop(patience: Duration) async {
        let deadline = ContinuousClock.now + patience
        var isAsked = false
        while ContinuousClock.now < deadline {
            let state = state.withLock { $0 }
            if let leader = state.leader {
                guard isAlive(leader) else { return }
                if !isAsked {
                    // A group whose leader was reaped before anybody asked it to stop is none of ours any more.
                    if state.hasEnded { return }
                    kill(-leader, SIGTERM)
                    isAsked = true
                }
            } else if state.hasEnded {
                return
            }
            try? await Task.sleep(for: .milliseconds(10))
        }
        let state = state.withLock { $0 }
        if let leader = state.leader, isAsked || !state.hasEnded, isAlive(leader) { kill(-leader, SIGKILL) }
    }

    /// True while anybody is in the group, even if only as a zombie.
    private func isAlive(_ leader: pid_t) -> Bool {
        kill(-leader, 0) == 0 || errno == EPERM
    }
}
