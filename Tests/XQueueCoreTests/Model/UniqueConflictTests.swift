import Testing
import XQueueCore

@Suite("What becomes of a submission whose key is held")
struct UniqueConflictTests {
    private static let start = Timestamp(milliseconds: 1_000_000)
    private static let debounce = UniqueConflict.debounce(.init(wait: .seconds(10), maxWait: .seconds(25)))

    private static func holder(_ status: TaskStatus, type: String = "a") -> TaskRecord {
        var record = TaskStateMachine.submit(
            NewTask(id: TaskID(high: 1, low: 1), type: type) { $0.uniqueKey = "k" }, at: start)
        record.state.status = status
        if status != .pending { record.state.pendingReason = nil }
        return record
    }

    private static func name(_ resolution: UniqueConflict.Resolution) -> String {
        switch resolution {
        case .existing: "existing"
        case .conflict: "conflict"
        case .rewrite: "rewrite"
        case .follow: "follow"
        }
    }

    @Test(
        arguments: [
            (UniqueConflict.returnExisting, ["existing", "existing", "existing"]),
            (.reject, ["conflict", "conflict", "conflict"]), (.replace, ["rewrite", "conflict", "conflict"]),
            (.rerun, ["rewrite", "follow", "conflict"]), (debounce, ["rewrite", "conflict", "conflict"]),
        ])
    func resolution(_ conflict: UniqueConflict, _ expected: [String]) {
        for (status, expected) in zip([TaskStatus.pending, .processing, .success], expected) {
            let resolution = conflict.resolution(holder: Self.holder(status), next: nil, type: "a")
            #expect(Self.name(resolution) == expected, "\(status)")
        }
    }

    @Test("Of two types, none takes over the other's definition", arguments: TaskStatus.allCases)
    func otherType(_ status: TaskStatus) {
        let holder = Self.holder(status, type: "b")
        for conflict in [UniqueConflict.reject, .replace, .rerun, Self.debounce] {
            #expect(conflict.resolution(holder: holder, next: nil, type: "a") == .conflict(holder))
        }
        #expect(
            UniqueConflict.returnExisting.resolution(holder: holder, next: nil, type: "a")
                == .existing(holder))
    }

    @Test("Behind a running task, the waiting one is rewritten") func next() {
        var next = Self.holder(.pending)
        next.state.pendingReason = .blocked
        #expect(
            UniqueConflict.rerun.resolution(holder: Self.holder(.processing), next: next, type: "a")
                == .rewrite(next))
    }

    @Test("A definition is taken over with the time to run, if it has one")
    func replacement() {
        let holder = Self.holder(.pending)
        var task = NewTask(id: TaskID(high: 1, low: 2), type: "a", payload: RawJSON(trusted: "2"))
        task.onConflict = .replace
        let plain = task.rewrite(of: holder, at: Self.start)
        #expect(plain.id == holder.id && plain.version == holder.version && plain.schedule == nil)
        #expect(plain.definition == task.definition)
        task.schedule = .after(.seconds(3))
        #expect(task.rewrite(of: holder, at: Self.start).schedule == .after(.seconds(3)))
    }

    @Test("A debounced task waits anew, but not for ever") func debounced() {
        let holder = Self.holder(.pending)
        var task = NewTask(id: TaskID(high: 1, low: 2), type: "a", payload: RawJSON(trusted: "2"))
        task.onConflict = Self.debounce
        for (passed, left) in [(0, 10), (15, 10), (16, 9), (25, 0), (99, 0)] {
            let rewrite = task.rewrite(of: holder, at: Self.start + .seconds(passed))
            #expect(rewrite.schedule == .after(.seconds(left)), "\(passed) s")
            #expect(rewrite.definition == task.definition)
        }
        task.onConflict = .debounce(.init(wait: .seconds(10), maxWait: .seconds(25), keepsFirst: true))
        let first = task.rewrite(of: holder, at: Self.start + .seconds(5))
        #expect(first.definition == holder.definition && first.schedule == .after(.seconds(10)))
    }
}
