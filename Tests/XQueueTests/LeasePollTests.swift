import Testing
import XQueueCore

@testable import XQueue

@Suite("Lease polls") struct LeasePollTests {
    private static let lease = Lease(
        token: LeaseToken(rawValue: 7), workerID: "w", expiresAt: Timestamp(milliseconds: 1), deadline: nil)

    private static let task: TaskRecord = {
        var state = TaskState(
            createdAt: Timestamp(milliseconds: 1), runAt: Timestamp(milliseconds: 1), queueTimeout: nil)
        (state.status, state.pendingReason, state.lease) = (.processing, nil, lease)
        return TaskRecord(
            id: TaskID(high: 0, low: 1),
            definition: TaskDefinition(type: "a", payload: RawJSON(trusted: #""large""#)), state: state)
    }()

    @Test(
        "Once its answer is taken, a poll keeps only what releases the tasks: no payloads, no share of the budget",
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
        poll.abandon()
        #expect(given.all.map(\.id) == [Self.task.id] && given.all.first?.lease == Self.lease)
        #expect(given.all.first?.payload == .null)
    }
}
