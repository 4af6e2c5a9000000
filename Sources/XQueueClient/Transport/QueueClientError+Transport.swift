import AsyncHTTPClient
import NIOCore
import NIOPosix
import NIOSSL
import SystemPackage

extension QueueClientError {
    /// Why there is no answer from `address`.
    init(at address: String, _ error: any Error) {
        switch error {
        case let error as IOError where error.isRefused:
            self.init(refusedAt: address)
        case let error as NIOConnectionError:
            if error.connectionErrors.contains(where: { ($0.error as? IOError)?.isRefused == true }) {
                self.init(refusedAt: address)
            } else if let first = error.connectionErrors.first {
                self.init(.unreachable, "cannot reach \(address): \(first.error)", isUnsent: true)
            } else {
                self.init(
                    .unreachable, "cannot reach \(address): the host \(error.host) is not known",
                    isUnsent: true)
            }
        case let error as HTTPClientError where error == .connectTimeout:
            self.init(
                .unreachable, "cannot reach \(address): it does not take the connection", isUnsent: true)
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            self.init(.timedOut, "\(address) does not answer in time")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init(.connectionClosed, "\(address) closed the connection before it answered")
        case let error as HTTPClientError:
            self.init(.unreachable, "cannot reach \(address): \(error.shortDescription)")
        case let error as NIOSSLError:
            self.init(.untrusted, "no trusted connection to \(address): \(error)", isUnsent: true)
        case is NIOSSLExtraError:
            self.init(
                .untrusted, "no trusted connection to \(address): its certificate is for another name",
                isUnsent: true)
        case is NIOTooManyBytesError:
            self.init(.unexpectedAnswer, "the answer of \(address) is too large")
        default:
            self.init(.unreachable, "cannot reach \(address): \(error)")
        }
    }

    private init(refusedAt address: String) {
        self.init(.connectionRefused, "no server answers at \(address)", isUnsent: true)
    }
}

extension IOError {
    fileprivate var isRefused: Bool { Errno(rawValue: errnoCode) == .connectionRefused }
}
