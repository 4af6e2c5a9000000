package import Foundation
import Synchronization

/// One run of the real `xqueue`, or of another program that a test needs.
///
/// It does not outlive this object, nor, on Linux, this process.
package final class RunningProgram: Sendable {
    private enum State {
        case running
        /// The exit status; a deadly signal is negative.
        case ended(Int32)
    }

    package let processIdentifier: pid_t
    private let folder: ServerFolder
    private let output: String
    /// The process is reaped and sent signals under this lock, so that a signal never goes to a stranger
    /// that got its number.
    private let state = Mutex(State.running)

    /// - Parameters:
    ///   - program: The file to run instead of `xqueue`.
    ///   - name: Of the file in `folder` its output is appended to, without `.log`.
    package init(
        program: URL? = nil, _ arguments: [String], in folder: ServerFolder, name: String,
        environment: [String: String] = [:]
    ) throws {
        self.folder = folder
        output = folder.path + "/\(name).log"
        let spawn = Spawn(
            program: try program?.path ?? ProgramFile.built("xqueue"),
            arguments: arguments,
            environment: ["PATH": ProgramFile.path].merging(environment) { _, new in new },
            folder: folder.path, output: output)
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

    /// What it wrote so far, to standard output and standard error.
    package var said: String {
        (try? Data(contentsOf: URL(filePath: output))).map { String(decoding: $0, as: UTF8.self) } ?? ""
    }

    /// Sends a signal, unless the program has ended.
    package func send(_ signal: Int32) {
        state.withLock { state in
            if Self.look(&state, processIdentifier) == nil { kill(processIdentifier, signal) }
        }
    }

    /// Holds it up, and returns when all its threads stand still.
    package func pause() {
        state.withLock { state in
            guard Self.look(&state, processIdentifier) == nil, kill(processIdentifier, SIGSTOP) == 0 else {
                return
            }
            var status: Int32 = 0
            while waitpid(processIdentifier, &status, WUNTRACED) == -1, errno == EINTR {}
            // It may have ended before it could stop.
            if status & 0xff != 0x7f { state = .ended(Self.exitStatus(status)) }
        }
    }

    package func resume() { send(SIGCONT) }

    /// Waits for its end; a deadly signal is negative.
    ///
    /// - Parameter limit: How long; generous, since a node that is asked to end may take a minute by its own rules.
    package func exitStatus(within limit: Duration = .seconds(240)) async throws -> Int32 {
        try await waiting(within: limit, for: "the program ends") { !isRunning }
        return state.withLock { Self.look(&$0, processIdentifier) } ?? 0
    }

    /// The exit status, once there is one.
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
