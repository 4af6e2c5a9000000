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

/// The process group of a program and its descendants, for sending signals.
///
/// The group's ID is used only while it certainly denotes this group: from the program's start until the program has been
/// reaped and, if it was stopped, no process of the group is left.
final class ProcessGroup: Sendable {
    private struct State {
        var leader: pid_t?
        var hasEnded = false
        /// Whether the time to stop has elapsed: a program that starts now is killed.
        var isExpired = false
    }

    private let state = Mutex(State())
    /// Leaders of all running groups, for ``killAll()``.
    private static let running = Mutex<Set<pid_t>>([])

    /// Sends SIGKILL to every group.
    static func killAll() {
        for leader in running.withLock({ $0 }) { kill(-leader, SIGKILL) }
    }

    /// Records that the program runs as the leader of its group.
    func started(_ leader: pid_t) {
        let isExpired = state.withLock { state in
            state.leader = leader
            return state.isExpired
        }
        Self.running.withLock { _ = $0.insert(leader) }
        if isExpired { kill(-leader, SIGKILL) }
    }

    /// Records that the program has ended or could not be started.
    func ended() {
        let leader = state.withLock { state in
            state.hasEnded = true
            return state.leader
        }
        if let leader { Self.running.withLock { _ = $0.remove(leader) } }
    }

    /// Sends SIGTERM to the group, waits until it is gone, and sends SIGKILL when time is up.
    ///
    /// Processes that outlive the leader get the same time as the leader.
    ///
    /// - Parameter hasTime: Returns whether the group may take longer, given the time elapsed.
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
                    // The leader was reaped before the group was asked to stop: the ID may be reused.
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
            state.isExpired = true
            return state
        }
        if let leader = state.leader, isAsked || !state.hasEnded, isAlive(leader, isReaped: state.hasEnded) {
            kill(-leader, SIGKILL)
        }
    }

    /// Returns whether any process of the group is running.
    private func isAlive(_ leader: pid_t, isReaped: Bool) -> Bool {
        guard kill(-leader, 0) == 0 || errno == EPERM else { return false }
        // Until the leader is reaped, it exists. Later, kill also succeeds for zombies that wait to be reaped, in a
        // container possibly indefinitely.
        return !isReaped || ProcessTable.hasRunning(inGroup: leader)
    }
}

/// The system's information about processes that are not our children.
private enum ProcessTable {
    /// Returns whether a process of the group is running, rather than a zombie.
    ///
    /// Without `/proc`, any process counts.
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

    /// Returns the state and group of a process; nil if it is gone.
    private static func entry(of process: pid_t) -> (state: Substring, group: pid_t)? {
        guard let data = FileManager.default.contents(atPath: "/proc/\(process)/stat") else { return nil }
        let text = String(decoding: data, as: UTF8.self)
        // The name is in parentheses and may contain anything, including parentheses.
        guard let name = text.lastIndex(of: ")") else { return nil }
        let words = text[name...].split(separator: " ")
        guard words.count > 3, let group = pid_t(words[3]) else { return nil }
        return (words[1], group)
    }
}
