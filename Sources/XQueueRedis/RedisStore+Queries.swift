#if Redis

public import XQueueCore
import XQueueStoreKit

extension RedisStore {
    /// Maximum number of concurrency keys in the statistics.
    private static let listedKeys = 100

    public func now() async throws(StoreError) -> Timestamp {
        try await within { () async throws(StoreError) in try await storeTime() }
    }

    /// The time of the clock that all times in the store come from.
    func storeTime() async throws(StoreError) -> Timestamp {
        if let clock { return clock.now() }
        do throws(RedisError) {
            return try await runner.time()
        } catch {
            throw StoreError(error)
        }
    }

    public func tasks(_ query: TaskQuery) async throws(StoreError) -> TaskPage {
        let keys = query.typesByKey
        guard !keys.isEmpty || query.concurrencyKeys.isEmpty else { return TaskPage(tasks: [], total: 0) }
        return try await within { () async throws(StoreError) in
            let statuses = query.statuses.isEmpty ? Set(TaskStatus.allCases) : query.statuses
            let reply = try await read(.list) { command in
                command.append(statuses.map { String($0.code) }.sorted().joined())
                command.append(query.limit)
                command.append(query.offset)
                command.append(query.maxBytes)
                if let after = query.after { command.append(after.last) } else { command.append("") }
                command.append(query.after?.rank.map { String($0) } ?? "")
                command.append(query.types.count)
                for type in query.types.sorted() { command.append(type) }
                for (key, types) in keys {
                    command.append(key)
                    command.append(types.count)
                    for type in types { command.append(type) }
                }
            }
            return try page(reply)
        }
    }

    /// - Parameter reply: The reply of `list.lua`.
    private func page(_ reply: RedisReply) throws(StoreError) -> TaskPage {
        let elements = try reply.elements
        guard elements.count >= 2, case let total = try elements[0].integer,
            0...Int64(StoredNumber.maximum) ~= total
        else { throw StoreError(.corrupt, "unexpected reply from Redis to list") }
        var tasks: [TaskRecord] = []
        for element in elements.dropFirst(2) {
            if let record = try element.record { tasks.append(record) }
        }
        var page = TaskPage(tasks: tasks, total: Int(total))
        let place = try elements[1].text
        if let last = tasks.last, !place.isEmpty {
            page.next = TaskCursor(last: last.id, rank: Int64(place))
        }
        return page
    }

    public func types() async throws(StoreError) -> [TypeState] {
        try await within { () async throws(StoreError) in
            let elements = try await read(.types) { _ in }.elements
            guard elements.count == 2 else {
                throw StoreError(.corrupt, "unexpected reply from Redis to types")
            }
            return try types(elements[0], elements[1])
        }
    }

    public func statistics() async throws(StoreError) -> StoreStatistics {
        try await within { () async throws(StoreError) in
            let reply = try await caller.run(.statistics) { $0.append(Self.listedKeys) }
            let elements = try reply.elements
            guard elements.count == 8 else {
                throw StoreError(.corrupt, "unexpected reply from Redis to statistics")
            }
            let now = try elements[0].time
            let oldest = try elements[5].time
            return StoreStatistics(
                types: try types(elements[1], elements[2]),
                keys: try keys(elements[4]),
                keysInUse: try count(elements[3], "keys"),
                oldestPendingAge: oldest.milliseconds < 0 ? nil : now - oldest,
                lastMinute: try flow(elements[6]),
                history: try history(elements[7], at: now))
        }
    }

    public func check() async throws(StoreError) {
        try await within { () async throws(StoreError) in
            // A known failure is reported without waiting for a connection.
            if let failure = client.knownFailure { throw StoreError(failure) }
            _ = try await read(.probe) { _ in }
        }
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
    ///   - settings: Each type with its limit (0 = no limit) and 1 if it is paused, such as `4 0`.
    ///   - counts: Each count under its name: `STATUS/TYPE`, or `STATUS` for the total of all types.
    private func types(
        _ settings: RedisReply, _ counts: RedisReply
    ) throws(StoreError) -> [TypeState] {
        var states: [String: TypeState] = [:]
        for (name, value) in try settings.elements.pairs {
            let numbers = try value.text.split(separator: " ").compactMap { Int($0) }
            let type = try name.text
            guard numbers.count == 2, 0...ModelLimits.maxConcurrency ~= numbers[0] else {
                throw StoreError(
                    .corrupt,
                    "\(key("types.\(QueueLayout.current)")) has invalid settings for \(type): "
                        + "\(try value.text.prefix(100))")
            }
            states[type] = TypeState(
                type: type, limit: numbers[0] == 0 ? nil : numbers[0], isPaused: numbers[1] == 1)
        }
        for (name, value) in try counts.elements.pairs {
            let parts = try name.text.split(separator: "/", maxSplits: 1)
            guard parts.count == 2, let status = Int(parts[0]).flatMap(TaskStatus.init(code:)) else {
                continue
            }
            let text = try value.text
            states[String(parts[1])]?.counts[status] = try StoredNumber.count(
                Int64(text), text: text, in: "\(key("counts")) \(parts[0])/\(parts[1])")
        }
        return states.values.sorted { $0.type < $1.type }
    }

    /// The full name of a key of the queue, for messages.
    private func key(_ name: String) -> String { "\(runner.tag):\(name)" }

    private func count(_ reply: RedisReply, _ name: String) throws(StoreError) -> Int {
        try StoredNumber.count(try reply.integer, in: key(name))
    }

    private func keys(_ reply: RedisReply) throws(StoreError) -> [KeyState] {
        let elements = try reply.elements
        var keys: [KeyState] = []
        for at in stride(from: 0, to: elements.count - 3, by: 4) {
            keys.append(
                KeyState(
                    key: try elements[at].text, held: try count(elements[at + 1], "keys"),
                    limit: try count(elements[at + 2], "running"),
                    waiting: try count(elements[at + 3], "parked")))
        }
        return keys
    }

    /// - Parameter reply: Pairs of how many seconds ago and the counts of that second; idle seconds are omitted.
    private func history(_ reply: RedisReply, at now: Timestamp) throws(StoreError) -> FlowHistory {
        var seconds = [FlowCounts](repeating: FlowCounts(), count: FlowHistory.maxSeconds)
        for (back, counts) in try reply.elements.pairs {
            let back = try back.integer
            guard back >= 1, back <= FlowHistory.maxSeconds else {
                throw StoreError(
                    .corrupt, "unexpected reply from Redis to statistics: flow of \(back) seconds ago")
            }
            seconds[FlowHistory.maxSeconds - Int(back)] = try flow(counts)
        }
        let first = max(now.wholeSeconds - Int64(FlowHistory.maxSeconds), 0)
        return FlowHistory(start: Timestamp(milliseconds: first * 1000), seconds: seconds)
    }

    private func flow(_ reply: RedisReply) throws(StoreError) -> FlowCounts {
        var flow = FlowCounts()
        for (name, value) in try reply.elements.pairs {
            let number = try count(value, "flow")
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

extension TaskQuery {
    /// The concurrency keys, each with the types to search; empty for all requested types. Keys that exclude every
    /// requested type are omitted.
    fileprivate var typesByKey: [(key: String, types: [String])] {
        concurrencyKeys.sorted { $0.key < $1.key }.compactMap { key, only in
            let types = self.types.isEmpty ? only : only.intersection(self.types)
            return types.isEmpty && !only.isEmpty ? nil : (key, types.sorted())
        }
    }
}

#endif
