import ArgumentParser
import Foundation
import XQueueClient

/// What the exit code of a command that talks to a server says.
///
/// Codes from 64 on are those of `sysexits.h`.
enum CommandExit: Int32, CaseIterable {
    case done = 0
    /// A task that was waited for did not succeed, or the server refused what the task's state forbids.
    case refused = 1
    case noSuchTask = 2
    /// `--wait-for` has passed and the task has not ended.
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
        case .done: "done; a task that was waited for has succeeded"
        case .refused: "a task failed, timed out or was canceled, or forbids what was asked"
        case .noSuchTask: "there is no such task or type"
        case .stillRunning: "--wait-for has passed, and the task has not ended"
        case .usage: "the command line is wrong"
        case .badInput: "the server does not accept the task, or a line of the file"
        case .noInput: "a file cannot be read"
        case .unavailable: "no server answers, or it cannot do its work now"
        case .unexpected: "something that should not happen"
        case .cannotWrite: "the state file cannot be written"
        case .outputLost: "standard output cannot be written; standard error says what was done"
        case .tryLater: "the server is at a limit: try again later"
        case .noPermission: "the token is missing, wrong, or not allowed to do this"
        case .interrupted: "Ctrl-C"
        }
    }

    /// The table as `--help` and the manual show it.
    static let table = allCases.map { "  \(String($0.rawValue).padded(to: 4)) \($0.meaning)" }
        .joined(separator: "\n")

    var code: ExitCode { ExitCode(rawValue) }
}

extension QueueClientError {
    /// The exit code that goes with the error.
    var exit: CommandExit {
        switch status {
        case nil: .unavailable
        case 401, 403: .noPermission
        case 404: .noSuchTask
        case 409: .refused
        case 429: .tryLater
        case .some(400..<500): .badInput
        case .some(200..<300): .unexpected
        default: .unavailable
        }
    }

    /// What is wrong, and which option may help.
    var advice: String {
        switch code {
        case .connectionRefused:
            "\(message): start one with 'xqueue serve', or name another with --url or \(ServerOptions.urlVariable)"
        case .timedOut where status == nil: "\(message) (--timeout)"
        case .untrusted: "\(message) (--ca-file names certificates to trust)"
        default: message
        }
    }
}
