/// The phases of a benchmark of the store on SQLite.
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
