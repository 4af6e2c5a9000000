import ArgumentParser
import Foundation
import XQueueClient

/// Exit codes of commands that talk to a server.
///
/// Codes from 64 on are those of `sysexits.h`.
enum CommandExit: Int32, CaseIterable {
    case done = 0
    /// The awaited task did not succeed, the unique key is held, or the state of a task or schedule does not allow the
    /// operation.
    case rejected = 1
    case noSuchTask = 2
    /// `--wait-for` elapsed before the task ended.
    case stillRunning = 3
    case usage = 64
    case badInput = 65
    case noInput = 66
    case unavailable = 69
    case unexpected = 70
    case cannotWrite = 73
    case outputLost = 74
    case tryLater = 75
    case noPermission = 77
    case interrupted = 130

    var meaning: String {
        switch self {
        case .done: "success; with --wait, the task succeeded"
        case .rejected:
            "the task did not succeed, its unique key is held, or the state of the task or schedule does not allow it"
        case .noSuchTask: "no such task, type or schedule"
        case .stillRunning: "--wait-for elapsed before the task ended"
        case .usage: "invalid command line"
        case .badInput: "the server rejected the task, the schedule or a line of the file"
        case .noInput: "cannot read a file"
        case .unavailable: "server unreachable or temporarily unavailable"
        case .unexpected: "internal error or unexpected reply"
        case .cannotWrite: "cannot write the state file"
        case .outputLost: "cannot write to standard output; standard error says what was done"
        case .tryLater: "the server is at a limit; try again later"
        case .noPermission: "the token is missing, invalid, or lacks permission"
        case .interrupted: "interrupted (Ctrl-C)"
        }
    }

    /// The table of codes for `--help` and the manual.
    static let table = allCases.map { "  \(String($0.rawValue).padded(to: 4)) \($0.meaning)" }
        .joined(separator: "\n")

    var code: ExitCode { ExitCode(rawValue) }
}

extension QueueClientError {
    /// The exit code for the error.
    var exit: CommandExit {
        switch status {
        case nil: .unavailable
        case 401, 403: .noPermission
        case 404: .noSuchTask
        case 409, 412: .rejected
        case 429: .tryLater
        case .some(400..<500): .badInput
        case .some(200..<300): .unexpected
        default: .unavailable
        }
    }

    /// The message, with the option that may help.
    var advice: String {
        switch code {
        case .connectionRefused:
            "\(message): start one with 'xqueue serve', or set --url or \(ServerOptions.urlVariable)"
        case .timedOut where status == nil: "\(message) (see --timeout)"
        case .untrusted: "\(message) (--ca-file names trusted certificates)"
        default: message
        }
    }
}
