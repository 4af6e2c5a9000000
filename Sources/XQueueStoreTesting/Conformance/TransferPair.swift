import Testing
import XQueueCore

/// Two fresh stores with one clock, one of which is to become a copy of the other.
struct TransferPair: Sendable {
    let source: StoreFixture
    let target: StoreFixture

    /// Runs `body` with a pair, and closes both however `body` ends.
    static func with(
        _ harness: StoreHarness, _ body: @Sendable (TransferPair) async throws -> Void
    ) async throws {
        try await StoreFixture.with(harness) { source in
            let target = try await harness.makeStore(clock: source.clock)
            do {
                try await body(TransferPair(source: source, target: source.with(target)))
            } catch {
                await target.close()
                throw error
            }
            await target.close()
        }
    }

    /// Copies everything, page by page.
    @discardableResult
    func copy(pageSize: Int = 3) async throws -> [Adoption] {
        try await source.store.copyAll(to: target.store, pageSize: pageSize)
    }

    /// Expects both to have the same tasks, types and keys in use.
    func expectSame(_ when: Comment, sourceLocation: SourceLocation = #_sourceLocation) async throws {
        let query = TaskQuery(limit: 1000)
        let (left, right) = (try await source.store.tasks(query), try await target.store.tasks(query))
        #expect(left.total == right.total, when, sourceLocation: sourceLocation)
        for (left, right) in zip(left.tasks, right.tasks) {
            #expect(left == right, when, sourceLocation: sourceLocation)
        }
        let (old, new) = (try await source.store.statistics(), try await target.store.statistics())
        #expect(old.types == new.types, when, sourceLocation: sourceLocation)
        #expect(Set(old.keys) == Set(new.keys), when, sourceLocation: sourceLocation)
        #expect(old.oldestPendingAge == new.oldestPendingAge, when, sourceLocation: sourceLocation)
    }

    /// Takes the same step in both.
    func both<Value: Equatable>(
        _ step: (StoreFixture) async throws -> Value, sourceLocation: SourceLocation = #_sourceLocation
    ) async throws {
        let (left, right) = (try await step(source), try await step(target))
        #expect(left == right, sourceLocation: sourceLocation)
    }
}

extension Store {
    /// Copies all types and tasks to another store; returns the outcomes for the tasks.
    func copyAll(to target: any Store, pageSize: Int) async throws -> [Adoption] {
        for type in try await types() {
            try await target.setLimit(type.limit, ofType: type.type)
            if type.isPaused { try await target.setPaused(true, type: type.type) }
        }
        var adoptions: [Adoption] = []
        var query = TaskQuery(limit: pageSize)
        repeat {
            let page = try await copies(query)
            adoptions += try await target.adopt(page.copies, note: "on the way")
            query.after = page.next
        } while query.after != nil
        try await target.endTransfer(note: "done")
        return adoptions
    }
}
