import AsyncHTTPClient
import Foundation
import NIOCore
import NIOPosix
import NIOSSL

extension ClientError {
    /// Why no server could be reached, and what to do about it.
    init(unreachable address: String, _ error: any Error) {
        switch error {
        case let error as IOError where error.errnoCode == ECONNREFUSED:
            self.init(refusedAt: address)
        case let error as NIOConnectionError:
            if error.connectionErrors.contains(where: { ($0.error as? IOError)?.errnoCode == ECONNREFUSED }) {
                self.init(refusedAt: address)
            } else if error.connectionErrors.isEmpty {
                self.init("cannot reach \(address): the host \(error.host) is not known")
            } else {
                self.init("cannot reach \(address): \(error.connectionErrors[0].error)")
            }
            isUnsent = true
        case let error as HTTPClientError where error == .connectTimeout:
            self.init("cannot reach \(address): it does not take the connection")
            isUnsent = true
        case let error as HTTPClientError where error == .deadlineExceeded || error == .readTimeout:
            self.init("\(address) does not answer in time (--timeout)")
        case let error as HTTPClientError where error == .remoteConnectionClosed:
            self.init("\(address) closed the connection before it answered")
        case let error as HTTPClientError:
            self.init("cannot reach \(address): \(error.shortDescription)")
        case let error as NIOSSLError:
            self.init("no trusted connection to \(address): \(error) (--ca-file names certificates to trust)")
            isUnsent = true
        case is NIOSSLExtraError:
            self.init("no trusted connection to \(address): its certificate is for another name")
            isUnsent = true
        case is NIOTooManyBytesError:
            self.init("the answer of \(address) is too large")
        default:
            self.init("cannot reach \(address): \(error)")
        }
    }

    private init(refusedAt address: String) {
        self.init(
            """
            no server answers at \(address): start one with 'xqueue serve', or name another with --url or \
            \(ServerOptions.urlVariable)
            """)
        isUnsent = true
    }
}
