import XQueueClient

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
