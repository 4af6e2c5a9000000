import Foundation

/// What the system knows about processes that are not our children.
enum ProcessTable {
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
