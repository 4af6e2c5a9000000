#if Redis

import XQueueCore
import XQueueStoreKit

/// Calls the scripts that modify the queue, and forwards the signals in their replies to this node's listeners.
struct ScriptCaller: Sendable {
    let runner: ScriptRunner
    let hub: SignalHub
    let origin: String
    let clock: (any QueueClock)?

    /// Number of elements that begin the reply of a modifying script: time, ready, due.
    private static let headCount = 3

    struct Reply {
        let now: Timestamp
        /// The operation's own part of the reply.
        let rest: ArraySlice<RedisReply>
    }

    /// Runs a script whose first two arguments are the time and the origin.
    func run(
        _ script: RedisScript, capacity: Int = 256, _ arguments: (inout RedisCommand) -> Void = { _ in }
    ) async throws(StoreError) -> RedisReply {
        do throws(RedisError) {
            return try await runner.run(script, capacity: capacity) { command in
                if let clock { command.append(clock.now().milliseconds) } else { command.append("") }
                command.append(origin)
                arguments(&command)
            }
        } catch {
            throw StoreError(error)
        }
    }

    /// Runs a modifying script, and signals this node's listeners.
    func change(
        _ script: RedisScript, capacity: Int = 256, _ arguments: (inout RedisCommand) -> Void
    ) async throws(StoreError) -> Reply {
        let elements = try await run(script, capacity: capacity, arguments).elements
        guard elements.count >= Self.headCount else {
            throw StoreError(.corrupt, "unexpected reply from Redis to \(script.rawValue): too short")
        }
        if try elements[1].integer == 1 { hub.send(.ready) }
        let (now, due) = (try elements[0].time, try elements[2].time)
        if due.milliseconds >= 0 { hub.send(.due(in: max(due - now, .zero))) }
        return Reply(now: now, rest: elements[Self.headCount...])
    }

    // MARK: - Batched operations

    func insert(
        _ batch: [[NewTask]], _ limits: StoreLimits
    ) async -> [Result<[InsertOutcome], StoreError>] {
        do throws(StoreError) {
            var packed: [[[UInt8]]] = []
            for tasks in batch { packed.append(try Self.pack(tasks)) }
            let capacity = packed.joined().reduce(0) { $0 + $1.count + 96 }
            let reply = try await change(.insert, capacity: capacity) { command in
                command.append(limits.maxBacklog)
                command.append(limits.maxTypes)
                for (tasks, definitions) in zip(batch, packed) {
                    Self.append(tasks, definitions, to: &command)
                }
            }
            return zip(batch, reply.rest).map { tasks, answer in
                Result { () throws(StoreError) in
                    try Self.outcomes(of: tasks, answer, at: reply.now, limits)
                }
            }
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    /// Appends the tasks of one caller, as `submit.lua` reads them.
    private static func append(_ tasks: [NewTask], _ definitions: [[UInt8]], to command: inout RedisCommand) {
        let types = Set(tasks.map { $0.definition.type })
        command.append(types.count)
        for type in types { command.append(type) }
        command.append(tasks.count)
        for (task, definition) in zip(tasks, definitions) {
            command.append(task.id)
            command.append(StoredDefinition.schedule(task))
            command.append(definition)
        }
    }

    /// Writes a schedule and inserts its tasks. Returns the script's answer, and the time.
    func save(
        _ schedule: ScheduleRecord, _ tasks: [NewTask], _ events: [ScheduleEvent], _ limits: StoreLimits
    ) async throws(StoreError) -> (RedisReply, Timestamp) {
        let definitions = try Self.pack(tasks)
        let reply = try await change(.saveSchedule, capacity: 1024) { command in
            command.append(limits.maxBacklog)
            command.append(limits.maxTypes)
            command.append(schedule.name)
            command.append(schedule.version)
            command.append(schedule.dueAt.map { String($0.milliseconds) } ?? "")
            command.append(schedule.stored)
            command.append(events.count)
            for event in events {
                command.append(event.taskID)
                command.append(event.type)
                command.append(event.change.text)
            }
            Self.append(tasks, definitions, to: &command)
        }
        guard reply.rest.count == 1, let answer = reply.rest.first else {
            throw StoreError(.corrupt, "unexpected reply from Redis to save-schedule")
        }
        return (answer, reply.now)
    }

    private static func pack(_ tasks: [NewTask]) throws(StoreError) -> [[UInt8]] {
        var packed: [[UInt8]] = []
        packed.reserveCapacity(tasks.count)
        for task in tasks { packed.append(try StoredDefinition.pack(task)) }
        return packed
    }

    static func outcomes(
        of tasks: [NewTask], _ answer: RedisReply, at now: Timestamp, _ limits: StoreLimits
    ) throws(StoreError) -> [InsertOutcome] {
        let elements = try answer.elements
        switch ReplyCode(rawValue: try elements.first?.int ?? 0) {
        case .backlogFull:
            let pending = elements.count > 1 ? try elements[1].int : 0
            throw StoreError(
                .backlogFull, "\(pending) tasks are waiting; the limit is \(limits.maxBacklog)")
        case .tooManyTypes:
            let types = elements.count > 1 ? try elements[1].int : 0
            throw StoreError(.tooManyTypes, "there are \(types) task types; the limit is \(limits.maxTypes)")
        case .done, nil: break
        }
        var outcomes: [InsertOutcome] = []
        outcomes.reserveCapacity(tasks.count)
        for (task, element) in zip(tasks, elements.dropFirst()) {
            if case .integer(let number) = element {
                outcomes.append(.inserted(TaskStateMachine.submit(task, at: now, isBlocked: number == 1)))
            } else if let record = try element.record {
                switch try element.elements.last?.text {
                case "=": outcomes.append(.replaced(record))
                case "!": outcomes.append(.conflict(record))
                default: outcomes.append(.existing(record))
                }
            }
        }
        guard outcomes.count == tasks.count else {
            throw StoreError(.corrupt, "unexpected reply from Redis to insert: too few tasks")
        }
        return outcomes
    }

    func settle(_ batch: [[Settlement]]) async -> [Result<[SettleOutcome], StoreError>] {
        do throws(StoreError) {
            var packed: [[UInt8]] = []
            for settlement in batch.joined() { packed.append(try StoredOutcome.pack(settlement)) }
            let capacity = packed.reduce(0) { $0 + $1.count + 48 }
            let reply = try await change(.settle, capacity: capacity) { command in
                for (settlement, outcome) in zip(batch.joined(), packed) {
                    command.append(settlement.attempt.taskID)
                    command.append(outcome)
                }
            }
            var at = reply.rest.startIndex
            var results: [Result<[SettleOutcome], StoreError>] = []
            for settlements in batch {
                var outcomes: [SettleOutcome] = []
                for _ in settlements {
                    outcomes.append(try SettleOutcome(code: reply.rest, at: at))
                    at += 2
                }
                results.append(.success(outcomes))
            }
            return results
        } catch {
            return batch.map { _ in .failure(error) }
        }
    }

    func read(_ ids: [TaskID]) async -> [Result<TaskRecord?, StoreError>] {
        do {
            let reply = try await runner.run(.read, capacity: 48 * ids.count) { command in
                for id in ids { command.append(id) }
            }
            return try reply.elements.map { element in
                Result { () throws(StoreError) in try element.record }
            }
        } catch let error as RedisError {
            return ids.map { _ in .failure(StoreError(error)) }
        } catch {
            let failure = error as? StoreError ?? StoreError(.corrupt, "\(error)")
            return ids.map { _ in .failure(failure) }
        }
    }
}

extension SettleOutcome {
    /// Reads two numbers: status and version, or the negated code of the rejection and 0.
    fileprivate init(code elements: ArraySlice<RedisReply>, at index: Int) throws(StoreError) {
        guard index + 1 < elements.endIndex else {
            throw StoreError(.corrupt, "unexpected reply from Redis to settle: too few attempts")
        }
        let code = try elements[index].int
        if let status = TaskStatus(code: code) {
            self = .settled(status, version: try elements[index + 1].int)
        } else if code < 0, let rejection = TransitionRejection(code: 0.subtracting(clamped: code)) {
            self = .rejected(rejection)
        } else {
            throw StoreError(.corrupt, "unexpected reply from Redis to settle: \(code)")
        }
    }
}

#endif
