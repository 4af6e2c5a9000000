import Synchronization

/// Which task types have a label of their own: the first that come. All others share one.
final class TypeLabels: Sendable {
    /// The most types with a label of their own.
    static let most = 200
    /// The label of all others.
    static let others = "other"

    private let admitted = Mutex<Set<String>>([])

    /// The value of the label `type` for a task of `type`.
    func label(of type: String) -> String {
        admitted.withLock { admitted in
            if admitted.contains(type) { return type }
            guard admitted.count < Self.most else { return Self.others }
            admitted.insert(type)
            return type
        }
    }
}
