import Foundation
import XQueue
import XQueueCore

/// Shows the progress and the outcome of a replay.
final class ReplayDisplay: Sendable {
    private let json: Bool
    private let isDry: Bool
    private let notice = ProgressNotice()

    init(json: Bool, isDry: Bool) {
        self.json = json
        self.isDry = isDry
    }

    /// Shows progress on standard error.
    func show(_ report: ReplayReport, of total: Int64) {
        notice.show(
            "replay", report.read, of: Int(total),
            line: "\(report.read) of \(total) records, \(report.restored) tasks restored")
    }

    func clear() {
        notice.clear()
    }

    func text(of outcome: ReplayProgram.Outcome) -> String {
        json ? object(outcome) : lines(outcome)
    }

    private func lines(_ outcome: ReplayProgram.Outcome) -> String {
        let report = outcome.report
        let spans = outcome.spans.map { span in
            "  partition \(span.part): offsets \(span.start) to \(span.end)"
        }
        let rows: [(String, Int)] = [
            (isDry ? "would be restored" : "restored", report.restored),
            ("known to the store", report.known), ("already ended", report.ended),
            ("not tasks", report.unusable), ("rejected by the store", report.rejected),
        ]
        let width = rows.map(\.0.count).max() ?? 0
        return
            ([isDry ? "Dry run; nothing was stored." : "Read the log to its end."] + spans
            + ["  \(report.read) records in \(String(format: "%.1f", outcome.elapsed.inSeconds)) s"]
            + rows.map { "  \($0.0.padded(to: width))  \($0.1)" })
            .joined(separator: "\n")
    }

    private func object(_ outcome: ReplayProgram.Outcome) -> String {
        let report = outcome.report
        var writer = JSONWriter()
        writer.object { writer in
            writer.member("dry_run", isDry)
            writer.name("partitions")
            writer.array(outcome.spans) { writer, span in
                writer.object { writer in
                    writer.member("partition", Int(span.part))
                    writer.member("start", span.start)
                    writer.member("end", span.end)
                }
            }
            writer.member("read", report.read)
            writer.member("restored", report.restored)
            writer.member("known", report.known)
            writer.member("ended", report.ended)
            writer.member("unusable", report.unusable)
            writer.member("refused", report.rejected)
            writer.member("seconds", outcome.elapsed.inSeconds)
        }
        return writer.text
    }
}
