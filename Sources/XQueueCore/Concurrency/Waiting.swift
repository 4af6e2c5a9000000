import DequeModule
import Synchronization

/// A waiting caller, to be resumed once: with true when what it waits for has come, with false when it gives
/// up.
struct Waiter: Sendable {
    /// Unique among all waiters.
    let id: Int
    let continuation: CheckedContinuation<Bool, Never>

    func wake() { continuation.resume(returning: true) }
    func giveUp() { continuation.resume(returning: false) }
}

/// Waiters in order of arrival. Must be guarded by the lock of what they wait for.
struct WaiterQueue: Sendable {
    private var waiters: Deque<Waiter> = []

    var count: Int { waiters.count }

    mutating func append(_ waiter: Waiter) {
        waiters.append(waiter)
    }

    mutating func popFirst() -> Waiter? { waiters.popFirst() }

    mutating func remove(_ id: Int) -> Waiter? {
        waiters.firstIndex { $0.id == id }.map { waiters.remove(at: $0) }
    }

    mutating func removeAll() -> [Waiter] {
        defer { waiters = [] }
        return Array(waiters)
    }
}

/// Something that callers wait for. The primitives in this folder keep their waiters; this protocol implements
/// the waiting.
protocol Waitable: AnyObject, Sendable {
    /// What callers wait for.
    associatedtype Goal: Sendable

    /// Decides whether a waiter has to wait, and enqueues it if so.
    ///
    /// - Parameter waiter: To be kept if this returns nil, and not to be resumed otherwise.
    /// - Returns: The result of the wait if it ends immediately; nil if the waiter waits.
    func admit(_ waiter: Waiter, _ goal: Goal) -> Bool?
}

/// A waitable whose waiters can give up: on cancellation or timeout.
protocol CancelableWaitable: Waitable {
    /// Removes a waiter; nil if it has been resumed already or never waited.
    func remove(_ id: Int) -> Waiter?
}

private let lastID = Atomic(0)

extension Waitable {
    /// Waits for `goal`, whether or not the Swift task is canceled.
    func waitIgnoringCancellation(for goal: Goal) async {
        let id = lastID.add(1, ordering: .relaxed).newValue
        _ = await withCheckedContinuation { continuation in
            let waiter = Waiter(id: id, continuation: continuation)
            if let answer = admit(waiter, goal) { continuation.resume(returning: answer) }
        }
    }
}

extension CancelableWaitable {
    /// Waits for `goal`.
    ///
    /// - Parameters:
    ///   - goal: What is waited for.
    ///   - timer: Returns when the caller has waited long enough; nil for no limit.
    /// - Returns: False if the Swift task was canceled, or the timer ended, first.
    func wait(for goal: Goal, atMost timer: (@Sendable () async throws -> Void)? = nil) async -> Bool {
        let id = lastID.add(1, ordering: .relaxed).newValue
        // Canceled by this function as soon as the wait ends.
        var timing: Task<Void, Never>?
        defer { timing?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(id: id, continuation: continuation)
                if let answer = admit(waiter, goal) { return continuation.resume(returning: answer) }
                guard let timer else { return }
                // Started only now, so that it finds the waiter.
                timing = Task {
                    guard (try? await timer()) != nil else { return }
                    self.remove(id)?.giveUp()
                }
            }
        } onCancel: {
            remove(id)?.giveUp()
        }
    }
}
