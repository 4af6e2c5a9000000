import Foundation

/// Threads of their own for simulations, which take over the jobs of the thread they run on.
package enum SimulationThread {
    /// Runs `body` on a new thread, and returns what it returns.
    package static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            start { continuation.resume(returning: body()) }
        }
    }

    /// Runs `body` on `count` new threads, and returns when all have ended.
    ///
    /// - Parameter body: Gets the thread's number, from 0.
    package static func runAndWait(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
        let ended = DispatchSemaphore(value: 0)
        for number in 0..<count {
            start {
                body(number)
                ended.signal()
            }
        }
        for _ in 0..<count { ended.wait() }
    }

    private static func start(_ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        // Swift tasks that start each other without suspending nest on the stack.
        thread.stackSize = 8 << 20
        thread.start()
    }
}
