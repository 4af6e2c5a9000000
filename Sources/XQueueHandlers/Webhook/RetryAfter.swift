import XQueue
import XQueueCore

/// Parses the `Retry-After` header: seconds or a date (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// Maximum delay that a service may request.
    static let longest = Duration.seconds(86_400)

    /// Returns the delay; nil if the header is invalid.
    static func delay(_ text: String, now: Timestamp) -> Duration? {
        let words = text.split { $0 == " " || $0 == "\t" }
        if words.count == 1, words[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return min(.seconds(Int64(words[0]) ?? .max / 2), longest)
        }
        guard let time = HTTPDate.time(words.joined(separator: " "), now: now) else { return nil }
        return min(max(time - now, .zero), longest)
    }
}

/// Parses the three forms of HTTP dates (RFC 9110, section 5.6.7): `Sun, 06 Nov 1994 08:49:37 GMT`, and the obsolete
/// `Sunday, 06-Nov-94 08:49:37 GMT` (RFC 850) and `Sun Nov  6 08:49:37 1994` (asctime). The weekday is ignored.
enum HTTPDate {
    private static let months = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ]

    /// Returns the time; nil if `text` has none of the three forms.
    ///
    /// - Parameter now: The current time; a two-digit year means the latest year at most 50 years after it.
    static func time(_ text: String, now: Timestamp) -> Timestamp? {
        let words = text.lowercased().split(separator: " ")
        guard let first = words.first else { return nil }
        guard first.last == "," else {
            // asctime
            guard words.count == 5 else { return nil }
            return time(day: words[2], month: words[1], year: words[4], clock: words[3], now)
        }
        guard words.last == "gmt", words.count >= 4 else { return nil }
        // RFC 850 dates have dashes instead of spaces.
        let date = words[1..<words.count - 2].flatMap { $0.split(separator: "-") }
        guard date.count == 3 else { return nil }
        return time(day: date[0], month: date[1], year: date[2], clock: words[words.count - 2], now)
    }

    private static func time(
        day: Substring, month: Substring, year: Substring, clock: Substring, _ now: Timestamp
    ) -> Timestamp? {
        guard let month = months.firstIndex(of: String(month)), 1...2 ~= day.utf8.count,
            let year = whole(year, now)
        else { return nil }
        let date = [String(year), padded(String(month + 1)), padded(String(day))].joined(separator: "-")
        return RFC3339Reader.timestamp("\(date)T\(clock)Z")
    }

    private static func padded(_ digits: String) -> String {
        digits.utf8.count < 2 ? "0" + digits : digits
    }

    private static func whole(_ year: Substring, _ now: Timestamp) -> Int64? {
        guard year.utf8.allSatisfy({ 0x30...0x39 ~= $0 }), let number = Int64(year) else { return nil }
        guard year.utf8.count != 4 else { return number }
        guard year.utf8.count == 2 else { return nil }
        // A year has 365.2425 days.
        let current = 1970 + now.milliseconds / 31_556_952_000
        let guess = current - current % 100 + number
        return guess > current + 50 ? guess - 100 : guess <= current - 50 ? guess + 100 : guess
    }
}
