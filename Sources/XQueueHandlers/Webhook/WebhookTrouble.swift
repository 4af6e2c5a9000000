import AsyncHTTPClient
import NIOCore
import NIOHTTP1
import NIOPosix
import NIOSSL
import SystemPackage

/// Explains why a request failed.
enum WebhookTrouble {
    static func reason(_ error: any Error) -> String {
        switch error {
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            "no response in time"
        case let error as HTTPClientError where error == .connectTimeout: "connecting timed out"
        case _ where isClose(error): "the connection was closed before the response was complete"
        case let error as HTTPClientError: error.shortDescription
        case let error as NIOConnectionError: reason(error)
        case let error as IOError: reason(Errno(rawValue: error.errnoCode))
        case let error as NIOSSLError: "no trusted connection: \(error)"
        case is NIOSSLExtraError: "no trusted connection: the certificate is for another name"
        case let error as HTTPParserError: "the response is not HTTP: \(error)"
        default: String(describing: error)
        }
    }

    /// Returns whether the service or an intermediary closed the connection.
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
        // Of a host's addresses, the first one tried is the preferred one.
        guard let first = error.connectionErrors.first?.error else {
            return "unknown host '\(error.host)'"
        }
        return reason(first)
    }

    private static func reason(_ code: Errno) -> String {
        switch code {
        case .connectionRefused: "connection refused: nothing is listening there"
        case .noRouteToHost, .networkUnreachable: "host unreachable"
        case .timedOut: "connecting timed out"
        case .tooManyOpenFiles, .tooManyOpenFilesInSystem: "too many open files"
        default: code.description
        }
    }
}
