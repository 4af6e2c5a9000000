import Synchronization

/// How many bytes of what is under way to or from clients are in memory, and how many may be.
///
/// Whoever is about to hold much takes a ``Share`` first and keeps it for as long as it holds that.
package final class ByteBudget: Sendable {
    /// A reading whose size nobody knows yet gets at most this part of what is free.
    private static let part = 8
    /// The least that is worth beginning a reading with, in bytes.
    private static let least = 16 << 10

    package let limit: Int
    private let used = Mutex(0)

    package init(_ limit: Int) {
        self.limit = limit
    }

    /// How many bytes are free; fewer than none if shares have grown beyond the limit.
    package var free: Int { limit - used.withLock { $0 } }

    /// A share of `bytes`; nil if so many are not free.
    package func take(_ bytes: Int) -> Share? {
        let isTaken = used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
        return isTaken ? Share(self, bytes) : nil
    }

    /// A share for what will have `most` bytes at most: as many as that, or as are sensible now; nil if those are
    /// too few to begin with.
    package func take(upTo most: Int) -> Share? {
        let bytes = used.withLock { used -> Int? in
            let bytes = min(most, (limit - used) / Self.part)
            guard bytes >= min(most, Self.least) else { return nil }
            used += bytes
            return bytes
        }
        return bytes.map { Share(self, $0) }
    }

    /// A share for what is there already, whether or not so much is free.
    package func note(_ bytes: Int) -> Share {
        used.withLock { $0 += bytes }
        return Share(self, bytes)
    }

    fileprivate func change(by bytes: Int) {
        used.withLock { $0 += bytes }
    }

    /// A part of the budget, which is free again when nobody refers to it any more.
    package final class Share: Sendable {
        private let budget: ByteBudget
        private let held: Mutex<Int>

        fileprivate init(_ budget: ByteBudget, _ bytes: Int) {
            self.budget = budget
            held = Mutex(bytes)
        }

        package var bytes: Int { held.withLock { $0 } }

        /// Says how much it has become, whether or not so much is free.
        package func resize(to bytes: Int) {
            let change = held.withLock { held in
                defer { held = bytes }
                return bytes - held
            }
            budget.change(by: change)
        }

        deinit {
            budget.change(by: -held.withLock { $0 })
        }
    }
}
