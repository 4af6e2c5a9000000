import XQueueCore

/// Reads the header `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// The longest wait that a service may ask for.
    static let longest = Duration.seconds(86_400)

    /// Nil if the header says nothing that can be understood.
    static func delay(_ text: String, now: Timestamp) -> Duration? {
        let words = text.split { $0 == " " || $0 == "\t" }
        if words.count == 1, words[0].utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return min(.seconds(Int64(words[0]) ?? .max / 2), longest)
        }
        guard let time = HTTPDate.time(words.joined(separator: " "), now: now) else { return nil }
        return min(max(time - now, .zero), longest)
    }
}
