import Foundation

/// Shows on standard error how far a phase has come; silent unless that is a terminal.
final class ProgressBar: Sendable {
    private static let width = 30
    private let isShown = isatty(2) == 1
    /// The hundredths shown last.
    private let shown = Counter()

    /// - Parameters:
    ///   - title: What is measured.
    ///   - done: How much of it is done.
    ///   - total: How much there is to do.
    func show(_ title: String, _ done: Int, of total: Int) {
        guard isShown else { return }
        let percent = total > 0 ? min(100 * done / total, 100) : 0
        // Callers come a hundred thousand times a second, from everywhere.
        guard shown.exchange(percent) != percent || percent == 0 else { return }
        let filled = Self.width * percent / 100
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        write(
            "\r\u{1B}[K\(title.padding(toLength: max(title.count, 14), withPad: " ", startingAt: 0)) \(bar) \(percent) %"
        )
    }

    /// Takes it away.
    func clear() {
        if isShown { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        // Nobody may look: that is no reason to stop.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
