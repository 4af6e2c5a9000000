package import XQueueCore

/// The JSON form of task definitions: each member is read and written only here.
package enum DefinitionJSON {
    typealias Reader =
        @Sendable (JSONMember, FieldReader, inout TaskSubmission) throws(QueueError) -> Void

    /// The reader of each member. Null is the same as a missing member.
    static let readers: [String: Reader] = [
        "type": { member, fields, task throws(QueueError) in
            task.type = try fields.string(member)
        },
        "payload": { member, fields, task throws(QueueError) in
            task.payload = member.value
        },
        "priority": { member, fields, task throws(QueueError) in
            task.priority = try fields.integer32(member)
        },
        "max_retry": { member, fields, task throws(QueueError) in
            task.maxRetry = try fields.integer(member)
        },
        "queue_timeout": { member, fields, task throws(QueueError) in
            task.queueTimeout = try fields.seconds(member)
        },
        "process_timeout": { member, fields, task throws(QueueError) in
            task.processTimeout = try fields.seconds(member)
        },
        "concurrency_key": { member, fields, task throws(QueueError) in
            task.concurrencyKey = try fields.string(member)
        },
        "max_concurrency": { member, fields, task throws(QueueError) in
            task.maxConcurrency = try fields.integer(member)
        },
        "unique_key": { member, fields, task throws(QueueError) in
            task.uniqueKey = try fields.string(member)
        },
        "unique": { member, fields, task throws(QueueError) in
            task.uniqueness = try UniqueJSON.uniqueness(member, fields)
        },
        "metadata": { member, fields, task throws(QueueError) in
            task.metadata = member.value
        },
        "retry_policy": { member, fields, task throws(QueueError) in
            task.retryPolicy = try RetryPolicyReader.policy(member, fields)
        },
    ]

    /// Writes the members of `task`, always in the same order.
    ///
    /// - Parameters:
    ///   - task: The definition to write.
    ///   - writer: An open object.
    ///   - conflict: What its submission does if another task holds its unique key.
    ///   - isWhole: Whether to write members that have their default values, too, and a unique key in both forms.
    package static func write(
        _ task: TaskDefinition, _ conflict: UniqueConflict = .returnExisting, to writer: inout JSONWriter,
        isWhole: Bool = true
    ) {
        writer.member("type", task.type)
        writer.member("payload", task.payload)
        writer.member("priority", Int(task.priority))
        writer.member("max_retry", task.maxRetry)
        // Zero means none; a missing member would mean the server's default.
        writer.member("queue_timeout", task.queueTimeout ?? .zero)
        writer.member("process_timeout", task.processTimeout ?? .zero)
        if isWhole || task.concurrency != nil {
            writer.member("concurrency_key", task.concurrency?.key)
            writer.member("max_concurrency", task.concurrency?.limit)
        }
        let isShort = task.unique?.isUsual == true && conflict == .returnExisting
        if isWhole || isShort { writer.member("unique_key", task.uniqueKey) }
        if let unique = task.unique, isWhole || !isShort {
            writer.name("unique")
            UniqueJSON.write(unique, conflict, to: &writer)
        } else if isWhole {
            writer.name("unique")
            writer.null()
        }
        if isWhole || task.metadata != nil { writer.member("metadata", task.metadata) }
        if isWhole || task.retryPolicy != .standard {
            writer.name("retry_policy")
            writer.object { writer in
                writer.member("strategy", task.retryPolicy.strategy.rawValue)
                writer.member("delay", task.retryPolicy.delay)
                writer.member("max_delay", task.retryPolicy.maxDelay)
                writer.member("jitter", task.retryPolicy.jitter)
            }
        }
    }
}

extension JSONWriter {
    /// Writes the tick that a task was submitted for, as the member `scheduled`.
    package mutating func scheduled(_ scheduled: ScheduledTick?) {
        name("scheduled")
        guard let scheduled else { return null() }
        object { writer in
            writer.member("schedule", scheduled.schedule)
            writer.member("tick", scheduled.tick)
            writer.member("previous_tick", scheduled.previousTick)
            writer.member("late", scheduled.isLate)
        }
    }
}
