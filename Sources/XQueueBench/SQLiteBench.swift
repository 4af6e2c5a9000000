import GRDBSQLite
import XQueueCore
import XQueueSQLite

/// The phases for the SQLite store.
struct SQLiteBench {
    let options: BenchOptions
    let folder: BenchFolder
    let bar: ProgressBar

    func run(_ phase: BenchPhase, floor: BenchResult?) async throws -> [BenchResult] {
        let queue = QueueBench(options: options, place: folder, bar: bar)
        switch phase {
        case .floor: return [try await FloorBench(options: options, folder: folder, bar: bar).run()]
        case .submit: return [try await queue.submit()]
        case .drain: return [try await queue.drain(options.tasks, name: "drain")]
        case .endToEnd:
            let result = try await queue.endToEnd()
            return [floor.map { result.compared(with: $0, aim: 0.6) } ?? result]
        case .pickUp: return [try await queue.pickUp()]
        case .http: return try await HTTPBench(options: options, place: folder, bar: bar).run()
        case .backlog:
            let small = try await queue.drain(10_000, name: "backlog-10000")
            let large = try await queue.drain(options.backlog, name: "backlog-\(options.backlog)")
            return [small, large.compared(with: small, aim: 0.8)]
        case .leases: return try await LeaseBench(options: options, place: folder, bar: bar).run()
        case .mqtt: return try await MQTTBench.run(options, bar)
        case .events: return try await EventLogBench(queue: queue).run()
        case .subscribers: return try await SubscriberBench(options: options, bar: bar).run()
        case .kafka: return try await KafkaBench.run(options, folder, bar)
        case .batches, .memory, .nodes, .prune: return []
        }
    }
}

/// The floor: inserts, claims and completes the same rows through the bare SQLite C API, on one thread, in batches of
/// 100, with the same schema, indexes and pragmas.
struct FloorBench {
    private static let batch = 100

    let options: BenchOptions
    let folder: BenchFolder
    let bar: ProgressBar

    func run() async throws -> BenchResult {
        let path = folder.database()
        // Let the store create the schema, so that both use the same one.
        let store = try SQLiteStore(path: path)
        try await store.setLimit(nil, ofType: BenchQueue.type)
        await store.close()
        let database = try BareSQLite(path)
        defer { database.close() }
        let payload = try BenchPayload.make(bytes: options.payload).text
        let ids = TaskIDGenerator()
        let clock = SystemQueueClock()

        let insert = try database.prepare(
            """
            INSERT INTO tasks (id, type, status, reason, priority, due_at, version, retry_count, max_retry,
                created_at, updated_at, run_at, queue_timeout, process_timeout, payload)
            VALUES (?, 1, 0, 0, 0, ?2 + 600000, 1, 0, 3, ?2, ?2, ?2, 600000, 600000, ?3)
            """)
        let pick = try database.prepare(
            """
            SELECT * FROM tasks WHERE type = 1 AND status = 0 AND reason = 0
            ORDER BY priority DESC, id LIMIT \(Self.batch)
            """)
        let claim = try database.prepare(
            """
            UPDATE tasks SET status = 1, reason = NULL, due_at = ?2 + 90000, version = 2, updated_at = ?2,
                started_at = ?2, lease_token = ?1, lease_deadline = ?2 + 630000, worker = 'floor'
            WHERE seq = ?1
            """)
        let complete = try database.prepare(
            """
            UPDATE tasks SET status = 2, due_at = NULL, version = 3, updated_at = ?2, completed_at = ?2,
                lease_token = NULL, lease_deadline = NULL
            WHERE seq = ?1
            """)

        let meter = Meter()
        try database.inBatches(options.tasks, of: Self.batch) { count in
            for _ in 0..<count {
                insert.bind(1, ids.next())
                insert.bind(2, clock.now().milliseconds)
                insert.bind(3, payload)
                try insert.run()
            }
        }
        bar.show("floor", 1, of: 2)
        var claimed: [Int64] = []
        var done = 0
        while done < options.tasks {
            try database.inBatches(1, of: 1) { _ in
                claimed.removeAll(keepingCapacity: true)
                while try pick.step() { claimed.append(pick.readRow()) }
                pick.reset()
                let now = clock.now().milliseconds
                for seq in claimed {
                    claim.bind(1, seq)
                    claim.bind(2, now)
                    try claim.run()
                }
            }
            try database.inBatches(1, of: 1) { _ in
                let now = clock.now().milliseconds
                for seq in claimed {
                    complete.bind(1, seq)
                    complete.bind(2, now)
                    try complete.run()
                }
            }
            guard !claimed.isEmpty else { break }
            done += claimed.count
        }
        return meter.result("floor", options.tasks)
    }
}
