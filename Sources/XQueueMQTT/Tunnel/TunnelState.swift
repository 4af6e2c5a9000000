#if MQTT

import Synchronization

/// What a tunnel and the handlers of its connection share.
final class TunnelState: Sendable {
    let broker: MQTTBroker
    private let isTaken = Atomic(false)
    private let reason = Mutex<MQTTError?>(nil)

    /// - Parameter broker: Where the tunnel leads.
    init(_ broker: MQTTBroker) {
        self.broker = broker
    }

    /// What broke the connection to the broker, if something is known to have.
    var failure: MQTTError? { reason.withLock { $0 } }

    /// Notes what broke the connection, unless something has before.
    func note(_ error: any Error) {
        let error = MQTTError(error, of: broker)
        reason.withLock { $0 = $0 ?? error }
    }

    /// True for the first who asks: a tunnel serves one connection.
    func take() -> Bool {
        !isTaken.exchange(true, ordering: .relaxed)
    }
}

#endif
