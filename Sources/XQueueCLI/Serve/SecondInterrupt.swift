import Foundation
import ServiceLifecycle
import UnixSignals

/// Ends the program at once, and the programs its handlers run, when Ctrl-C is pressed a second time.
///
/// The first one lets running tasks finish; it is a service so that it listens until the last has.
struct SecondInterrupt: Service {
    /// What a shell says of a program that SIGINT has ended.
    private static let exitCode: Int32 = 130

    func run() async {
        var count = 0
        for await _ in await UnixSignalsSequence(trapping: .sigint).cancelOnGracefulShutdown() {
            count += 1
            guard count > 1 else { continue }
            ProcessGroup.killAll()
            _exit(Self.exitCode)
        }
    }
}
