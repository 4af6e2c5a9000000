import XQueue

struct Order: Codable, Sendable, Equatable {
    var customer: String
    var cents: Int
}

/// Where money is taken from; a test puts something else in its place.
protocol Bank: Sendable {
    func charge(_ customer: String, cents: Int) async throws -> String
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
        let receipt = try await bank.charge(task.payload.customer, cents: task.payload.cents)
        // An attempt may run again, so the mail's key is the task's: it is submitted once.
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
