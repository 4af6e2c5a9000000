import Foundation
import XQueueCore

/// What the `example` handler wrote down, across the lives of a server.
struct Journal {
    struct Line {
        enum Event: Substring {
            case start, fail, end
        }

        var event: Event
        var milliseconds: Int64
        var task: TaskID
        var attempt: Int
        /// Which life of the server it was, from 0.
        var life: Int
    }

    private(set) var lines: [Line] = []

    /// - Parameter lives: How many lines there were when each life but the last ended.
    init(_ text: String, lives: [Int]) throws {
        for (index, line) in text.split(separator: "\n").enumerated() {
            let words = line.split(separator: " ")
            guard words.count == 4, let event = Line.Event(rawValue: words[0]), let time = Int64(words[1]),
                let task = TaskID(String(words[2])), let attempt = Int(words[3])
            else { throw UnreadableLine(line: String(line)) }
            let life = lives.firstIndex { index < $0 } ?? lives.count
            lines.append(
                Line(event: event, milliseconds: time, task: task, attempt: attempt, life: life))
        }
    }

    struct UnreadableLine: Error {
        var line: String
    }

    /// How many attempts have no end, because their server was killed.
    var cutAttempts: Int {
        lines.count { $0.event == .start } - lines.count { $0.event != .start }
    }

    /// How many attempts ran at once, at most, of those that `group` puts together. An attempt whose end is
    /// missing ended with its server.
    func mostAtOnce(_ group: (TaskID) -> String?) -> [String: Int] {
        var most: [String: Int] = [:]
        var running: [String: Set<String>] = [:]
        var life = 0
        for line in lines {
            if line.life != life {
                running = [:]
                life = line.life
            }
            guard let name = group(line.task) else { continue }
            let attempt = "\(line.task) \(line.attempt)"
            if line.event == .start {
                running[name, default: []].insert(attempt)
                most[name] = max(most[name] ?? 0, running[name]?.count ?? 0)
            } else {
                running[name]?.remove(attempt)
            }
        }
        return most
    }
}
