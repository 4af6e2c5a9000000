/// Numbers that come from outside the process: what no queue reaches was written by somebody else, or damaged.
package enum StoredNumber {
    /// More than any store holds of anything. The sum of a million of them is still an `Int`.
    package static let most = 1 << 40

    /// - Parameters:
    ///   - value: Nil for what is no whole number at all.
    ///   - text: What was read, for the message.
    ///   - place: Where it was read, such as `{xqueue}:counts 0/example`.
    /// - Throws: ``StoreError/Code/corrupt``, with the place, unless it is 0 to ``most``.
    package static func count(
        _ value: Int64?, text: @autoclosure () -> String? = nil, in place: @autoclosure () -> String
    ) throws(StoreError) -> Int {
        if let value, 0...Int64(most) ~= value { return Int(value) }
        let found = text() ?? value.map { String($0) } ?? "nothing"
        throw StoreError(.corrupt, "\(place()) is \(found.prefix(100)), which no queue counts up to")
    }
}

extension FixedWidthInteger {
    /// The sum, or the end of the range if it is beyond that.
    package func adding(clamped other: Self) -> Self {
        let (sum, overflow) = addingReportingOverflow(other)
        return overflow ? (other < 0 ? .min : .max) : sum
    }

    /// The difference, or the end of the range if it is beyond that.
    package func subtracting(clamped other: Self) -> Self {
        let (difference, overflow) = subtractingReportingOverflow(other)
        return overflow ? (other < 0 ? .max : .min) : difference
    }
}
