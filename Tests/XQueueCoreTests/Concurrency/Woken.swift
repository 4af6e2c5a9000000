import Synchronization

/// The numbers of the woken waiters, in order.
final class Woken: Sendable {
    private let numbers = Mutex<[Int]>([])

    var all: [Int] { numbers.withLock { $0 } }

    func append(_ number: Int) {
        numbers.withLock { $0.append(number) }
    }

    func remove(_ number: Int) {
        numbers.withLock { $0.removeAll { $0 == number } }
    }
}
