import DequeModule
import Synchronization

/// One caller who waits, to be resumed once: with true when what it waits for has come, with false when it gives up.
struct Waiter: Sendable {
    /// No other waiter has it.
    let id: Int
    let continuation: CheckedContinuation<Bool, Never>

    func wake() { continuation.resume(returning: true) }
    func giveUp() { continuation.resume(returning: false) }
}

/// Those who wait, in the order they came. To be kept under the lock of what they wait for.
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

/// Something that callers wait for. The primitives of this folder keep their waiters; the waiting is done here.
protocol Waitable: AnyObject, Sendable {
    /// What is waited for.
    associatedtype Goal: Sendable

    /// Lets a waiter in that finds nothing to wait for, or keeps it.
    ///
    /// - Parameter waiter: To be kept if this answers nil, and not to be resumed otherwise.
    /// - Returns: What the waiter is told at once; nil if it waits.
    func admit(_ waiter: Waiter, _ goal: Goal) -> Bool?
}

/// Something that callers also stop waiting for: when they are canceled, or their time is up.
protocol Leavable: Waitable {
    /// Takes out a waiter; nil if it has been resumed already, or never came to wait.
    func remove(_ id: Int) -> Waiter?
}

private let lastID = Atomic(0)

extension Waitable {
    /// Waits for `goal`, whether or not the Swift task is canceled.
    func waitRegardless(for goal: Goal) async {
        let id = lastID.add(1, ordering: .relaxed).newValue
        _ = await withCheckedContinuation { continuation in
            let waiter = Waiter(id: id, continuation: continuation)
            if let answer = admit(waiter, goal) { continuation.resume(returning: answer) }
        }
    }
}

extension Leavable {
    /// Waits for `goal`.
    ///
    /// - Parameters:
    ///   - goal: What is waited for.
    ///   - timer: Returns when the caller has waited long enough; nil for no limit.
    /// - Returns: False if the Swift task was canceled first, or time was up.
    func wait(for goal: Goal, atMost timer: (@Sendable () async throws -> Void)? = nil) async -> Bool {
        let id = lastID.add(1, ordering: .relaxed).newValue
        // Ended by this function: it is canceled as soon as the wait is over.
        var timing: Task<Void, Never>?
        defer { timing?.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(id: id, continuation: continuation)
                if let answer = admit(waiter, goal) { return continuation.resume(returning: answer) }
                guard let timer else { return }
                // Begun only now, so that it finds the waiter.
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
