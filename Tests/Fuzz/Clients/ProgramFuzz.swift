import XQueue
import XQueueCore

@testable import XQueueHandlers

extension FuzzReader {
    /// The output of a handler's program: the same lines however the pipe cuts them, and bounded errors.
    static let execOutput = FuzzReader("exec-output") { bytes in
        let output = bytes.dropFirst()
        let whole = lines([Array(output)])
        try require(
            whole == lines(output.pieces(of: 1 + Int(bytes.first ?? 0) % 32)), "split otherwise in pieces")
        var (read, errors) = (ExecOutput(), ExecErrors(room: 500))
        var reports = 0
        for line in whole {
            if let progress = read.take(line) {
                reports += 1
                try require(0...100 ~= progress.percent, "progress of \(progress.percent)")
            }
            _ = errors.take(line)
            let kept = errors.tail.utf8.count
            try require(kept <= ExecErrors.tailBytes, "\(kept) bytes of the errors kept")
        }
        if let result = read.result {
            try require((try? RawJSON(result.text)) == result, "a result that is not JSON: \(result)")
        }
        return read.result != nil || reports > 0
    }

    private static let lineBytes = 64

    private static func lines(_ chunks: [[UInt8]]) -> [LineSplitter.Line] {
        var splitter = LineSplitter(limit: lineBytes)
        var lines: [LineSplitter.Line] = []
        for chunk in chunks { chunk.withUnsafeBytes { splitter.take($0) { lines.append($0) } } }
        if let last = splitter.finish() { lines.append(last) }
        return lines
    }

    /// `Retry-After` of a webhook's reply.
    static let retryAfter = FuzzReader("retry-after") { bytes in
        let text = String(decoding: bytes, as: UTF8.self)
        var isAccepted = false
        for now in [-1, 0, 1_764_000_000_000, ModelLimits.latestTime.milliseconds] {
            guard let delay = RetryAfter.delay(text, now: Timestamp(milliseconds: now)) else { continue }
            isAccepted = true
            try require(.zero...RetryAfter.longest ~= delay, "a delay of \(delay)")
        }
        return isAccepted
    }
}
