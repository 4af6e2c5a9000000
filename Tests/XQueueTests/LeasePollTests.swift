import Testing
import XQueueCore

@testable import XQueue

@Suite("The wait of a remote worker") struct LeasePollTests {
    private static let lease = Lease(
        token: LeaseToken(rawValue: 7), workerID: "w", expiresAt: Timestamp(milliseconds: 1), deadline: nil)

    private static let task = TaskRecord(
        id: TaskID(high: 0, low: 1), type: "a", payload: RawJSON(trusted: #""large""#), priority: 0,
        maxRetry: 0, queueTimeout: nil, processTimeout: nil, concurrency: nil, uniqueKey: nil,
        retryPolicy: .standard, status: .processing, pendingReason: nil,
        createdAt: Timestamp(milliseconds: 1), updatedAt: Timestamp(milliseconds: 1),
        runAt: Timestamp(milliseconds: 1), lease: lease)

    @Test(
        "Once its answer is taken it keeps what gives the tasks back, and no payloads and no room for them",
        arguments: [false, true])
    func keepsLittle(waitsFirst: Bool) async throws {
        let budget = ByteBudget(100)
        let given = SharedList<TaskRecord>()
        let poll = LeasePoll(budget: budget)
        poll.onAbandon { tasks in
            for task in tasks { given.append(task) }
        }
        #expect(poll.beginClaim())
        func claimed() -> LeasePoll.Answer {
            .success(LeaseAnswer(tasks: [Self.task], hasMore: true, share: budget.take(60)))
        }
        if waitsFirst {
            async let answer = poll.wait().get()
            poll.claimEnded(claimed())
            let taken = try await answer
            #expect(taken.tasks.first?.payload == Self.task.payload && taken.hasMore)
        } else {
            poll.claimEnded(claimed())
            let taken = try await poll.wait().get()
            #expect(taken.tasks.first?.payload == Self.task.payload && budget.free == 40)
        }
        #expect(budget.free == 100)
        poll.leave()
        #expect(given.all.map(\.id) == [Self.task.id] && given.all.first?.lease == Self.lease)
        #expect(given.all.first?.payload == .null)
    }
}
