import Foundation
import Synchronization
import XQueue
import XQueueCore

/// Shows the progress and the outcome of a migration.
final class MigrateDisplay: Sendable {
    /// A sentence about what is not copied.
    static let notKept = """
        Not copied: the event log and the positions of sinks and subscribers in it; the rates of the last minute; \
        nodes, workers and cluster leases.
        """

    private static let words: [(adoption: Adoption, text: String)] = [
        (.adopted, "copied"), (.known, "already there"), (.differs, "already there, in another state"),
        (.uniqueKeyTaken, "unique key taken in the target"),
    ]

    private let json: Bool
    private let notice = ProgressNotice()
    private let begun = ContinuousClock.now
    private let latest = Mutex(TransferReport())

    init(json: Bool) {
        self.json = json
    }

    /// The latest report.
    var report: TransferReport { latest.withLock { $0 } }

    private var seconds: Double { begun.duration(to: .now).inSeconds }

    /// Shows progress on standard error.
    func show(_ report: TransferReport) {
        latest.withLock { $0 = report }
        let rate = Int(Double(report.read - report.resumedAt) / max(seconds, 0.001))
        notice.show(
            "migrating", report.read, of: report.total,
            note: "\(report.read.grouped) tasks, \(rate.grouped)/s",
            line: "\(report.read) of \(report.total) tasks")
    }

    func clear() {
        notice.clear()
    }

    /// Prints how to resume on standard error, if any task was copied.
    func reportHowToResume() {
        let report = report
        guard report.read > 0 else { return }
        StandardError.write(
            "xqueue: \(report.read) of \(report.total) tasks copied; run the same command again to resume\n"
        )
    }

    /// Returns the final output.
    func summary(of migration: Migration) -> String {
        let (from, to, report) = (migration.source.name, migration.target.name, report)
        if json { return object(report, from, to) }
        if let time = report.endedBefore {
            return "Nothing to do: \(from) was already copied to \(to) at \(time.rfc3339)."
        }
        var lines = ["Copied \(from) to \(to) in \(String(format: "%.1f", seconds)) s."] + table(report)
        if !report.conflicts.isEmpty { lines.append("Left out:") }
        lines += report.conflicts.map { "  \($0)" }
        lines += [Self.notKept, "Do not start a node on the source again: its tasks would run twice."]
        return lines.joined(separator: "\n")
    }

    private func table(_ report: TransferReport) -> [String] {
        var rows: [(name: String, number: Int)] = [("tasks", report.read)]
        if report.resumedAt > 0 { rows.append(("of these, by earlier runs", report.resumedAt)) }
        for word in Self.words {
            let number = report.outcomes[word.adoption, default: 0]
            if number > 0 || word.adoption == .adopted { rows.append((word.text, number)) }
        }
        rows.append(("types", report.types))
        if report.schedules > 0 { rows.append(("schedules", report.schedules)) }
        let width = rows.map(\.name.count).max() ?? 0
        let digits = rows.map(\.number.grouped.count).max() ?? 0
        return rows.map { row in
            "  \(row.name.padded(to: width))  \(row.number.grouped.padded(to: digits, onLeft: true))"
        }
    }

    private func object(_ report: TransferReport, _ from: String, _ to: String) -> String {
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("from", from)
            writer.member("to", to)
            writer.member("tasks", report.read)
            writer.member("resumed_at", report.resumedAt)
            for adoption in Adoption.allCases {
                writer.member(adoption.rawValue, report.outcomes[adoption, default: 0])
            }
            writer.name("left_out")
            writer.array(report.conflicts) { $0.value($1.description) }
            writer.member("types", report.types)
            writer.member("schedules", report.schedules)
            writer.member("completed_before", report.endedBefore?.rfc3339)
            writer.member("seconds", seconds)
        }
        return writer.text
    }
}
