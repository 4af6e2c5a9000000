public import XQueueCore

/// Numbers that come from outside the process: what no queue reaches was written by somebody else, or damaged.
public enum StoredNumber {
    /// More than any store holds of anything. The sum of a million of them is still an `Int`.
    public static let most = 1 << 40

    /// - Parameters:
    ///   - value: Nil for what is no whole number at all.
    ///   - text: What was read, for the message.
    ///   - place: Where it was read, such as `{xqueue}:counts 0/example`.
    /// - Returns: The number, 0 to ``most``.
    /// - Throws: `StoreError` of code `corrupt`, with the place, for anything else.
    public static func count(
        _ value: Int64?, text: @autoclosure () -> String? = nil, in place: @autoclosure () -> String
    ) throws(StoreError) -> Int {
        if let value, 0...Int64(most) ~= value { return Int(value) }
        let found = text() ?? value.map { String($0) } ?? "nothing"
        throw StoreError(.corrupt, "\(place()) is \(found.prefix(100)), which no queue counts up to")
    }
}
