import XQueue

struct Order: Codable, Sendable, Equatable {
    var customer: String
    var cents: Int
}

/// Where money is taken from; a test puts something else in its place.
protocol Bank: Sendable {
    /// Charges once, however often it is called with the same key.
    func charge(_ customer: String, cents: Int, key: String) async throws -> String
}

/// Charges a customer and submits the mail with the receipt.
struct ChargeOrder: TaskHandler {
    static let type = "charge"

    let bank: any Bank
    let manager: TaskManager

    func handle(_ task: TaskContext<Order>) async throws -> String {
        guard task.payload.cents > 0 else {
            throw TaskFailure("nothing to charge", isPermanent: true)
        }
        task.report(progress: 10, message: "calling the bank")
        // An attempt may run again, even one that has done its work: the bank must know the task.
        let receipt = try await bank.charge(
            task.payload.customer, cents: task.payload.cents, key: "\(task.id)")
        // The key keeps a second attempt from submitting a second mail while the first one is unfinished.
        try await manager.submit(
            MailReceipt.self, .init(to: task.payload.customer, receipt: receipt), .unique("\(task.id)"))
        return receipt
    }
}

struct MailReceipt: TaskHandler {
    struct Mail: Codable, Sendable, Equatable {
        var to: String
        var receipt: String
    }

    static let type = "mail-receipt"

    func handle(_ task: TaskContext<Mail>) async throws {
        task.logger.info("Sent a receipt")
    }
}
