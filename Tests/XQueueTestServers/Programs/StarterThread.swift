import Foundation
import Synchronization

/// The thread that starts every program.
///
/// On Linux a program can be made to die with the thread that started it; this thread lives as long as the process.
final class StarterThread: Sendable {
    static let shared = StarterThread()

    private let work = Mutex<[@Sendable () -> Void]>([])
    private let signal = DispatchSemaphore(value: 0)

    private init() {
        let thread = Thread { self.serve() }
        thread.name = "program starter"
        thread.start()
    }

    private func serve() {
        while true {
            signal.wait()
            let next = work.withLock { $0.isEmpty ? nil : $0.removeFirst() }
            next?()
        }
    }

    /// Runs `body`, which must be short, on the thread and waits for it.
    func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) -> Value? {
        let answer = Answer<Value>()
        let done = DispatchSemaphore(value: 0)
        work.withLock {
            $0.append {
                answer.value.withLock { $0 = body() }
                done.signal()
            }
        }
        signal.signal()
        done.wait()
        return answer.value.withLock { $0 }
    }

    private final class Answer<Value: Sendable>: Sendable {
        let value = Mutex<Value?>(nil)
    }
}
