import XQueueCore

/// How far a file has come, as a bar on a terminal.
struct FileProgress {
    private static let title = "submitting"
    private let bar = ProgressBar()
    private let totalBytes: Int?
    private var begun = ContinuousClock.now
    private var acceptedBefore = 0

    init(totalBytes: Int?) {
        self.totalBytes = totalBytes
    }

    /// Begins to count how many tasks a second there are.
    mutating func begin(accepted: Int) {
        begun = .now
        acceptedBefore = accepted
    }

    func show(bytes: Int, accepted: Int) {
        let seconds = max(Double(begun.duration(to: .now).wholeMilliseconds) / 1000, 0.001)
        let rate = Int(Double(accepted - acceptedBefore) / seconds)
        bar.show(
            Self.title, bytes, of: totalBytes, note: "\(accepted.grouped) tasks, \(rate.grouped) a second")
    }

    func clear() {
        bar.clear()
    }
}
