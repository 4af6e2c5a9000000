#if Redis

import XQueueCore

/// The packed forms of the event log, which scripts write.
///
/// An entry is a head followed by groups. A group is a head, the number of tasks it applies to, and their identifiers.
enum StoredEvents {
    /// - Parameters:
    ///   - coder: Reads or writes the fields.
    ///   - first: Number of the entry's first event.
    ///   - time: Time of its events.
    static func entry<Coder: LayoutCoder>(
        _ coder: inout Coder, first: inout Int64, at time: inout Timestamp
    ) throws(StoreError) {
        try coder.integer("FIRST", .milliseconds, initial: 0, &first)
        try coder.time("TIME", &time)
    }

    /// The kind of a group's events, which determines the rest of its head.
    static func kind<Coder: LayoutCoder>(_ coder: inout Coder, _ kind: EventCode) throws(StoreError) {
        var code = kind.rawValue
        try self.kind(&coder, code: &code)
    }

    static func kind<Coder: LayoutCoder>(_ coder: inout Coder, code: inout Int) throws(StoreError) {
        try coder.count("KIND", .uint8, &code)
    }

    static func status<Coder: LayoutCoder>(
        _ coder: inout Coder, _ change: inout TaskEvent.StatusChange, type: inout String,
        worker: inout String?
    ) throws(StoreError) {
        var previous = change.previous?.code ?? EventCode.noStatus
        var error = change.error.marked
        var length = error.utf8.count
        try coder.count("PREVIOUS", .uint8, initial: Int64(EventCode.noStatus), &previous)
        try coder.code("STATUS", &change.status)
        try coder.count("VERSION", .uint32, initial: 1, &change.version)
        try coder.count("RETRIES", .uint16, &change.retryCount)
        try coder.text("TYPE", &type)
        try coder.marked("WORKER", &worker)
        try coder.count("ERROR_LENGTH", .uint16, &length)
        try coder.text(length: length, &error)
        guard Coder.reads else { return }
        change.previous = previous == EventCode.noStatus ? nil : TaskStatus(code: previous)
        change.error = error.unmarked
    }

    static func progress<Coder: LayoutCoder>(
        _ coder: inout Coder, _ progress: inout TaskProgress, type: inout String, worker: inout String?
    ) throws(StoreError) {
        var percent = progress.percent
        var message = progress.message.marked
        var length = message.utf8.count
        try coder.double("PERCENT", initial: 0, &percent)
        try coder.text("TYPE", &type)
        try coder.marked("WORKER", &worker)
        try coder.count("MESSAGE_LENGTH", .uint16, &length)
        try coder.text(length: length, &message)
        if Coder.reads { progress = TaskProgress(percent: percent, message: message.unmarked) }
    }

    /// A change of a schedule, as its text.
    static func schedule<Coder: LayoutCoder>(
        _ coder: inout Coder, _ change: inout String, type: inout String
    ) throws(StoreError) {
        try coder.text("TYPE", &type)
        try coder.text("CHANGE", &change)
    }

    /// The metadata after a head, if the kind says that there is some.
    static func metadata<Coder: LayoutCoder>(_ coder: inout Coder, _ metadata: inout String)
        throws(StoreError)
    {
        var length = metadata.utf8.count
        try coder.count("METADATA_LENGTH", .uint16, &length)
        try coder.text(length: length, &metadata)
    }

    /// - Parameters:
    ///   - coder: Reads or writes the field.
    ///   - size: Number of tasks in the group.
    static func group<Coder: LayoutCoder>(_ coder: inout Coder, size: inout Int) throws(StoreError) {
        try coder.count("SIZE", .uint32, &size)
    }
}

#endif
