import Testing
import XQueueCore

@Suite("Unique keys and who holds them")
struct UniqueKeysTests {
    private static let start = Timestamp(milliseconds: 1_000_000)

    private static func record(
        _ number: UInt64, type: String = "a", _ change: (inout UniqueRule) -> Void = { _ in }
    ) -> TaskRecord {
        var rule = UniqueRule(key: "k")
        change(&rule)
        let task = NewTask(id: TaskID(high: 1, low: number), type: type) { $0.unique = rule }
        return TaskStateMachine.submit(task, at: start)
    }

    private static func running(_ record: TaskRecord) -> TaskRecord {
        var record = record
        (record.state.status, record.state.pendingReason) = (.processing, nil)
        record.state.startedAt = start
        return record
    }

    private static func ended(_ record: TaskRecord, _ status: TaskStatus = .failed) -> TaskRecord {
        var record = record
        (record.state.status, record.state.pendingReason) = (status, nil)
        return record
    }

    private static func blocked(_ record: TaskRecord) -> TaskRecord {
        var record = record
        record.state.pendingReason = .blocked
        return record
    }

    @Test("A key is its holder's until it has ended, however it ends", arguments: TaskStatus.allCases)
    func done(_ status: TaskStatus) {
        let (first, second) = (Self.record(1), Self.record(2))
        var keys = UniqueKeys()
        keys.take(first, at: Self.start)
        #expect(keys.isTaken(second, at: Self.start) && !keys.isTaken(first, at: Self.start))
        #expect(keys.moved(Self.ended(first, status), at: Self.start) == nil)
        #expect(keys.isTaken(second, at: Self.start) == !status.isFinal)
    }

    @Test("Until started, it is free from the first attempt on, and a retry does not take it back")
    func started() {
        let (first, second) = (Self.record(1) { $0.until = .started }, Self.record(2) { $0.until = .started })
        var keys = UniqueKeys()
        keys.take(first, at: Self.start)
        #expect(keys.moved(Self.running(first), at: Self.start) == nil)
        #expect(!keys.isTaken(second, at: Self.start))
        var retried = Self.running(first)
        (retried.state.status, retried.state.pendingReason) = (.pending, .ready)
        #expect(!retried.claimsUniqueKey(at: Self.start))
        keys.take(second, at: Self.start)
        keys.take(retried, at: Self.start)
        #expect(keys.entry(for: first.definition, at: Self.start)?.holder == second.id)
    }

    @Test("A window is fixed, whatever its holder does") func window() {
        let first = Self.record(1) { ($0.until, $0.window) = (.window, .seconds(60)) }
        let (last, over) = (Self.start + .milliseconds(59_999), Self.start + .seconds(60))
        var keys = UniqueKeys()
        keys.take(first, at: Self.start)
        #expect(keys.moved(Self.ended(first), at: Self.start + .seconds(1)) == nil)
        #expect(keys.isTaken(Self.record(2), at: last) && !keys.isTaken(Self.record(2), at: over))
        #expect(keys.entry(for: first.definition, at: over) == nil)
        // Still running, and free all the same.
        var others = UniqueKeys()
        others.take(first, at: Self.start)
        _ = others.moved(Self.running(first), at: Self.start)
        #expect(!others.isTaken(Self.record(2), at: over))
    }

    @Test("Until done with a window, the later of the two counts") func doneWithWindow() {
        let first = Self.record(1) { $0.window = .seconds(60) }
        let over = Self.start + .seconds(60)
        var keys = UniqueKeys()
        keys.take(first, at: Self.start)
        #expect(keys.isTaken(Self.record(2), at: over), "not ended")
        var early = keys
        _ = early.moved(Self.ended(first), at: Self.start + .seconds(1))
        #expect(early.isTaken(Self.record(2), at: Self.start + .seconds(59)))
        #expect(!early.isTaken(Self.record(2), at: over))
        _ = keys.moved(Self.ended(first), at: over + .seconds(1))
        #expect(!keys.isTaken(Self.record(2), at: over + .seconds(1)))
    }

    @Test("Types share a key only if both say so") func scopes() {
        var keys = UniqueKeys()
        keys.take(Self.record(1) { $0.isAcrossTypes = true }, at: Self.start)
        #expect(keys.isTaken(Self.record(2, type: "b") { $0.isAcrossTypes = true }, at: Self.start))
        #expect(!keys.isTaken(Self.record(2), at: Self.start))
        keys.take(Self.record(3), at: Self.start)
        #expect(!keys.isTaken(Self.record(4, type: "b"), at: Self.start))
        let composed = Self.record(5) { $0.key = "\u{E9}" }
        keys.take(composed, at: Self.start)
        #expect(!keys.isTaken(Self.record(6) { $0.key = "e\u{301}" }, at: Self.start), "other bytes")
    }

    @Test("The task behind a holder takes the key over when that has ended") func follow() {
        let (holder, next) = (Self.running(Self.record(1)), Self.blocked(Self.record(2)))
        var keys = UniqueKeys()
        keys.take(Self.record(1), at: Self.start)
        keys.follow(next)
        #expect(keys.entry(for: next.definition, at: Self.start)?.next == next.id)
        #expect(keys.moved(holder, at: Self.start) == nil)
        var gone = keys
        gone.removed(holder)
        #expect(gone.entry(for: next.definition, at: Self.start)?.holder == next.id, "pruned")
        var canceled = keys
        #expect(canceled.moved(Self.ended(next, .canceled), at: Self.start) == nil)
        #expect(canceled.entry(for: next.definition, at: Self.start)?.next == nil)
        #expect(canceled.moved(Self.ended(holder), at: Self.start) == nil)
        #expect(keys.moved(Self.ended(holder), at: Self.start) == next.id)
        let entry = keys.entry(for: next.definition, at: Self.start)
        #expect(entry?.holder == next.id && entry?.next == nil && entry?.expiresAt == nil)
    }

    @Test("A window does not end while a task waits for its holder's end") func followInWindow() {
        let holder = Self.record(1) { ($0.until, $0.window) = (.window, .seconds(60)) }
        let (next, over) = (Self.blocked(Self.record(2)), Self.start + .seconds(60))
        var keys = UniqueKeys()
        keys.take(holder, at: Self.start)
        keys.follow(next)
        #expect(keys.entry(for: next.definition, at: over)?.holder == holder.id)
        var alone = keys
        #expect(alone.moved(Self.ended(next, .canceled), at: over) == nil)
        #expect(alone.entry(for: next.definition, at: over) == nil)
        #expect(keys.moved(Self.ended(holder), at: over) == next.id)
    }

    @Test("A transfer gives no key to a task that no longer holds it") func adoption() {
        let past = Self.running(Self.record(3) { $0.until = .started })
        let (holder, next) = (Self.running(Self.record(1)), Self.blocked(Self.record(2)))
        var keys = UniqueKeys()
        let adopted = [next, past, holder].map { keys.adopt(TaskCopy($0), at: Self.start) }
        #expect(adopted == [true, true, true])
        let entry = keys.entry(for: next.definition, at: Self.start)
        #expect(entry?.holder == holder.id && entry?.next == next.id)
        let another = keys.adopt(TaskCopy(Self.record(4)), at: Self.start)
        #expect(!another)
    }

    @Test("A task with another key leaves its old one, to the task behind it") func rewritten() {
        let (holder, next) = (Self.record(1), Self.blocked(Self.record(2)))
        var keys = UniqueKeys()
        keys.take(holder, at: Self.start)
        keys.follow(next)
        var other = holder
        other.definition.uniqueKey = "other"
        #expect(keys.rewritten(other, from: holder.definition, at: Self.start) == [next.id])
        #expect(keys.entry(for: other.definition, at: Self.start)?.holder == holder.id)
        #expect(keys.entry(for: holder.definition, at: Self.start)?.holder == next.id)
        // One that is blocked no longer waits.
        var free = Self.blocked(Self.record(3))
        keys.follow(free)
        let old = free.definition
        free.definition.unique = nil
        #expect(keys.rewritten(free, from: old, at: Self.start) == [free.id])
        #expect(keys.entry(for: old, at: Self.start)?.next == nil)
    }
}
