import Foundation

extension Int {
    /// The number with commas between thousands.
    var grouped: String {
        let digits = String(magnitude)
        var text = ""
        for (index, digit) in digits.enumerated() {
            if index > 0, (digits.count - index) % 3 == 0 { text += "," }
            text.append(digit)
        }
        return self < 0 ? "-" + text : text
    }
}

/// A task's progress as reported by a server.
enum WholePercent {
    /// Returns the percentage clamped to 0…100.
    static func of(_ percent: Double) -> Int {
        percent.isFinite ? Int(min(max(percent, 0), 100)) : 0
    }
}

/// Times of the API, relative to now.
enum Age {
    /// Returns how long ago `text` was, or when it will be: `3m`, `in 2h`; `text` itself if it is not a time.
    static func text(_ text: String?, now: Date = Date()) -> String {
        guard let text else { return "-" }
        let style = Date.ISO8601FormatStyle(includingFractionalSeconds: true)
        guard let date = try? Date(text, strategy: style) else { return text }
        let seconds = now.timeIntervalSince(date)
        return seconds < -0.5 ? "in \(duration(-seconds))" : duration(max(seconds, 0))
    }

    /// Formats seconds in the largest whole unit: `45s`, `3m`, `5h`, `12d`.
    static func duration(_ seconds: Double) -> String {
        // A server may send anything.
        let seconds = seconds.isFinite ? max(seconds, 0) : 0
        return switch seconds {
        case ..<100: "\(Int(seconds.rounded()))s"
        case ..<6000: "\(Int(seconds / 60))m"
        case ..<172_800: "\(Int(seconds / 3600))h"
        default: "\(Int(min(seconds / 86_400, 1e9)))d"
        }
    }
}
