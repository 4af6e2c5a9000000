import Foundation
import Logging
import Synchronization
import Testing
import XQueue
import XQueueTesting

@testable import XQueueHandlers

/// Attempts that need file descriptors when there are few.
@Suite struct FileGateTests {
    /// The number of free descriptors, which a test can change.
    private final class Room: Sendable {
        let free: Mutex<Int>

        init(_ free: Int) {
            self.free = Mutex(free)
        }

        func gate(patience: Duration = .seconds(60)) -> FileGate {
            FileGate(patience: patience) { count in self.free.withLock { count <= $0 } }
        }
    }

    private let log = LogLines()

    @Test func grantedDescriptorsCountAsInUse() async throws {
        let gate = Room(10).gate(patience: .milliseconds(50))
        let first = try await gate.permit(6, logger: log.logger)
        await #expect(throws: TaskFailure.self) { try await gate.permit(6, logger: log.logger) }
        first.release()
        first.release()
        let second = try await gate.permit(6, logger: log.logger)
        // Releasing twice must not free more.
        await #expect(throws: TaskFailure.self) { try await gate.permit(6, logger: log.logger) }
        second.release()
    }

    @Test func aDroppedPermitIsReleased() async throws {
        let gate = Room(10).gate()
        for _ in 0..<100 { _ = try await gate.permit(10, logger: log.logger) }
    }

    @Test func theFailureSaysWhatToDo() async throws {
        let gate = Room(0).gate(patience: .milliseconds(20))
        let failure = await #expect(throws: TaskFailure.self) { try await gate.permit(1, logger: log.logger) }
        #expect(failure?.isPermanent == false)
        #expect(failure?.message.contains("too few file descriptors are free") == true)
        #expect(log.all.count { $0.hasPrefix("Attempts are waiting for file descriptors") } == 1)
    }

    @Test func attemptsAreServedInOrder() async throws {
        let room = Room(0)
        let gate = room.gate()
        let order = WebhookService.Shared<[Int]>([])
        try await withThrowingTaskGroup { group in
            for number in 0..<5 {
                group.addTask {
                    let permit = try await gate.permit(1, logger: log.logger)
                    order.change { $0.append(number) }
                    permit.release()
                }
                // Wait until it is in line: the next one must come after it.
                try await eventually("number \(number) waits") { gate.waiting == number + 1 }
            }
            room.free.withLock { $0 = 1 }
            try await group.waitForAll()
        }
        #expect(order.value == [0, 1, 2, 3, 4])
    }

    @Test func aCanceledAttemptLeavesTheLine() async throws {
        let room = Room(0)
        let gate = room.gate()
        let waiting = Task { try await gate.permit(1, logger: log.logger) }
        try await eventually("it waits") { gate.waiting == 1 }
        waiting.cancel()
        await #expect(throws: CancellationError.self) { try await waiting.value }
        room.free.withLock { $0 = 1 }
        _ = try await gate.permit(1, logger: log.logger)
    }

    @Test func freeDescriptorsAreCounted() throws {
        let limit = try #require(OpenFiles.limit)
        #expect(OpenFiles.free(upTo: 10) == 10)
        #expect(!OpenFiles.hasRoom(for: limit + 1))
        #expect(OpenFiles.free(upTo: 0) == 0)
    }
}
