import ArgumentParser
import Foundation
import XQueue
import XQueueCore
import XQueueServer

/// Why the server exited: a message for the operator and the exit code.
///
/// Exit codes are those of `sysexits.h`: 64 for the command line, 78 for the configuration, 73 for an unusable store,
/// 69 for an unusable port or log, 70 for anything else.
struct ServeFailure {
    let message: String
    let code: Int32

    init(_ error: any Error) {
        switch error {
        case let error as ConfigurationError:
            message = error.description
            code = error.kind.rawValue
        case let error as StoreError:
            message = error.message
            code = EX_CANTCREAT
        case let error as QueueError where error.cause is StoreError:
            message = error.message
            code = EX_CANTCREAT
        case let error as ServerError:
            message = error.message
            code = EX_UNAVAILABLE
        case let error as IntakeError:
            message = error.message
            code = error.code == .invalid ? EX_CONFIG : EX_UNAVAILABLE
        default:
            message = String(describing: error)
            code = EX_SOFTWARE
        }
    }

    /// Reports the message on standard error and returns the exit code.
    func reported() -> ExitCode {
        StandardError.report(message)
        return ExitCode(code)
    }
}

/// The standard error stream.
enum StandardError {
    /// Writes each line of `text`, prefixed with the program's name, with control characters escaped.
    static func report(_ text: String) {
        // Split bytes: CR LF is a single Character.
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            write("xqueue: \(String(decoding: line, as: UTF8.self).visible)\n")
        }
    }

    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
