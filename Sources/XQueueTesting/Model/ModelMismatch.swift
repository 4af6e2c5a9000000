import XQueueCore

/// The store and its model disagree: where, and in what.
struct ModelMismatch: Error, CustomStringConvertible {
    let seed: UInt64
    let step: Int
    let operation: String
    let detail: String

    var description: String {
        "step \(step), \(operation): \(detail). Run it again with XQUEUE_SEED=\(seed)."
    }

    /// The fields in which two records differ.
    static func difference(_ stored: TaskRecord, _ expected: TaskRecord) -> String {
        let pairs = zip(Mirror(reflecting: stored).children, Mirror(reflecting: expected).children)
        let fields = pairs.compactMap { mine, other -> String? in
            let (got, want) = ("\(mine.value)", "\(other.value)")
            return got == want ? nil : "\(mine.label ?? "?") is \(got), expected \(want)"
        }
        return "\(stored.id): " + fields.joined(separator: "; ")
    }
}
