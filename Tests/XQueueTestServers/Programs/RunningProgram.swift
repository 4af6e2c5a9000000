package import Foundation
import Synchronization

/// A running `xqueue`, or another program that a test needs.
///
/// It is killed with this object and, on Linux, with this process.
package final class RunningProgram: Sendable {
    private enum State {
        case running
        /// The exit status; negative for a fatal signal.
        case ended(Int32)
    }

    package let processIdentifier: pid_t
    private let folder: ServerFolder
    private let outputFile: String
    /// The process is reaped and sent signals under this lock, so that a signal never reaches another process that reuses
    /// its ID.
    private let state = Mutex(State.running)

    /// - Parameters:
    ///   - program: The file to run instead of `xqueue`.
    ///   - name: Name of the log file in `folder` that its output is appended to, without `.log`.
    package init(
        program: URL? = nil, _ arguments: [String], in folder: ServerFolder, name: String,
        environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        outputFile = folder.path + "/\(name).log"
        let spawn = Spawn(
            program: try program?.path ?? ProgramFile.built("xqueue"),
            arguments: arguments,
            environment: ["PATH": ProgramFile.path].merging(environment) { _, new in new },
            folder: folder.path, output: outputFile)
        guard let started = StarterThread.shared.run({ spawn.start() }) else { throw CancellationError() }
        processIdentifier = try started.get()
    }

    deinit {
        guard isRunning else { return }
        kill(processIdentifier, SIGKILL)
        var status: Int32 = 0
        while waitpid(processIdentifier, &status, 0) == -1, errno == EINTR {}
    }

    package var isRunning: Bool {
        state.withLock { Self.look(&$0, processIdentifier) == nil }
    }

    /// The output so far, of standard output and standard error.
    package var output: String {
        (try? Data(contentsOf: URL(filePath: outputFile))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Sends a signal, unless the program has ended.
    package func send(_ signal: Int32) {
        state.withLock { state in
            if Self.look(&state, processIdentifier) == nil { kill(processIdentifier, signal) }
        }
    }

    /// Suspends the program and returns once all its threads have stopped.
    package func pause() {
        state.withLock { state in
            guard Self.look(&state, processIdentifier) == nil, kill(processIdentifier, SIGSTOP) == 0 else {
                return
            }
            var status: Int32 = 0
            while waitpid(processIdentifier, &status, WUNTRACED) == -1, errno == EINTR {}
            // It may have ended before it was suspended.
            if status & 0xff != 0x7f { state = .ended(Self.exitStatus(status)) }
        }
    }

    package func resume() { send(SIGCONT) }

    /// Waits for the program's end and returns its exit status; negative for a fatal signal.
    ///
    /// - Parameter limit: Time limit; generous, since a node may take a minute to shut down.
    package func exitStatus(within limit: Duration = .seconds(240)) async throws -> Int32 {
        try await waiting(within: limit, for: "the program ends") { !isRunning }
        return state.withLock { Self.look(&$0, processIdentifier) } ?? 0
    }

    /// Returns the exit status; nil while the program is running.
    private static func look(_ state: inout State, _ process: pid_t) -> Int32? {
        if case .ended(let status) = state { return status }
        var status: Int32 = 0
        let answer = waitpid(process, &status, WNOHANG)
        guard answer == process || (answer == -1 && errno != EINTR) else { return nil }
        let code = exitStatus(status)
        state = .ended(code)
        return code
    }

    private static func exitStatus(_ status: Int32) -> Int32 {
        let signal = status & 0x7f
        return signal == 0 ? (status >> 8) & 0xff : -signal
    }
}
