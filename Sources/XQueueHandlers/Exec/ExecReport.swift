import Logging
import Subprocess
import XQueue
import XQueueCore

#if canImport(Darwin)
import Darwin
#elseif canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// How a program ended, and its output.
struct ExecReport: Sendable {
    let status: TerminationStatus
    let output: ExecOutput
    let errors: ExecErrors

    /// Exit statuses that make retrying pointless: `EX_USAGE` and `EX_DATAERR`.
    private static let permanent: Set<Int32> = [64, 65]

    /// Returns the task's result.
    ///
    /// - Throws: ``TaskFailure`` unless the program exited with status 0.
    func outcome(logger: Logger) throws(TaskFailure) -> RawJSON? {
        switch status {
        case .exited(0):
            if output.lastLine?.isCut == true {
                logger.warning("The last line of output exceeds max_output, so there is no result")
            }
            return output.result
        case .exited(let code):
            throw TaskFailure("exit status \(code)" + tail, isPermanent: Self.permanent.contains(code))
        case .signaled(let signal):
            throw TaskFailure("killed by signal \(signal)\(Self.name(of: signal))" + tail)
        }
    }

    private var tail: String { errors.tail.isEmpty ? "" : ": \(errors.tail)" }

    private static func name(of signal: Int32) -> String {
        let names: [Int32: String] = [
            SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGABRT: "SIGABRT", SIGKILL: "SIGKILL",
            SIGSEGV: "SIGSEGV", SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM",
            SIGILL: "SIGILL", SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGXCPU: "SIGXCPU",
        ]
        return names[signal].map { " (\($0))" } ?? ""
    }
}
