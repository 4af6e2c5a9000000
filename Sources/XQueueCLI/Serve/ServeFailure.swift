import ArgumentParser
import Foundation
import XQueue
import XQueueCore
import XQueueServer

/// Why the server ended, as one line for whoever started it, and the exit code that goes with it.
///
/// Exit codes are those of `sysexits.h`: 64 for the command line, 78 for the configuration, 73 for a store
/// that cannot be used, 69 for a port that cannot, 70 for anything else.
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

    /// Writes the message to standard error, each line with the program's name.
    func reported() -> ExitCode {
        StandardError.report(message)
        return ExitCode(code)
    }
}

/// Standard error as a place to write text to.
enum StandardError {
    /// Writes each line of `text`, with the program's name before it, so that it does nothing to a terminal.
    static func report(_ text: String) {
        // Not by characters, of which CR LF is one.
        for line in text.utf8.split(separator: UInt8(ascii: "\n")) {
            write("xqueue: \(String(decoding: line, as: UTF8.self).visible)\n")
        }
    }

    static func write(_ text: String) {
        try? FileHandle.standardError.write(contentsOf: Data(text.utf8))
    }
}
