import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// What went wrong with a request, in words.
enum WebhookTrouble {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            "no answer in time"
        case let error as HTTPClientError where error == .connectTimeout: "cannot connect in time"
        case _ where isClose(error): "the connection was closed before the answer was complete"
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError: reason(error)
        case let error as IOError: words(Errno(rawValue: error.errnoCode))
        case let error as NIOSSLError: "no trusted connection: \(error)"
        case is NIOSSLExtraError: "no trusted connection: the certificate is for another name"
        case let error as HTTPParserError: "the answer is not HTTP: \(error)"
        default: String(describing: error)
        }
    }

    /// Whether the service, or something on the way to it, closed the connection.
    static func isClose(_ error: any Error) -> Bool {
        switch error {
        case let error as HTTPClientError: error == .remoteConnectionClosed
        case let error as ChannelError:
            [.ioOnClosedChannel, .alreadyClosed, .inputClosed, .eof].contains(error)
        case let error as IOError: [.connectionReset, .brokenPipe].contains(Errno(rawValue: error.errnoCode))
        default: false
        }
    }

    private static func reason(_ error: NIOConnectionError) -> String {
        // Of the addresses of a host, the first one tried is the one that is meant to work.
        guard let first = error.connectionErrors.first?.error else {
            return "the host '\(error.host)' is not known"
        }
        return reason(first)
    }

    private static func words(_ code: Errno) -> String {
        switch code {
        case .connectionRefused: "the connection was refused: nothing listens there"
        case .noRouteToHost, .networkUnreachable: "the host cannot be reached"
        case .timedOut: "cannot connect in time"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "too many open files"
        default: code.description
        }
    }
}
