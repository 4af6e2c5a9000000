import Synchronization

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// A progress bar on standard error; silent unless that is a terminal.
final class ProgressBar: Sendable {
    private static let width = 30
    let isShown = isatty(2) == 1
    private let shown = Mutex("")

    /// - Parameters:
    ///   - total: Nil if unknown; then there is no bar.
    ///   - note: Text after the bar.
    func show(_ title: String, _ done: Int, of total: Int?, note: String = "") {
        guard isShown else { return }
        guard let total else { return draw("\r\u{1B}[K\(title.padded(to: 14)) \(note)") }
        let share = total > 0 ? min(Double(done) / Double(total), 1) : 0
        let filled = Int(share * Double(Self.width))
        let bar = String(repeating: "█", count: filled) + String(repeating: "░", count: Self.width - filled)
        draw("\r\u{1B}[K\(title.padded(to: 14)) \(bar) \(Int(share * 100)) % \(note)")
    }

    private func draw(_ line: String) {
        let isNew = shown.withLock { shown in
            defer { shown = line }
            return shown != line
        }
        if isNew { write(line) }
    }

    func clear() {
        guard isShown else { return }
        write("\r\u{1B}[K")
    }

    private func write(_ text: String) {
        var text = text
        text.withUTF8 { bytes in
            _ = systemWrite(2, bytes.baseAddress, bytes.count)
        }
    }
}

private func systemWrite(_ descriptor: Int32, _ start: UnsafePointer<UInt8>?, _ count: Int) -> Int {
    write(descriptor, start, count)
}

extension String {
    /// Pads the string with spaces after it, or before it, to `width` characters.
    func padded(to width: Int, onLeft: Bool = false) -> String {
        let spaces = String(repeating: " ", count: max(width - count, 0))
        return onLeft ? spaces + self : self + spaces
    }
}

/// Progress on standard error: a bar on a terminal, otherwise a line every few seconds.
final class ProgressNotice: Sendable {
    /// How often a line is written if there is no bar.
    private static let interval = Duration.seconds(5)
    private let bar = ProgressBar()
    private let lastLine = Mutex(ContinuousClock.now)

    /// - Parameters:
    ///   - note: Text after the bar.
    ///   - line: The same as a line of text.
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
