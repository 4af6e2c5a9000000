#if Redis

public import XQueueCore

extension RedisStore {
    private static let listedKeys = 100

    public func now() async throws(StoreError) -> Timestamp {
        if let clock { return clock.now() }
        return try await within { () async throws(StoreError) in
            do throws(RedisError) {
                return try await runner.time()
            } catch {
                throw StoreError(error)
            }
        }
    }

    public func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        try await within { () async throws(StoreError) in
            let statuses = query.statuses.isEmpty ? Set(TaskStatus.allCases) : query.statuses
            let reply = try await read(.list) { command in
                command.append(statuses.map { String($0.code) }.sorted().joined())
                command.append(query.type ?? "")
                command.append(query.concurrencyKey ?? "")
                command.append(query.limit)
                command.append(query.offset)
                command.append(query.maxBytes)
            }
            let elements = try reply.elements
            var tasks: [TaskRecord] = []
            for element in elements.dropFirst() {
                if let record = try element.record { tasks.append(record) }
            }
            return TaskPage(tasks: tasks, total: try elements.first?.int ?? 0)
        }
    }

    public func types() async throws(StoreError) -> [TypeState] {
        try await within { () async throws(StoreError) in
            let elements = try await read(.types) { _ in }.elements
            guard elements.count == 2 else { throw StoreError(.corrupt, "Redis answered types oddly") }
            return try Self.types(elements[0], elements[1])
        }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        try await within { () async throws(StoreError) in
            let reply = try await caller.run(.statistics) { $0.append(Self.listedKeys) }
            let elements = try reply.elements
            guard elements.count == 7 else { throw StoreError(.corrupt, "Redis answered statistics oddly") }
            let now = try elements[0].time
            let oldest = try elements[5].time
            return StoreStatistics(
                types: try Self.types(elements[1], elements[2]),
                keys: try Self.keys(elements[4]),
                keysInUse: try elements[3].int,
                oldestPendingAge: oldest.milliseconds < 0 ? nil : now - oldest,
                lastMinute: try Self.flow(elements[6]))
        }
    }

    public func check() async throws(StoreError) {
        try await within { () async throws(StoreError) in _ = try await read(.probe) { _ in } }
    }

    private func read(
        _ script: RedisScript, _ arguments: (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisReply {
        do throws(RedisError) {
            return try await runner.run(script, arguments)
        } catch {
            throw StoreError(error)
        }
    }

    // MARK: - Reading replies

    /// - Parameters:
    ///   - settings: Each type with its limit, 0 for none, and 1 if it is paused: `4 0`.
    ///   - counts: Each count under its name: `STATUS/TYPE`, or `STATUS` for all types together.
    private static func types(
        _ settings: RedisReply, _ counts: RedisReply
    ) throws(StoreError) -> [TypeState] {
        var states: [String: TypeState] = [:]
        for (name, value) in try settings.elements.pairs {
            let numbers = try value.text.split(separator: " ").compactMap { Int($0) }
            guard numbers.count == 2 else { throw StoreError(.corrupt, "a type has impossible settings") }
            let type = try name.text
            states[type] = TypeState(
                type: type, limit: numbers[0] == 0 ? nil : numbers[0], isPaused: numbers[1] == 1)
        }
        for (name, value) in try counts.elements.pairs {
            let parts = try name.text.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, let status = Int(parts[0]).flatMap(TaskStatus.init(code:)) else {
                continue
            }
            states[String(parts[1])]?.counts[status] = Int(try value.text) ?? 0
        }
        return states.values.sorted { $0.type < $1.type }
    }

    private static func keys(_ reply: RedisReply) throws(StoreError) -> [KeyState] {
        let elements = try reply.elements
        var keys: [KeyState] = []
        for at in stride(from: 0, to: elements.count - 3, by: 4) {
            keys.append(
                KeyState(
                    key: try elements[at].text, held: try elements[at + 1].int,
                    limit: try elements[at + 2].int, waiting: try elements[at + 3].int))
        }
        return keys
    }

    private static func flow(_ reply: RedisReply) throws(StoreError) -> FlowCounts {
        var flow = FlowCounts()
        for (name, value) in try reply.elements.pairs {
            let number = try value.int
            switch try name.text {
            case "submitted": flow.submitted = number
            case "started": flow.started = number
            case "retried": flow.retried = number
            case "\(TaskStatus.success.code)": flow.succeeded = number
            case "\(TaskStatus.failed.code)": flow.failed = number
            case "\(TaskStatus.canceled.code)": flow.canceled = number
            case "\(TaskStatus.timeout.code)": flow.timedOut = number
            default: break
            }
        }
        return flow
    }
}

#endif
