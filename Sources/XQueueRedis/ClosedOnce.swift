#if Redis

import Synchronization

/// Lets exactly one caller close something.
final class ClosedOnce: Sendable {
    private let isSet = Atomic(false)

    /// True for the first caller.
    func set() -> Bool {
        !isSet.exchange(true, ordering: .acquiringAndReleasing)
    }
}

#endif
