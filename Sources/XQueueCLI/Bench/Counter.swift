import Synchronization

/// A number that many may count up.
final class Counter: Sendable {
    private let value = Atomic(0)

    @discardableResult
    func next() -> Int { value.add(1, ordering: .relaxed).newValue }

    @discardableResult
    func add(_ count: Int) -> Int { value.add(count, ordering: .relaxed).newValue }

    var current: Int { value.load(ordering: .relaxed) }
}
