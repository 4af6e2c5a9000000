#if Redis

public import XQueueCore
import XQueueStoreKit

extension RedisStore {
    public func save(
        _ schedule: ScheduleRecord, firing tasks: [NewTask], events: [ScheduleEvent]
    ) async throws(StoreError) -> ScheduleOutcome {
        try await within { () async throws(StoreError) in
            let (reply, now) = try await caller.save(schedule, tasks, events, limits)
            let answers = try reply.elements
            if case .integer(-1) = answers.first {
                return .conflict(try answers.last?.schedule(named: schedule.name))
            }
            return .saved(
                version: schedule.version + 1,
                try ScriptCaller.outcomes(of: tasks, reply, at: now, limits))
        }
    }

    public func removeSchedule(_ name: String, version: Int?) async throws(StoreError) -> ScheduleOutcome {
        try await within { () async throws(StoreError) in
            let answers = try await answer(.removeSchedule) { command in
                command.append(name)
                command.append(version.map { String($0) } ?? "")
            }.elements
            if case .integer(1) = answers.first { return .removed }
            return .conflict(try answers.dropFirst().first?.schedule(named: name))
        }
    }

    public func schedule(_ name: String) async throws(StoreError) -> ScheduleRecord? {
        try await within { () async throws(StoreError) in
            try await answer(.schedule) { $0.append(name) }.schedule(named: name)
        }
    }

    public func schedules(after name: String?, limit: Int) async throws(StoreError) -> [ScheduleRecord] {
        try await within { () async throws(StoreError) in
            let reply = try await answer(.schedules) { command in
                command.append(limit)
                command.append(name ?? "")
            }
            return try Self.schedules(try reply.elements[...])
        }
    }

    public func dueSchedules(limit: Int) async throws(StoreError) -> DueSchedules {
        try await within { () async throws(StoreError) in
            let elements = try await caller.run(.dueSchedules) { $0.append(limit) }.elements
            guard elements.count >= 2 else {
                throw StoreError(.corrupt, "unexpected reply from Redis to due-schedules")
            }
            let (now, next) = (try elements[0].time, try elements[1].time)
            return DueSchedules(
                schedules: try Self.schedules(elements[2...]), now: now,
                nextDueIn: next.milliseconds < 0 ? nil : max(next - now, .zero))
        }
    }

    private func answer(
        _ script: RedisScript, _ arguments: (inout RedisCommand) -> Void
    ) async throws(StoreError) -> RedisReply {
        do throws(RedisError) {
            return try await runner.run(script, arguments)
        } catch {
            throw StoreError(error)
        }
    }

    /// - Parameter elements: Names, each with its record.
    private static func schedules(_ elements: ArraySlice<RedisReply>) throws(StoreError) -> [ScheduleRecord] {
        var schedules: [ScheduleRecord] = []
        for (name, record) in Array(elements).pairs {
            if let schedule = try record.schedule(named: try name.text) { schedules.append(schedule) }
        }
        return schedules
    }
}

extension ScheduleRecord {
    /// The record without its version and due time, as in `timetable.lua`.
    var stored: String { "\(definition.text.utf8.count) \(definition.text)\(state.text)" }
}

extension RedisReply {
    private static func text(_ text: String) -> RawJSON {
        var writer = JSONWriter()
        writer.value(text)
        return RawJSON(trusted: writer.text)
    }

    /// A schedule as in `timetable.lua`; nil if it is not stored.
    func schedule(named name: String) throws(StoreError) -> ScheduleRecord? {
        guard let bytes = try optionalBytes else { return nil }
        // The three numbers before the definition.
        let parts = bytes.split(separator: UInt8(ascii: " "), maxSplits: 3, omittingEmptySubsequences: false)
        let numbers = parts.prefix(3).map { String(decoding: $0, as: UTF8.self) }
        let version = (numbers.first.flatMap { Int($0) }).map { max($0, 0) } ?? 0
        guard parts.count == 4, let size = Int(numbers[2]), 0...parts[3].count ~= size else {
            // It must not hide the others: a text is no definition, so nobody will fire it.
            return ScheduleRecord(
                name: name, version: version, dueAt: nil,
                definition: Self.text(String(decoding: bytes, as: UTF8.self)),
                state: RawJSON(trusted: "{}"))
        }
        let due = numbers[1].isEmpty ? nil : Int64(numbers[1]).map { Timestamp(milliseconds: $0) }
        return ScheduleRecord(
            name: name, version: version, dueAt: due,
            definition: RawJSON(trusted: String(decoding: parts[3].prefix(size), as: UTF8.self)),
            state: RawJSON(trusted: String(decoding: parts[3].dropFirst(size), as: UTF8.self)))
    }
}

#endif
