import Foundation
import XQueueCore

/// The journal of the `example` handler, across several runs ("lives") of a server.
struct Journal {
    struct Line {
        enum Event: Substring {
            case start, fail, end
        }

        var event: Event
        var milliseconds: Int64
        var task: TaskID
        var attempt: Int
        /// The server's life, from 0.
        var life: Int
    }

    private(set) var lines: [Line] = []

    /// - Parameter lives: The number of lines at the end of each life but the last.
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

    /// The number of attempts without an end because their server was killed.
    var cutAttempts: Int {
        lines.count { $0.event == .start } - lines.count { $0.event != .start }
    }

    /// The maximum number of concurrent attempts per group. An attempt without an end ended with its server.
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
