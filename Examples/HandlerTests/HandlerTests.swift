import Synchronization
import Testing
import XQueue
import XQueueTesting

/// A bank that fails as often as a test wants.
final class FakeBank: Bank {
    struct Unreachable: Error {}

    private let failures: Mutex<Int>

    init(failures: Int = 0) {
        self.failures = Mutex(failures)
    }

    func charge(_ customer: String, cents: Int, key: String) async throws -> String {
        let fails = failures.withLock { left in
            left -= 1
            return left >= 0
        }
        if fails { throw Unreachable() }
        return "receipt-\(customer)-\(cents)"
    }
}

@Suite struct HandlerTests {
    let ada = Order(customer: "ada", cents: 4200)

    /// A queue as the program sets it up, with another bank.
    func queue(_ bank: FakeBank = FakeBank()) throws -> TestQueue {
        try TestQueue { manager in
            try manager.register(ChargeOrder(bank: bank, manager: manager))
            try manager.register(MailReceipt())
        }
    }

    @Test func aHandlerIsAFunction() async throws {
        try await MailReceipt().handle(.test(.init(to: "ada", receipt: "1")))
    }

    @Test func whatItReportsIsRecorded() async throws {
        let handler = ChargeOrder(bank: FakeBank(), manager: try queue().manager)
        let attempt = try TestAttempt(ada)
        #expect(try await attempt.run(handler) == "receipt-ada-4200")
        #expect(attempt.progress.map(\.message) == ["calling the bank"])
    }

    @Test func oneTaskSubmitsAnother() async throws {
        let queue = try queue()
        try await queue.manager.submit(ChargeOrder.self, ada)
        let ended = try await queue.runUntilIdle()
        #expect(ended.map(\.type) == ["charge", "mail-receipt"])
        #expect(ended.map(\.status) == [.success, .success])
        #expect(
            try await queue.submitted(MailReceipt.self) == [.init(to: "ada", receipt: "receipt-ada-4200")])
    }

    @Test func aFailureIsRetriedWithoutWaiting() async throws {
        let queue = try queue(FakeBank(failures: 2))
        let task = try await queue.manager.submit(ChargeOrder.self, ada, .maxRetry(2))
        // Now only the first attempt runs; then the task waits for its back-off.
        #expect(try await queue.runUntilIdle().isEmpty)
        // An hour passes in no time.
        #expect(try await queue.runUntilIdle(within: .seconds(3600)).count == 2)
        let charged = try #require(try await queue.manager.task(task.id))
        #expect(charged.status == .success)
        #expect(charged.retryCount == 2)
    }

    @Test func nonsenseFailsForGood() async throws {
        let queue = try queue()
        try await queue.manager.submit(ChargeOrder.self, Order(customer: "ada", cents: 0))
        #expect(try await queue.runUntilIdle().map(\.error) == ["nothing to charge"])
        #expect(try await queue.submitted(MailReceipt.self).isEmpty)
    }
}
