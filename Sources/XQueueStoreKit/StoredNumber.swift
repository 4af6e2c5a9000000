public import XQueueCore

/// Checks numbers read from storage: an implausible one was damaged, or written by another program.
public enum StoredNumber {
    /// The largest plausible count. The sum of a million of them still fits in an `Int`.
    public static let maximum = 1 << 40

    /// - Parameters:
    ///   - value: Nil if the text is not a whole number.
    ///   - text: The text as read, for the message.
    ///   - place: Where it was read, such as `{xqueue}:counts 0/example`.
    /// - Returns: The number, 0 to ``maximum``.
    /// - Throws: `StoreError` with code `corrupt`, naming the place, for anything else.
    public static func count(
        _ value: Int64?, text: @autoclosure () -> String? = nil, in place: @autoclosure () -> String
    ) throws(StoreError) -> Int {
        if let value, 0...Int64(maximum) ~= value { return Int(value) }
        let found = text() ?? value.map { String($0) } ?? "nothing"
        throw StoreError(.corrupt, "\(place()) has an implausible value: \(found.prefix(100))")
    }
}
