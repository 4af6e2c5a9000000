#if MQTT

import Foundation
import NIOCore
import NIOPosix
import NIOSSL
import NIOWebSocket

extension MQTTError {
    /// - Parameters:
    ///   - error: What ended a connection, or kept it from being made.
    ///   - broker: Where it leads, or was to lead.
    init(_ error: any Error, of broker: MQTTBroker) {
        switch error {
        case let error as MQTTError: self = error
        case let error as FrameViolation: self.init(.violation, "\(broker.description) sent \(error)")
        case is NIOWebSocketError:
            self.init(.violation, "\(broker.description) sent a malformed WebSocket frame: \(error)")
        default:
            self.init(.disconnected, "no connection to \(broker.description): \(Self.reason(error))")
        }
    }

    /// What the system says, without the layers it came through.
    private static func reason(_ error: any Error) -> String {
        switch error {
        case let error as NIOConnectionError:
            // Of the addresses of a host, the first one tried is the one that is meant to work.
            guard let first = error.connectionErrors.first?.error else {
                return "the host '\(error.host)' is not known"
            }
            return reason(first)
        case let error as IOError: return String(cString: strerror(error.errnoCode))
        case let error as ChannelError: return reason(error)
        case NIOSSLError.uncleanShutdown: return "it was cut off"
        case let error as NIOSSLError: return "no trusted connection: \(error)"
        case let error as NIOSSLExtraError where error == .failedToValidateHostname:
            return "no trusted connection: the certificate is for another name"
        default: return "\(error)"
        }
    }

    private static func reason(_ error: ChannelError) -> String {
        switch error {
        case .connectTimeout: "no answer in time"
        case .eof, .inputClosed, .ioOnClosedChannel, .alreadyClosed, .inappropriateOperationForState:
            "it was closed before it was made"
        default: "\(error)"
        }
    }
}

#endif
