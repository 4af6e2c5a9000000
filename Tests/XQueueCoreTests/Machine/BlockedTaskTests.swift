import Testing
import XQueueCore

@Suite("State machine: tasks that wait for another's end")
struct BlockedTaskTests {
    private let now = MachineSubject.now

    private func step(_ subject: MachineSubject, _ transition: TaskTransition) throws -> TaskRecord {
        var machine = TaskStateMachine(subject.record)
        try machine.apply(transition, at: now)
        return machine.record
    }

    @Test("A blocked task has no deadline, whenever it is to run") func submission() {
        var task = NewTask(id: TaskID(high: 1, low: 1), type: "a") { $0.queueTimeout = .seconds(3) }
        for schedule in [NewTask.Schedule.now, .after(.seconds(9)), .at(now + .seconds(-9))] {
            task.schedule = schedule
            let record = TaskStateMachine.submit(task, at: now, isBlocked: true)
            #expect(record.status == .pending && record.pendingReason == .blocked)
            #expect(record.queueDeadline == nil && record.dueAt == nil)
            #expect(record.runAt == max(schedule.time(at: now), now))
        }
    }

    @Test("Its queue timeout begins when it is unblocked") func unblock() throws {
        let due = try step(.blocked, .unblock)
        #expect(due.pendingReason == .ready && due.runAt == now)
        #expect(due.queueDeadline == now + .seconds(30) && due.version == 5)
        let later = try step(.blockedLater, .unblock)
        #expect(later.pendingReason == .scheduled && later.runAt == now + .milliseconds(1))
        #expect(later.queueDeadline == nil && later.dueAt == later.runAt)
    }

    @Test("It is rewritten like a task that waits, and stays blocked") func rewrite() throws {
        for schedule in [nil, NewTask.Schedule.now, .after(.seconds(7))] {
            let record = try step(.blocked, .rewrite(MachineSubject.rewrite(schedule)))
            #expect(record.pendingReason == .blocked && record.queueDeadline == nil)
            #expect(record.payload.text == "1" && record.version == 6)
            #expect(record.runAt == schedule.map { $0.time(at: now) } ?? MachineSubject.blocked.record.runAt)
        }
    }
}
