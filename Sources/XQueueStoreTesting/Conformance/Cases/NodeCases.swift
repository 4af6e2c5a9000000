import Testing
import XQueueCore
import XQueueTesting

extension StoreConformance {
    static let nodeCases: [ConformanceCase] = [
        ConformanceCase("birth: the mark is stable, and a claim with another mark gets nothing") {
            fixture in
            let store = fixture.store
            let birth = try await store.birth()
            #expect(try await store.birth() == birth)
            // A store whose data can be lost or replaced must have a mark.
            #expect(birth != nil || store.capabilities.contains(.exclusive))
            let task = try await fixture.submit(fixture.task())
            var request = ClaimRequest(types: ["a"], count: 1, grant: fixture.grant())
            if birth != nil {
                request.birth = "another"
                await fixture.expect(.replaced) { () async throws(StoreError) in
                    try await store.claim(request)
                }
                #expect(try await fixture.read(task.id) == task)
            }
            request.birth = birth?.id
            #expect(try await store.claim(request).tasks.ids == [task.id])
        },
        ConformanceCase("nodes: none at first; each is listed by name, as registered") { fixture in
            let store = fixture.store
            #expect(try await store.nodes() == [])
            let second = fixture.node("node-2", types: ["b", "a"], running: 3, stuck: 1, roles: .worker)
            let first = fixture.node("node-1", types: [], roles: .api)
            try await store.register(second, lifetime: .seconds(30))
            fixture.clock.advance(by: .milliseconds(1500))
            try await store.register(first, lifetime: .seconds(30))
            let start = second.lastSeenAt
            let expected = [first.seen(at: start + .milliseconds(1500)), second.seen(at: start)]
            #expect(try await store.nodes() == expected)
        },
        ConformanceCase("nodes: the time of the last registration is the store's") { fixture in
            let node = fixture.node("node-1").seen(at: fixture.now + .seconds(3600))
            try await fixture.store.register(node, lifetime: .seconds(30))
            #expect(try await fixture.store.nodes().map(\.lastSeenAt) == [fixture.now])
        },
        ConformanceCase("nodes: a later registration replaces the earlier one and renews it") { fixture in
            let store = fixture.store
            try await store.register(fixture.node("node-1", types: ["a"]), lifetime: .seconds(30))
            fixture.clock.advance(by: .seconds(20))
            let later = fixture.node("node-1", types: ["b", "c"], running: 7)
            try await store.register(later, lifetime: .seconds(30))
            fixture.clock.advance(by: .seconds(20))
            #expect(try await store.nodes() == [later])
        },
        ConformanceCase("nodes: one that is not renewed disappears when its lifetime ends") { fixture in
            let store = fixture.store
            try await store.register(fixture.node("node-1"), lifetime: .seconds(30))
            try await store.register(fixture.node("node-2"), lifetime: .seconds(60))
            fixture.clock.advance(by: .milliseconds(29_999))
            #expect(try await store.nodes().map(\.id) == ["node-1", "node-2"])
            fixture.clock.advance(by: .milliseconds(1))
            #expect(try await store.nodes().map(\.id) == ["node-2"])
            fixture.clock.advance(by: .seconds(3600))
            #expect(try await store.nodes() == [])
            try await store.register(fixture.node("node-1"), lifetime: .seconds(30))
            #expect(try await store.nodes().map(\.id) == ["node-1"])
        },
        ConformanceCase("nodes: one that unregisters disappears immediately") { fixture in
            let store = fixture.store
            try await store.register(fixture.node("node-1"), lifetime: .seconds(30))
            try await store.register(fixture.node("node-2"), lifetime: .seconds(30))
            try await store.unregister("node-1")
            try await store.unregister("node-1")
            try await store.unregister("nobody")
            #expect(try await store.nodes().map(\.id) == ["node-2"])
        },
        ConformanceCase("nodes: names, hosts and types are stored exactly") { fixture in
            let store = fixture.store
            let name = "nœud \"1\"\n{a}:*,\u{1F680}"
            let node = NodeRecord(
                id: name,
                program: NodeRecord.Program(
                    host: "hôte, \\ 'x'", processID: 4_194_303, version: "1.0.0-beta+é",
                    startedAt: Timestamp(milliseconds: 1)),
                types: ["a.b:c-d_e", "A", "a"],
                load: WorkerLoad(total: 100_000, active: 99_999, stuck: 1), roles: [.api, .worker]
            ).seen(at: fixture.now)
            try await store.register(node, lifetime: .seconds(30))
            #expect(try await store.nodes() == [node])
            try await store.unregister(name)
            #expect(try await store.nodes() == [])
        },
        ConformanceCase("nodes: many nodes with many types are all listed") { fixture in
            let store = fixture.store
            let types = (0..<NodeRecord.maxTypes).map { "type-\($0)" }
            let names = (0..<50).map { "node-\($0)" }
            for name in names {
                try await store.register(fixture.node(name, types: types), lifetime: .seconds(30))
            }
            let nodes = try await store.nodes()
            #expect(nodes.map(\.id) == names.sorted())
            #expect(nodes.allSatisfy { $0.types == types.sorted() })
        },
        ConformanceCase("nodes: tasks and nodes do not affect each other") { fixture in
            try await fixture.submit(fixture.task())
            let running = try await fixture.claimOne()
            try await fixture.store.register(fixture.node("worker-1"), lifetime: .seconds(1))
            try await fixture.advance(by: .seconds(2))
            #expect(try await fixture.store.nodes() == [])
            #expect(try await fixture.status(running) == .processing)
            #expect(try await fixture.store.statistics().types.map(\.type) == ["a"])
        },
    ]
}

extension StoreFixture {
    /// A node as just registered with the store.
    func node(
        _ id: String, types: [String] = ["a"], running: Int = 0, stuck: Int = 0,
        roles: NodeRecord.Role = [.api, .worker]
    ) -> NodeRecord {
        NodeRecord(
            id: id,
            program: NodeRecord.Program(
                host: "host", processID: 42, version: "1.2.3", startedAt: now + .seconds(-5)),
            lastSeenAt: now, types: types,
            load: WorkerLoad(total: 10, active: running, stuck: stuck), roles: roles)
    }
}

extension NodeRecord {
    func seen(at time: Timestamp) -> NodeRecord {
        var node = self
        node.lastSeenAt = time
        return node
    }
}
