import Synchronization
import Testing
import XQueueCore

extension StoreConformance {
    static let concurrentCallerCases: [ConformanceCase] = [
        ConformanceCase("concurrent: no task is claimed twice, none is left over") { fixture in
            try await fixture.submit((0..<300).map { fixture.task(priority: Int32($0 % 3)) })
            let claimed = try await concurrently(12) { _ in
                var ids: [TaskID] = []
                while true {
                    let batch = try await fixture.claim(count: 7)
                    if batch.isEmpty { return ids }
                    ids += batch.ids
                }
            }.flatMap { $0 }
            #expect(claimed.count == 300)
            #expect(Set(claimed).count == 300)
        },
        ConformanceCase("concurrent: no limit is ever exceeded, and every task ends") { fixture in
            try await fixture.store.setLimit(4, ofType: "b")
            let records = try await fixture.submit(
                (0..<120).map { fixture.task(["a", "b"][$0 % 2], key: "k\($0 % 3)", limit: 3) })
            let keys = HighWater()
            let types = HighWater()
            let ended = try await concurrently(8) { _ in
                var ended: [TaskID] = []
                var idle = 0
                while idle < 200 {
                    let batch = try await fixture.claim(["a", "b"], count: 3)
                    idle = batch.isEmpty ? idle + 1 : 0
                    for record in batch {
                        keys.enter(record.concurrency?.key ?? "")
                        types.enter(record.type)
                    }
                    await Task.yield()
                    for record in batch {
                        // Leave before settling: afterwards another worker may hold the token.
                        keys.leave(record.concurrency?.key ?? "")
                        types.leave(record.type)
                        try await fixture.settle(record, .success(nil))
                        ended.append(record.id)
                    }
                }
                return ended
            }.flatMap { $0 }
            #expect(Set(ended) == Set(records.ids))
            #expect(ended.count == 120)
            #expect(keys.highest <= 3)
            #expect(types.highest(of: "b") <= 4)
        },
        ConformanceCase("concurrent: of many tasks with one unique key, one is accepted") { fixture in
            let outcomes = try await concurrently(20) { _ in
                try await fixture.store.insert([fixture.task(uniqueKey: "u")])
            }.flatMap { $0 }
            let inserted = outcomes.filter { if case .inserted = $0 { true } else { false } }
            #expect(inserted.count == 1)
            #expect(Set(outcomes.map(\.record.id)).count == 1)
        },
        ConformanceCase("concurrent: of many settlements of one attempt, one counts") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            let outcomes = try await concurrently(20) { index in
                try await fixture.settle(running, index % 2 == 0 ? .success(nil) : .release)
            }
            let settled = outcomes.filter { if case .settled = $0 { true } else { false } }
            #expect(settled.count == 1)
            #expect(try await fixture.read(running.id).version == 3)
        },
        ConformanceCase("concurrent: cancel and settle agree on how the task ended") { fixture in
            for _ in 0..<20 {
                let record = try await fixture.submit(fixture.task())
                let running = try await fixture.claimOne()
                async let settled = fixture.settle(running, .success(nil))
                async let canceled = fixture.store.cancel([record.id], grace: .seconds(5))
                let answers = try await (settled, canceled)
                #expect(answers.0 == .settled(.success, version: 3))
                let ended = try await fixture.read(record.id)
                #expect(ended.status == .success)
                if case .rejected(let reason, let seen) = answers.1[0] {
                    #expect(reason == .alreadyEnded)
                    #expect(seen == ended)
                }
            }
        },
    ]

    private static func concurrently<Value: Sendable>(
        _ count: Int, _ body: @escaping @Sendable (Int) async throws -> Value
    ) async throws -> [Value] {
        try await withThrowingTaskGroup(of: Value.self) { group in
            for index in 0..<count { group.addTask { try await body(index) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
    }
}

/// Counts how many of each name are inside, and the maximum there has been.
final class HighWater: Sendable {
    private struct Level {
        var now = 0
        var highest = 0
    }

    private let levels = Mutex<[String: Level]>([:])

    func enter(_ name: String) {
        levels.withLock { levels in
            var level = levels[name, default: Level()]
            level.now += 1
            level.highest = max(level.highest, level.now)
            levels[name] = level
        }
    }

    func leave(_ name: String) {
        levels.withLock { $0[name]?.now -= 1 }
    }

    func highest(of name: String) -> Int {
        levels.withLock { $0[name]?.highest ?? 0 }
    }

    var highest: Int {
        levels.withLock { $0.values.map(\.highest).max() ?? 0 }
    }
}
