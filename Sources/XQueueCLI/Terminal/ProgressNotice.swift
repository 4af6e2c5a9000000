import Synchronization

/// Shows on standard error how far long work has come: a bar on a terminal, a line now and then elsewhere.
final class ProgressNotice: Sendable {
    /// How often a line is written where nobody sees a bar.
    private static let interval = Duration.seconds(5)
    private let bar = ProgressBar()
    private let lastLine = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - note: Stands behind the bar.
    ///   - line: Says the same without a bar.
    func show(
        _ title: String, _ done: Int, of total: Int, note: String = "", line: @autoclosure () -> String
    ) {
        bar.show(title, done, of: total, note: note)
        let isDue = lastLine.withLock { last in
            guard ContinuousClock.now - last >= Self.interval else { return false }
            last = .now
            return true
        }
        guard isDue, !bar.isShown else { return }
        StandardError.write("xqueue: \(line())\n")
    }

    func clear() {
        bar.clear()
    }
}
