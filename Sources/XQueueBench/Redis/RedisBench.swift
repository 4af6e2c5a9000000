#if Redis

/// The phases of a benchmark of the store on Redis.
struct RedisBench {
    let options: BenchOptions
    let server: BenchServer
    let bar: ProgressBar

    func run(_ phase: BenchPhase, floor: BenchResult?) async throws -> [BenchResult] {
        let queue = QueueBench(options: options, place: server, bar: bar)
        switch phase {
        case .floor: return try await RedisFloorBench(options: options, server: server, bar: bar).run()
        case .submit: return [try await queue.submit()]
        case .drain:
            let result = try await queue.drain(options.tasks, name: "drain")
            return [floor.map { result.compared(with: $0, aim: 0.5) } ?? result]
        case .endToEnd: return [try await queue.endToEnd()]
        case .pickUp: return [try await queue.pickUp()]
        case .http: return try await HTTPBench(options: options, place: server, bar: bar).run()
        case .batches: return try await RedisBatchBench(options: options, server: server, bar: bar).run()
        case .memory: return [try await RedisMemoryBench(options: options, server: server, bar: bar).run()]
        case .nodes: return try await RedisNodesBench(options: options, server: server, bar: bar).run()
        case .backlog: return try await RedisBacklogBench(options: options, server: server, bar: bar).run()
        case .leases: return try await LeaseBench(options: options, place: server, bar: bar).run()
        case .mqtt: return try await MQTTBench.run(options, bar)
        case .events: return try await EventLogBench(queue: queue).run()
        case .subscribers: return try await SubscriberBench(options: options, bar: bar).run()
        case .kafka: return try await KafkaBench.run(options, server, bar)
        case .prune: return [try await RedisPruneBench(options: options, server: server, bar: bar).run()]
        }
    }
}

#endif
