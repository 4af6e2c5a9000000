import XQueueClient
import XQueueCore

/// The display of watched tasks: a permanent line for each change, and a bar for each running task.
struct WatchBoard {
    /// Maximum number of bars; further tasks are counted.
    static let maxBars = 20
    private static let barWidth = 24
    /// Number of characters of a task ID.
    private static let idWidth = 36

    private struct Bar {
        var type: String
        var percent: Double
        var message: String
    }

    /// Whether the output is a terminal; otherwise tabs separate the values.
    private let isTerminal: Bool
    private var bars: [TaskID: Bar] = [:]
    /// The running tasks, in the order they started.
    private var order: [TaskID] = []

    init(isTerminal: Bool = true) {
        self.isTerminal = isTerminal
    }

    /// Applies an event; returns the permanent line to print, if any.
    mutating func apply(_ event: QueueEvent) -> String? {
        if event.kind == .schedule { return line(ofSchedule: event) }
        guard let id = event.taskID, let type = event.type else { return nil }
        if event.kind == .progress {
            setBar(id, type, percent: event.progress ?? 0, message: event.progressMessage ?? "")
            return nil
        }
        guard let status = event.status else { return nil }
        if status == .processing {
            setBar(id, type, percent: event.progress ?? 0, message: "")
        } else if bars.removeValue(forKey: id) != nil {
            order.removeAll { $0 == id }
        }
        return line(event, id: id, type: type, status: status)
    }

    private mutating func setBar(_ id: TaskID, _ type: String, percent: Double, message: String) {
        if bars.updateValue(Bar(type: type, percent: percent, message: message), forKey: id) == nil {
            order.append(id)
        }
    }

    /// Returns the bars as lines of at most `width` characters.
    func lines(width: Int) -> [String] {
        var lines = order.prefix(Self.maxBars).compactMap { id in
            bars[id].map { Self.line(id: id, $0, width: width) }
        }
        if order.count > Self.maxBars { lines.append("… and \(order.count - Self.maxBars) more run") }
        return lines
    }

    private static func line(id: TaskID, _ bar: Bar, width: Int) -> String {
        let whole = WholePercent.of(bar.percent)
        let filled = whole * barWidth / 100
        let blocks = String(repeating: "█", count: filled) + String(repeating: "░", count: barWidth - filled)
        let percent = "\(whole) %".padded(to: 5, onLeft: true)
        return String(
            "\(id)  \(blocks) \(percent)  \(bar.type) \(bar.message)".onOneLine.prefix(max(width, 20)))
    }

    private func line(
        _ event: QueueEvent, id: TaskID, type: String, status: TaskStatus
    ) -> String {
        var notes: [String] = []
        if let retries = event.retryCount, retries > 0 { notes.append("retry \(retries)") }
        if status == .processing, let worker = event.workerID { notes.append("on \(worker)") }
        if status != .success, let error = event.error { notes.append(error) }
        return line(event, id.description, event.isEdit ? "edited" : status.rawValue, type, notes)
    }

    /// Returns the line of a tick; nil if the event lacks what it is about.
    private func line(ofSchedule event: QueueEvent) -> String? {
        guard let schedule = event.schedule, let outcome = event.outcome else { return nil }
        var notes = ["schedule \(schedule)"]
        if let tick = event.tick { notes.append("tick \(tick.rfc3339)") }
        if let count = event.count, count > 1 { notes.append("\(count) ticks") }
        // Other ticks have no task.
        let id = outcome == .fired || outcome == .late ? event.taskID?.description : nil
        return line(event, id ?? "-", outcome.rawValue, event.type ?? "-", notes)
    }

    private func line(
        _ event: QueueEvent, _ id: String, _ word: String, _ type: String, _ notes: [String]
    ) -> String {
        let id = isTerminal ? id.padded(to: Self.idWidth) : id
        let word = isTerminal ? word.padded(to: 10) : word
        let values =
            [event.timestamp?.rfc3339 ?? "", id, word, type]
            + (notes.isEmpty ? [] : [notes.joined(separator: "  ")])
        return values.map(\.onOneLine).joined(separator: isTerminal ? "  " : "\t")
    }
}

/// A stream of permanent lines with, on a terminal, lines below them that are redrawn.
struct TerminalBoard {
    private let stream: Terminal
    let isTerminal: Bool
    private var drawn = 0

    init(_ stream: Terminal = .output) {
        self.stream = stream
        isTerminal = stream.isTerminal
    }

    /// Number of columns.
    var width: Int { stream.width }

    /// Prints `lines` permanently, and `moving` below them until the next call.
    ///
    /// - Throws: Like ``Output``; failures of standard error are ignored.
    mutating func show(_ lines: [String], moving: [String]) throws {
        var text = ""
        if drawn > 0 { text += "\u{1B}[\(drawn)A\u{1B}[J" }
        for line in lines { text += (isTerminal ? line.visibleJSON : line) + "\n" }
        if isTerminal {
            for line in moving { text += line + "\n" }
            drawn = moving.count
        }
        if stream == .output { try Output.writeRaw(text) } else { StandardError.write(text) }
    }
}
