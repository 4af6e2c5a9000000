#if MQTT

import Foundation

/// The thread of one connection to a broker, from its first byte to its last.
struct ClientThread {
    /// How long leaving may take.
    private static let farewell = Duration.seconds(1)

    let settings: ClientSettings
    let tunnel: BrokerTunnel
    let mailbox: ClientMailbox

    /// Starts a thread that ends when the connection does, or when the mailbox says so.
    ///
    /// - Parameters:
    ///   - settings: What the broker is to be told.
    ///   - tunnel: Leads to the broker.
    ///   - mailbox: Says what to do, and is told what became of it.
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

    /// A write to a connection that the tunnel has closed must end in an error, not end the process.
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
            try beAccepted(connection)
            try announce(connection)
        } catch {
            guard error.kind == .disconnected else { throw error }
            throw MQTTError(.refused, error.message, objection: .unknown)
        }
        mailbox.didOpen(presenceRefusal: connection.presenceRefusal)
        try deliver(connection)
        try leave(connection)
    }

    private func beAccepted(_ connection: MosquittoConnection) throws(MQTTError) {
        let deadline = ContinuousClock.now + settings.configuration.answerTimeout
        while !connection.isAccepted {
            try checkAbort(mailbox.orders())
            try connection.step(mailbox.pipe)
            if ContinuousClock.now > deadline {
                throw MQTTError(.timedOut, "the broker does not answer a request for a connection")
            }
        }
    }

    /// Says that this client is there, and waits until the broker has that: one that does not let it may close the
    /// connection for it.
    private func announce(_ connection: MosquittoConnection) throws(MQTTError) {
        guard settings.presence != .none else { return }
        try connection.publishPresence(isOnline: true)
        let deadline = ContinuousClock.now + settings.configuration.answerTimeout
        while connection.outstanding > 0 {
            try checkAbort(mailbox.orders())
            try connection.step(mailbox.pipe)
            if connection.outstanding > 0, ContinuousClock.now > deadline {
                throw MQTTError(
                    .refused, "the broker does not acknowledge \(settings.presenceTopic)",
                    objection: .presence)
            }
        }
    }

    /// Publishes batch after batch until it is told to close.
    private func deliver(_ connection: MosquittoConnection) throws(MQTTError) {
        var delivery: Delivery?
        var lastOutstanding = 0
        var lastProgress = ContinuousClock.now
        while true {
            let orders = mailbox.orders()
            try checkAbort(orders)
            if let next = orders.delivery {
                delivery = next
                if settings.presence != .none, connection.presenceRefusal == nil { next.tookAnother() }
            }
            if let current = delivery {
                while let index = current.takeNext(most: MosquittoConnection.mostOutstanding) {
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
            // The time is asked for only when nothing moves.
            guard connection.outstanding > 0, connection.outstanding == before, before == lastOutstanding
            else {
                lastOutstanding = connection.outstanding
                lastProgress = .now
                continue
            }
            if ContinuousClock.now - lastProgress > settings.configuration.answerTimeout {
                throw MQTTError(.timedOut, "the broker acknowledges no message")
            }
        }
    }

    private func leave(_ connection: MosquittoConnection) throws(MQTTError) {
        let deadline = ContinuousClock.now + Self.farewell
        if settings.presence != .none, connection.presenceRefusal == nil {
            try connection.publishPresence(isOnline: false)
        }
        while connection.outstanding > 0, ContinuousClock.now < deadline {
            try connection.step(mailbox.pipe)
        }
        connection.disconnect()
    }

    private func checkAbort(_ orders: ClientMailbox.Orders) throws(MQTTError) {
        if orders.isAborting { throw MQTTError(.closed, "the connection to the broker was given up") }
    }
}

#endif
