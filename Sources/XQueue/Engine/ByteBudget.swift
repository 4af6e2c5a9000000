import Synchronization

/// A memory budget for data under way to or from clients, in bytes.
///
/// Code that is about to hold much takes a ``Share`` first, and keeps it as long as it holds the data.
package final class ByteBudget: Sendable {
    /// Data of unknown size gets at most this fraction of what is free.
    private static let part = 8
    /// Smallest share worth starting with, in bytes.
    private static let least = 16 << 10

    package let limit: Int
    private let used = Mutex(0)

    package init(_ limit: Int) {
        self.limit = limit
    }

    /// Number of free bytes; negative if shares have grown beyond the limit.
    package var free: Int { limit - used.withLock { $0 } }

    /// Takes a share of `bytes`; nil if not enough are free.
    package func take(_ bytes: Int) -> Share? {
        let isTaken = used.withLock { used in
            guard used + bytes <= limit else { return false }
            used += bytes
            return true
        }
        return isTaken ? Share(self, bytes) : nil
    }

    /// Takes a share for data of at most `most` bytes: that many, or as many as are sensible now; nil if those are too
    /// few to start with.
    package func take(upTo most: Int) -> Share? {
        let bytes = used.withLock { used -> Int? in
            let bytes = min(most, (limit - used) / Self.part)
            guard bytes >= min(most, Self.least) else { return nil }
            used += bytes
            return bytes
        }
        return bytes.map { Share(self, $0) }
    }

    /// Takes a share for data already in memory, even beyond the limit.
    package func note(_ bytes: Int) -> Share {
        used.withLock { $0 += bytes }
        return Share(self, bytes)
    }

    fileprivate func change(by bytes: Int) {
        used.withLock { $0 += bytes }
    }

    /// A part of the budget, which is freed with the last reference to it.
    package final class Share: Sendable {
        private let budget: ByteBudget
        private let held: Mutex<Int>

        fileprivate init(_ budget: ByteBudget, _ bytes: Int) {
            self.budget = budget
            held = Mutex(bytes)
        }

        package var bytes: Int { held.withLock { $0 } }

        /// Changes the share's size, even beyond the limit.
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
