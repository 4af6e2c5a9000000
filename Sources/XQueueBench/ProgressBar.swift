import Foundation

/// A progress bar on standard error; silent unless that is a terminal.
final class ProgressBar: Sendable {
    private static let width = 30
    private let isShown = isatty(2) == 1
    /// The last percentage shown.
    private let shown = Counter()

    /// - Parameters:
    ///   - title: Text before the bar.
    ///   - done: Amount of work done.
    ///   - total: Total amount of work.
    func show(_ title: String, _ done: Int, of total: Int) {
        guard isShown else { return }
        let percent = total > 0 ? min(100 * done / total, 100) : 0
        // Called up to a hundred thousand times per second, from many threads.
        guard shown.exchange(percent) != percent || percent == 0 else { return }
        let filled = Self.width * percent / 100
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        write(
            "\r\u{1B}[K\(title.padding(toLength: max(title.count, 14), withPad: " ", startingAt: 0)) \(bar) \(percent) %"
        )
    }

    /// Removes the bar.
    func clear() {
        if isShown { write("\r\u{1B}[K") }
    }

    private func write(_ text: String) {
        // Ignore errors: no one may be watching.
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
