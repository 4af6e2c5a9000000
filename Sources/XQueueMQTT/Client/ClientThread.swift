#if MQTT

import Foundation

/// The thread of one broker connection, from start to end.
struct ClientThread {
    /// Maximum time for disconnecting cleanly.
    private static let leaveTimeout = Duration.seconds(1)

    let settings: ClientSettings
    let tunnel: BrokerTunnel
    let mailbox: ClientMailbox

    /// Starts a thread that ends when the connection does, or when the mailbox says so.
    ///
    /// - Parameters:
    ///   - settings: The connection's settings.
    ///   - tunnel: The tunnel to the broker.
    ///   - mailbox: Supplies orders, and receives the results.
    static func start(_ settings: ClientSettings, _ tunnel: BrokerTunnel, _ mailbox: ClientMailbox) {
        let thread = Thread {
            Self.ignoreBrokenPipes()
            do throws(MQTTError) {
                try ClientThread(settings: settings, tunnel: tunnel, mailbox: mailbox).run()
                mailbox.didEnd(MQTTError(.closed, "the connection to the broker was closed"))
            } catch {
                mailbox.didEnd(error)
            }
        }
        thread.name = "mqtt"
        thread.stackSize = 512 * 1024
        thread.start()
    }

    /// A write to a connection that the tunnel has closed must fail with an error, not kill the process.
    private static func ignoreBrokenPipes() {
        var signals = sigset_t()
        sigemptyset(&signals)
        sigaddset(&signals, SIGPIPE)
        pthread_sigmask(SIG_BLOCK, &signals, nil)
    }

    private func run() throws(MQTTError) {
        let connection = try MosquittoConnection(settings, tunnel)
        try connection.connect()
        do throws(MQTTError) {
            try waitUntilAccepted(connection)
            try announce(connection)
        } catch {
            guard error.kind == .disconnected else { throw error }
            throw MQTTError(.rejected, error.message, objection: .unknown)
        }
        mailbox.didOpen(presenceRejection: connection.presenceRejection)
        try deliver(connection)
        try leave(connection)
    }

    private func waitUntilAccepted(_ connection: MosquittoConnection) throws(MQTTError) {
        let deadline = ContinuousClock.now + settings.configuration.answerTimeout
        while !connection.isAccepted {
            try checkAbort(mailbox.orders())
            try connection.step(mailbox.pipe)
            if ContinuousClock.now > deadline {
                throw MQTTError(.timedOut, "the broker did not answer the connection request")
            }
        }
    }

    /// Publishes this client's presence, and waits for the acknowledgement: a broker that does not permit it
    /// may close the connection.
    private func announce(_ connection: MosquittoConnection) throws(MQTTError) {
        guard settings.presence != .none else { return }
        try connection.publishPresence(isOnline: true)
        let deadline = ContinuousClock.now + settings.configuration.answerTimeout
        while connection.outstanding > 0 {
            try checkAbort(mailbox.orders())
            try connection.step(mailbox.pipe)
            if connection.outstanding > 0, ContinuousClock.now > deadline {
                throw MQTTError(
                    .rejected, "the broker did not acknowledge \(settings.presenceTopic)",
                    objection: .presence)
            }
        }
    }

    /// Publishes batch after batch until ordered to close.
    private func deliver(_ connection: MosquittoConnection) throws(MQTTError) {
        var delivery: Delivery?
        var lastOutstanding = 0
        var lastProgress = ContinuousClock.now
        while true {
            let orders = mailbox.orders()
            try checkAbort(orders)
            if let next = orders.delivery {
                delivery = next
                if settings.presence != .none, connection.presenceRejection == nil { next.tookAnother() }
            }
            if let current = delivery {
                while let index = current.takeNext(most: MosquittoConnection.maxOutstanding) {
                    try connection.publish(index, of: current)
                }
                if current.isComplete {
                    delivery = nil
                    mailbox.didDeliver()
                    continue
                }
            } else if orders.isClosing {
                return
            }
            let before = connection.outstanding
            try connection.step(mailbox.pipe)
            // Check the time only when nothing moves.
            guard connection.outstanding > 0, connection.outstanding == before, before == lastOutstanding
            else {
                lastOutstanding = connection.outstanding
                lastProgress = .now
                continue
            }
            if ContinuousClock.now - lastProgress > settings.configuration.answerTimeout {
                throw MQTTError(.timedOut, "the broker stopped acknowledging messages")
            }
        }
    }

    private func leave(_ connection: MosquittoConnection) throws(MQTTError) {
        let deadline = ContinuousClock.now + Self.leaveTimeout
        if settings.presence != .none, connection.presenceRejection == nil {
            try connection.publishPresence(isOnline: false)
        }
        while connection.outstanding > 0, ContinuousClock.now < deadline {
            try connection.step(mailbox.pipe)
        }
        connection.disconnect()
    }

    private func checkAbort(_ orders: ClientMailbox.Orders) throws(MQTTError) {
        if orders.isAborting { throw MQTTError(.closed, "the connection to the broker was aborted") }
    }
}

#endif
