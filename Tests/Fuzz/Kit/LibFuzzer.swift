#if LIBFUZZER

import Dispatch
import Foundation
import Synchronization

/// Hands a reader to libFuzzer, which links its own `main` unless a program has one.
enum LibFuzzer {
    private static let reader = Mutex<FuzzReader?>(nil)

    /// Runs the reader that the first argument names; the other arguments are libFuzzer's.
    static func run(_ readers: [FuzzReader], _ count: Int32, _ arguments: Arguments) -> Int32 {
        let name = count > 1 ? arguments?[1].map { String(cString: $0) } : nil
        guard let reader = readers.first(where: { $0.name == name }) else {
            print(readers.map(\.name).joined(separator: "\n"))
            return name == "--list" ? 0 : 64
        }
        Self.reader.withLock { $0 = reader }
        var (count, arguments) = (count - 1, arguments?.advanced(by: 1))
        arguments?[0] = strdup("fuzz \(reader.name)")
        return runDriver(&count, &arguments) { start, count in
            LibFuzzer.check([UInt8](UnsafeBufferPointer(start: start, count: count)))
            return 0
        }
    }

    private static func check(_ bytes: [UInt8]) {
        do {
            switch reader.withLock({ $0 })?.way {
            case .direct(let check): _ = try check(bytes)
            case .awaited(let check): try wait { _ = try await check(bytes) }
            case nil: break
            }
        } catch {
            // libFuzzer keeps the input of a crash.
            fatalError("broken property: \(error)")
        }
    }

    /// libFuzzer calls on the main thread, which nothing else needs.
    private static func wait(_ body: @escaping @Sendable () async throws -> Void) throws {
        let done = DispatchSemaphore(value: 0)
        let outcome = Outcome()
        // Ends before this function does.
        Task.detached {
            do { try await body() } catch { outcome.error.withLock { $0 = error } }
            done.signal()
        }
        done.wait()
        if let error = outcome.error.withLock({ $0 }) { throw error }
    }

    private final class Outcome: Sendable {
        let error = Mutex<(any Error)?>(nil)
    }
}

typealias Arguments = UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>?

/// libFuzzer's entry point for programs with a `main` of their own.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<Int32>, _ arguments: UnsafeMutablePointer<Arguments>,
    _ check: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

#endif
