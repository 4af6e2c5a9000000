import Foundation
import XQueueCore

/// Reads the header `Retry-After`: seconds, or a date (RFC 9110, section 10.2.3).
enum RetryAfter {
    /// The longest wait that a service may ask for.
    static let longest = Duration.seconds(86_400)

    /// Nil if the header says nothing that can be understood.
    static func delay(_ text: String, now: Timestamp) -> Duration? {
        let text = text.trimmingCharacters(in: .whitespaces)
        if !text.isEmpty, text.utf8.allSatisfy({ 0x30...0x39 ~= $0 }) {
            return min(.seconds(Int64(text) ?? .max / 2), longest)
        }
        let formatter = DateFormatter()
        formatter.locale = Locale(identifier: "en_US_POSIX")
        formatter.timeZone = TimeZone(identifier: "GMT")
        formatter.dateFormat = "EEE, dd MMM yyyy HH:mm:ss 'GMT'"
        guard let date = formatter.date(from: text) else { return nil }
        let time = Timestamp(milliseconds: Int64(date.timeIntervalSince1970 * 1000))
        return min(max(time - now, .zero), longest)
    }
}
