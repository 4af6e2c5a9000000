import Synchronization

#if canImport(FoundationEssentials)
import FoundationEssentials
#else
import Foundation
#endif

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A program and everything it has started, as one thing that can be sent signals.
///
/// It holds on to the group's number only while that surely means this group: from the program's start
/// until the program has been reaped and, if it was stopped, nobody of the group is left.
final class ProcessGroup: Sendable {
    private struct State {
        var leader: pid_t?
        var hasEnded = false
        /// The time to stop is over: whatever starts now has come too late.
        var isOver = false
    }

    private let state = Mutex(State())
    /// The leaders of all groups that run now, for when there is no time to stop them one by one.
    private static let running = Mutex<Set<pid_t>>([])

    /// Sends SIGKILL to every group.
    static func killAll() {
        for leader in running.withLock({ $0 }) { kill(-leader, SIGKILL) }
    }

    /// The program runs, and is the leader of its group.
    func started(_ leader: pid_t) {
        let isOver = state.withLock { state in
            state.leader = leader
            return state.isOver
        }
        Self.running.withLock { _ = $0.insert(leader) }
        if isOver { kill(-leader, SIGKILL) }
    }

    /// The program is gone, or never was.
    func ended() {
        let leader = state.withLock { state in
            state.hasEnded = true
            return state.leader
        }
        if let leader { Self.running.withLock { _ = $0.remove(leader) } }
    }

    /// Sends SIGTERM to the group, waits until it is gone, and sends SIGKILL when there is no more time.
    ///
    /// Programs that outlive the leader of their group get the same time as the leader.
    ///
    /// - Parameter hasTime: Told how long it has been, says whether the group may take longer.
    func stop(while hasTime: (_ elapsed: Duration) -> Bool) async {
        let start = ContinuousClock.now
        var elapsed = Duration.zero
        var isAsked = false
        var pause = Duration.milliseconds(5)
        while hasTime(elapsed) {
            let state = state.withLock { $0 }
            if let leader = state.leader {
                guard isAlive(leader, isReaped: state.hasEnded) else { return }
                if !isAsked {
                    // A group whose leader was reaped before anybody asked it to stop is none of ours any more.
                    if state.hasEnded { return }
                    kill(-leader, SIGTERM)
                    isAsked = true
                }
            } else if state.hasEnded {
                return
            }
            try? await Task.sleep(for: pause)
            pause = min(pause * 2, .milliseconds(100))
            elapsed = ContinuousClock.now - start
        }
        let state = state.withLock { state in
            state.isOver = true
            return state
        }
        if let leader = state.leader, isAsked || !state.hasEnded, isAlive(leader, isReaped: state.hasEnded) {
            kill(-leader, SIGKILL)
        }
    }

    /// True while anybody in the group runs.
    private func isAlive(_ leader: pid_t, isReaped: Bool) -> Bool {
        guard kill(-leader, 0) == 0 || errno == EPERM else { return false }
        // Until the leader is reaped there is at least that one. Later a signal may still find orphans that
        // have ended and wait for somebody to take notice, which may take long, or for ever in a container.
        return !isReaped || ProcessTable.hasRunning(inGroup: leader)
    }
}

/// What the system knows about processes that are not our children.
private enum ProcessTable {
    /// True if a process of the group runs, rather than only waiting to be reaped.
    ///
    /// Where there is no `/proc` to look into, any process counts.
    static func hasRunning(inGroup group: pid_t) -> Bool {
        #if os(Linux)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: "/proc") else {
            return true
        }
        return names.contains { name in
            guard let process = pid_t(name), let entry = entry(of: process) else { return false }
            return entry.group == group && entry.state != "Z" && entry.state != "X"
        }
        #else
        return true
        #endif
    }

    /// The state and the group of a process; nil if it is gone.
    private static func entry(of process: pid_t) -> (state: Substring, group: pid_t)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name stands in brackets and may hold anything, brackets too.
        guard let name = text.lastIndex(of: ")") else { return nil }
        let words = text[name...].split(separator: " ")
        guard words.count > 3, let group = pid_t(words[3]) else { return nil }
        return (words[1], group)
    }
}
